import { isOurs } from "../domain/client_order_id.ts";
import { MISMATCHES_MAX } from "../domain/ledger.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { type BrokerOrder, flattenOrders } from "../domain/orders.ts";
import { rebuildLedger } from "../domain/rebuild_ledger.ts";
import type { RebuildWait } from "../domain/rebuild_wait.ts";
import { formatUnreadable } from "../domain/unreadable_row.ts";
import { lookUpOrder } from "./asking.ts";
import { PAST_DAYS, readPast, type Waits } from "./archive.ts";
import type { Engine, Observation } from "./engine.ts";
import { LOOK_UP_AGAIN_MS } from "./looking_up.ts";
import type { LedgerRead } from "./ports.ts";

/** NY date of the clock's answer in the process before this one: all that one of `--run-once` has to compare with. */
export function readLastCycleNy({ state }: Engine): string | null {
  return state.lastCycleAtMs === null ? null : dateNyOf(state.lastCycleAtMs);
}

/** What became of a ledger that the document has not; `rebuilt` blocks LIVE for the cycle (runbook 4.4). */
export type LostLedger = Waits | { readonly kind: "imported" | "rebuilt" };

/**
 * The day's ledger where the document has none: 0.1.0 wrote it, or it was lost and made anew (pipeline 6).
 *
 * | the ledger's file   | the ledger is                                                           |
 * | ------------------- | ----------------------------------------------------------------------- |
 * | reads               | that, with the mismatches that 0.1.0 counted beside it                  |
 * | missing             | made from archive, broker and the positions, or waits for one of these  |
 * | can't be used       | waited for: no other record has the day                                 |
 *
 * @throws {StateError} Where it can't be written.
 */
export async function findLostLedger(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<LostLedger> {
  if (read.kind === "missing") return await rebuildMissing(engine, observation);
  if (read.kind !== "ok") {
    // For the whole cycle: what becomes readable in it was held against nothing.
    return waitingFor({ kind: "ledger", problem: `ledger ${read.kind}`, message: read.message });
  }
  const { ledger } = read;
  const mismatches = Math.max(ledger.mismatches, engine.state.mismatches);
  engine.store.noteFile(ledger);
  const isWhole = mismatches === ledger.mismatches;
  engine.updateState({ ledger: isWhole ? ledger : { ...ledger, mismatches }, mismatches: 0 });
  return { kind: "imported" };
}

/** Never started empty while the broker shows orders of ours. */
async function rebuildMissing(
  engine: Engine,
  observation: Observation,
): Promise<LostLedger> {
  const { account, dayOrders, dateNy } = observation;
  const past = await readPast(engine, PAST_DAYS);
  if (past.kind === "waits") return past;
  if (account.kind === "failed") return waitingForBroker("account", account.message);
  if (dayOrders.kind === "failed") {
    return waitingForBroker("orders of the day", dayOrders.message);
  }
  const gap = observation.unreadable.dayOrders.find((row) => isOurs(row.clientOrderId ?? ""));
  if (gap !== undefined) return waitingFor({ kind: "row", message: formatUnreadable(gap) });
  const hidden = await lookUpKnown(engine, observation, dayOrders.value);
  if (hidden.kind === "waits") return hidden;
  const ledger = rebuildLedger({
    present: null,
    newest: past.ledgers[0] ?? null,
    orders: [...dayOrders.value, ...hidden.orders],
    positions: engine.state.positions,
    todayNy: dateNy,
    account: { host: engine.ports.broker.host, accountId: account.value.accountId },
    mismatches: readKeptMismatches(engine, dateNy),
  });
  engine.updateState({ ledger, mismatches: 0 });
  await engine.rewriteLedger();
  engine.ports.log.warn(
    `Live ledger was missing: rebuilt from the broker's orders of ${dateNy}, ` +
      `${ledger.entries.length} recorded` +
      (ledger.mismatches >= MISMATCHES_MAX
        ? "; it had lacked orders twice: LIVE stays blocked until `ledger rebuild --yes`"
        : ""),
  );
  return { kind: "rebuilt" };
}

/** A single mismatch counts for its NY day; the lock of two stays, over midnight too. */
function readKeptMismatches(engine: Engine, dateNy: string): number {
  const { mismatches } = engine.state;
  const isOfToday = readLastCycleNy(engine) === dateNy;
  return isOfToday || mismatches >= MISMATCHES_MAX ? mismatches : 0;
}

function waitingFor(wait: RebuildWait): Waits {
  return { kind: "waits", wait };
}

function waitingForBroker(what: string, message: string): Waits {
  return waitingFor({ kind: "broker", what, message });
}

/**
 * Entries of the day that the state knows and the broker does not list yet: a ledger rebuilt without them would let another
 * order take their place under the caps, so each is waited for.
 */
async function lookUpKnown(
  engine: Engine,
  { dateNy }: Observation,
  listed: readonly BrokerOrder[],
): Promise<Waits | { readonly kind: "known"; readonly orders: readonly BrokerOrder[] }> {
  const ids = new Set(flattenOrders(listed).map((order) => order.clientOrderId));
  const orders: BrokerOrder[] = [];
  for (const { symbol, positionId, adoptedQty } of engine.state.positions) {
    const isOfToday = adoptedQty === 0 && positionId.startsWith(`avwap-${dateNy}-`);
    if (!isOfToday || ids.has(positionId)) continue;
    const found = await lookUpOrder(engine, positionId);
    if (found.kind === "found") {
      orders.push(found.order);
      continue;
    }
    engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
    const wait: RebuildWait = found.kind === "unknown"
      ? { kind: "broker", what: `order ${positionId}`, message: `no usable answer (${found.why})` }
      : { kind: "order", symbol, clientOrderId: positionId };
    return { kind: "waits", wait };
  }
  return { kind: "known", orders };
}
