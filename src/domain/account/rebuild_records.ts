import { isFlatten, isOurs, parseOurId, readAdoptedAtMs } from "../order/client_order_id.ts";
import {
  type Alerted,
  EMPTY_STATE,
  type EngineState,
  type ManagedPosition,
} from "./engine_state.ts";
import { markTrimmed } from "../exit/decide_exit.ts";
import { TRIM_REASONS } from "../exit/exit_rules.ts";
import { findLevels } from "../exit/levels.ts";
import { keepNewest, type LedgerEntry, type LiveLedger } from "../order/ledger.ts";
import { buildManaged, buildPlan, closedKey } from "./managed_position.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders } from "../order/orders.ts";
import { findExitRecord } from "./exit_record.ts";
import { listStopsOnRecord } from "./known_stop.ts";
import { buildEmptyLedger, reconcile, startNewDay } from "../order/reconcile.ts";
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
 * The document as its newest copy has it, with what was bought, trimmed and released since, by record or by order. How many
 * shares there are and which positions have ended, each cycle finds out by itself, from the broker.
 * @returns Without the day's ledger, which is another record.
 */
export function rebuildState({ copy, ledgers, orders, held }: LeftRecords): EngineState {
  const { positions: kept, alerted, lastCycleAtMs, dayLoss, ...base } = copy ?? EMPTY_STATE;
  const entries = listEntries(ledgers, orders);
  const released = listReleased(ledgers, base.released);
  const found = held.filter(({ symbol }) => kept.every((each) => each.symbol !== symbol))
    .flatMap((each) => findPosition(each, entries, alerted));
  const positions = [...kept, ...found]
    .filter(({ symbol }) => released.every((each) => each.symbol !== symbol))
    .map((position) => bringUp(position, entries, orders));
  // A ledger's file that is there is younger than the copy: it may have been rebuilt.
  const mismatches = ledgers[0]?.mismatches ?? 0;
  return { ...EMPTY_STATE, positions, released, alerted, lastCycleAtMs, mismatches, dayLoss };
}

/** Whether anything says that this engine has traded before: without it a missing document is simply a first start. */
export function hasTraces({ copy, ledgers, orders }: Omit<LeftRecords, "held">): boolean {
  return (copy?.positions ?? []).length > 0 ||
    listEntries(ledgers, orders).some(({ clientOrderId: id }) => id !== null && !isFlatten(id));
}

/** All that is on record or shown, as the broker shows it, each order once, the newest first. A record alone holds a plan. */
function listEntries(
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
): LedgerEntry[] {
  const entries = keepNewest(ledgers.flatMap((ledger) => ledger.entries.toReversed()));
  const unique = [...new Map(orders.map((order) => [order.orderId, order])).values()];
  return reconcile({ ...buildEmptyLedger(""), entries }, unique).ledger.entries
    .toSorted((a, b) => timeOf(b) - timeOf(a));
}

/** The position that a held symbol was bought or adopted for last, by the record that holds its plan. */
function findPosition(
  { symbol }: BrokerPosition,
  entries: readonly LedgerEntry[],
  alerted: Alerted,
): ManagedPosition[] {
  const [found] = entries.filter((each) => each.symbol === symbol).flatMap(readPosition);
  if (found === undefined || alerted[closedKey(found.positionId)]) return [];
  if (readAdoptedAtMs(found.positionId) === null) return [found];
  const sells = entries.filter((each) => each.positionId === found.positionId);
  // As many as its first stop was for: what is held beyond the orders since then is nobody's to act on.
  const adoptedQty = Math.max(...sells.map((sell) => sell.qty ?? 0));
  // Nor is a part of a share that nobody wrote down: a split may have made it.
  const besideQty = Math.max(0, ...sells.flatMap((sell) => sell.besideQty ?? []));
  // The plan's own is none of those that were raised since, of which some never left.
  const stopUsd = Math.min(...sells.flatMap((sell) => sell.stopUsd ?? []));
  return [{ ...found, adoptedQty, besideQty, stopUsd }];
}

/** What an entry of ours was bought for, or any stop of a position that was adopted, whether or not the broker took it. */
function readPosition(entry: LedgerEntry): ManagedPosition[] {
  const { symbol, stopUsd } = entry;
  const id = parseOurId(entry.positionId ?? "");
  const adoptedAtMs = id === null ? null : readAdoptedAtMs(id);
  const plan = buildPlan(entry);
  if (id === null || adoptedAtMs === null) {
    return plan === null ? [] : [buildManaged(plan, timeOf(entry))];
  }
  const levels = findLevels(entry);
  if (levels === null || stopUsd === null) return [];
  return [buildManaged({ symbol, clientOrderId: id, ...levels, stopUsd }, adoptedAtMs)];
}

/** The position with what its sells since have done, and with its highest stop by record or order: a stop never falls. */
function bringUp(
  position: ManagedPosition,
  entries: readonly LedgerEntry[],
  orders: readonly BrokerOrder[],
): ManagedPosition {
  const { positionId, pivotUsd } = position;
  const marked = TRIM_REASONS.filter((reason) =>
    findExitRecord(entries, new Map(), positionId, reason) === "done"
  ).reduce<ManagedPosition>(markTrimmed, position);
  // The broker knows no pivot: what was paid stands for it, and is no stop.
  const isGuess = entries.some((each) =>
    each.clientOrderId === positionId && each.pivotUsd === null &&
    buildPlan(each)?.pivotUsd === pivotUsd
  );
  // What a hand had set, and the engine put back, says nothing of the engine's own (pipeline 5).
  const byHand = flattenOrders(orders).filter((each) =>
    each.replaces !== null && !isOurs(each.clientOrderId)
  )
    .map((each) => each.stopPriceUsd);
  const stops = listStopsOnRecord(entries, positionId)
    .flatMap(({ stopUsd }) => byHand.includes(stopUsd) ? [] : stopUsd ?? 0);
  const stopUsd = Math.max(isGuess ? position.stopUsd : marked.stopUsd, ...stops);
  return { ...marked, stopUsd };
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
  const { todayNy, mismatches } = left;
  const newest = left.ledgers.find(({ dateNy }) => dateNy <= todayNy) ?? buildEmptyLedger(todayNy);
  const base = newest.dateNy === todayNy ? newest : startNewDay(newest, todayNy);
  return {
    ...base,
    ...left.account,
    // A run of rejections is counted in the order of the entries.
    entries: reconcile(base, left.orders).ledger.entries
      .toSorted((a, b) => timeOf(a) - timeOf(b)),
    mismatches: mismatches === null ? 0 : Math.max(base.mismatches, mismatches),
  };
}

function timeOf({ timestamp }: LedgerEntry): number {
  return Date.parse(timestamp);
}

/**
 * What of the document its copy in the archive is kept for, as one short text: the day, what is managed or released, whose it is,
 * and the day's loss at its limit. What was done since stands in the ledger (pipeline 6).
 */
export function describeCopy(
  { ledger, host, accountId, positions, released, dayLoss }: EngineState,
): string {
  const ids = [...positions, ...released].map(({ positionId }) => positionId);
  const day = [ledger?.dateNy, ledger?.mismatches, dayLoss?.dateNy];
  return [...day, host, accountId, positions.length, ...ids].join(" ");
}
