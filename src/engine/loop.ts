import { decideNextWake } from "../domain/plan/wake.ts";
import { ASK_BROKER, FREE_FILE } from "../domain/alert/remedies.ts";
import { Engine } from "./engine.ts";
import { type CycleResult, runCycle } from "./cycle.ts";
import { noticeDisk } from "./disk_notice.ts";
import { readLeadMs } from "./entry_moment.ts";
import { beatHealth } from "./health.ts";
import { sendHeartbeatIfDue, sendStarted } from "./heartbeat.ts";
import { lookAtOnce } from "./kill_switch_look.ts";
import { wakeAfter } from "./moments.ts";
import { sayNotRunning } from "./not_running.ts";
import { alertKillSwitch, noticeKillSwitch, noticePause, takeDelivered } from "./notices.ts";
import { observe } from "./observe.ts";
import { BrokerError, type EnginePorts, StateError } from "./ports.ts";
import { lookAtWatchlist } from "./reading_watchlist.ts";
import { takeRequests } from "./releasing.ts";
import { sayTrouble } from "./trouble.ts";
import { formatServiceStatus } from "./service_status.ts";
import { takeStandings } from "./standings.ts";
import { loadState } from "./taking_in.ts";

/** Exit statuses of the loop (interface, Commands). */
const EXIT_DONE = 0;
const EXIT_WATCHLIST_MISSING = 1;
const EXIT_WATCHLIST_STALE = 2;

/** How often the wait looks at the kill switch: a change is seen within a second. */
export const LOOK_MS = 500;
/** How long `--run-once` gives the alert queue before it exits. */
const DRAIN_MS = 3_000;

/** How the loop waits; the fault simulation waits in longer steps. */
export interface LoopOptions {
  readonly lookMs: number;
  /** Takes what is to be called as soon as the kill switch may have changed; absent: only the looks see it. */
  readonly watch?: (look: () => void) => void;
}

/**
 * The engine's life: the freshness gate, then one cycle after the other until `stop` aborts, or one alone with
 * `--run-once`. The current step is ended, the state written.
 * @returns The exit status: 0, 1 where the watchlist is missing, 2 where it is stale.
 * @throws {InvariantError} A bug; everything that files, network or broker do is handled here.
 */
export async function runLoop(
  ports: EnginePorts,
  stop: AbortSignal,
  options: LoopOptions = { lookMs: LOOK_MS },
): Promise<number> {
  const engine = new Engine(ports, stop);
  // First: it remembers the lists of earlier days.
  await loadState(engine);
  const refusal = await checkStart(engine);
  if (refusal !== null) return refusal;
  await sendStarted(engine);
  options.watch?.(() => void lookAtOnce(engine));
  if (ports.config.isRunOnce) {
    const { market } = await runSafely(engine);
    await beatHealth(engine, market);
    await ports.alerts.drain(DRAIN_MS);
    return await end(engine);
  }
  while (!stop.aborted) {
    engine.isCycleDue = false;
    const result = await runSafely(engine);
    await sendHeartbeatIfDue(engine, result.market);
    await beatHealth(engine, result.market);
    await ports.service.ready();
    await wait(engine, result, stop, options);
  }
  return await end(engine);
}

/** Missing or stale: execution does not start (pipeline 1). A refused file counts as no candidates, and starts. */
async function checkStart(engine: Engine): Promise<number | null> {
  const { log } = engine.ports;
  const { step } = await lookAtWatchlist(engine);
  if (step.kind === "missing" || step.kind === "stale" || step.kind === "unreadable") {
    log.error(step.message);
    const isInTrail = await engine.event({
      type: "watchlist",
      status: step.kind,
      candidates: 0,
      dropped: [],
      message: step.message,
    });
    await sayNotRunning(engine, step, { isInTrail });
    return step.kind === "stale" ? EXIT_WATCHLIST_STALE : EXIT_WATCHLIST_MISSING;
  }
  return null;
}

/** A cycle whose failure ends the cycle, not the engine. What it met on the disk is said at its end, not in the next one. */
async function runSafely(engine: Engine): Promise<CycleResult> {
  const result = await runOrSay(engine);
  await noticeDisk(engine);
  await engine.trySaveState();
  return result;
}

async function runOrSay(engine: Engine): Promise<CycleResult> {
  try {
    return await runCycle(engine);
  } catch (error) {
    if (!isOfTheWorld(error)) throw error;
    const remedy = error instanceof BrokerError ? ASK_BROKER : FREE_FILE;
    sayTrouble(engine, `Cycle failed: ${error.message}`, remedy);
    const end = { market: engine.observation?.clock ?? null, gate: null };
    const areStandingsTaken = await tryTakeStandings(engine, end);
    const outcome = { kind: "failed", cycleBeganMs: engine.cycleBeganMs } as const;
    wakeAfter(engine, null, { outcome, areStandingsTaken });
    await engine.trySaveState();
    return end;
  }
}

/**
 * What ended the cycle may keep the standings from being taken too: those of the cycle before stand then.
 * @returns Whether they were taken.
 */
async function tryTakeStandings(engine: Engine, end: CycleResult): Promise<boolean> {
  try {
    return await takeStandings(engine, end);
  } catch (error) {
    if (!isOfTheWorld(error)) throw error;
    engine.ports.log.error(`Standing of the positions not taken: ${error.message}`);
    return false;
  }
}

/** A failure of the broker's or of the disk's, and no bug of ours. */
function isOfTheWorld(error: unknown): error is BrokerError | StateError {
  return error instanceof BrokerError || error instanceof StateError;
}

/** Sleeps until the next cycle is due, and sees the kill switch within a second meanwhile. */
async function wait(
  engine: Engine,
  result: CycleResult,
  stop: AbortSignal,
  options: LoopOptions,
): Promise<void> {
  const { clock, config, service } = engine.ports;
  const wake = decideNextWake({
    nowMs: engine.nowMs(),
    pollSeconds: config.pollSeconds,
    intents: engine.state.intents,
    isTakingEntries: engine.isTakingEntries,
    cycleBeganMs: engine.cycleBeganMs,
    leadMs: readLeadMs(engine),
    pausedMs: engine.pausedMs,
    market: result.market,
    isMarketHoursIgnored: config.isMarketHoursIgnored,
    extraMs: engine.wakeAtMs,
  });
  await engine.event({ type: "cycle", next_wake_ms: wake.atMs, why: wake.why });
  const isRunning = config.isMarketHoursIgnored || result.market?.isOpen === true;
  const status = formatServiceStatus(result, wake);
  const startMs = clock.monotonicMs();
  const waitMs = wake.atMs - engine.nowMs();
  while (!stop.aborted) {
    const leftMs = waitMs - (clock.monotonicMs() - startMs);
    if (leftMs <= 0) return;
    await clock.sleep(Math.min(leftMs, options.lookMs), stop);
    await service.alive(status);
    await takeRequests(engine);
    await noticePause(engine);
    // A closed market is not asked for it: the gate lines wait for the open.
    const isChanged = await noticeKillSwitch(engine);
    if ((isChanged || engine.isCycleDue) && isRunning) return;
    if (isChanged || engine.isCycleDue) await tellKillSwitch(engine, result.market);
  }
}

/** While the market is closed no cycle follows the switch: positions and orders are read for its message alone. */
async function tellKillSwitch(engine: Engine, market: CycleResult["market"]): Promise<void> {
  engine.isCycleDue = false;
  if (engine.killSwitchSeen !== null && market !== null) await observe(engine, market);
  alertKillSwitch(engine);
}

async function end(engine: Engine): Promise<number> {
  takeDelivered(engine);
  await engine.trySaveState();
  await engine.event({ type: "engine_stopped" });
  return EXIT_DONE;
}
