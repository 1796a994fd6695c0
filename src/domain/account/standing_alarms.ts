import { isTrim } from "../exit/exit_rules.ts";
import { dateNyOf } from "../time/ny_time.ts";
import { ABSENT, type Standing } from "./standing.ts";

/** So long something may be bare or due before it is an alarm: an ordinary fill, trim or conversion takes seconds. */
export const ALARM_AFTER_MS = 2 * 60_000;
/** In the last minutes before the close bare is an alarm at once; earlier while nothing may be sent. */
export const LATE_MS = 10 * 60_000;
export const LAST_CALL_MS = 20 * 60_000;
/** So long before the open what is bare is said once more. */
export const BEFORE_OPEN_MS = 30 * 60_000;
/** While the market is closed positions and orders are read no more often than this (pipeline 5, "When"). */
export const CLOSED_LOOK_MS = 5 * 60_000;
/** So far apart two of them are at the least, the end of a slow one and that of the next. */
const TWO_LOOKS_MS = CLOSED_LOOK_MS - 30_000;
const HOUR_MS = 3_600_000;

/** The moment and the rules under which standings are judged. */
export interface AlarmContext {
  readonly nowMs: number;
  readonly isLive: boolean;
  /** Whether the operator's own switch keeps orders from leaving: a trim then waits for him, and he knows. */
  readonly isOperatorStopped: boolean;
  readonly isClosed: boolean;
  /** Time to the close of the session; infinite where it is not known. */
  readonly untilCloseMs: number;
  /** The next open, Unix ms; `null` where it is not known. */
  readonly nextOpenMs: number | null;
  /** Symbols whose bare shares the kill switch's own message names: no second one goes beside it (interface, Slack). */
  readonly toldSymbols: ReadonlySet<string>;
  /** Whether since when something waits ends with this process: for the next one, a minute later, it would begin anew. */
  readonly isForgetful: boolean;
}

/** One message: every position that waits for the same cause. */
export interface Alarm {
  readonly kind: "bare" | "due";
  readonly cause: string;
  /** Changes when the message is due again: at a change, hourly in session, near the close, at it, and before the open. */
  readonly value: string;
  readonly standings: readonly Standing[];
}

/** Decides what the operator is told, one alarm for each cause (pipeline 5, "Nothing waits in silence"). */
export function listAlarms(standings: readonly Standing[], context: AlarmContext): Alarm[] {
  const groups = new Map<string, { kind: Alarm["kind"]; cause: string; standings: Standing[] }>();
  for (const standing of standings) {
    const kind = isBareAlarm(standing, context)
      ? "bare"
      : isDueAlarm(standing, context)
      ? "due"
      : null;
    if (kind === null) continue;
    const { cause } = standing;
    const group = groups.get(`${kind}:${cause}`) ?? { kind, cause, standings: [] };
    group.standings.push(standing);
    groups.set(`${kind}:${cause}`, group);
  }
  return [...groups.values()].map((group) => ({ ...group, value: buildValue(group, context) }));
}

function isBareAlarm(standing: Standing, context: AlarmContext): boolean {
  const { bareSinceMs, isCoverRead } = standing;
  if (bareSinceMs === null) return false;
  if (isLate(context) || isLong(bareSinceMs, context)) return true;
  // While the operator lets nothing be sent, waiting changes nothing; what can't be read may be read in a moment.
  return context.isOperatorStopped && isCoverRead && !context.isClosed &&
    !context.toldSymbols.has(standing.symbol);
}

function isDueAlarm(standing: Standing, context: AlarmContext): boolean {
  const { due, dueSinceMs } = standing;
  if (dueSinceMs === null) return false;
  const afterMs = isMissedOnce(standing, context) ? TWO_LOOKS_MS : ALARM_AFTER_MS;
  if (!isLong(dueSinceMs, context, afterMs)) return false;
  // Of a trim he knows. Where no exit can be decided his switch is not what it waits for, and it may be the close.
  return !isTrim(due) || !context.isOperatorStopped;
}

/** Whether only looks at a closed market have missed it: one empty answer is no end, and a second one takes its time. */
function isMissedOnce(
  { cause, dueSinceMs }: Standing,
  { isClosed, nowMs, untilCloseMs }: AlarmContext,
): boolean {
  const isOfSession = untilCloseMs <= 0 && (dueSinceMs ?? nowMs) < nowMs + untilCloseMs;
  return isClosed && cause === ABSENT.code && !isOfSession;
}

/** So long, which nobody but this process could count where it can't write it down. */
function isLong(
  sinceMs: number,
  { nowMs, isForgetful }: AlarmContext,
  afterMs = ALARM_AFTER_MS,
): boolean {
  return isForgetful || nowMs - sinceMs >= afterMs;
}

function isLate({ isClosed, isLive, untilCloseMs }: AlarmContext): boolean {
  return isClosed || untilCloseMs <= (isLive ? LATE_MS : LAST_CALL_MS);
}

function buildValue(
  { kind, standings }: Pick<Alarm, "kind" | "standings">,
  context: AlarmContext,
): string {
  // An exit that comes to wait too is a change, and the worst one where nothing rests that would sell.
  const names = standings.map((standing) => {
    const isDue = kind === "due" || isDueAlarm(standing, context);
    return isDue ? `${standing.symbol} ${standing.due}` : standing.symbol;
  }).sort().join(",");
  return `${findStage(context)}:${names}`;
}

/** The symbols that an alarm's value names. */
export function listNamed(value: string): string[] {
  const names = value.slice(value.lastIndexOf(":") + 1).split(",");
  return names.map((name) => name.split(" ")[0] ?? "");
}

function findStage(context: AlarmContext): string {
  const { nowMs, nextOpenMs, isClosed } = context;
  if (!isClosed) return `${isLate(context) ? "late" : "day"}:${Math.floor(nowMs / HOUR_MS)}`;
  if (nextOpenMs === null) return `closed ${dateNyOf(nowMs)}`;
  // Each night is another, also for a process that was not there in between.
  const stage = nextOpenMs - nowMs <= BEFORE_OPEN_MS ? "before the open" : "closed";
  return `${stage} ${dateNyOf(nextOpenMs)}`;
}
