import process from "node:process";
import { runLoop } from "../../src/engine/loop.ts";
import type { ClockPort } from "../../src/engine/ports.ts";
import { buildWatchlistCsv } from "../simulator/scenario.ts";
import type { SimSession } from "../simulator/sessions.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import type { FileSystem } from "../../src/state/file_system.ts";
import { createBenchEngine, sayFigure } from "./bench_world.ts";
import { fitSlope } from "./slope.ts";
import { buildRows, listSessions } from "./sessions_market.ts";

// One process over many sessions, its memory after a forced collection at the end of each: `deno run
// --v8-flags=--expose-gc ... tests/bench/sessions_main.ts [SESSIONS] [CANDIDATES]`. Started by sessions_bench.ts.

const [sessionsText = "60", candidatesText = "200"] = Deno.args;
const SESSIONS = Number(sessionsText);
const CANDIDATES = Number(candidatesText);
/** What a process needs once is there by then. */
const SETTLED_AFTER = 10;
const TOKEN = "bench";
const MINUTE_MS = 60_000;
const MB = 1024 * 1024;

function collect(): void {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") throw new Error("run it with --v8-flags=--expose-gc");
  gc();
}

/** A memory's measure needs no durability, and a busy host's disk takes longer for it than all else: most of an hour. */
function createHastyFileSystem(): FileSystem {
  const disk = createDenoFileSystem();
  return {
    ...disk,
    open: async (path, how) => ({ ...await disk.open(path, how), sync: () => Promise.resolve() }),
    syncDir: () => Promise.resolve(),
  };
}

/** At night a sleep lasts at least so long, as on a host that dozes; before the open the loop has its own moments. */
const NIGHT_SLEEP_MS = 30 * MINUTE_MS;
const BEFORE_OPEN_MS = 40 * MINUTE_MS;

/** The host's and the broker's clock in one, which move when the loop sleeps. */
class SharedClock implements ClockPort {
  /** Moments and what happens then, in their order. */
  readonly plans: { readonly atMs: number; readonly act: () => Promise<void> }[] = [];

  constructor(
    private ms: number,
    private readonly url: string,
    private readonly sessions: readonly SimSession[],
  ) {}

  nowMs(): number {
    return this.ms;
  }

  monotonicMs(): number {
    return this.ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    this.ms += Math.max(1, Math.ceil(ms), this.#readDozeMs());
    const body = JSON.stringify({ now: new Date(this.ms).toISOString() });
    const answer = await fetch(`${this.url}/sim/time`, { method: "POST", body });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.text();
    for (let next = this.plans[0]; next !== undefined && next.atMs <= this.ms;) {
      this.plans.shift();
      await next.act();
      next = this.plans[0];
    }
  }

  #readDozeMs(): number {
    const next = this.sessions.find(({ closeMs }) => this.ms < closeMs + BEFORE_OPEN_MS);
    if (next === undefined || this.ms >= next.openMs) return 0;
    return Math.min(NIGHT_SLEEP_MS, next.openMs - BEFORE_OPEN_MS - this.ms);
  }
}

async function startBroker(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--quiet",
      "--allow-net=127.0.0.1",
      new URL("./sessions_broker.ts", import.meta.url).pathname,
      `${SESSIONS}`,
      `${CANDIDATES}`,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) text += (await reader.read()).value ?? "";
  return {
    url: text.trim(),
    stop: async () => {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

interface Measured {
  readonly heapMb: number[];
  readonly rssMb: number[];
}

function measure({ heapMb, rssMb }: Measured): void {
  collect();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  heapMb.push((heapUsed + external) / MB);
  rssMb.push(rss / MB);
  // Of a run that is cut off, at least this is known.
  sayFigure(`  session ${heapMb.length}: ${heapMb.at(-1)?.toFixed(2)} MB after a collection`);
}

function say({ heapMb, rssMb }: Measured, entries: number): void {
  const later = heapMb.slice(SETTLED_AFTER - 1);
  const at = (list: readonly number[], index: number) => list.at(index)?.toFixed(1) ?? "?";
  const peakMb = process.resourceUsage().maxRSS / 1024;
  sayFigure(
    `${heapMb.length} sessions, ${CANDIDATES} candidates, ${entries} entries in one process`,
  );
  sayFigure(
    `  after a collection: ${at(heapMb, 0)} MB at the end of the first, ${at(later, 0)} of the ` +
      `tenth, ${at(heapMb, -1)} of the last; from the tenth on ` +
      `${fitSlope(later).toFixed(3)} MB a session (least squares)`,
  );
  sayFigure(`  resident ${at(rssMb, -1)} MB at the end, ${peakMb.toFixed(0)} MB at its peak`);
}

async function runSessions(dir: string, url: string, sessions: readonly SimSession[]) {
  const list = `${dir}/daily_candidates.csv`;
  const rows = buildRows(CANDIDATES);
  const clock = new SharedClock((sessions[0]?.openMs ?? 0) - MINUTE_MS, url, sessions);
  const writeList = async ({ dateNy, openMs }: SimSession) => {
    await Deno.writeTextFile(list, buildWatchlistCsv(rows, dateNy));
    await Deno.utime(list, openMs / 1000 - 60, openMs / 1000 - 60);
  };
  const measured: Measured = { heapMb: [], rssMb: [] };
  const stop = new AbortController();
  for (const session of sessions) {
    clock.plans.push({ atMs: session.openMs - MINUTE_MS, act: () => writeList(session) });
    clock.plans.push({
      atMs: session.closeMs + 10 * MINUTE_MS,
      act: () => {
        measure(measured);
        if (session === sessions.at(-1)) stop.abort();
        return Promise.resolve();
      },
    });
  }
  const [first] = sessions;
  if (first !== undefined) await writeList(first);
  const { ports } = await createBenchEngine({
    dir,
    url,
    clock,
    environment: {
      LIVE_TRADING: "1",
      LIVE_CONFIRM_TOKEN: TOKEN,
      MAX_LIVE_NOTIONAL_PER_SYMBOL: "20000",
      MAX_LIVE_GROSS_NOTIONAL: "100000",
    },
    fetch,
    fs: createHastyFileSystem(),
  });
  await runLoop(ports, stop.signal, { lookMs: 5 * MINUTE_MS });
  return measured;
}

const dir = await Deno.makeTempDir({ prefix: "avwap-bench-" });
const broker = await startBroker();
try {
  await Deno.mkdir(`${dir}/state`);
  await Deno.writeTextFile(`${dir}/state/live_confirm_token.txt`, TOKEN);
  const measured = await runSessions(dir, broker.url, listSessions(SESSIONS));
  const orders = await (await fetch(`${broker.url}/sim/orders`)).text();
  say(measured, orders.split('"side":"buy"').length - 1);
} finally {
  await broker.stop();
  await Deno.remove(dir, { recursive: true });
}
