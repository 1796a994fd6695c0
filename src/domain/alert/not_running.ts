import {
  type AlertMessage,
  formatCloseCommand,
  formatList,
  formatPosition,
  type PositionFact,
  sortPositions,
  unprotectedQty,
} from "./alert_facts.ts";
import type { MarketClock } from "../time/market.ts";
import { dateNyOf, nyToMs } from "../time/ny_time.ts";

/** From so long before the open a `run` that does not start is news, whatever is managed. */
export const NOT_RUNNING_BEFORE_OPEN_MS = 60 * 60_000;
/** So long before the close it is said once more while a position is not covered beyond the day. */
const LATE_MS = 30 * 60_000;

/** What a start that was refused knows. Times Unix ms. */
export interface NotRunningFacts {
  readonly nowMs: number;
  /** `null` where the broker's clock could not be read. */
  readonly market: MarketClock | null;
  /** Code of the reason, by which messages are told apart. */
  readonly cause: string;
  /** In words. */
  readonly reason: string;
  readonly remedy: string;
  /** `null` where the records can't be read. */
  readonly positions: readonly PositionFact[] | null;
}

/** State key of the message: what was delivered is remembered by it. */
export const NOT_RUNNING_KEY = "not_running";

/**
 * Decides whether `Execution not running` is due (interface, Slack): once a session day and cause, from 60 minutes before the
 * open, or when a managed position is not covered; again at the open and 30 minutes before the close while one is bare or
 * covered for the day only. Where nobody can say what is covered, something may be bare.
 * @param said What was delivered last under the message's key.
 * @returns What to remember it by; `null` where nothing is due.
 */
export function decideNotRunning(
  facts: NotRunningFacts,
  said: string | undefined,
): string | null {
  const isUncovered = facts.positions === null || listUncovered(facts).length > 0;
  if (!isSessionNear(facts) && !isUncovered) return null;
  const first = `${findSessionNy(facts)} ${facts.cause}`;
  const isSaid = said !== undefined && (said === first || said.startsWith(`${first}:`));
  if (!isUncovered) return isSaid ? null : first;
  const value = `${first}:${findStage(facts)}`;
  return said === value ? null : value;
}

/** Positions that nothing, or nothing beyond the day, protects as far as it is known; with unread records none can be named. */
function listUncovered({ positions }: NotRunningFacts): PositionFact[] {
  return (positions ?? []).filter((position) => {
    const { qty, stops, lastSeen } = position;
    if (qty === 0) return false;
    // What can't be asked now stands as it was last seen.
    if (qty === null || stops === null) {
      return lastSeen === null || lastSeen.gtcQty < lastSeen.heldQty;
    }
    return stops.length === 0 || unprotectedQty(position) > 0 ||
      stops.some(({ timeInForce }) => timeInForce !== "gtc");
  });
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** So long a process ran whose end is news by itself, where none was told within the hour. */
const RAN_MS = 10 * MINUTE_MS;
/** Two starts that fail are no further apart than this: a minute's wait, a minute of `check`, and the start. */
const STARTS_APART_MS = 2.5 * MINUTE_MS;

/**
 * Whether it is due where nothing at all can be remembered: around the full hour, so that however slowly the starts follow
 * each other one of them tells, and at the end of a process that had run so long (`ranMs`).
 */
export function isUnrememberedDue(nowMs: number, ranMs: number): boolean {
  return ranMs >= RAN_MS || nowMs % HOUR_MS < STARTS_APART_MS;
}

/** Whether the end of a process that had run is news, whatever was told at `toldMs`: it was running again since. */
export function isEndNews(nowMs: number, { ranMs, toldMs }: {
  readonly ranMs: number;
  readonly toldMs: number;
}): boolean {
  return ranMs >= RAN_MS && nowMs - toldMs >= HOUR_MS;
}

function isSessionNear({ nowMs, market }: NotRunningFacts): boolean {
  // No session is known: the usual hours, so that a broker that can't be asked silences nothing.
  if (market === null) {
    const isWeekday = ![0, 6].includes(new Date(`${dateNyOf(nowMs)}T12:00:00Z`).getUTCDay());
    return isWeekday && isBetween(nowMs, "08:30", "16:00");
  }
  return market.isOpen || market.nextOpenMs - nowMs <= NOT_RUNNING_BEFORE_OPEN_MS;
}

function findSessionNy({ nowMs, market }: NotRunningFacts): string {
  return dateNyOf(market === null || market.isOpen ? nowMs : market.nextOpenMs);
}

function findStage({ nowMs, market }: NotRunningFacts): string {
  if (market === null) {
    if (isBetween(nowMs, "15:30", "16:00")) return "late";
    return isBetween(nowMs, "09:30", "15:30") ? "open" : "before";
  }
  if (!market.isOpen) return "before";
  return market.nextCloseMs - nowMs <= LATE_MS ? "late" : "open";
}

function isBetween(nowMs: number, fromNy: string, toNy: string): boolean {
  const dateNy = dateNyOf(nowMs);
  return nowMs >= nyToMs(dateNy, fromNy) && nowMs < nyToMs(dateNy, toNy);
}

/** Builds `Execution not running`: why, what to do, each managed position and what rests for it. */
export function buildNotRunning(facts: NotRunningFacts): AlertMessage {
  const uncovered = listUncovered(facts);
  const { positions } = facts;
  const lines = [
    facts.reason,
    `Do: ${facts.remedy}`,
    "Until then no entry, no exit and no new stop; what rests at the broker stays",
    ...(positions === null
      ? ["Managed positions: UNKNOWN, the records can't be read; look at the broker"]
      : formatList("Managed positions", sortPositions(positions).map(formatNow))),
    ...(uncovered.length === 0
      ? []
      : ["Not covered beyond today: place a good-till-canceled stop at the broker, or close:"]),
    ...uncovered.slice(0, UNCOVERED_MAX).map(({ symbol }) => `  ${formatCloseCommand(symbol)}`),
  ];
  return {
    level: uncovered.length > 0 || positions === null ? "ERROR" : "WARNING",
    title: "Execution not running",
    text: lines.join("\n"),
  };
}

function formatNow(position: PositionFact): string {
  return position.qty === 0
    ? `${position.symbol}: nothing left at the broker`
    : formatPosition(position);
}

/** Each with its command: more would be cut by Slack. */
const UNCOVERED_MAX = 6;
