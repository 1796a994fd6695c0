import { type DayTrail } from "./day_trail.ts";
import { listAccountLooks } from "./account_looks.ts";
import type { DayResult } from "../account/day_result.ts";
import { readDayResult } from "./period.ts";
import { readDaySession } from "./session.ts";
import { findLastFillNy, listTrades, type Trade } from "./trades.ts";
import { buildDayOrders, type DayOrders } from "./day_orders.ts";
import { buildDaySpans, type DaySpans } from "./day_spans.ts";
import { listSymbolDays, type SymbolDay } from "./day_symbols.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { nyToMs } from "../time/ny_time.ts";

/** The account's equity at a moment. Unix ms, USD. */
export interface EquityPoint {
  readonly atMs: number;
  readonly usd: number;
}

/** A message to the operator, as the alert adapter recorded its fate. */
export interface AlertRow {
  readonly atMs: number;
  readonly level: string;
  readonly title: string;
  readonly text: string;
  readonly isLost: boolean;
}

/** An error, with how often it was said. */
export interface ErrorRow {
  readonly message: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What the entries used of the caps. Caps are `null` where the day's gate had none that were valid. */
export interface CapUse {
  readonly orders: { readonly used: number; readonly cap: number | null };
  readonly positions: { readonly used: number; readonly cap: number | null };
  readonly grossUsd: { readonly used: number; readonly cap: number | null };
  /** The symbol that used most of its cap. */
  readonly symbolUsd: {
    readonly symbol: string | null;
    readonly used: number;
    readonly cap: number | null;
  };
}

/** A New York day as its event log tells it: what a report shows. Times in Unix ms, prices in USD per share. */
export interface DayView {
  readonly dateNy: string;
  /** `paper`, `live-money` or `custom`; `null` where no start was recorded. */
  readonly endpoint: string | null;
  readonly host: string | null;
  readonly version: string | null;
  readonly openMs: number;
  readonly closeMs: number;
  readonly isHalfDay: boolean;
  /** Whether the gate was LIVE at any time, or a live order was recorded. */
  readonly isLive: boolean;
  readonly spans: DaySpans;
  readonly symbols: readonly SymbolDay[];
  readonly orders: DayOrders;
  readonly caps: CapUse;
  readonly equity: readonly EquityPoint[];
  readonly alerts: readonly AlertRow[];
  readonly errors: readonly ErrorRow[];
  /** What everything managed today made since the previous close or the entry. */
  readonly dayResult: DayResult;
  /** Trades that were open at any time of the day, by their opening. */
  readonly trades: readonly Trade[];
  /** The end of the session, or now where it goes on. Unix ms. */
  readonly toldMs: number;
  readonly eventCount: number;
}

/** Types that a report is made of; the others need not be kept in memory. */
export const REPORT_EVENTS: ReadonlySet<string> = new Set([
  "engine_started",
  "engine_stopped",
  "market",
  "gate",
  "kill_switch",
  "intent",
  "skip",
  "verdict",
  "dry_run_order",
  "order_recorded",
  "order_answer",
  "order_update",
  "entry_end",
  "fill",
  "price",
  "position",
  "equity",
  "summary",
  "alert",
  "error",
  "exit",
  "cycle",
]);

/** What the view of a day needs beyond the day itself. */
export interface DayContext {
  /** Earlier days, oldest first, back to where the trades of this one began. */
  readonly earlier: readonly DayTrail[];
  /** Now, Unix ms: nothing is drawn beyond it. */
  readonly nowMs: number;
}

const NO_CONTEXT: DayContext = { earlier: [], nowMs: Infinity };

/**
 * Builds the view of a day from its events alone; what they lack is left out, never guessed.
 * @param events Of the types in `REPORT_EVENTS`, in the order of the file; unknown types and fields are passed over.
 */
export function buildDayView(
  events: readonly RecordedEvent[],
  dateNy: string,
  { earlier, nowMs }: DayContext = NO_CONTEXT,
): DayView {
  const session = readDaySession(events, dateNy);
  const spans = buildDaySpans(events, session);
  const orders = buildDayOrders(events);
  const start = events.find((event) => event.type === "engine_started");
  return {
    dateNy,
    endpoint: start === undefined ? null : readText(start, "endpoint"),
    host: start === undefined ? null : readText(start, "host"),
    version: start === undefined ? null : readText(start, "version"),
    ...session,
    isHalfDay: session.closeMs < nyToMs(dateNy, "16:00"),
    isLive: spans.gate.some((span) => span.mode === "LIVE") || orders.buys.length > 0,
    spans,
    symbols: listSymbolDays(events),
    orders,
    caps: buildCapUse(events, orders),
    equity: listEquity(events),
    alerts: listAlerts(events),
    errors: listErrors(events),
    dayResult: readDayResult(events, dateNy, earlier),
    trades: listTrades([...earlier, { dateNy, events }])
      .filter((trade) => trade.closedAtMs === null || findLastFillNy(trade) === dateNy),
    toldMs: Math.min(session.closeMs, Math.max(session.openMs, nowMs)),
    eventCount: events.length,
  };
}

function buildCapUse(events: readonly RecordedEvent[], orders: DayOrders): CapUse {
  const gate = events.findLast((event) => event.type === "gate" && isRecord(event["caps"]));
  const caps = isRecord(gate?.["caps"]) ? gate["caps"] : {};
  const capOf = (name: string) => {
    const value = caps[name];
    return typeof value === "number" && value > 0 ? value : null;
  };
  // As the ledger counts: one that was never sent is settled as rejected.
  const counted = orders.buys.filter(({ status }) =>
    status !== "rejected" && status !== "not sent"
  );
  const bySymbol = new Map<string, number>();
  for (const { symbol, notionalUsd } of counted) {
    bySymbol.set(symbol, (bySymbol.get(symbol) ?? 0) + notionalUsd);
  }
  const [top] = [...bySymbol].sort(([, a], [, b]) => b - a);
  return {
    orders: { used: counted.length, cap: capOf("orders_per_day") },
    positions: { used: countPeakPositions(events), cap: capOf("positions") },
    grossUsd: {
      used: counted.reduce((sumUsd, row) => sumUsd + row.notionalUsd, 0),
      cap: capOf("gross_notional_usd"),
    },
    symbolUsd: {
      symbol: top?.[0] ?? null,
      used: top?.[1] ?? 0,
      cap: capOf("notional_per_symbol_usd"),
    },
  };
}

/** The most positions at once, anyone's, as the cap counts them. */
function countPeakPositions(events: readonly RecordedEvent[]): number {
  return listAccountLooks(events).reduce((peak, { rows }) => Math.max(peak, rows?.length ?? 0), 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listEquity(events: readonly RecordedEvent[]): EquityPoint[] {
  return listAccountLooks(events).flatMap(({ atMs, equityUsd: usd }) =>
    usd === null ? [] : [{ atMs, usd }]
  );
}

function listAlerts(events: readonly RecordedEvent[]): AlertRow[] {
  return events.flatMap((event) => {
    const atMs = readTimeMs(event);
    if (event.type !== "alert" || atMs === null) return [];
    return [{
      atMs,
      level: readText(event, "level") ?? "INFO",
      title: readText(event, "title") ?? "",
      text: readText(event, "text") ?? "",
      isLost: readText(event, "outcome") === "lost",
    }];
  });
}

/** An error in the words of its alert stands among the errors already. */
const ERROR_TITLE = "Execution error";

/**
 * Equal messages are one row, in the order in which they came first. An ERROR message to the operator counts as an error
 * too where no error says the same (`Position without stop`, in a trail of a release that recorded none).
 */
function listErrors(events: readonly RecordedEvent[]): ErrorRow[] {
  const rows = new Map<string, ErrorRow & { readonly countBefore: number }>();
  const said = events.flatMap((event) =>
    event.type === "error" ? readText(event, "message") ?? [] : []
  );
  for (const event of events) {
    const atMs = readTimeMs(event);
    const message = readErrorWords(event, said);
    if (atMs === null || message === null) continue;
    const row = rows.get(message) ??
      { message, count: 0, countBefore: 0, firstMs: atMs, lastMs: atMs };
    // What repeats names how often it was said since its first time, which has a line of its own.
    const times = readNumber(event, "times");
    const countBefore = times === null ? row.count : row.countBefore;
    rows.set(message, { ...row, count: countBefore + (times ?? 1), countBefore, lastMs: atMs });
  }
  return [...rows.values()].map(({ countBefore: _, ...row }) => row);
}

function readErrorWords(event: RecordedEvent, said: readonly string[]): string | null {
  if (event.type === "error") return readText(event, "message");
  if (event.type !== "alert" || readText(event, "level") !== "ERROR") return null;
  const title = readText(event, "title") ?? "";
  if (title === ERROR_TITLE || said.some((message) => message.startsWith(title))) return null;
  return `${title}: ${(readText(event, "text") ?? "").split("\n", 1)[0] ?? ""}`;
}
