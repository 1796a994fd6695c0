import { formatCounted } from "../domain/counted.ts";
import type { EntryIntent } from "../domain/entry_intent.ts";
import { REJECTIONS_IN_A_ROW_MAX, SYMBOL_REJECTIONS_MAX } from "../domain/caps.ts";
import type { LiveDecision } from "../domain/gate.ts";
import {
  applyBrokerOrder,
  buildCapUsage,
  buildLedgerEntry,
  hasNeverLeft,
  type LedgerEntry,
  NOT_SENT,
} from "../domain/ledger.ts";
import { buildManaged } from "../domain/managed_position.ts";
import { microsToUsd, type UsdMicros } from "../domain/money.ts";
import { formatUtc } from "../domain/ny_time.ts";
import type { BrokerOrder } from "../domain/orders.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import { LOOK_AT_ORDER } from "../domain/remedies.ts";
import { lookUpOrder } from "./asker.ts";
import { CONVERT_BEFORE_CLOSE_MS } from "../domain/plan/time_left.ts";
import { untilCloseMs } from "./closing.ts";
import { buildDeadlineMs, RECORD_AGE_MAX_MS } from "../domain/plan/sell_record.ts";
import type { Engine } from "./engine.ts";
import { UNFILLED_MAX_MS } from "../domain/entry_end.ts";
import { changeEntry, findEntry, recordEntries, settleByOrder } from "./ledger_store.ts";
import { countMismatch } from "./mismatch.ts";
import type { Refusal } from "../domain/order_request.ts";
import { StateError } from "./ports.ts";
import type { SendResult } from "../domain/order_request.ts";
import { sendLive } from "./send.ts";
import { skipUnrecorded } from "./skips.ts";
import { saySubmitted } from "./trade_messages.ts";

/** How soon a new order is looked at again. */
export const LOOK_AGAIN_MS = 15_000;

/**
 * Sends one entry: recorded, sent, settled (pipeline 6). A crash between any two lines leaves `pending`, which counts
 * against the caps and is looked up by its id.
 * @param notionalMicros As the verdict counted it.
 */
export async function submitEntry(
  engine: Engine,
  decision: LiveDecision,
  intent: EntryIntent,
  notionalMicros: UsdMicros,
): Promise<void> {
  const past = findEntry(engine, intent.clientOrderId);
  const entry = buildPending(engine, intent, notionalMicros);
  try {
    await recordEntries(engine, [entry]);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return await skipUnrecorded(engine, intent, error.message);
  }
  const obstacle = findRecordObstacle(engine, entry);
  const result = obstacle !== null
    ? { kind: "stopped", reason: obstacle } as const
    : await sendLive(engine, { kind: "gate", decision }, {
      op: "bracket",
      notAfterMs: Math.min(
        intent.expiresAtMs,
        Date.parse(entry.timestamp) + RECORD_AGE_MAX_MS,
        engine.nowMs() + untilCloseMs(engine) - CONVERT_BEFORE_CLOSE_MS,
      ),
      request: {
        clientOrderId: intent.clientOrderId,
        symbol: intent.symbol,
        qty: intent.qty,
        takeProfitUsd: roundToIncrement(intent.r2Usd),
        stopUsd: roundToIncrement(intent.stopUsd),
      },
    });
  await settle(engine, { intent, past }, result);
}

/** Why the record, once made, still lets nothing leave; `null` where it does. */
function findRecordObstacle(engine: Engine, { timestamp }: LedgerEntry): string | null {
  // Made from the reserve, which is for exits and protection: what this entry's own would need may not be there (pipeline 5).
  if (engine.ports.disk.fault?.kind === "full") return "disk full";
  const isLate = engine.nowMs() - Date.parse(timestamp) > RECORD_AGE_MAX_MS;
  return isLate ? "writing the record took too long" : null;
}

/** An order that was sent. */
interface Sent {
  readonly intent: EntryIntent;
  /** The record that its own took the place of; `null` where its id was on none. */
  readonly past: LedgerEntry | null;
}

/** Whether its id may have been at the broker before by our own doing. */
function mayHaveLeft({ past }: Sent): boolean {
  return past !== null && !hasNeverLeft(past);
}

function buildPending(
  engine: Engine,
  intent: EntryIntent,
  notionalMicros: UsdMicros,
): LedgerEntry {
  const nowMs = engine.nowMs();
  return buildLedgerEntry({
    symbol: intent.symbol,
    notionalUsd: microsToUsd(notionalMicros),
    timestamp: formatUtc(nowMs),
    side: "buy",
    clientOrderId: intent.clientOrderId,
    qty: intent.qty,
    pivotUsd: intent.pivotUsd,
    r1Usd: intent.r1Usd,
    r2Usd: intent.r2Usd,
    stopUsd: intent.stopUsd,
    refPriceUsd: intent.refPriceUsd,
    expiresAtMs: intent.expiresAtMs,
    deadlineAtMs: buildDeadlineMs(nowMs),
  });
}

async function settle(engine: Engine, sent: Sent, result: SendResult): Promise<void> {
  const { intent } = sent;
  switch (result.kind) {
    case "accepted":
      return await adopt(engine, intent, result.order);
    case "duplicate":
      return await settleDuplicate(engine, sent);
    case "unknown":
      return await settleUnknown(engine, intent);
    case "rejected":
      if (result.why !== "rate_limited") return await settleRejected(engine, intent, result);
      // Nobody judged the order: too many requests is no rejection to count against the symbol.
      return await settleNotSent(engine, sent, result.message);
    case "stopped":
      return await settleNotSent(engine, sent, result.reason);
    case "requested":
      return;
  }
}

async function adopt(engine: Engine, intent: EntryIntent, order: BrokerOrder): Promise<void> {
  const { clientOrderId, symbol } = intent;
  await settleByOrder(engine, clientOrderId, order);
  if (order.status === "rejected") return sayRejected(engine, intent, "after it was taken");
  engine.ports.log.info(`SUBMITTED ${symbol}: qty=${intent.qty} order_id=${order.orderId}`);
  await manage(engine, intent, order);
  saySubmitted(engine, intent, intent.refPriceUsd);
}

/** From now on the order's position is the engine's. */
async function manage(engine: Engine, intent: EntryIntent, order: BrokerOrder): Promise<void> {
  // A late answer is younger than its order, whose fills are looked for from then on.
  const openedAtMs = Math.min(engine.nowMs(), order.submittedAtMs);
  engine.putPosition(buildManaged(intent, openedAtMs));
  engine.wakeAt(engine.nowMs() + LOOK_AGAIN_MS);
  engine.wakeAt(order.submittedAtMs + UNFILLED_MAX_MS);
  await engine.trySaveState();
}

/** No usable answer: the broker's own view decides, now if it can be had. */
async function settleUnknown(engine: Engine, intent: EntryIntent): Promise<void> {
  const found = await lookUpOrder(engine, intent.clientOrderId);
  if (found.kind === "found") return await adopt(engine, intent, found.order);
  await leaveOpen(engine, intent, "no usable answer");
}

/**
 * The broker has the id already. In answer to a repeat that is our own order; in answer to the first sending of the id it
 * is another engine's on this account, which is taken over and counts as a mismatch (pipeline 6).
 */
async function settleDuplicate(engine: Engine, sent: Sent): Promise<void> {
  const { intent } = sent;
  const { clientOrderId, symbol } = intent;
  const isOwn = mayHaveLeft(sent);
  if (!isOwn) await countMismatch(engine, `${symbol} ${clientOrderId}`);
  const found = await lookUpOrder(engine, clientOrderId);
  if (found.kind !== "found") {
    return await leaveOpen(engine, intent, "the broker has its id already");
  }
  const { order } = found;
  if (isOwn) return await adopt(engine, intent, order);
  await changeEntry(engine, clientOrderId, (entry) => takeOver(entry, order));
  if (order.status === "rejected") return;
  await manage(engine, intent, order);
}

/** Another engine's order counts with its own quantity, at the price that ours was counted with. */
function takeOver(entry: LedgerEntry, order: BrokerOrder): LedgerEntry {
  const qty = order.qty ?? 0;
  const isWhole = Number.isSafeInteger(qty) && qty > 0 && entry.qty !== null;
  const counted = isWhole
    ? { ...entry, qty, notionalUsd: entry.notionalUsd / (entry.qty ?? qty) * qty }
    : entry;
  return applyBrokerOrder(counted, order);
}

async function leaveOpen(engine: Engine, intent: EntryIntent, why: string): Promise<void> {
  const { clientOrderId, symbol } = intent;
  await changeEntry(engine, clientOrderId, (entry) => ({ ...entry, status: "unknown" }));
  engine.wakeAt(engine.nowMs() + LOOK_AGAIN_MS);
  engine.sayError(
    `${symbol} order unresolved (${why}): no entry in ${symbol} until the broker shows it or its absence`,
    "nothing, it is looked up until it has an answer; " + LOOK_AT_ORDER + " where it takes long",
  );
}

/** Nothing of it is at the broker by this sending; what an earlier one left on record is kept (`mayHaveLeft`). */
async function settleNotSent(engine: Engine, { intent, past }: Sent, why: string): Promise<void> {
  engine.ports.log.warn(`${intent.symbol} not sent: ${why}`);
  await changeEntry(engine, intent.clientOrderId, (entry) => ({
    ...entry,
    status: "rejected",
    reason: NOT_SENT,
    notFoundSinceMs: past?.notFoundSinceMs ?? null,
  }));
}

async function settleRejected(
  engine: Engine,
  intent: EntryIntent,
  refusal: Refusal,
): Promise<void> {
  const message = refusal.message === "" ? `HTTP ${refusal.httpStatus}` : refusal.message;
  await changeEntry(engine, intent.clientOrderId, (entry) => ({
    ...entry,
    status: "rejected",
    reason: message,
  }));
  sayRejected(engine, intent, `(${refusal.httpStatus}): ${message}`);
}

const REJECTED = "look at the account and the symbol in the broker's dashboard";

function sayRejected(engine: Engine, intent: EntryIntent, how: string): void {
  const { symbol } = intent;
  engine.sayError(`${symbol} entry rejected by the broker ${how}`, REJECTED);
  sayRejections(engine, symbol);
}

/** Says what follows from the rejections so far: none in this symbol, or none at all, for the rest of the day (pipeline 4). */
export function sayRejections(engine: Engine, symbol: string): void {
  const { ledger } = engine.state;
  if (ledger === null) return;
  const usage = buildCapUsage(ledger, { symbol, dateNy: ledger.dateNy, clientOrderId: null });
  if (usage.symbolRejections >= SYMBOL_REJECTIONS_MAX) {
    engine.sayError(
      `${symbol} was rejected twice today: no further entry in it today`,
      "read the broker's reasons: avwap-execution log --symbol " + symbol,
    );
  }
  if (usage.rejectionsInARow >= REJECTIONS_IN_A_ROW_MAX) {
    engine.sayError(
      `${
        formatCounted(usage.rejectionsInARow, "rejection")
      } in a row: no entries for the rest of the day`,
      "read the broker's reasons in `avwap-execution log`, and look at the account in its dashboard (blocked? no buying power?)",
    );
  }
}
