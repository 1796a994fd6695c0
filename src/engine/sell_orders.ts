import { type LedgerEntry, NOT_SENT } from "../domain/ledger.ts";
import type { BrokerOrder } from "../domain/orders.ts";
import { buildSellRecord, nextAttempt, type SellFacts } from "../domain/plan/sell_record.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import { lookUpOrder } from "./asking.ts";
import type { Engine } from "./engine.ts";
import { isEndedUnfilled } from "./exit_history.ts";
import { noteStopFate } from "./lasting_refusals.ts";
import { changeEntry, readLedger, recordEntries, settleByOrder } from "./ledger_store.ts";
import type { Refusal } from "../domain/order_request.ts";
import type { Permit } from "../domain/plan/step.ts";
import { type OrderRequest, sendLive } from "./send.ts";
import { noteDoubt } from "./shares.ts";
import { saySale } from "./trade_messages.ts";

/** How often one sell may find that its id is used up by an order that ended unfilled. */
const ATTEMPTS_MAX = 5;

/** What became of a sell or stop that was sent. */
export type SellResult =
  | { readonly kind: "done"; readonly order: BrokerOrder }
  | Refusal
  | { readonly kind: "stopped"; readonly reason: string }
  /** Sent, and nobody knows: it stays `unknown` in the ledger and is looked up. */
  | { readonly kind: "unresolved" };

/** A sell or stop to come. */
export interface SellPlan extends SellFacts {
  /** The replacement changes the price alone. */
  readonly isQtyKept?: boolean;
}

/** A plan's stop in the broker's price increments; `null` for a market sell. */
export function roundStop({ stopUsd }: Pick<SellPlan, "stopUsd">): number | null {
  return stopUsd === null ? null : roundToIncrement(stopUsd);
}

/**
 * Makes sells durable before anything leaves.
 * @returns Their entries, in the order of the plans.
 * @throws {StateError} Where the ledger can't be written: nothing may be sent.
 */
export async function recordSells(
  engine: Engine,
  plans: readonly SellPlan[],
): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (const plan of plans) {
    const attempt = nextAttempt(
      readLedger(engine).entries,
      plan.position,
      plan.reason,
      engine.dateNy(),
    );
    entries.push(buildSellRecord(plan, attempt, engine.nowMs()));
  }
  await recordEntries(engine, entries);
  return entries;
}

/** Settles records whose orders never left. */
export async function settleUnsent(
  engine: Engine,
  entries: readonly LedgerEntry[],
): Promise<void> {
  for (const { clientOrderId } of entries) {
    if (clientOrderId === null) continue;
    engine.doubts.delete(clientOrderId);
    await changeEntry(engine, clientOrderId, (entry) => ({
      ...entry,
      status: "rejected",
      detail: NOT_SENT,
    }));
  }
}

/**
 * Sends one recorded sell or stop and settles its record. After a lost answer it is sent again at the first "not found",
 * with the same id, which the broker's unique ids make harmless; an id that is used up gets the next attempt.
 * @param entry Durable already, as `recordSells` made it.
 * @param options `isStopWaiting`: a stop follows, which no look-up may delay.
 */
export async function sendSell(
  engine: Engine,
  permit: Permit,
  plan: SellPlan,
  entry: LedgerEntry,
  options: { readonly isStopWaiting: boolean } = { isStopWaiting: false },
): Promise<SellResult> {
  const result = await sendUntilKnown(engine, permit, { plan, entry }, options);
  noteHindrance(engine, plan, result);
  return result;
}

/** What the position's standing says of it, until the next sell or stop in the symbol is taken. */
function noteHindrance(
  engine: Engine,
  { position: { symbol }, reason }: SellPlan,
  result: SellResult,
): void {
  const what = reason === "stop" ? "stop" : `sell (${reason})`;
  switch (result.kind) {
    case "done":
      return void engine.hindrances.delete(symbol);
    case "rejected":
      return void engine.hindrances.set(symbol, `broker refused its ${what}: ${result.message}`);
    case "stopped":
      return void engine.hindrances.set(symbol, `its ${what} was not sent: ${result.reason}`);
    case "unresolved":
      return void engine.hindrances.set(symbol, `no usable answer to its ${what} yet`);
  }
}

/** A replacement can be done although it was refused (broker.md): the order that took its name says so. */
async function findDone(
  engine: Engine,
  { clientOrderId }: LedgerEntry,
): Promise<SellResult | null> {
  const found = await lookUpOrder(engine, clientOrderId ?? "");
  if (found.kind !== "found" || isEndedUnfilled(found.order)) return null;
  await settleByOrder(engine, clientOrderId ?? "", found.order);
  return { kind: "done", order: found.order };
}

async function sendUntilKnown(
  engine: Engine,
  permit: Permit,
  { plan, entry }: { readonly plan: SellPlan; readonly entry: LedgerEntry },
  options: { readonly isStopWaiting: boolean },
): Promise<SellResult> {
  let current = entry;
  let isRepeated = false;
  for (let turn = 0; turn < ATTEMPTS_MAX; turn++) {
    const clientOrderId = current.clientOrderId ?? "";
    engine.isStale = true;
    const result = await sendLive(engine, permit, buildRequest(plan, current));
    // What is said to a repeat says nothing of the request before it, which may have been taken.
    if (result.kind === "stopped") {
      if (isRepeated) await settleUnknown(engine, current);
      else await settleUnsent(engine, [current]);
      return result;
    }
    if (result.kind === "rejected" && !isRepeated) {
      const isAsked = plan.replaces !== null && result.httpStatus === 422;
      const done = isAsked ? await findDone(engine, current) : null;
      if (done !== null) return done;
      if (isNewStop(plan)) noteStopFate(engine, plan.position.symbol, result);
      await changeEntry(engine, clientOrderId, (each) => ({
        ...each,
        status: "rejected",
        detail: result.message,
      }));
      return result;
    }
    if (result.kind === "accepted") {
      if (plan.reason === "stop") noteStopFate(engine, plan.position.symbol, null);
      await settleByOrder(engine, clientOrderId, result.order);
      saySold(engine, plan, current);
      return { kind: "done", order: result.order };
    }
    // A sell without a usable answer does not delay the stop that follows it (pipeline 5).
    if (result.kind === "unknown" && options.isStopWaiting) break;
    const found = await lookUpOrder(engine, clientOrderId);
    if (found.kind === "found") {
      await settleByOrder(engine, clientOrderId, found.order);
      if (!isEndedUnfilled(found.order)) {
        saySold(engine, plan, current);
        return { kind: "done", order: found.order };
      }
      const [next] = await recordSells(engine, [plan]);
      if (next === undefined) break;
      current = next;
      isRepeated = false;
      continue;
    }
    if (found.kind === "not_found" && result.kind === "unknown" && !isRepeated) {
      isRepeated = true;
      continue;
    }
    break;
  }
  await settleUnknown(engine, current);
  return { kind: "unresolved" };
}

/** One that replaces nothing: what the broker says to a replacement is about the order that rests. */
function isNewStop(plan: SellPlan): boolean {
  return plan.reason === "stop" && plan.replaces === null;
}

async function settleUnknown(engine: Engine, entry: LedgerEntry): Promise<void> {
  const { clientOrderId } = entry;
  if (clientOrderId === null) return;
  noteDoubt(engine, entry);
  await changeEntry(engine, clientOrderId, (each) => ({ ...each, status: "unknown" }));
}

/** A trim or close that the broker took; a stop is none. */
function saySold(engine: Engine, plan: SellPlan, entry: LedgerEntry): void {
  if (plan.reason === "stop") return;
  const { reason, position } = plan;
  saySale(engine, { symbol: position.symbol, qty: entry.qty ?? plan.qty, reason });
}

function buildRequest(plan: SellPlan, entry: LedgerEntry): OrderRequest {
  const clientOrderId = entry.clientOrderId ?? "";
  const { symbol } = plan.position;
  const qty = entry.qty ?? plan.qty;
  if (plan.replaces !== null) {
    const change = {
      ...(plan.isQtyKept === true ? {} : { qty }),
      ...(entry.stopUsd === null ? {} : { stopUsd: entry.stopUsd }),
    };
    return {
      op: "replace",
      symbol,
      request: { orderId: plan.replaces, clientOrderId, ...change },
    };
  }
  return entry.stopUsd === null
    ? { op: "sell", request: { clientOrderId, symbol, qty } }
    : { op: "stop", request: { clientOrderId, symbol, qty, stopUsd: entry.stopUsd } };
}
