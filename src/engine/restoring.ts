import type { ManagedPosition } from "../domain/engine_state.ts";
import { isUnsettled, type LedgerEntry } from "../domain/ledger.ts";
import { flattenOrders } from "../domain/orders.ts";
import type { Engine } from "./engine.ts";
import { recordAgain, RETRY_MS } from "./exit_records.ts";
import { findIdentityProblem, readOperatorObjection } from "./gate_reader.ts";
import { findHeld, findSellGroups, refresh } from "./observe.ts";
import { sayUndone } from "./operator_acts.ts";
import { isEntryWorking } from "./partial_entry.ts";
import { StateError } from "./ports.ts";
import { isActionable, trackPositions } from "./positions.ts";
import { type SellPlan, sendSell } from "./sell_orders.ts";
import { isAnswerOut, readAvailable, readShares } from "./shares.ts";
import { readStopLevel } from "./stop_level.ts";

/** A cancel is the broker's soon after its exit was recorded, by two clocks that differ a little. */
const CANCELLED_SLACK_MS = 5_000;

/**
 * An exit without an answer on record may have been cut off after its cancel, by a crash for instance: where the broker shows
 * a sell of the symbol that was cancelled since, its position counts as bare until it is seen covered. Before the records
 * are held against the broker, which settles them.
 */
export async function recallBare(engine: Engine): Promise<void> {
  const dayOrders = engine.observation?.dayOrders;
  // Whose account this is must be known first, and what this state is worth: the records may be another's.
  if (dayOrders?.kind !== "ok" || engine.accountId === null) return;
  if (!engine.isStateLoaded || engine.stateProblem !== null) return;
  const cancelled = flattenOrders(dayOrders.value).filter((order) =>
    order.side === "sell" && order.status === "canceled"
  );
  if (cancelled.length === 0) return;
  const read = await engine.ports.ledger.read();
  if (read.kind !== "ok" || findIdentityProblem(engine, read.ledger) !== null) return;
  for (const entry of read.ledger.entries) {
    const { side, positionId, symbol, timestamp } = entry;
    if (side !== "sell" || positionId === null || !isUnsettled(entry)) continue;
    const sinceMs = Date.parse(timestamp) - CANCELLED_SLACK_MS;
    const isLeft = cancelled.some((each) => each.symbol === symbol && each.updatedAtMs >= sinceMs);
    if (isLeft) engine.bare.add(positionId);
  }
}

/**
 * Puts back what an exit's cancel took away, whatever the gate says by now: once the cancel has left, a failing ledger,
 * positions or clock read can't stop the rest, only the operator can (pipeline 5).
 */
export async function restoreBare(engine: Engine): Promise<void> {
  // A market that was seen closed has a look of its own, under the gate.
  if (engine.observation?.clock.isOpen === false) return;
  if (engine.bare.size === 0 || await isForeign(engine)) return;
  if (await readOperatorObjection(engine) !== null) {
    // The operator ends the exit; what it left bare is protected again in the next LIVE cycle.
    engine.bare.clear();
    return;
  }
  await refresh(engine);
  // What changed meanwhile must be explained first: no stop for a split, or for what was sold.
  await trackPositions(engine);
  for (const position of engine.state.positions) {
    if (!engine.bare.has(position.positionId)) continue;
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    if (isEntryWorking(engine, position)) continue;
    const groups = findSellGroups(engine, position.symbol);
    if (groups === null || groups.some((group) => group.isLeaving)) continue;
    // Unreadable: the broker's orders say what is left, and a stop for more could sell short.
    const isRead = findHeld(engine, position.symbol) !== null;
    if (isRead ? !isActionable(engine, position) : position.unexplainedQty !== null) continue;
    const shares = readShares(engine, position);
    if (shares === null) continue;
    const stopQty = readAvailable(engine, position);
    if (stopQty <= 0) {
      // What a sell of unknown fate has not sold after all is bare again.
      if (!isAnswerOut(engine, position, shares)) engine.bare.delete(position.positionId);
      continue;
    }
    await restoreOne(engine, position, stopQty);
  }
}

/** Another account's files, or nobody knows yet whose account this is: no look-up and no order (pipeline 6). */
async function isForeign(engine: Engine): Promise<boolean> {
  const read = await engine.ports.ledger.read();
  const ledger = read.kind === "ok" ? read.ledger : null;
  const isOwned = engine.state.accountId !== null || (ledger?.accountId ?? null) !== null;
  return findIdentityProblem(engine, ledger) !== null || (isOwned && engine.accountId === null);
}

async function restoreOne(
  engine: Engine,
  position: ManagedPosition,
  qty: number,
): Promise<void> {
  const { symbol } = position;
  const stopUsd = readStopLevel(engine, position);
  const plan: SellPlan = { position, reason: "stop", qty, stopUsd, replaces: null };
  try {
    const entry = await recordAnyhow(engine, plan);
    const placed = await sendSell(engine, { kind: "exit_rest" }, plan, entry);
    if (placed.kind !== "done") {
      return sayUndone(engine, placed, `${symbol}: stop not put back yet`);
    }
    engine.bare.delete(position.positionId);
    engine.ports.log.info(`STOP ${symbol}: qty=${qty} at ${entry.stopUsd}, put back`);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`${symbol}: stop not put back, its record can't be written: ${error.message}`);
  }
}

/**
 * A failing ledger can't stop the rest of an exit (pipeline 5): the stop that was recorded for it and never left stands in
 * the file already, and is sent under its id.
 * @throws {StateError} Where there is none.
 */
async function recordAnyhow(engine: Engine, plan: SellPlan): Promise<LedgerEntry> {
  const unsent = engine.unsentStops.get(plan.position.positionId);
  return await recordAgain(engine, plan, unsent === undefined ? [] : [unsent]);
}
