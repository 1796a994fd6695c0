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
import type { Auditor } from "./auditor.ts";
import { createNetwork, type NetworkFate } from "./network.ts";
import { CrashError, type World } from "./world.ts";

/** How long the loop's wait sleeps at a time: the kill switch is still looked at, only less often. */
const LOOK_MS = 600_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** How an incarnation of the engine ended. */
export type Ending =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "crashed" }
  | { readonly kind: "bug"; readonly message: string };

/** Starts the real engine over the simulated world, and waits for its end. */
export async function runIncarnation(
  world: World,
  auditor: Auditor,
  fate: NetworkFate,
): Promise<Ending> {
  world.incarnation++;
  world.isDead = false;
  world.stop = new AbortController();
  const { incarnation } = world;
  world.note(`== engine starts, incarnation ${incarnation}`);
  auditor.started();
  const startMs = world.trueMs;
  try {
    const ports = buildPorts(world, { incarnation, auditor, fate });
    const status = await runLoop(ports, world.stop.signal, { lookMs: LOOK_MS });
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

function buildPorts(
  world: World,
  { incarnation, auditor, fate }: {
    readonly incarnation: number;
    readonly auditor: Auditor;
    readonly fate: NetworkFate;
  },
): EnginePorts {
  const isRunOnce = world.profile.families.has("once");
  const { config } = buildConfig(world.settings, { ...NO_RUN_FLAGS, isRunOnce });
  const { stateDir } = config;
  const fs = world.disk;
  const clock = buildClock(world, incarnation);
  const log = buildLog(world, auditor);
  // The audit trail is a tenth of a day's cost: most seeds without trouble at the disk go without.
  const hasTrail = world.hasTrail;
  const disk = createStateDisk({
    fs,
    stateDir,
    readFreeBytes: () => Promise.resolve(null),
    reserveBytes: 64 * 1024,
  });
  const eventLog = createEventLog({ fs, stateDir, clock, log, secrets: config.secrets, disk });
  const send = createNetwork(world, { incarnation, auditor, fate });
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
        auditor.event(event);
        return !hasTrail || await eventLog.record(event);
      },
    },
    log,
    alerts: buildAlerts(world, auditor),
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

function ignoreCrash(error: unknown): void {
  if (!(error instanceof CrashError)) throw error;
}

function buildClock(world: World, incarnation: number): ClockPort {
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

function buildLog(world: World, auditor: Auditor): LogPort {
  const say = (level: string, line: string) => {
    world.checkSecrets("log", line);
    world.note(`${level} ${line}`);
    auditor.logged(level, line);
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
function buildAlerts(world: World, auditor: Auditor): AlertPort {
  let delivered: { readonly key: string; readonly value: string }[] = [];
  return {
    send: (alert: Alert) => {
      world.checkSecrets("alert", `${alert.title} ${alert.text}`);
      world.count(`alert: ${nameAlert(alert)}`);
      if (alert.level === "TRADE") auditor.tradeTitles.push(alert.title);
      if (alert.title.startsWith("Daily execution summary")) auditor.summaryTexts.add(alert.text);
      auditor.silence.alerted(alert);
      if (alert.state !== undefined && world.chances.mood.isHit(0.8)) delivered.push(alert.state);
    },
    takeDelivered: () => {
      const taken = delivered;
      delivered = [];
      return taken;
    },
    drain: () => Promise.resolve(),
  };
}
