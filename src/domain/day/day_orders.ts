import { createDenialFilter } from "./denials.ts";
import { formatFillReason } from "../order/fill_reason.ts";
import { type DayFill, listFills } from "./day_fills.ts";
import { formatEvent } from "./event_sentence.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { isEntryRecord } from "../order/ledger.ts";

/** What became of an order, as far as the day tells. */
export type RowStatus =
  | "filled"
  | "partly filled"
  | "working"
  | "canceled"
  | "rejected"
  | "not sent"
  | "unresolved"
  | "simulated";

/** An order of the day. Shares, USD per share, Unix ms. */
export interface OrderRow {
  /** Its fill, else its placement: where it stands in the day. */
  readonly atMs: number;
  /** When it was recorded, just before it was sent; `null` where that was on an earlier day, or by the broker. */
  readonly placedMs: number | null;
  /** When it last filled; `null` where it did not. */
  readonly filledMs: number | null;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  /** What for, in words: `entry`, `trim at R1`, `stop`. */
  readonly what: string;
  readonly qty: number | null;
  readonly notionalUsd: number;
  readonly stopUsd: number | null;
  readonly status: RowStatus;
  readonly filledQty: number;
  readonly priceUsd: number | null;
  /** The broker's or the engine's own words, where it did not go as it should; empty where it did. */
  readonly detail: string;
  readonly clientOrderId: string;
}

/** How often a symbol's resting stop was placed or moved, and from where to where. */
export interface StopRow {
  readonly symbol: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly firstUsd: number;
  readonly lastUsd: number;
}

/** Entries that were not sent, or that the broker refused: equal ones are one row. */
export interface RefusalRow {
  readonly symbol: string;
  /** `gate or caps`, `rule` (expired, exists already) or `broker`. */
  readonly by: "gate or caps" | "rule" | "broker";
  readonly reason: string;
  /** Of the last one. */
  readonly detail: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The day's orders and refusals. */
export interface DayOrders {
  /** Live entries. */
  readonly buys: readonly OrderRow[];
  /** Buys that are no entry and count toward no cap: `flatten`'s and a hand's. */
  readonly otherBuys: readonly OrderRow[];
  /** Trims and exits, a bracket's legs that filled among them. */
  readonly sells: readonly OrderRow[];
  readonly simulated: readonly OrderRow[];
  readonly stops: readonly StopRow[];
  readonly refusals: readonly RefusalRow[];
}

const NOT_SENT = "not sent";

/** Builds tables of orders and refusals from the day's events. */
export function buildDayOrders(events: readonly RecordedEvent[]): DayOrders {
  const fills = listFills(events);
  const recorded = listRecorded(events, fills);
  const sells = recorded.filter((row) => row.side === "sell");
  // A resting stop is no exit before it fills.
  const exits = sells.filter((row) => row.what !== "stop" || row.filledQty > 0);
  const known = new Set(recorded.map((row) => row.clientOrderId));
  // A bracket's legs, and what was recorded on an earlier day or lost since.
  const unrecorded = fills.filter((fill) => !known.has(fill.clientOrderId));
  const others = unrecorded.map(buildFillRow);
  const entries = [
    ...recorded.filter(isEntryRecord),
    ...unrecorded.filter((fill) => fill.kind === "entry").map(buildFillRow),
  ];
  const entryIds = new Set(entries.map((row) => row.clientOrderId));
  return {
    buys: entries,
    otherBuys: [...recorded, ...others].filter((row) =>
      row.side === "buy" && !entryIds.has(row.clientOrderId)
    ),
    sells: [...exits, ...others.filter((row) => row.side === "sell")]
      .sort((a, b) => a.atMs - b.atMs),
    simulated: listSimulated(events),
    stops: listStops(sells.filter((row) => row.what === "stop")),
    refusals: listRefusals(events),
  };
}

function buildFillRow(fill: DayFill): OrderRow {
  return {
    ...fill,
    placedMs: null,
    filledMs: fill.atMs,
    what: formatFillReason(fill.reason),
    notionalUsd: fill.qty * (fill.priceUsd ?? 0),
    stopUsd: null,
    status: "filled",
    filledQty: fill.qty,
    detail: "",
  };
}

function listRecorded(events: readonly RecordedEvent[], fills: readonly DayFill[]): OrderRow[] {
  const latest = new Map<string, RecordedEvent>();
  /** Why it was not sent, or not left to work. */
  const reasons = new Map<string, string>();
  for (const event of events) {
    const id = readText(event, "client_order_id");
    if (id === null) continue;
    if (event.type === "order_update") latest.set(id, event);
    if (event.type === "order_answer" && readText(event, "outcome") === "stopped") {
      reasons.set(id, readText(event, "why") ?? "");
    }
    if (event.type === "entry_end") reasons.set(id, formatEvent({ ...event, symbol: undefined }));
  }
  const rows = new Map<string, OrderRow>();
  for (const event of events) {
    const id = readText(event, "client_order_id");
    const atMs = readTimeMs(event);
    if (event.type !== "order_recorded" || id === null || atMs === null) continue;
    const update = latest.get(id);
    const fill = fills.find((each) => each.clientOrderId === id);
    rows.set(id, {
      ...readOrder(event),
      // A resting stop's moment is the one in which it sold.
      atMs: fill?.atMs ?? atMs,
      placedMs: atMs,
      filledMs: fill?.atMs ?? null,
      clientOrderId: id,
      filledQty: fill?.qty ?? (update === undefined ? 0 : readNumber(update, "filled_qty") ?? 0),
      priceUsd: fill?.priceUsd ??
        (update === undefined ? null : readNumber(update, "filled_avg_price_usd")),
      ...decideStatus(update, fill, reasons.get(id) ?? ""),
    });
  }
  return [...rows.values()];
}

function readOrder(event: RecordedEvent) {
  const side = readText(event, "side") === "buy" ? "buy" as const : "sell" as const;
  const reason = readText(event, "reason");
  return {
    symbol: event.symbol ?? "",
    side,
    what: formatFillReason(side === "buy" ? "entry" : reason ?? "other"),
    qty: readNumber(event, "qty"),
    notionalUsd: readNumber(event, "notional_usd") ?? 0,
    stopUsd: readNumber(event, "stop_usd"),
  };
}

function decideStatus(
  update: RecordedEvent | undefined,
  fill: DayFill | undefined,
  why: string,
): { readonly status: RowStatus; readonly detail: string } {
  const status = update === undefined ? "pending" : readText(update, "status");
  const orderStatus = update === undefined ? null : readText(update, "order_status");
  const words = update === undefined
    ? ""
    : readText(update, "detail") ?? readText(update, "reason") ?? "";
  if (status === "rejected") {
    return words === NOT_SENT
      ? { status: NOT_SENT, detail: why }
      : { status: "rejected", detail: words };
  }
  const isOver = orderStatus === "canceled" || orderStatus === "expired" ||
    orderStatus === "replaced";
  const atBroker = isOver && orderStatus !== "canceled" ? `${orderStatus} at the broker` : "";
  if (orderStatus === "filled") return { status: "filled", detail: "" };
  if (fill !== undefined || (update !== undefined && (readNumber(update, "filled_qty") ?? 0) > 0)) {
    const isWhole = fill !== undefined && update !== undefined &&
      fill.qty >= (readNumber(update, "qty") ?? Infinity);
    return isWhole
      ? { status: "filled", detail: "" }
      : { status: "partly filled", detail: why || atBroker };
  }
  if (status === "pending" || status === "unknown") return { status: "unresolved", detail: "" };
  if (!isOver) return { status: "working", detail: "" };
  return { status: "canceled", detail: why || atBroker };
}

function listSimulated(events: readonly RecordedEvent[]): OrderRow[] {
  return events.flatMap((event) => {
    const atMs = readTimeMs(event);
    if (event.type !== "dry_run_order" || atMs === null) return [];
    const isAllowlisted = event["is_allowlisted"] !== false;
    return [{
      ...readOrder(event),
      side: "buy" as const,
      what: "entry",
      atMs,
      placedMs: atMs,
      filledMs: null,
      status: "simulated" as const,
      filledQty: 0,
      priceUsd: readNumber(event, "ref_price_usd"),
      detail: isAllowlisted ? "" : "the allowlist would block it",
      clientOrderId: readText(event, "client_order_id") ?? "",
    }];
  });
}

function listStops(rows: readonly OrderRow[]): StopRow[] {
  const bySymbol = new Map<string, StopRow>();
  for (const { symbol, atMs, stopUsd, status } of rows) {
    if (stopUsd === null || status === "rejected" || status === NOT_SENT) continue;
    const row = bySymbol.get(symbol);
    bySymbol.set(symbol, {
      symbol,
      count: (row?.count ?? 0) + 1,
      firstMs: row?.firstMs ?? atMs,
      firstUsd: row?.firstUsd ?? stopUsd,
      lastMs: atMs,
      lastUsd: stopUsd,
    });
  }
  return [...bySymbol.values()];
}

/** What matters most first: the broker's refusals, then gate and caps, then the rules that only say "not again". */
const BY_ORDER: readonly RefusalRow["by"][] = ["broker", "gate or caps", "rule"];

/** A day's refusals, each denial of one pair of bars once; equal ones are one row. */
export function listRefusals(events: readonly RecordedEvent[]): RefusalRow[] {
  const rows = new Map<string, RefusalRow>();
  const isAgain = createDenialFilter();
  for (const event of events) {
    const atMs = readTimeMs(event);
    const refusal = readRefusal(event);
    if (isAgain(event)) continue;
    if (atMs === null || refusal === null || event.symbol === undefined) continue;
    const { symbol } = event;
    const key = [symbol, refusal.by, refusal.reason].join("\n");
    const row = rows.get(key);
    rows.set(key, {
      symbol,
      ...refusal,
      count: (row?.count ?? 0) + 1,
      firstMs: row?.firstMs ?? atMs,
      lastMs: atMs,
    });
  }
  return [...rows.values()].sort((a, b) =>
    BY_ORDER.indexOf(a.by) - BY_ORDER.indexOf(b.by) || a.firstMs - b.firstMs
  );
}

function readRefusal(
  event: RecordedEvent,
): Pick<RefusalRow, "by" | "reason" | "detail"> | null {
  const reason = readText(event, "reason") ?? "";
  switch (event.type) {
    case "skip":
      return { by: "rule", reason, detail: "" };
    case "verdict":
      if (event["is_allowed"] !== false) return null;
      return { by: "gate or caps", reason, detail: readText(event, "detail") ?? "" };
    case "order_answer": {
      const outcome = readText(event, "outcome");
      const why = readText(event, "why") ?? "";
      if (outcome === "stopped") return { by: "gate or caps", reason: why, detail: "" };
      if (outcome !== "rejected") return null;
      return {
        by: "broker",
        reason: readText(event, "message") ?? why,
        detail: `${readText(event, "op") ?? "order"}, HTTP ${
          readNumber(event, "http_status") ?? "?"
        }`,
      };
    }
    default:
      return null;
  }
}
