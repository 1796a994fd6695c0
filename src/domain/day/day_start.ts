import type { DayFill } from "./day_fills.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import type { AccountLook, AccountRow } from "./account_looks.ts";
import { roundQty, type SharesMoved } from "../order/usd_flow.ts";

/** Positions lag behind fills by seconds (pipeline 5): a look so soon after a fill may show what was before it. */
const LAG_MS = 10_000;

/** What a day's trail says of a symbol that was managed in it. */
interface SymbolTrail {
  readonly events: readonly RecordedEvent[];
  readonly looks: readonly AccountLook[];
  /** Those that moved the engine's shares, oldest first. */
  readonly fills: readonly DayFill[];
}

/** What a symbol's shares began the day with, and what moved them in its course. */
export interface DayStart {
  /** Shares held since the session before; `null` where that is not known. */
  readonly startQty: number | null;
  readonly moved: readonly SharesMoved[];
}

/**
 * How many shares the day began with. What was adopted in its course was held since the session before, but for what was
 * bought today: that is a buy of today's, at what was paid.
 */
export function readStart(symbol: string, trail: SymbolTrail): DayStart {
  const { looks, fills } = trail;
  const adoption = findAdoption(symbol, trail);
  if (adoption === null) {
    return { startQty: readStartQty(symbol, looks, fills), moved: fills };
  }
  const { atMs, qty, boughtQty, boughtUsd } = adoption;
  // What a hand sold before is not in what was adopted.
  const since = fills.filter((fill) => fill.atMs >= atMs);
  if (boughtQty === null) return { startQty: null, moved: since };
  const bought = boughtQty === 0
    ? []
    : [{ side: "buy", qty: boughtQty, priceUsd: boughtUsd } as const];
  return { startQty: roundQty(qty - boughtQty), moved: [...bought, ...since] };
}

interface Adoption {
  readonly atMs: number;
  readonly qty: number;
  /** How many of them were bought today; `null` where that is not known. */
  readonly boughtQty: number | null;
  readonly boughtUsd: number | null;
}

/** The day's first adoption; `null` where there was none, or the engine had shares of the symbol before it. */
function findAdoption(symbol: string, { events, looks, fills }: SymbolTrail): Adoption | null {
  const event = events.find((each) =>
    each.type === "position" && each.symbol === symbol && readText(each, "change") === "adopted"
  );
  const atMs = event === undefined ? null : readTimeMs(event);
  if (event === undefined || atMs === null) return null;
  const isOwnBefore = fills.some((fill) => fill.reason !== "other" && fill.atMs < atMs) ||
    looks.some((look) =>
      look.atMs < atMs && look.rows?.some((row) => row.symbol === symbol && row.isManaged)
    );
  const qty = readNumber(event, "adopted_qty") ?? 0;
  if (isOwnBefore || qty <= 0) return null;
  // Up to release 0.2.0 the trail did not say; then all counts from the previous close.
  const isSaid = event["bought_today_qty"] !== undefined;
  return {
    atMs,
    qty,
    boughtQty: isSaid ? readNumber(event, "bought_today_qty") : 0,
    boughtUsd: readNumber(event, "bought_today_usd"),
  };
}

/** What the first look that no fill can have blurred showed, with what was traded before it put back. */
function readStartQty(
  symbol: string,
  looks: readonly AccountLook[],
  fills: readonly DayFill[],
): number {
  const isClear = ({ atMs, rows }: AccountLook) =>
    rows !== null && fills.every((fill) => atMs < fill.atMs || atMs > fill.atMs + LAG_MS) &&
    !rows.some((row) => row.symbol === symbol && row.isExplained === false);
  const look = looks.find(isClear);
  // Nothing was seen between the fills: what was sold beyond what was bought had been there.
  const atMs = look?.atMs ?? Infinity;
  const shownQty = findManaged(look, symbol, looks)?.managedQty ?? 0;
  const before = fills.filter((fill) => fill.atMs < atMs)
    .reduce((sumQty, { side, qty }) => sumQty + (side === "sell" ? qty : -qty), 0);
  return Math.max(0, roundQty(shownQty + before));
}

/** A position that was adopted later today was there already. */
function findManaged(
  look: AccountLook | undefined,
  symbol: string,
  looks: readonly AccountLook[],
): AccountRow | undefined {
  const row = look?.rows?.find((each) => each.symbol === symbol);
  if (row === undefined || row.isManaged) return row;
  return looks.flatMap(({ rows }) => rows ?? []).find((each) =>
    each.symbol === symbol && each.isManaged && each.managedQty <= row.qty
  );
}

/** What a mark in the trail says of how many shares there are: orders account for them, do not, or show none of them. */
type Mark = "explained" | "unexplained" | "absent";

/**
 * Whether the day's last word is that orders do not account for how many shares of a symbol there are: a split, or a position
 * that is absent (pipeline 5). Lists lag behind orders, so that what comes later may account for it after all.
 */
export function isUnexplained(
  symbol: string,
  { events, looks }: Pick<SymbolTrail, "events" | "looks">,
): boolean {
  // Of the same millisecond the event is the later one: a look comes before what follows from it.
  const marks = [...listLookMarks(symbol, looks), ...listEventMarks(symbol, events)]
    .sort((a, b) => a.atMs - b.atMs);
  let last: Mark = "explained";
  for (const { mark } of marks) {
    // What was sold in the end accounts for an absence; for a split it does not.
    if (mark === "gone") last = last === "absent" ? "explained" : last;
    else last = mark;
  }
  return last !== "explained";
}

interface MarkAt {
  readonly atMs: number;
  readonly mark: Mark | "gone";
}

function listLookMarks(symbol: string, looks: readonly AccountLook[]): MarkAt[] {
  return looks.flatMap(({ atMs, rows }) => {
    const row = rows?.find((each) => each.symbol === symbol && each.isManaged);
    if (row === undefined || row.isExplained === null) return [];
    return [{ atMs, mark: row.isExplained ? "explained" : "unexplained" }];
  });
}

const EVENT_MARKS: ReadonlyMap<string | null, MarkAt["mark"]> = new Map([
  ["unexplained", "unexplained"],
  ["absent", "absent"],
  ["changed", "explained"],
  ["never_filled", "explained"],
  ["gone", "gone"],
]);

function listEventMarks(symbol: string, events: readonly RecordedEvent[]): MarkAt[] {
  return events.flatMap((event) => {
    if (event.type !== "position" || event.symbol !== symbol) return [];
    const mark = EVENT_MARKS.get(readText(event, "change"));
    const atMs = readTimeMs(event);
    return mark === undefined || atMs === null ? [] : [{ atMs, mark }];
  });
}
