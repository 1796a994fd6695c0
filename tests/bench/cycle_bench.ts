import { z } from "zod";
import { runCycle } from "../../src/engine/cycle.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildWatchlistCsv, SAMPLE_DAY_NY, type ScenarioRow } from "../simulator/scenario.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { createBenchEngine, formatMs, sayFigure, ShiftedClock } from "./bench_world.ts";

// Requests and time of one cycle (issue 2): the simulated broker in a process of its own, every answer 20 ms late, and
// the next cycle a minute later, so that the request budget is what it is in a running loop. DRY_RUN, nothing due.

const LATENCY_MS = 20;
const CYCLES = 15;
const WARMUP = 3;
const START_MS = nyMoment(SAMPLE_DAY_NY, "10:45");

function buildRows(count: number): ScenarioRow[] {
  return Array.from({ length: count }, (_, at): ScenarioRow => {
    const pivotUsd = 20 + at % 300;
    return {
      symbol: `S${String(at).padStart(4, "0")}`,
      direction: "Long",
      priceUsd: pivotUsd,
      pivotUsd,
      distancePct: -2,
      stopUsd: pivotUsd * 0.95,
      r1Usd: pivotUsd * 1.05,
      r2Usd: pivotUsd * 1.1,
      anchor: "bench",
    };
  });
}

/** Paths that stay below the pivot, but for one symbol in a hundred. */
function buildQuietPaths(rows: readonly ScenarioRow[]): Record<string, [string, number][]> {
  return Object.fromEntries(rows.map(({ symbol, pivotUsd }, at) => {
    const priceUsd = pivotUsd * (at % 100 === 0 ? 1.01 : 0.98);
    return [symbol, [["09:30", priceUsd], ["16:00", priceUsd]]];
  }));
}

/** A simulated broker in a process of its own. */
async function startBroker(prices: Record<string, unknown>, dir: string) {
  const scenario = `${dir}/scenario.json`;
  await Deno.writeTextFile(
    scenario,
    JSON.stringify({
      ...prices,
      start: new Date(START_MS).toISOString(),
      speed: 1,
      latencyMs: LATENCY_MS,
    }),
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--allow-net=127.0.0.1",
      `--allow-read=${dir}`,
      new URL("../simulator/main.ts", import.meta.url).pathname,
      scenario,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) text += (await reader.read()).value ?? "";
  return {
    url: /url=(\S+)/.exec(text)?.[1] ?? "",
    kill: () => child.kill("SIGKILL"),
  };
}

const StateWire = z.object({ now_ms: z.number() });

async function post(url: string, body: unknown): Promise<number> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return StateWire.parse(await response.json()).now_ms;
}

interface Market {
  readonly candidates: number;
  /** Whether next to nothing breaks out, as on any day. */
  readonly isQuiet: boolean;
}

interface Bench {
  readonly engine: Engine;
  readonly clock: ShiftedClock;
  readonly url: string;
  readonly counts: number[];
  readonly times: number[];
  count: number;
  close(): void;
}

async function setUp({ candidates, isQuiet }: Market): Promise<Bench> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-bench-" });
  const rows = buildRows(candidates);
  const broker = await startBroker(isQuiet ? { paths: buildQuietPaths(rows) } : { rows }, dir);
  await Deno.mkdir(`${dir}/state`);
  await Deno.writeTextFile(`${dir}/daily_candidates.csv`, buildWatchlistCsv(rows, SAMPLE_DAY_NY));
  await Deno.utime(`${dir}/daily_candidates.csv`, START_MS / 1000, START_MS / 1000);
  const clock = new ShiftedClock(START_MS);
  const counted: typeof fetch = (input, init) => {
    bench.count++;
    return fetch(input, init);
  };
  const bench: Bench = {
    engine: await createBenchEngine({
      dir,
      url: broker.url,
      clock,
      // Nothing comes due: what is measured is the look, not the entries.
      environment: {
        DRY_RUN: "1",
        ENTRY_DELAY_MIN_SECONDS: "3600",
        ENTRY_DELAY_MAX_SECONDS: "3600",
      },
      fetch: counted,
    }),
    clock,
    url: broker.url,
    counts: [],
    times: [],
    count: 0,
    close() {
      broker.kill();
      Deno.removeSync(dir, { recursive: true });
    },
  };
  return bench;
}

async function runOne(bench: Bench, timer: Deno.BenchContext): Promise<void> {
  bench.clock.shiftTo(await post(`${bench.url}/sim/time`, { advance_ms: 60_000 }));
  bench.count = 0;
  const beganMs = performance.now();
  timer.start();
  await runCycle(bench.engine);
  timer.end();
  bench.times.push(performance.now() - beganMs);
  bench.counts.push(bench.count);
}

function sayCycle({ candidates, isQuiet }: Market, { engine, counts, times }: Bench): void {
  const measured = times.slice(-CYCLES);
  sayFigure(
    `${candidates} candidates, ${engine.state.intents.length} of them breaking out` +
      `${isQuiet ? "" : " (far more than any day has)"}: ` +
      `${Math.max(...counts.slice(-CYCLES))} requests a cycle, ${formatMs(measured)}`,
  );
}

for (const isQuiet of [true, false]) {
  for (const candidates of [200, 1000]) {
    const market = { candidates, isQuiet };
    let bench: Bench | null = null;
    Deno.bench({
      name: `a cycle over ${candidates} candidates${isQuiet ? "" : " that break out"}`,
      n: CYCLES,
      warmup: WARMUP,
      async fn(timer) {
        bench ??= await setUp(market);
        await runOne(bench, timer);
      },
    });
    globalThis.addEventListener("unload", () => {
      if (bench === null) return;
      sayCycle(market, bench);
      bench.close();
    });
  }
}
