import { runCycle } from "../../src/engine/cycle.ts";
import { Engine } from "../../src/engine/engine.ts";
import { loadState } from "../../src/engine/taking_in.ts";
import { type SinkAnswer, SlackSink } from "../engine/slack_sink.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "../engine/trading_day.ts";
import { sampleOpenMs } from "../simulator/scenario.ts";

const STEP_MS = 31_000;
/** More errors than Slack's queue holds, all of them different, so that none is held back. */
const ERRORS_A_CYCLE = 5;

/** What one engine and its Slack are made of. */
interface Bench {
  readonly engine: Engine;
  readonly day: TradingDay;
}

async function openBench(answer: SinkAnswer | null): Promise<Bench> {
  const sink = answer === null ? null : new SlackSink();
  if (sink !== null && answer !== null) sink.answer = answer;
  const startMs = sampleOpenMs() + 5 * 60_000;
  const day = new TradingDay({ startMs, slack: sink, latencyMs: 0, isSlackAwaited: false });
  const { ports } = day.openPorts({ ...LIVE_ENVIRONMENT, SLACK_VERBOSE: "1" });
  const engine = new Engine(ports, new AbortController().signal);
  await loadState(engine);
  return { engine, day };
}

/** A word of letters: equal errors that differ in numbers alone are one. */
function buildWord(count: number): string {
  return count.toString(26).replaceAll(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");
}

const CASES: { readonly name: string; readonly answer: SinkAnswer | null }[] = [
  { name: "a cycle without Slack", answer: null },
  { name: "a cycle with Slack well", answer: 200 },
  { name: "a cycle with Slack failing", answer: 500 },
  { name: "a cycle with Slack hanging", answer: "hang" },
];

// Compare p99: failing or hanging Slack may change no cycle by more than 10 ms (issue 7).
for (const { name, answer } of CASES) {
  const bench = openBench(answer);
  let said = 0;
  Deno.bench(name, { group: "slack", baseline: answer === null, n: 150 }, async (timer) => {
    const { engine, day } = await bench;
    day.time.jump(STEP_MS);
    day.disk.steps.length = 0;
    timer.start();
    for (let index = 0; index < ERRORS_A_CYCLE; index++) {
      engine.sayError(`AAPL: ${buildWord(said++)}`, "nothing");
    }
    await runCycle(engine);
    timer.end();
  });
}
