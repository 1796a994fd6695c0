import type { DayFill } from "./day_fills.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { type AccountLook, createOwnCounter, listAccountLooks } from "./account_looks.ts";
import type { DayHolding } from "../account/day_result.ts";
import type { DayTrail, FillStep } from "./day_trail.ts";
import type { DaySession } from "./session.ts";
import { nyToMs } from "../time/ny_time.ts";
import { isUnexplained, readStart } from "./day_start.ts";

/** Types of events that the day result is made from. */
export const HOLDING_EVENTS = ["market", "equity", "fill", "price", "position"] as const;

/**
 * What was managed on a day, from trails alone, so that whoever asks, whenever, says the same: engine, status, report and
 * CSV. The last price is the last that was seen within the session.
 * @param day Its events of the types in `HOLDING_EVENTS` at least, in the order of the file.
 * @param steps Its fills, and those of the days before it that went on in it (`listFillSteps`).
 */
export function listDayHoldings(
  { dateNy, events }: DayTrail,
  session: DaySession,
  steps: readonly FillStep[],
): DayHolding[] {
  const looks = listAccountLooks(events);
  // One that was seen only today and is older moved nothing today.
  const fromMs = nyToMs(dateNy, "00:00");
  const fills = steps.filter((step) => step.dateNy === dateNy && step.atMs >= fromMs);
  return listManagedSymbols(events, { looks, fills }).map((symbol) => {
    const own = listOwnFills(fills.filter((fill) => fill.symbol === symbol), looks);
    const { startQty, moved } = readStart(symbol, { events, looks, fills: own });
    return {
      symbol,
      startQty: isUnexplained(symbol, { events, looks }) ? null : startQty,
      previousCloseUsd: readPreviousClose(symbol, looks, session),
      fills: moved,
      lastPriceUsd: readLastPrice(events, { symbol, looks, session }),
    };
  });
}

/** Symbols of which the engine had shares at any time of the day. */
function listManagedSymbols(
  events: readonly RecordedEvent[],
  { looks, fills }: { readonly looks: readonly AccountLook[]; readonly fills: readonly DayFill[] },
): string[] {
  const symbols = new Set<string>();
  for (const { rows } of looks) {
    for (const row of rows ?? []) if (row.isManaged && row.managedQty > 0) symbols.add(row.symbol);
  }
  const countOwn = createOwnCounter(looks);
  for (const fill of fills) {
    if (fill.reason === "other") continue;
    // The operator flattens what is somebody else's, too.
    if (fill.reason !== "flatten" || countOwn(fill) > 0) symbols.add(fill.symbol);
  }
  for (const event of events) {
    const isHeld = event.type === "position" &&
      ((readNumber(event, "qty") ?? 0) > 0 || readText(event, "change") === "absent");
    if (isHeld && event.symbol !== undefined) symbols.add(event.symbol);
  }
  return [...symbols].sort();
}

/** Fills that moved the engine's shares: a hand's buys move none, its sells only what is beyond the hand's own. */
function listOwnFills(fills: readonly DayFill[], looks: readonly AccountLook[]): DayFill[] {
  const countOwn = createOwnCounter(looks);
  return fills.flatMap((fill) => {
    if (fill.side === "buy") return fill.reason === "entry" ? [fill] : [];
    const qty = countOwn(fill);
    return qty > 0 ? [{ ...fill, qty }] : [];
  });
}

/** By a look of the session, else the last before it: overnight the broker's word may still be of the day before. */
function readPreviousClose(
  symbol: string,
  looks: readonly AccountLook[],
  { openMs, closeMs }: DaySession,
): number | null {
  const seen = looks.flatMap(({ atMs, rows }) => {
    const closeUsd = rows?.find((row) => row.symbol === symbol)?.lastCloseUsd ?? null;
    return closeUsd === null || atMs > closeMs ? [] : [{ atMs, closeUsd }];
  });
  const look = seen.find(({ atMs }) => atMs >= openMs) ?? seen.at(-1);
  return look?.closeUsd ?? null;
}

/** The last price that was seen within the session, by the exit rules or in the account. */
function readLastPrice(
  events: readonly RecordedEvent[],
  { symbol, looks, session }: {
    readonly symbol: string;
    readonly looks: readonly AccountLook[];
    readonly session: DaySession;
  },
): number | null {
  const isWithin = (atMs: number) => atMs >= session.openMs && atMs <= session.closeMs;
  let last: { readonly atMs: number; readonly priceUsd: number | null } = {
    atMs: -Infinity,
    priceUsd: null,
  };
  const see = (atMs: number, priceUsd: number | null) => {
    if (priceUsd !== null && isWithin(atMs) && atMs >= last.atMs) last = { atMs, priceUsd };
  };
  for (const { atMs, rows } of looks) {
    see(atMs, rows?.find((row) => row.symbol === symbol)?.priceUsd ?? null);
  }
  for (const event of events) {
    if (event.type !== "price" || event.symbol !== symbol) continue;
    see(readTimeMs(event) ?? -Infinity, readNumber(event, "price_usd"));
  }
  return last.priceUsd;
}
