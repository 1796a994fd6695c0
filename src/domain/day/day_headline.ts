import { formatSignedUsd } from "../alert/alert_facts.ts";
import { formatPriceUsd } from "../order/money.ts";
import { formatCounted } from "../counted.ts";
import { formatFillReason } from "../order/fill_reason.ts";
import type { SymbolDay } from "./day_symbols.ts";
import type { DayView } from "./day_view.ts";
import { readNyTime } from "../time/ny_time.ts";

/** `15:10` in New York. */
export function formatHourNy(ms: number): string {
  return readNyTime(ms).timeNy.slice(0, 5);
}

/** Whose money: `paper`, `REAL MONEY`, or the custom endpoint's host. */
export function formatEndpoint({ endpoint, host }: Pick<DayView, "endpoint" | "host">): string {
  if (endpoint === "live-money") return "REAL MONEY";
  if (endpoint === "custom") return `custom endpoint ${host ?? ""}`.trim();
  return endpoint ?? "unknown endpoint";
}

/** The day in one sentence: mode and money, what was traded, what it made, what went wrong. */
export function formatHeadline(view: DayView): string {
  if (view.eventCount === 0) return "Nothing was recorded on this day";
  const mode = `${view.isLive ? "LIVE" : "DRY_RUN"} (${formatEndpoint(view)})`;
  const events = [
    ...view.spans.killSwitch.slice(0, 1).map((span) =>
      `kill switch at ${formatHourNy(span.fromMs)}`
    ),
    ...formatTroubles(view),
    ...formatOvernight(view.symbols),
  ];
  const traded = view.isLive ? formatTrades(view) : formatSimulated(view);
  return [`${mode}: ${traded}${formatDayResult(view)}`, ...events].join("; ");
}

function formatTrades(view: DayView): string {
  const fills = view.symbols.flatMap((day) => day.fills);
  const count = (kind: string) => fills.filter((fill) => fill.kind === kind).length;
  const parts = ["entry", "trim", "exit"].flatMap((kind) =>
    count(kind) === 0 ? [] : [formatCounted(count(kind), kind)]
  );
  return parts.length === 0 ? "nothing traded" : parts.join(", ");
}

/** What everything managed made on the day, also while the gate was DRY_RUN: stops rest, and sell. */
function formatDayResult({ dayResult: { symbols, unknown, knownUsd } }: DayView): string {
  if (symbols.length === unknown.length) return "";
  const gap = unknown.length === 0
    ? ""
    : ` (without ${unknown.map((each) => each.symbol).join(", ")})`;
  return `, day result ${formatSignedUsd(knownUsd)} USD${gap}`;
}

function formatSimulated(view: DayView): string {
  const count = view.orders.simulated.length;
  if (count === 0) return "no order simulated, none sent";
  return `${formatCounted(count, "order")} simulated, none sent`;
}

function formatTroubles(view: DayView): string[] {
  const rejected = view.orders.refusals.filter((row) => row.by === "broker")
    .reduce((sum, row) => sum + row.count, 0);
  return [
    rejected === 0 ? [] : [`${formatCounted(rejected, "order")} rejected`],
    view.errors.length === 0 ? [] : [formatCounted(view.errors.length, "error")],
  ].flat();
}

function formatOvernight(symbols: readonly SymbolDay[]): string[] {
  const open = symbols.filter((day) => day.fills.length + day.stops.length > 0)
    .filter((day) => (day.leftQty ?? 0) !== 0);
  if (open.length === 0) return [];
  const names = open.map((day) => `${day.leftQty} ${day.symbol}`).join(", ");
  return [`still held: ${names}`];
}

/** A symbol's day in one sentence, without its name. */
export function formatSymbolStory(day: SymbolDay): string {
  const parts = day.fills.map((fill) => {
    const price = fill.priceUsd === null ? "an unknown price" : formatPriceUsd(fill.priceUsd);
    const verb = fill.side === "buy" ? "bought" : "sold";
    const why = fill.kind === "entry" ? "" : ` (${formatFillReason(fill.reason)})`;
    return `${verb} ${fill.qty} at ${price}${why}`;
  });
  if (parts.length === 0) {
    const [order] = day.simulated;
    if (order !== undefined) {
      return `would have bought ${order.qty} at about ${formatPriceUsd(order.priceUsd)}`;
    }
    return day.leftQty === null ? "held" : `held ${day.leftQty}, nothing traded`;
  }
  const stopUsd = day.stops.at(-1)?.priceUsd;
  const stop = stopUsd === undefined ? "" : `, the engine's stop at ${formatPriceUsd(stopUsd)}`;
  const isHeld = day.leftQty !== null && day.leftQty !== 0;
  const left = isHeld ? `; ${day.leftQty} still held${stop}` : "";
  return `${parts.join(", ")}${left}`;
}
