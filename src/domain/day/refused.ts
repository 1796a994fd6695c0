import { listRefusals, type RefusalRow } from "./day_orders.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import type { DayTrail } from "./day_trail.ts";
import type { SeenPrice } from "./seen_prices.ts";
import { buildTradeResult } from "../account/trade_result.ts";

/** An entry that was refused on a day, and what it would have made by its end as far as the trail knows. */
export interface RefusedEntry extends RefusalRow {
  readonly dateNy: string;
  readonly outcome: WouldHave | null;
}

/** What a refused entry would have made. Unix ms, USD. */
export interface WouldHave {
  /** When the price was seen that it is measured at. */
  readonly atMs: number;
  readonly how: "stop" | "target" | "last price";
  readonly resultUsd: number;
  readonly resultR: number | null;
}

/**
 * What was refused on a day, equal refusals together. What an entry would have made is measured from the price at its
 * first refusal to its stop, its target, or the last price that the day's trail has of the symbol, whichever came first;
 * `null` where the trail has no later one, and where the symbol was entered after all; of such a symbol the rules that only
 * say "not again" are left out.
 */
export function listRefusedEntries({ dateNy, events }: DayTrail): RefusedEntry[] {
  const entered = new Set(
    events.filter((event) => event.type === "fill" && readText(event, "reason") === "entry")
      .map((event) => event.symbol),
  );
  const isNews = (row: RefusalRow) => row.by !== "rule" || !entered.has(row.symbol);
  return listRefusals(events).filter(isNews).map((row) => ({
    ...row,
    dateNy,
    outcome: entered.has(row.symbol) ? null : findOutcome(row, events),
  }));
}

function findOutcome(row: RefusalRow, events: readonly RecordedEvent[]): WouldHave | null {
  const own = events.filter((event) => event.symbol === row.symbol);
  const intent = own.findLast((event) =>
    event.type === "intent" && (readTimeMs(event) ?? Infinity) <= row.firstMs
  );
  const qty = intent === undefined ? null : readNumber(intent, "qty");
  const refUsd = intent === undefined ? null : readNumber(intent, "ref_price_usd");
  if (intent === undefined || qty === null || qty <= 0 || refUsd === null) return null;
  const stopUsd = readNumber(intent, "stop_usd");
  const targetUsd = readNumber(intent, "r2_usd");
  const end = findEnd(listKnownPrices(own, row.firstMs), { stopUsd, targetUsd });
  if (end === null) return null;
  const { resultUsd, resultR } = buildTradeResult({
    adoptedQty: 0,
    adoptedCostUsd: null,
    initialStopUsd: stopUsd,
    fills: [
      { side: "buy", qty, priceUsd: refUsd },
      { side: "sell", qty, priceUsd: end.priceUsd },
    ],
  }, null);
  return resultUsd === null ? null : { atMs: end.atMs, how: end.how, resultUsd, resultR };
}

/** Prices of a symbol that the trail has after a moment: a later verdict's, an intent's bar, the exit rules'. */
function listKnownPrices(events: readonly RecordedEvent[], afterMs: number): SeenPrice[] {
  return events.flatMap((event) => {
    const atMs = readTimeMs(event);
    const field = PRICE_FIELDS.get(event.type);
    const priceUsd = field === undefined ? null : readNumber(event, field);
    return atMs === null || atMs <= afterMs || priceUsd === null ? [] : [{ atMs, priceUsd }];
  });
}

const PRICE_FIELDS: ReadonlyMap<string, string> = new Map([
  ["verdict", "last_price_usd"],
  ["intent", "ref_price_usd"],
  ["price", "price_usd"],
]);

function findEnd(
  seen: readonly SeenPrice[],
  { stopUsd, targetUsd }: { readonly stopUsd: number | null; readonly targetUsd: number | null },
): (SeenPrice & { readonly how: WouldHave["how"] }) | null {
  for (const price of seen) {
    if (stopUsd !== null && price.priceUsd <= stopUsd) return { ...price, how: "stop" };
    if (targetUsd !== null && price.priceUsd >= targetUsd) return { ...price, how: "target" };
  }
  const last = seen.at(-1);
  return last === undefined ? null : { ...last, how: "last price" };
}
