import { RESERVE_FILE } from "../../src/state/state_disk.ts";
import { Auditor } from "./auditor.ts";
import { countOrders } from "./cycle_checks.ts";
import { setField } from "./field.ts";
import { checkFiles } from "./file_checks.ts";
import type { GapTimes } from "./gaps.ts";
import { type Ending, runIncarnation, type Surroundings } from "./incarnation.ts";
import { setMoods } from "./moods.ts";
import { buildWeather, createChanceFate } from "./chance_fate.ts";
import type { Observer } from "./observer.ts";
import { Operator } from "./operator.ts";
import type { AskedFamilies } from "./profile.ts";
import { checkResults } from "./result_checks.ts";
import { type Counts, KILL_PATH, type Violation, World } from "./world.ts";

/** What one seed came to. */
export interface SeedResult {
  readonly seed: number;
  readonly days: number;
  readonly violation: Violation | null;
  /** The same for every run of the seed over the same code. */
  readonly hash: string;
  /** The last steps, only where something is wrong. */
  readonly trace: readonly string[];
  readonly counts: Counts;
  readonly gaps: GapTimes;
}

const MINUTE_MS = 60_000;
/** Processes that one run may start; more is a loop of deaths. */
const INCARNATIONS_MAX = 400;
/** Of `--run-once`: one a minute, from before the open until after the close. */
const ONCE_A_DAY = 500;
/** While the market is closed timers may oversleep to shortly before the open, as on a host that was suspended. */
const NIGHT_SLEEP_MIN_MS = 60_000;
const LAZY_SLEEP_MIN_MS = 60_000;
const LATE_MS = 45 * 60_000;
const BEFORE_OPEN_MS = 12 * 60_000;

/**
 * Runs one seed: some trading days of the real engine in a world that does its worst.
 * @param asked The kinds of trouble, instead of those that the seed draws or beside them.
 */
export async function runSeed(
  seed: number,
  asked: AskedFamilies | null = null,
): Promise<SeedResult> {
  const world = new World(seed, asked);
  const auditor = new Auditor(world);
  await runDays(world, auditor, runIncarnation);
  if (world.violations.length === 0) checkFiles(auditor);
  if (world.violations.length === 0) checkResults(auditor);
  auditor.gaps.ended();
  countOrders(world);
  const violation = world.violations[0] ?? null;
  return {
    seed,
    days: world.profile.dayCount,
    violation,
    hash: world.trace.hash,
    trace: violation === null ? [] : world.trace.listLast(),
    counts: world.counts,
    gaps: auditor.gaps.times,
  };
}

/**
 * Lets a world pass, with its operator, its market and its troubles, and one process of an engine after the other in it.
 * @param start Starts a process, and waits for its end.
 */
export async function runDays(
  world: World,
  observer: Observer,
  start: (surroundings: Surroundings) => Promise<Ending>,
): Promise<void> {
  const operator = new Operator(world);
  const weather = buildWeather();
  const { mood: slackChance } = world.chances;
  world.note(`seed ${world.seed}: ${[...world.profile.families].join(",") || "calm"}`);
  operator.install();
  setMoods(world, weather);
  setField(world, weather);
  world.onQuestion = () => operator.meddle();
  world.onSleep = (ms) => stretch(world, ms);
  const fate = createChanceFate(world, weather);
  setDiskFaults(world);
  planEnd(world, observer);
  const most = (world.profile.families.has("once") ? ONCE_A_DAY : INCARNATIONS_MAX) *
    world.profile.dayCount;
  while (!world.isOver && world.incarnation < most) {
    for (const change of operator.nextSettings.splice(0)) change();
    const ending = await start({ world, observer, fate, slackChance });
    if (world.isOver) break;
    endIncarnation(world, ending);
  }
  if (world.incarnation >= most) world.violate("the engine stays up", `${most} deaths`);
}

/** What follows the end of a process: a disk that forgot, a pause, another start. */
function endIncarnation(world: World, ending: Ending): void {
  const { crash } = world.chances;
  switch (ending.kind) {
    case "bug":
      return world.violate("the engine never dies of itself", ending.message);
    case "crashed": {
      world.count("crashes");
      const isPowerLost = crash.isHit(0.6);
      if (isPowerLost) world.disk.crash(crash);
      world.note(isPowerLost ? "power was lost" : "the process was killed");
      return world.advance(crash.pick([200, 5_000, 30_000, 5 * MINUTE_MS, 40 * MINUTE_MS]));
    }
    case "exited":
      if (world.profile.families.has("once")) return world.advance(findNextRunMs(world));
      if (ending.status !== 0) return world.advance(findRestartMs(world));
      return world.advance(crash.pick([2_000, 2_000, 20_000, 10 * MINUTE_MS]));
  }
}

/** The service manager tries again in ten minutes; at night and at a weekend the trace need not show each time. */
function findRestartMs({ trueMs, exchange }: World): number {
  if (exchange.sessions.at(trueMs) !== null) return 10 * MINUTE_MS;
  return Math.max(10 * MINUTE_MS, exchange.sessions.nextOpenMs(trueMs) - 35 * MINUTE_MS - trueMs);
}

/** `--run-once` is started at each full minute, or in each tenth to save time; late in the day at each. */
function findNextRunMs({ trueMs, exchange, seed }: World): number {
  const nextMs = (Math.floor(trueMs / MINUTE_MS) + 1) * MINUTE_MS - trueMs;
  const { sessions } = exchange;
  if (sessions.at(trueMs) !== null) {
    const isLate = sessions.nextCloseMs(trueMs) - trueMs < 15 * MINUTE_MS;
    return isLate || seed % 64 === 0 ? nextMs : nextMs + 9 * MINUTE_MS;
  }
  return Math.max(nextMs, sessions.nextOpenMs(trueMs) - 5 * MINUTE_MS - trueMs);
}

function planEnd(world: World, observer: Observer): void {
  for (const { closeMs } of world.days) world.plan(closeMs, () => observer.closed());
  const lastMs = world.days.at(-1)?.closeMs ?? world.trueMs;
  world.plan(lastMs + 20 * MINUTE_MS, () => {
    world.note("the run is at its end");
    world.isOver = true;
    world.stop.abort();
  });
}

/** The disk takes its time to sync, fails, and is where the process may die. */
function setDiskFaults(world: World): void {
  const { families, intensity } = world.profile;
  const { disk, crash } = world.chances;
  let fullUntilMs = 0;
  /** Steps that what was given up of the reserve makes room for: whoever filled the disk takes the rest of it. */
  let stepsOfRoom = 0;
  const hasRoom = (op: string, path: string): boolean => {
    if (op === "truncate") stepsOfRoom = disk.whole(5, 60);
    if (op === "truncate" || path.includes(RESERVE_FILE)) return op === "truncate";
    return stepsOfRoom-- > 0;
  };
  world.onDiskStep = (op, path, isWrite) => {
    if (world.isDead) world.enter(-1);
    if (!isWrite) {
      if (path === KILL_PATH && world.isKillUnreadable) return { cause: "EIO" };
      if (!families.has("disk") || !disk.isHit(0.001 * intensity)) return null;
      world.trouble(`disk ${op} fails: ${path}`);
      return { cause: "EIO" };
    }
    if (op === "sync" || op === "syncDir") world.advance(1 + disk.whole(0, 3));
    if (families.has("crash") && crash.isHit(0.002 * intensity)) world.crash(`${op} ${path}`);
    if (!families.has("disk")) return null;
    if (disk.isHit(0.0006 * intensity)) fullUntilMs = world.trueMs + disk.whole(1, 20 * MINUTE_MS);
    const isFull = world.trueMs < fullUntilMs && op !== "remove" && !hasRoom(op, path);
    if (!isFull && !disk.isHit(0.002 * intensity)) return null;
    world.trouble(`disk ${op} fails: ${path}`);
    return { cause: isFull ? "ENOSPC" : "EIO" };
  };
}

/**
 * A long sleep in a closed market may last until shortly before the open, where the seed is not about the night; one in an open market, well before the close,
 * may be late by minutes: a host that is busy or was suspended. It also makes a simulated day affordable.
 */
function stretch(world: World, ms: number): number {
  const { sessions } = world.exchange;
  const { mood } = world.chances;
  if (ms < NIGHT_SLEEP_MIN_MS) return ms;
  if (sessions.at(world.trueMs) === null) {
    if (world.profile.families.has("night")) return ms;
    return Math.max(ms, sessions.nextOpenMs(world.trueMs) - BEFORE_OPEN_MS - world.trueMs);
  }
  const isLate = sessions.nextCloseMs(world.trueMs) - world.trueMs < LATE_MS;
  if (ms < LAZY_SLEEP_MIN_MS || isLate || world.isPunctual || !mood.isHit(0.95)) return ms;
  return ms + mood.whole(5, 18) * 60_000;
}
