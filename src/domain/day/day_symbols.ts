import { type DayFill, listFills } from "./day_fills.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";

/** A price at a moment. Unix ms, USD per share. */
export interface PricePoint {
  readonly atMs: number;
  readonly priceUsd: number;
}

/** The plan's levels, USD per share; `null` where no event names one. */
export interface Levels {
  readonly pivotUsd: number | null;
  readonly r1Usd: number | null;
  readonly r2Usd: number | null;
}

/** An order that DRY_RUN would have sent. */
export interface SimulatedOrder extends PricePoint {
  readonly qty: number;
}

/** A symbol's day: what a chart shows. */
export interface SymbolDay {
  readonly symbol: string;
  readonly levels: Levels;
  /** Bars before the entry and the prices that the exit rules saw, oldest first. */
  readonly prices: readonly PricePoint[];
  /** The engine's stop at each moment that it was seen or raised. */
  readonly stops: readonly PricePoint[];
  readonly fills: readonly DayFill[];
  readonly simulated: readonly SimulatedOrder[];
  /** Shares that are left at the end of the day; `null` where nothing says. */
  readonly leftQty: number | null;
}

const BAR_MS = 10 * 60_000;

/** Symbols in which something was traded, held or simulated, in the order of their first event. */
export function listSymbolDays(events: readonly RecordedEvent[]): SymbolDay[] {
  const bySymbol = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    if (event.symbol === undefined) continue;
    const own = bySymbol.get(event.symbol);
    if (own === undefined) bySymbol.set(event.symbol, [event]);
    else own.push(event);
  }
  const left = readLeft(events);
  return [...bySymbol].map(([symbol, own]) => buildSymbolDay(symbol, own, left))
    .filter((day) => day.fills.length > 0 || day.simulated.length > 0 || day.stops.length > 0)
    .sort((a, b) => firstMs(a) - firstMs(b));
}

function firstMs(day: SymbolDay): number {
  return day.fills[0]?.atMs ?? day.stops[0]?.atMs ?? day.simulated[0]?.atMs ?? Infinity;
}

function buildSymbolDay(
  symbol: string,
  events: readonly RecordedEvent[],
  left: ReadonlyMap<string, number> | null,
): SymbolDay {
  const fills = listFills(events);
  const levelNames = ["pivot_usd", "r1_usd", "r2_usd"] as const;
  const [pivotUsd, r1Usd, r2Usd] = levelNames.map((name) => lastNumber(events, name));
  return {
    symbol,
    levels: { pivotUsd: pivotUsd ?? null, r1Usd: r1Usd ?? null, r2Usd: r2Usd ?? null },
    prices: listPrices(events),
    stops: listStops(events),
    fills,
    simulated: listSimulated(events),
    leftQty: left === null ? null : left.get(symbol) ?? 0,
  };
}

function lastNumber(events: readonly RecordedEvent[], field: string): number | null {
  const event = events.findLast((each) => readNumber(each, field) !== null);
  return event === undefined ? null : readNumber(event, field);
}

/** A bar counts at its end; one that was still forming then gives way to what was seen later. */
function listPrices(events: readonly RecordedEvent[]): PricePoint[] {
  const points = new Map<number, number>();
  for (const event of events) {
    const atMs = readTimeMs(event);
    const priceUsd = event.type === "price" ? readNumber(event, "price_usd") : null;
    if (atMs !== null && priceUsd !== null) points.set(atMs, priceUsd);
    if (event.type !== "intent" || atMs === null || !Array.isArray(event["bars"])) continue;
    for (const bar of event["bars"]) {
      const point = readBar(bar);
      if (point !== null) points.set(Math.min(point.atMs, atMs), point.priceUsd);
    }
  }
  return [...points].map(([atMs, priceUsd]) => ({ atMs, priceUsd }))
    .sort((a, b) => a.atMs - b.atMs);
}

function readBar(bar: unknown): PricePoint | null {
  if (typeof bar !== "object" || bar === null) return null;
  const { start, close_usd: priceUsd }: { start?: unknown; close_usd?: unknown } = bar;
  const startMs = typeof start === "string" ? Date.parse(start) : NaN;
  if (!Number.isFinite(startMs) || typeof priceUsd !== "number") return null;
  return { atMs: startMs + BAR_MS, priceUsd };
}

function listStops(events: readonly RecordedEvent[]): PricePoint[] {
  return events.flatMap((event) => {
    const isRaise = event.type === "position" && readText(event, "change") === "stop raised";
    if (event.type !== "price" && !isRaise) return [];
    const atMs = readTimeMs(event);
    const priceUsd = readNumber(event, "stop_usd");
    return atMs === null || priceUsd === null ? [] : [{ atMs, priceUsd }];
  });
}

function listSimulated(events: readonly RecordedEvent[]): SimulatedOrder[] {
  return events.flatMap((event) => {
    if (event.type !== "dry_run_order") return [];
    const atMs = readTimeMs(event);
    const priceUsd = readNumber(event, "ref_price_usd");
    const qty = readNumber(event, "qty");
    return atMs === null || priceUsd === null || qty === null ? [] : [{ atMs, priceUsd, qty }];
  });
}

/** Shares by symbol in the last account that was seen. */
function readLeft(events: readonly RecordedEvent[]): ReadonlyMap<string, number> | null {
  const last = events.findLast((event) =>
    event.type === "equity" && Array.isArray(event["positions"])
  );
  if (last === undefined || !Array.isArray(last["positions"])) return null;
  const left = new Map<string, number>();
  for (const position of last["positions"]) {
    if (typeof position !== "object" || position === null) continue;
    const { symbol, qty }: { symbol?: unknown; qty?: unknown } = position;
    if (typeof symbol === "string" && typeof qty === "number") left.set(symbol, qty);
  }
  return left;
}
