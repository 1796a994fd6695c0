import {
  isFlatten,
  isOurs,
  parseOurId,
  readAdoptedAtMs,
  readPositionId,
} from "./client_order_id.ts";
import {
  type Alerted,
  EMPTY_STATE,
  type EngineState,
  type ManagedPosition,
} from "./engine_state.ts";
import { markTrimmed } from "./exit_plan.ts";
import { TRIM_REASONS } from "./exit_rules.ts";
import { applyBrokerOrder, keepNewest, type LedgerEntry, type LiveLedger } from "./ledger.ts";
import { buildManaged, buildPlan, closedKey, type PositionPlan } from "./managed_position.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders, isFinal } from "./orders.ts";
import { buildEmptyLedger, reconcile, startNewDay } from "./reconcile.ts";
import { listReleased } from "./released.ts";

/** What is left of a lost document, and what the broker shows (pipeline 6). */
export interface LeftRecords {
  /** The document's newest copy; `null` where there is none. */
  readonly copy: EngineState | null;
  /** The copy's ledger and those since, or all where there is no copy; newest first. */
  readonly ledgers: readonly LiveLedger[];
  readonly orders: readonly BrokerOrder[];
  readonly held: readonly BrokerPosition[];
}

/**
 * The document as its newest copy has it, with what was bought, trimmed and released since, by record or by order. How high stops
 * are by now, how many shares there are and which positions have ended, each cycle finds out by itself, from the broker.
 * @returns Without the day's ledger, which is another record.
 */
export function rebuildState({ copy, ledgers, orders, held }: LeftRecords): EngineState {
  const entries = listEntries(ledgers, orders);
  const released = listReleased(ledgers, copy?.released ?? []);
  const kept = copy?.positions ?? [];
  const found = held.filter(({ symbol }) => kept.every((each) => each.symbol !== symbol))
    .flatMap((each) => findPosition(each, entries, copy?.alerted ?? {}));
  return {
    ...EMPTY_STATE,
    positions: [...kept, ...found]
      .filter(({ symbol }) => released.every((each) => each.symbol !== symbol))
      .map((position) => bringUp(position, entries, orders)),
    released,
    alerted: copy?.alerted ?? {},
    lastCycleAtMs: copy?.lastCycleAtMs ?? null,
    // A ledger's file that is there is younger than the copy: it may have been rebuilt.
    mismatches: ledgers[0]?.mismatches ?? 0,
    dayLoss: copy?.dayLoss ?? null,
  };
}

/**
 * Whether anything says that this engine has traded before: without it a missing document is simply a first start.
 */
export function hasTraces(
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
): boolean {
  const isOfEngine = (id: string | null) => id !== null && !isFlatten(id);
  return ledgers.some(({ entries }) => entries.some((each) => isOfEngine(each.clientOrderId))) ||
    orders.some(({ clientOrderId: id }) => isOurs(id) && isOfEngine(id));
}

/** All that is on record or shown, each order once, the newest first. Its record alone holds an order's plan. */
function listEntries(
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
): LedgerEntry[] {
  const shown = new Map(flattenOrders(orders).map((each) => [each.clientOrderId, each]));
  const recorded = keepNewest(ledgers.flatMap(({ entries }) => entries.toReversed()));
  const known = new Set(recorded.map((entry) => entry.clientOrderId));
  const unique = [...new Map(orders.map((order) => [order.orderId, order])).values()];
  const { ledger } = reconcile(buildEmptyLedger(""), unique);
  const unrecorded = ledger.entries.filter((entry) => !known.has(entry.clientOrderId));
  // One whose answer was lost may be filled by now.
  const settled = recorded.map((entry) => {
    const order = isOurs(entry.clientOrderId ?? "") && shown.get(entry.clientOrderId ?? "");
    return order ? applyBrokerOrder(entry, order) : entry;
  });
  return [...settled, ...unrecorded].toSorted((a, b) => timeOf(b) - timeOf(a));
}

/** The position that a held symbol was bought or adopted for last, by the record that holds its plan. */
function findPosition(
  { symbol, qty }: BrokerPosition,
  entries: readonly LedgerEntry[],
  alerted: Alerted,
): ManagedPosition[] {
  const entry = entries.find((each) => each.symbol === symbol && readPlan(each) !== null);
  const plan = entry === undefined ? null : readPlan(entry);
  if (entry === undefined || plan === null || alerted[closedKey(plan.clientOrderId)]) return [];
  const adoptedAtMs = readAdoptedAtMs(plan.clientOrderId);
  if (adoptedAtMs === null) return [buildManaged(plan, Date.parse(entry.timestamp))];
  // As many as its first stop was for: what is held beyond the orders since then is nobody's to act on.
  const stops = entries.filter((each) => each.positionId === plan.clientOrderId);
  const adoptedQty = Math.max(...stops.map((stop) => stop.qty ?? 0));
  const besideQty = Math.round((qty % 1) * 1e9) / 1e9;
  return [{ ...buildManaged(plan, adoptedAtMs), adoptedQty, besideQty }];
}

/** The plan of an entry of ours, or of a position that was adopted: any stop of it holds it, whether or not the broker took it. */
function readPlan(entry: LedgerEntry): PositionPlan | null {
  const { symbol, pivotUsd, r1Usd, r2Usd, stopUsd } = entry;
  const clientOrderId = parseOurId(entry.positionId ?? "");
  if (clientOrderId === null || readAdoptedAtMs(clientOrderId) === null) return buildPlan(entry);
  if (pivotUsd === null || r1Usd === null || r2Usd === null || stopUsd === null) return null;
  return { symbol, clientOrderId, pivotUsd, r1Usd, r2Usd, stopUsd };
}

/** The position with what its sells since have done, and with its highest stop at the broker: a stop never falls. */
function bringUp(
  position: ManagedPosition,
  entries: readonly LedgerEntry[],
  orders: readonly BrokerOrder[],
): ManagedPosition {
  const { positionId } = position;
  const isDone = (reason: string) =>
    entries.some(({ broker, ...each }) =>
      each.positionId === positionId && each.reason === reason && each.status === "accepted" &&
      (broker === null || broker.filledQty > 0 || !isFinal(broker))
    );
  // The broker knows no pivot: what was paid stands for it, and is no stop.
  const isGuess = entries.some((each) =>
    each.clientOrderId === positionId && each.pivotUsd === null &&
    buildPlan(each)?.pivotUsd === position.pivotUsd
  );
  const marked = TRIM_REASONS.filter(isDone).reduce<ManagedPosition>(markTrimmed, position);
  const { stopUsd } = isGuess ? position : marked;
  return {
    ...marked,
    stopUsd: Math.max(stopUsd, ...listOwnStops(positionId, flattenOrders(orders))),
  };
}

/** Prices of the engine's own stops; what a hand had set, and the engine put back, says nothing of them (pipeline 5). */
function listOwnStops(positionId: string, orders: readonly BrokerOrder[]): number[] {
  const byHand = new Set(
    orders.filter((order) => order.replaces !== null && !isOurs(order.clientOrderId))
      .map((order) => order.stopPriceUsd),
  );
  return orders.filter((order) =>
    readPositionId(order.clientOrderId) === positionId && order.status !== "rejected"
  ).flatMap(({ stopPriceUsd: usd }) => usd === null || byHand.has(usd) ? [] : [usd]);
}

/** What a live ledger is rebuilt from (pipeline 6). */
export interface LeftLedgers {
  /** Newest first: one of today is kept, an earlier one's unsettled entries are carried over; one of a day to come is of no use. */
  readonly ledgers: readonly LiveLedger[];
  /** The broker's orders of today, nested, all statuses. */
  readonly orders: readonly BrokerOrder[];
  readonly todayNy: string;
  readonly account: { readonly host: string; readonly accountId: string };
  /** The day's mismatches as far as they are remembered; `null`: the operator rebuilds, and they begin anew. */
  readonly mismatches: number | null;
}

/** Rebuilds today's live ledger: what the broker does not show goes on counting, what it shows is added. */
export function rebuildLedger(left: LeftLedgers): LiveLedger {
  const { todayNy, account, mismatches } = left;
  const newest = left.ledgers.find(({ dateNy }) => dateNy <= todayNy) ?? buildEmptyLedger(todayNy);
  const base = newest.dateNy === todayNy ? newest : startNewDay(newest, todayNy);
  return {
    ...base,
    ...account,
    // A run of rejections is counted in the order of the entries.
    entries: reconcile(base, left.orders).ledger.entries
      .toSorted((a, b) => timeOf(a) - timeOf(b)),
    mismatches: mismatches === null ? 0 : Math.max(base.mismatches, mismatches),
  };
}

function timeOf({ timestamp }: LedgerEntry): number {
  return Date.parse(timestamp);
}
