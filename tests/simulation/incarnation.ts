import { createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import { RUN_ONCE_MS } from "../../src/engine/engine.ts";
import {
  type Alert,
  type AlertPort,
  type ClockPort,
  type EnginePorts,
  type LogPort,
  StateError,
  type WatchlistPort,
} from "../../src/engine/ports.ts";
import { runLoop } from "../../src/engine/loop.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import { createDryRunLedger } from "../../src/state/dry_run_ledger.ts";
import { createEventLog } from "../../src/state/event_log.ts";
import { createExecutionState } from "../../src/state/execution_state.ts";
import type { FileSystem } from "../../src/state/file_system.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import { createOperatorFiles } from "../../src/state/operator_files.ts";
import { createStateDisk } from "../../src/state/state_disk.ts";
import { createWatchlistFile } from "../../src/state/watchlist_file.ts";
import { createNetwork, type NetworkFate } from "./network.ts";
import type { Observer } from "./observer.ts";
import type { Prng } from "./prng.ts";
import { CrashError, type World } from "./world.ts";

/** How long the loop's wait sleeps at a time: the kill switch is still looked at, only less often. */
export const LOOK_MS = 600_000;
/** How long the client waits for an answer. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** How an incarnation of the engine ended. */
export type Ending =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "crashed" }
  | { readonly kind: "bug"; readonly message: string };

/** What a process of the engine finds around it. */
export interface Surroundings {
  readonly world: World;
  readonly observer: Observer;
  readonly fate: NetworkFate;
  /** By which Slack delivers, or does not. */
  readonly slackChance: Prng;
}

/** Starts the real engine over the simulated world, and waits for its end. */
export function runIncarnation(surroundings: Surroundings): Promise<Ending> {
  return runProcess(
    surroundings,
    (stop) => runLoop(buildPorts(surroundings), stop, { lookMs: LOOK_MS }),
  );
}

/**
 * The life of one process over the simulated world.
 * @param start Runs an engine until `stop` aborts, and says its exit status.
 */
export async function runProcess(
  { world, observer }: Surroundings,
  start: (stop: AbortSignal) => Promise<number>,
): Promise<Ending> {
  world.incarnation++;
  world.isDead = false;
  world.stop = new AbortController();
  const { incarnation } = world;
  world.note(`== engine starts, incarnation ${incarnation}`);
  observer.started();
  const startMs = world.trueMs;
  try {
    const status = await start(world.stop.signal);
    world.note(`== engine exits ${status}`);
    checkTime(world, startMs);
    return { kind: "exited", status };
  } catch (error) {
    if (error instanceof CrashError) return { kind: "crashed" };
    if (world.isDead) return { kind: "crashed" };
    const stack = error instanceof Error ? error.stack ?? error.message : String(error);
    return { kind: "bug", message: stack.split("\n").slice(0, 4).join(" | ") };
  } finally {
    world.isDead = true;
    // What still runs of it in the background meets its end before the next one starts.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function buildPorts(surroundings: Surroundings): EnginePorts {
  const { world, observer, fate } = surroundings;
  const { incarnation } = world;
  const isRunOnce = world.profile.families.has("once");
  const { config } = buildConfig(world.settings, { ...NO_RUN_FLAGS, isRunOnce });
  const { stateDir } = config;
  const fs = world.disk;
  const clock = buildClock(world, incarnation);
  const log = buildLog(world, observer);
  // The audit trail is a tenth of a day's cost: most seeds without trouble at the disk go without.
  const hasTrail = world.hasTrail;
  const disk = createStateDisk({
    fs,
    stateDir,
    readFreeBytes: () => Promise.resolve(null),
    reserveBytes: 64 * 1024,
  });
  const eventLog = createEventLog({ fs, stateDir, clock, log, secrets: config.secrets, disk });
  const send = createNetwork(world, { incarnation, observer, fate });
  const broker = createAlpacaClient({
    tradingUrl: config.endpoint.tradingUrl,
    dataUrl: config.endpoint.dataUrl,
    keyId: config.keyId,
    secretKey: config.secretKey,
    send,
    clock,
    chance: { uniform: () => world.chances.engine.uniform() },
    feed: config.feed,
    timeoutMs: REQUEST_TIMEOUT_MS,
    endMs: isRunOnce ? clock.monotonicMs() + RUN_ONCE_MS : Infinity,
    log,
    onExchange: (exchange) => {
      // As the program does it: not awaited. A dead process's failure is nobody's.
      eventLog.record({
        type: "order_answer",
        source: "http",
        method: exchange.method,
        path: exchange.path,
        request_body: exchange.requestBody,
        http_status: exchange.httpStatus,
        answer_body: exchange.answerBody,
      }).catch(ignoreCrash);
    },
  });
  return {
    clock,
    broker,
    marketData: broker,
    disk,
    ledger: createLiveLedger({ fs: disk.records, stateDir }),
    state: createExecutionState({ fs: disk.records, stateDir }),
    dryRunLedger: createDryRunLedger({ fs, path: config.dryRunLedgerPath }),
    operatorFiles: createOperatorFiles({ fs, stateDir, otherStateDirs: [] }),
    watchlist: findWatchlist(fs, config.watchlist.path),
    events: {
      listDay: (query) =>
        hasTrail ? eventLog.listDay(query) : Promise.reject(new StateError("none is written")),
      record: async (event) => {
        observer.event(event);
        return !hasTrail || await eventLog.record(event);
      },
    },
    log,
    alerts: buildAlerts(surroundings),
    service: {
      ready: () => Promise.resolve(),
      alive: () => Promise.resolve(),
      stopping: () => Promise.resolve(),
    },
    config: config.engine,
    version: "0.0.0-simulated",
  };
}

/** By the disk, then by the path. */
const WATCHLISTS = new WeakMap<FileSystem, Map<string, WatchlistPort>>();

/** The list's file as the process before this one read it: the same content means the same, and telling what costs most of a start. */
function findWatchlist(fs: FileSystem, path: string): WatchlistPort {
  const known = WATCHLISTS.get(fs) ?? new Map<string, WatchlistPort>();
  const file = known.get(path) ?? createWatchlistFile({ fs, path });
  WATCHLISTS.set(fs, known.set(path, file));
  return file;
}

/** `--run-once` ends within 25 s, whatever hangs (pipeline 4). */
function checkTime(world: World, startMs: number): void {
  const tookMs = world.trueMs - startMs;
  if (!world.profile.families.has("once") || tookMs <= ONCE_MS_MAX) return;
  world.violate("--run-once ends within 25 s", `it took ${tookMs} ms`);
}

/** What a process that died did not do is nobody's failure. */
export function ignoreCrash(error: unknown): void {
  if (!(error instanceof CrashError)) throw error;
}

/** The host's clocks, as one process sees them. */
export function buildClock(world: World, incarnation: number): ClockPort {
  const startMs = world.trueMs;
  return {
    nowMs: () => world.nowMs(),
    monotonicMs: () => world.trueMs - startMs,
    sleep: (ms, signal) => {
      try {
        world.enter(incarnation);
        if (signal?.aborted !== true) sleepTo(world, world.trueMs + world.onSleep(ms), signal);
        world.enter(incarnation);
        return Promise.resolve();
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}

/** A wait for the request budget that began before the time was up comes on top. */
const ONCE_MS_MAX = 26_000;
const STEP_MS = 60_000;

/** In steps, so that a stop ends the sleep about when it came. */
function sleepTo(world: World, untilMs: number, signal: AbortSignal | undefined): void {
  while (world.trueMs < untilMs && signal?.aborted !== true) {
    world.advance(Math.min(untilMs - world.trueMs, signal === undefined ? Infinity : STEP_MS));
  }
}

/** The log of a process: it stands in the trace. */
export function buildLog(world: World, observer: Observer): LogPort {
  const say = (level: string, line: string) => {
    world.checkSecrets("log", line);
    world.note(`${level} ${line}`);
    observer.logged(level, line);
  };
  return {
    info: (line) => say("info", line),
    warn: (line) => say("warn", line),
    error: (line) => say("ERROR", line),
  };
}

/** Its title, without what each trade has of its own. */
function nameAlert({ level, title }: Alert): string {
  if (title === "") return "(a state taken back)";
  return level === "TRADE" ? "(an order that filled)" : title;
}

/** Slack, as a recorder that mostly delivers. */
export function buildAlerts({ world, observer, slackChance }: Surroundings): AlertPort {
  let delivered: { readonly key: string; readonly value: string }[] = [];
  return {
    send: (alert: Alert) => {
      world.checkSecrets("alert", `${alert.title} ${alert.text}`);
      world.count(`alert: ${nameAlert(alert)}`);
      observer.alerted(alert);
      if (alert.state !== undefined && slackChance.isHit(0.8)) delivered.push(alert.state);
    },
    takeDelivered: () => {
      const taken = delivered;
      delivered = [];
      return taken;
    },
    drain: () => Promise.resolve(),
  };
}
