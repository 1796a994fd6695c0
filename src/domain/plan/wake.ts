import { BEFORE_OPEN_MS } from "../account/standing_alarms.ts";
import { assertInvariant } from "../assert.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import { BAR_MS, type MarketClock } from "../time/market.ts";

/** Bars are revised about 30 s after they close (broker.md): a cycle that soon after reads final ones. */
export const BAR_SETTLE_MS = 35_000;
/** A closed market is looked at no more often than this. */
export const CLOSED_WAKE_MS = 5 * 60_000;
/** A broker clock that could not be read may hide an open market, so it is asked again this soon. */
export const CLOCK_RETRY_MS = 60_000;
/** No wake is nearer than this, so that a moment that keeps being past can't make the loop spin. */
export const WAKE_MIN_MS = 1_000;
/** How long an open that has passed here may be late in the broker's clock (skew) and is still waited for. */
export const OPEN_GRACE_MS = 60_000;

/** What the next cycle is for. */
export type WakeReason =
  | "intent due"
  | "bar closed"
  | "engine moment"
  | "market opens soon"
  | "market opens"
  | "market closed"
  | "clock retry"
  | "poll";

/** The moment of the next cycle, Unix ms, and what it is for. */
export interface Wake {
  readonly atMs: number;
  readonly why: WakeReason;
}

/** What the next wake-up depends on, as the cycle that just ended left it. */
export interface WakeInputs {
  readonly nowMs: number;
  /** 1 to 3600. */
  readonly pollSeconds: number;
  /** Those on the list, and whether entries are taken: where not, none of them wakes anybody. */
  readonly intents: readonly Pick<EntryIntent, "scheduledAtMs">[];
  readonly isTakingEntries: boolean;
  /**
   * When the cycle that just ended began: what it found due and left on the list (paused, not answered, records of another
   * account, no clock) it would only find so again, and whatever can change that wakes by itself.
   */
  readonly cycleBeganMs: number;
  /** How long before an intent's moment its cycle begins. */
  readonly leadMs: number;
  /** How long the cycle waited for moments of intents: the poll does not come later for it. */
  readonly pausedMs: number;
  /** `null` where the broker's clock could not be read. */
  readonly market: Pick<MarketClock, "isOpen" | "nextOpenMs"> | null;
  readonly isMarketHoursIgnored: boolean;
  /** Moments the engine chose itself (a look-up, the stops before the close), Unix ms. */
  readonly extraMs: readonly number[];
}

/**
 * Decides when the loop wakes next: the earliest of the poll, the lead before an intent's moment, a bar's close, the engine's own moments
 * and the open (pipeline 4). While the market is closed nothing but the open, and the moment 30 minutes before it, wakes it
 * more often than `CLOSED_WAKE_MS`; with hours ignored the engine's own moments do not either. Always at least `WAKE_MIN_MS` after now; moments that are not finite are ignored.
 * @throws {InvariantError} Where `nowMs` or `pollSeconds` is no number that the configuration allows.
 */
export function decideNextWake(inputs: WakeInputs): Wake {
  const { nowMs, pollSeconds, market } = inputs;
  assertInvariant(Number.isFinite(nowMs), "nowMs is not finite");
  assertInvariant(pollSeconds >= 1 && pollSeconds <= 3600, "pollSeconds is not in 1..3600");
  const isRunning = inputs.isMarketHoursIgnored || market?.isOpen === true;
  const earliest = earliestOf(
    listMoments(inputs, isRunning),
    nowMs + pollSeconds * 1000 - inputs.pausedMs,
  );
  const floorMs = nowMs + WAKE_MIN_MS;
  if (isRunning || market === null) return { ...earliest, atMs: Math.max(earliest.atMs, floorMs) };
  const quietMs = nowMs + CLOSED_WAKE_MS;
  const quiet: Wake = earliest.atMs < quietMs ? { atMs: quietMs, why: "market closed" } : earliest;
  const beforeOpenMs = market.nextOpenMs - BEFORE_OPEN_MS;
  const wake: Wake = beforeOpenMs > nowMs && beforeOpenMs <= quiet.atMs
    ? { atMs: Math.max(beforeOpenMs, floorMs), why: "market opens soon" }
    : quiet;
  const isOpenAhead = market.nextOpenMs > nowMs - OPEN_GRACE_MS;
  return isOpenAhead && market.nextOpenMs <= wake.atMs
    ? { atMs: Math.max(market.nextOpenMs, floorMs), why: "market opens" }
    : wake;
}

/** All moments but the poll; of two at the same time the first here names the wake. */
function listMoments(inputs: WakeInputs, isRunning: boolean): Wake[] {
  const { nowMs, extraMs, market } = inputs;
  const isClosed = market !== null && !market.isOpen;
  // Nothing is prepared where nothing can leave.
  const leadMs = isRunning ? inputs.leadMs : 0;
  const ownFromMs = isClosed ? nowMs + CLOSED_WAKE_MS : -Infinity;
  const moments: Wake[] = [
    ...listWaking(inputs)
      .map(({ scheduledAtMs }): Wake => ({ atMs: scheduledAtMs - leadMs, why: "intent due" })),
    ...extraMs.map((atMs): Wake => ({ atMs: Math.max(atMs, ownFromMs), why: "engine moment" })),
  ];
  if (isRunning) moments.push({ atMs: nextBarMs(nowMs), why: "bar closed" });
  if (market === null) moments.push({ atMs: nowMs + CLOCK_RETRY_MS, why: "clock retry" });
  // What is past can't be done before the broker's clock is back: it would only make the loop ask every second.
  const fromMs = market === null && !isRunning ? nowMs : -Infinity;
  return moments.filter(({ atMs }) => Number.isFinite(atMs) && atMs > fromMs);
}

/** Intents whose time is to come. */
function listWaking({ intents, isTakingEntries, cycleBeganMs }: WakeInputs): WakeInputs["intents"] {
  if (!isTakingEntries) return [];
  return intents.filter(({ scheduledAtMs }) => scheduledAtMs > cycleBeganMs);
}

function earliestOf(moments: readonly Wake[], pollAtMs: number): Wake {
  let earliest: Wake | null = null;
  for (const moment of moments) {
    if (earliest === null || moment.atMs < earliest.atMs) earliest = moment;
  }
  return earliest === null || pollAtMs < earliest.atMs ? { atMs: pollAtMs, why: "poll" } : earliest;
}

/** The first moment after now at which a bar has been closed for `BAR_SETTLE_MS`; bars close on whole ten minutes. */
function nextBarMs(nowMs: number): number {
  return (Math.floor((nowMs - BAR_SETTLE_MS) / BAR_MS) + 1) * BAR_MS + BAR_SETTLE_MS;
}
