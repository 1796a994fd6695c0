import type { CapUseFact } from "../alert/alert_facts.ts";
import type {
  ClosedTradeFact,
  DailySummaryInputs,
  DryRunOrderFact,
} from "../alert/alert_summary.ts";
import { countsTowardCaps, type LiveLedger } from "../order/ledger.ts";
import type { DryRunOrder } from "../order/order_request.ts";
import { sumResultsUsd } from "../order/usd_flow.ts";
import type { Session } from "../time/market.ts";
import { nyToMs, readNyTime } from "../time/ny_time.ts";
import { type DayTrail, type DayTrails, listFillSteps } from "./day_trail.ts";
import { countEntries } from "./entry_counts.ts";
import { readNumber, readText, type RecordedEvent } from "./events.ts";
import { listClosed } from "./period.ts";
import { findLastFillNy, listTrades } from "./trades.ts";

/** A session that ends before this is a half day (broker.md, Time and data). */
const HALF_DAY_BEFORE_NY = "16:00";

/** The session as the summary names it. @param isOver Whether it is. */
export function buildSessionFact(
  { dateNy, closeMs }: Session,
  isOver: boolean,
): DailySummaryInputs["session"] {
  return {
    kind: closeMs < nyToMs(dateNy, HALF_DAY_BEFORE_NY) ? "half" : "full",
    closesAtNy: readNyTime(closeMs).timeNy.slice(0, 5),
    isOver,
  };
}

/** Whether the day was LIVE at any moment: an order of it counts, or the gate said so. */
export function isLiveDay(ledger: LiveLedger | null, events: readonly RecordedEvent[]): boolean {
  return ledger?.entries.some(countsTowardCaps) === true ||
    events.some((event) => event.type === "gate" && readText(event, "mode") === "LIVE");
}

/** What a LIVE day's summary counts, beside what every day's does. */
type LiveFacts = Pick<
  Extract<DailySummaryInputs, { readonly mode: "LIVE" }>,
  "entries" | "symbols" | "notionalUsd" | "fills" | "capUse" | "exits" | "closedTrades"
>;

/** A LIVE day in numbers. @param trails `null` where the trail can't be read. @param ledger `null` where there is none of the day. */
export function buildLiveFacts(
  trails: DayTrails | null,
  ledger: LiveLedger | null,
  capUse: CapUseFact | null,
): LiveFacts {
  const days = trails === null ? [] : [...trails.earlier, trails.day];
  const dateNy = trails?.day.dateNy;
  const steps = listFillSteps(days).filter((step) => step.dateNy === dateNy);
  const counted = ledger?.entries.filter(countsTowardCaps) ?? [];
  return {
    entries: countEntries(trails?.day.events ?? null, ledger),
    symbols: [...new Set(counted.map((entry) => entry.symbol))].sort(),
    notionalUsd: counted.reduce((sumUsd, entry) => sumUsd + entry.notionalUsd, 0),
    fills: steps.filter(({ reason }) => reason === "entry"),
    capUse,
    exits: steps.filter(({ side }) => side === "sell"),
    closedTrades: trails === null ? null : listClosedOn(days, trails.day.dateNy),
  };
}

function listClosedOn(days: readonly DayTrail[], dateNy: string): ClosedTradeFact[] {
  return listClosed(listTrades(days)).filter((trade) => findLastFillNy(trade) === dateNy)
    .map(({ symbol, result }) => ({
      symbol,
      qty: result.soldQty,
      resultUsd: result.resultUsd,
      resultR: result.resultR,
    }));
}

/** The orders that DRY_RUN would have sent, with the notional that the trail has of them. */
export function listDryRunOrders(
  orders: readonly DryRunOrder[],
  events: readonly RecordedEvent[],
): DryRunOrderFact[] {
  const notional = new Map(
    events.filter((event) => event.type === "dry_run_order")
      .map((event) => [event.symbol, readNumber(event, "notional_usd")]),
  );
  return orders.map(({ symbol, qty }) => ({
    symbol,
    qty,
    notionalUsd: notional.get(symbol) ?? null,
  }));
}

/** USD; `null` where no trade was closed or the result of one is not known. */
export function sumResults(trades: readonly ClosedTradeFact[] | null): number | null {
  if (trades === null || trades.length === 0) return null;
  const known = trades.flatMap(({ resultUsd }) => resultUsd ?? []);
  return known.length < trades.length ? null : sumResultsUsd(known);
}
