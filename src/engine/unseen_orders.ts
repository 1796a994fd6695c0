import { isOpenEntry, type LedgerEntry } from "../domain/ledger.ts";
import { type BrokerOrder, flattenOrders, isFinal } from "../domain/orders.ts";
import type { Engine, Read } from "./engine.ts";
import { findIdentityProblem } from "./gate_reader.ts";

/** How long an order that the broker accepted may be missing from its lists before that means anything. */
export const UNSEEN_MS = 60_000;
/** Look-ups for one list: more would eat the request budget of what protects. */
const LOOK_UPS_MAX = 6;

/** Orders of ours that a list lacks, and whether each of them was found. */
export interface Unseen {
  readonly orders: readonly BrokerOrder[];
  /** Entries that the broker does not show by their id either, though it took them a moment ago. */
  readonly hidden: readonly LedgerEntry[];
}

/**
 * What the ledger knows that a list of the broker does not show yet: an order can stay out of lists and look-ups for a
 * while after it was accepted (broker.md, the 404 row). Taken for absent, a stop would be placed twice, and a sell's fill
 * would look like a split.
 * @param isAsked Which recent entries matter.
 */
export async function listUnseen(
  engine: Engine,
  shown: readonly BrokerOrder[],
  isAsked: (entry: LedgerEntry) => boolean,
): Promise<Unseen> {
  const read = await engine.ports.ledger.read();
  if (read.kind !== "ok" || findIdentityProblem(engine, read.ledger) !== null) return NONE;
  // Whose account this is, nobody knows yet: no look-up of what may be another's.
  if (read.ledger.accountId !== null && engine.accountId === null) return NONE;
  const known = new Set(flattenOrders(shown).map((order) => order.clientOrderId));
  const missing = read.ledger.entries.filter((entry) =>
    entry.status === "accepted" && entry.clientOrderId !== null &&
    !known.has(entry.clientOrderId) && isRecent(engine, entry) && isAsked(entry)
  );
  const orders: BrokerOrder[] = [];
  // What there is no look-up for counts as hidden: taken for absent, its shares would be stopped twice.
  const hidden = missing.slice(0, -LOOK_UPS_MAX);
  for (const entry of missing.slice(-LOOK_UPS_MAX)) {
    const found = await engine.ports.broker.lookUp(entry.clientOrderId ?? "", "protect");
    if (found.kind === "found") orders.push(found.order);
    else hidden.push(entry);
  }
  return { orders, hidden };
}

const NONE: Unseen = { orders: [], hidden: [] };

function isRecent(engine: Engine, entry: LedgerEntry): boolean {
  return engine.nowMs() - Date.parse(entry.timestamp) < UNSEEN_MS;
}

/** The broker's open orders, with those that it accepted a moment ago and does not list yet. */
export async function addUnseen(
  engine: Engine,
  open: Read<readonly BrokerOrder[]>,
): Promise<Read<readonly BrokerOrder[]>> {
  if (open.kind === "failed") return open;
  const hasLegs = (symbol: string) =>
    open.value.some((order) => order.symbol === symbol && order.orderClass === "bracket");
  const { orders, hidden } = await listUnseen(
    engine,
    open.value,
    (entry) =>
      isOpenEntry(entry) && !engine.endedOrders.has(entry.clientOrderId ?? "") &&
      // A leg's replacement stands under its parent, whatever it is called.
      !(entry.replaces !== null && hasLegs(entry.symbol)),
  );
  for (const order of orders) {
    if (isFinal(order)) engine.endedOrders.add(order.clientOrderId);
  }
  const standIns = hidden.map(buildStandIn);
  engine.hiddenOrders = new Set(standIns.map((order) => order.orderId));
  const added = [...orders.filter((order) => !isFinal(order)), ...standIns];
  return added.length === 0 ? open : { ...open, value: [...open.value, ...added] };
}

/** Whether one of these orders is not shown by the broker yet: it can be neither cancelled nor replaced. */
export function isHidden(engine: Engine, orders: readonly BrokerOrder[]): boolean {
  return orders.some((order) => engine.hiddenOrders.has(order.orderId));
}

/** An order as its record has it, until the broker shows it: at work, nothing filled beyond what was answered. */
function buildStandIn(entry: LedgerEntry): BrokerOrder {
  const isStop = entry.side === "sell" && entry.stopUsd !== null;
  const recordedAtMs = Date.parse(entry.timestamp);
  return {
    orderId: entry.orderId ?? entry.clientOrderId ?? "",
    clientOrderId: entry.clientOrderId ?? "",
    symbol: entry.symbol,
    side: entry.side,
    type: isStop ? "stop" : "market",
    orderClass: entry.side === "buy" ? "bracket" : "",
    timeInForce: isStop ? "gtc" : "day",
    status: entry.broker?.status ?? "new",
    qty: entry.qty,
    filledQty: entry.broker?.filledQty ?? 0,
    filledAvgPriceUsd: entry.broker?.filledAvgPriceUsd ?? null,
    limitPriceUsd: null,
    stopPriceUsd: isStop ? entry.stopUsd : null,
    submittedAtMs: recordedAtMs,
    updatedAtMs: entry.broker?.updatedAtMs ?? recordedAtMs,
    filledAtMs: null,
    replacedBy: null,
    replaces: entry.replaces,
    legs: [],
  };
}
