import { runCycle } from "../../src/engine/cycle.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { readLeadMs } from "../../src/engine/entry_moment.ts";
import { createChangeClient } from "../../src/runtime/http.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { Exchange } from "../simulator/exchange.ts";
import { buildSampleDay, SAMPLE_DAY_NY, SAMPLE_EQUITY_USD } from "../simulator/scenario.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { createBenchEngine, formatMs, sayFigure, ShiftedClock } from "./bench_world.ts";
import { type CountingDisk, createCountingDisk, type DiskOperation } from "./counting_disk.ts";

// From the moment an entry is due, before which its cycle has begun, to the moment its request leaves. Four times make it up:
// how late the timer ends the pause; waiting for the broker, as long as an answer to any request is awaited (nothing is asked
// after the pause); making records durable; and, beside these, everything else that the process does: decisions, files that it
// reads, lines that it appends without a sync.

const RUNS = 200;
/** As many as a service has made cycles by the time its first entries are due. */
const WARMUP = 20;
const START_MS = nyMoment(SAMPLE_DAY_NY, "10:05");
const DELAY_SECONDS = 60;
const TOKEN = "bench";

interface Found {
  /** Due to leaving, ms. */
  readonly totalMs: number;
  /** Of it, until the timer has ended the pause. */
  readonly timerMs: number;
  /** Of it, as long as an answer of the broker's is awaited, or several are. */
  readonly networkMs: number;
  /** Of it, in calls of the disk. */
  readonly diskMs: number;
  /** Of it, making files durable. */
  readonly durableMs: number;
  readonly requests: number;
  readonly operations: readonly DiskOperation[];
  /** The same durable operations afterwards, bare, one right after the other. */
  readonly bareMs: number;
}

interface Stage {
  readonly dir: string;
  readonly simulator: Simulator;
  readonly clock: PausedClock;
  readonly disk: CountingDisk;
  readonly engine: Engine;
  readonly changes: Deno.HttpClient;
  readonly net: {
    requests: number;
    underWay: number;
    sinceMs: number;
    busyMs: number;
    onLeave: () => void;
  };
}

/** What was done up to a moment. */
interface Mark {
  readonly atMs: number;
  /** After the entry's moment, by the engine's clock. */
  readonly lateMs: number;
  readonly operations: number;
  readonly diskMs: number;
  readonly durableMs: number;
  readonly requests: number;
  readonly networkMs: number;
}

/** The engine sleeps in its pause alone: when that last ended, the moment had come. */
class PausedClock extends ShiftedClock {
  onWake: () => void = () => {};

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(ms, signal);
    this.onWake();
  }
}

/** A LIVE engine that has made its intent and waits for it to come due. */
async function setUp(): Promise<Stage> {
  const { script, sessions, watchlistCsv } = buildSampleDay();
  const exchange = new Exchange({
    script,
    sessions,
    startMs: START_MS,
    cashUsd: SAMPLE_EQUITY_USD,
  });
  const simulator = startSimulator({ exchange, speed: 1 });
  const dir = await Deno.makeTempDir({ prefix: "avwap-bench-" });
  await Deno.mkdir(`${dir}/state`);
  await Deno.writeTextFile(`${dir}/state/live_confirm_token.txt`, TOKEN);
  await Deno.writeTextFile(`${dir}/daily_candidates.csv`, watchlistCsv);
  await Deno.utime(`${dir}/daily_candidates.csv`, START_MS / 1000, START_MS / 1000);
  const clock = new PausedClock(START_MS);
  const disk = createCountingDisk(createDenoFileSystem());
  const net: Stage["net"] = {
    requests: 0,
    underWay: 0,
    sinceMs: 0,
    busyMs: 0,
    onLeave: () => {},
  };
  const timed: typeof fetch = async (input, init) => {
    if (init?.method === "POST") {
      net.onLeave();
    }
    net.requests++;
    if (net.underWay++ === 0) net.sinceMs = performance.now();
    try {
      return await readWhole(await fetch(input, init));
    } finally {
      if (--net.underWay === 0) net.busyMs += performance.now() - net.sinceMs;
    }
  };
  // As a service has it from its start on.
  const changes = createChangeClient();
  const delay = `${DELAY_SECONDS}`;
  const engine = await createBenchEngine({
    dir,
    url: simulator.url,
    clock,
    environment: {
      LIVE_TRADING: "1",
      LIVE_CONFIRM_TOKEN: TOKEN,
      ENTRY_DELAY_MIN_SECONDS: delay,
      ENTRY_DELAY_MAX_SECONDS: delay,
    },
    fetch: timed,
    changes,
    fs: disk.fs,
  });
  // The first cycle finds no ledger and makes one, and the intent; from the next one on the gate is LIVE.
  await runCycle(engine);
  await runCycle(engine);
  return { dir, simulator, clock, disk, engine, net, changes };
}

/** An answer has come when its body has: reading it is no work of the engine's. */
async function readWhole(response: Response): Promise<Response> {
  const bytes = await response.bytes();
  return Object.create(response, {
    status: { value: response.status },
    headers: { value: response.headers },
    body: { value: [bytes] },
  });
}

async function measure(timer: Deno.BenchContext): Promise<Found | null> {
  const stage = await setUp();
  const { simulator, clock, disk, engine, net } = stage;
  const dueMs = engine.state.intents[0]?.scheduledAtMs ?? 0;
  // As the loop does: before the moment.
  const beginMs = dueMs - readLeadMs(engine);
  simulator.advanceTo(beginMs);
  clock.shiftTo(beginMs);
  const take = (): Mark => ({
    atMs: performance.now(),
    lateMs: -engine.leftMs(dueMs),
    operations: disk.operations.length,
    diskMs: disk.busyMs(),
    durableMs: disk.durableMs(),
    requests: net.requests,
    networkMs: net.busyMs,
  });
  let woken: Mark | null = null;
  let left: Mark | null = null;
  clock.onWake = () => {
    woken = take();
  };
  net.onLeave = () => {
    timer.end();
    left = take();
    clock.onWake = () => {};
    net.onLeave = () => {};
  };
  timer.start();
  await runCycle(engine);
  const found = compare(stage, { woken, left });
  stage.changes.close();
  await simulator.stop();
  await Deno.remove(stage.dir, { recursive: true });
  return found;
}

function compare(
  { dir, disk }: Stage,
  { woken, left }: { readonly woken: Mark | null; readonly left: Mark | null },
): Found | null {
  // The machine was too busy for the cycle to be ready before the moment.
  if (woken === null || left === null) return null;
  const operations = disk.operations.slice(woken.operations, left.operations);
  return {
    totalMs: left.lateMs,
    timerMs: woken.lateMs,
    networkMs: left.networkMs - woken.networkMs,
    diskMs: left.diskMs - woken.diskMs,
    durableMs: left.durableMs - woken.durableMs,
    requests: left.requests - woken.requests,
    operations,
    bareMs: measureBare(dir, operations),
  };
}

function buildBlanks(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).fill(32);
}

const TO_APPEND: Deno.OpenOptions = { create: true, append: true, write: true };
const TO_WRITE: Deno.OpenOptions = { create: true, write: true };

/** The same durable operations without anything around them: write, sync, rename, sync of the directory; append, sync. */
function measureBare(dir: string, operations: readonly DiskOperation[]): number {
  const beganMs = performance.now();
  for (const { kind, path, bytes } of operations) {
    if (kind === "rename") Deno.renameSync(`${dir}/bare.tmp`, `${dir}/bare`);
    if (kind === "sync directory") {
      using handle = Deno.openSync(dir, { read: true });
      handle.syncSync();
    }
    if (kind !== "sync file") continue;
    using file = path.endsWith(".tmp")
      ? Deno.openSync(`${dir}/bare.tmp`, TO_WRITE)
      : Deno.openSync(`${dir}/bare.jsonl`, TO_APPEND);
    file.writeSync(buildBlanks(bytes));
    file.syncSync();
  }
  return performance.now() - beganMs;
}

function sayFound(found: readonly Found[]): void {
  const last = found.at(-1);
  if (last === undefined) return;
  const list = (read: (each: Found) => number) => found.map(read);
  const readOwnMs = (each: Found) => each.totalMs - each.timerMs - each.networkMs;
  const sayRatio = (what: string, read: (each: Found) => number) => {
    const ratios = found.map((each) => readOwnMs(each) / read(each))
      .sort((a, b) => a - b);
    const ratio = ratios[Math.floor(ratios.length / 2)]?.toFixed(2);
    sayFigure(`  ${what}: ${formatMs(list(read))}; the time is ${ratio} times it (median)`);
  };
  sayFigure(`due to leaving: ${formatMs(list((each) => each.totalMs))}, ${last.requests} requests`);
  sayFigure(`  of it until the timer ended the pause: ${formatMs(list((each) => each.timerMs))}`);
  sayFigure(`  after that: ${formatMs(list(readOwnMs))}`);
  sayFigure(`  of it on the disk: ${formatMs(list((each) => each.diskMs))}`);
  const besideMs = list((each) => readOwnMs(each) - each.durableMs);
  sayFigure(`  beside its durable operations (aim: p50 at most 1 ms): ${formatMs(besideMs)}`);
  sayFigure(`    in the quietest tenth of the runs: ${formatMs(takeQuietest(besideMs))}`);
  const writes = last.operations.filter(({ kind }) => kind !== "read").length;
  sayRatio(`of it in ${writes} durable operations`, (each) => each.durableMs);
  sayRatio("the same again, bare, one right after the other", (each) => each.bareMs);
  for (const [what, count] of countOperations(last.operations)) sayFigure(`  ${count} x ${what}`);
}

/** What a busy host's neighbours have least to do with. */
function takeQuietest(times: readonly number[]): number[] {
  return times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length / 10));
}

function countOperations(operations: readonly DiskOperation[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, path } of operations) {
    const what = `${kind} ${path.slice(path.lastIndexOf("/") + 1)}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return counts;
}

const found: Found[] = [];
Deno.bench({
  name: "an entry's time from due to its request leaving, files included",
  n: RUNS,
  warmup: WARMUP,
  async fn(timer) {
    const one = await measure(timer);
    if (one !== null) found.push(one);
  },
});
globalThis.addEventListener("unload", () => sayFound(found.slice(-RUNS)));
