import { measureKill, type Silence } from "../support/kill_to_silence.ts";

// Measures the time from the kill switch's creation to its log line, at 50 moments spread over a loop's first seconds,
// between and within its cycles: `deno run ... tests/bench/kill_to_silence.ts`.

const RUNS = 50;
/** The first cycle with its order ends within this; later moments lie in the wait and in the next cycles. */
const SPREAD_MS = 1_500;

const found: Silence[] = [];
for (let run = 0; run < RUNS; run++) found.push(await measureKill(run / RUNS * SPREAD_MS));

const times = found.map(({ lineMs }) => lineMs).sort((a, b) => a - b);
const at = (part: number) => times[Math.min(RUNS - 1, Math.floor(part * RUNS))]?.toFixed(1);
const sum = (count: (each: Silence) => number) =>
  found.reduce((total, each) => total + count(each), 0);
const text = [
  `kill to silence, ${RUNS} runs: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  `requests that change an order: ${sum((each) => each.afterFile)} after the file, ` +
  `${sum((each) => each.afterLine)} after the line`,
].join("\n");
await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
