import { NO_STOPS } from "../../src/domain/account/stop_losses.ts";
import { type KnownOrder, LAG_MS, type OrderBook } from "../../src/domain/account/order_book.ts";
import { UNSEEN_MS } from "../../src/domain/account/stand_ins.ts";
import { deriveOnce } from "../../src/domain/derive_once.ts";
import type { LedgerEntry } from "../../src/domain/order/ledger.ts";
import type { EngineState } from "../../src/domain/account/engine_state.ts";
import { NOTHING_SEEN } from "../../src/domain/plan/seen.ts";
import type { Seen } from "../../src/domain/plan/world.ts";
import { Made } from "./made.ts";
import { NOW_MS } from "./wire_map.ts";

/** What is older than this is as old as anything: no decision of the planner asks further back. Milliseconds. */
const AGE_MAX_MS = 400_000;
/** Ages at the beginning of a cycle, milliseconds: what lies between two of them is taken for the older. */
export const AGES_MS = [5_000, 10_000, 60_000, 180_000, 300_000, AGE_MAX_MS];

/** The broker's own times: they tell the sequence of its answers, and stay. */
const BROKERS: ReadonlySet<string> = new Set(["submittedAtMs", "updatedAtMs", "filledAtMs"]);
/** Stretches of time, and the one that is told by the day. */
const STRETCHES: ReadonlySet<string> = new Set(["untilCloseMs"]);

function roundAge(ageMs: number): number {
  return AGES_MS.find((each) => each >= ageMs) ?? AGE_MAX_MS;
}

function makeOlder(atMs: number, byMs: number, isRounded: boolean): number {
  const ageMs = NOW_MS - atMs + byMs;
  if (ageMs < 0) return atMs - byMs;
  return NOW_MS - Math.min(AGE_MAX_MS, isRounded ? roundAge(ageMs) : ageMs);
}

/** A value in which all moments lie so much further back. Each field whose name ends in `Ms` is a moment, but the broker's own. */
export function age<T>(value: T, byMs: number, { isRounded = false } = {}): T {
  if (byMs === 0 && !isRounded) return value;
  return walk(value, "", byMs, isRounded) as T;
}

/** Most of a client is what it was a step ago. */
const older = new Made<object, object>();

/** The same object where no moment in it moves. */
function walk(value: unknown, name: string, byMs: number, isRounded: boolean): unknown {
  if (typeof value === "number") {
    const isMoment = name.endsWith("Ms") && !BROKERS.has(name) && !STRETCHES.has(name);
    return isMoment ? makeOlder(value, byMs, isRounded) : value;
  }
  if (typeof value === "string") {
    if (name !== "timestamp") return value;
    return new Date(makeOlder(Date.parse(value), byMs, isRounded)).toISOString();
  }
  if (typeof value !== "object" || value === null || value instanceof Set) return value;
  return older.get(
    value,
    `${byMs} ${isRounded}`,
    () => walkInto(value, name, (each, at) => walk(each, at, byMs, isRounded)),
  );
}

function walkInto(
  value: object,
  name: string,
  go: (value: unknown, name: string) => unknown,
): object {
  if (Array.isArray(value)) {
    const next = value.map((each) => go(each, name));
    return next.every((each, at) => each === value[at]) ? value : next;
  }
  if (value instanceof Map) {
    const next = new Map([...value].map(([key, each]) => [key, go(each, name)]));
    return [...value].every(([key, each]) => each === next.get(key)) ? value : next;
  }
  let isSame = true;
  const next = Object.entries(value).map(([key, each]) => {
    // A moment by a reason has its name from the field that holds them.
    const made = go(each, name === "sellRefusedAtMs" ? name : key);
    if (made !== each) isSame = false;
    return [key, made];
  });
  return isSame ? value : Object.fromEntries(next);
}

/** Long ago: as old as anything. */
export const LONG_AGO_MS = NOW_MS - AGE_MAX_MS;

function forgetKnown(known: KnownOrder): KnownOrder {
  const isRecent = NOW_MS - known.filledSeenAtMs < LAG_MS;
  const filledSeenAtMs = isRecent ? known.filledSeenAtMs : LONG_AGO_MS;
  const filledBeforeQty = isRecent ? known.filledBeforeQty : known.order.filledQty;
  const shownAtMs = known.isShown ? LONG_AGO_MS : known.shownAtMs;
  const isSo = filledSeenAtMs === known.filledSeenAtMs && shownAtMs === known.shownAtMs &&
    filledBeforeQty === known.filledBeforeQty;
  return isSo ? known : { ...known, filledSeenAtMs, filledBeforeQty, shownAtMs };
}

const forgetBook = deriveOnce((book: OrderBook): OrderBook =>
  new Map([...book].map(([orderId, known]) => [orderId, forgetKnown(known)]))
);

/**
 * What is left of what was seen when a cycle begins: it asks for all lists anew, what was looked at by id counts no more, and
 * of the book's times those alone that a later decision asks for.
 */
export function forgetLooks(seen: Seen): Seen {
  const { pasts, clock, closed } = seen;
  return { ...NOTHING_SEEN, book: forgetBook(seen.book), pasts, clock, closed };
}

/** The age of a record that may still stand in for its order, milliseconds. */
export const RECENT_RECORD_MS = LAG_MS;

/**
 * The deadline of a record's request, for as long as it decides anything: that of one that was about to leave, until it is over.
 * One whose answer was lost is counted as absent from the first look that finds nothing.
 */
export function keepDeadline({ status, deadlineAtMs }: LedgerEntry): number | null {
  return status === "pending" && deadlineAtMs !== null && deadlineAtMs > NOW_MS
    ? deadlineAtMs
    : null;
}

/** When a record was made matters for as long as it may stand in for its order, and its deadline. */
const forgetEntry = deriveOnce((entry: LedgerEntry): LedgerEntry => {
  const isRecent = NOW_MS - Date.parse(entry.timestamp) < UNSEEN_MS;
  const timestamp = new Date(isRecent ? NOW_MS - RECENT_RECORD_MS : LONG_AGO_MS).toISOString();
  const deadlineAtMs = keepDeadline(entry);
  const isSo = entry.timestamp === timestamp && entry.deadlineAtMs === deadlineAtMs;
  return isSo ? entry : { ...entry, timestamp, deadlineAtMs };
});

const forgetEntries = deriveOnce((entries: readonly LedgerEntry[]) => entries.map(forgetEntry));

const forgetUnfinished = deriveOnce((all: EngineState["unfinished"]) =>
  all.map((each) => {
    const { begun, held, belowStop, tried } = each.underWay;
    return {
      ...each,
      underWay: {
        ...each.underWay,
        begun: begun === null
          ? null
          : { ...begun, cycleStartedAtMs: LONG_AGO_MS, sinceMs: LONG_AGO_MS },
        held: held === null ? null : { ...held, atMs: LONG_AGO_MS },
        belowStop: belowStop === null ? null : { ...belowStop, atMs: LONG_AGO_MS },
        tried: tried === null ? null : { ...tried, cycleStartedAtMs: LONG_AGO_MS },
      },
    };
  })
);

/** Records at the beginning of a cycle, without moments that only alarms, or the cycle before, ask for. */
export function forgetMoments(records: EngineState): EngineState {
  const { ledger } = records;
  return {
    ...records,
    ledger: ledger === null ? null : { ...ledger, entries: forgetEntries(ledger.entries) },
    // Since when decides nothing, and must be the same at the next rest.
    standings: records.standings.map((each) => ({
      ...each,
      bareSinceMs: each.bareSinceMs === null ? null : LONG_AGO_MS,
      dueSinceMs: each.dueSinceMs === null ? null : LONG_AGO_MS,
      stops: NO_STOPS,
    })),
    unfinished: forgetUnfinished(records.unfinished),
  };
}
