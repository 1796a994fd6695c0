import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import { findNextTryMs } from "./beside_buy.ts";
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
import { isBare, listBare, noteBare } from "./unfinished.ts";
import { listEntries } from "./ledger_store.ts";

/**
 * Puts back what an exit's cancel took away, whatever the gate says by now: once the cancel has left, a failing ledger,
 * positions or clock read can't stop the rest, only the operator can (pipeline 5).
 */
export async function restoreBare(engine: Engine): Promise<void> {
  // A market that was seen closed has a look of its own, under the gate.
  if (engine.observation?.clock.isOpen === false) return;
  const bare = listBare(engine);
  if (bare.length === 0 || isForeign(engine)) return;
  if (await readOperatorObjection(engine) !== null) {
    // The operator ends the exit; what it left bare is protected again in the next LIVE cycle.
    for (const positionId of bare) noteBare(engine, positionId, false);
    return;
  }
  await refresh(engine);
  // What changed meanwhile must be explained first: no stop for a split, or for what was sold.
  await trackPositions(engine);
  for (const position of engine.state.positions) {
    if (!isBare(engine, position.positionId)) continue;
    const againMs = findNextTryMs(engine, position);
    engine.wakeAt(againMs ?? engine.nowMs() + RETRY_MS);
    if (againMs !== null || isEntryWorking(engine, position)) continue;
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
      if (!isAnswerOut(engine, position, shares)) noteBare(engine, position.positionId, false);
      continue;
    }
    await restoreOne(engine, position, stopQty);
  }
}

/** Another account's files, or nobody knows yet whose account this is: no look-up and no order (pipeline 6). */
function isForeign(engine: Engine): boolean {
  const { ledger } = engine.state;
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
    noteBare(engine, position.positionId, false);
    engine.ports.log.info(`STOP ${symbol}: qty=${qty} at ${entry.stopUsd}, put back`);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`${symbol}: stop not put back, its record can't be written: ${error.message}`);
  }
}

/**
 * A failing ledger can't stop the rest of an exit (pipeline 5): the last stop on record that the broker has not taken
 * stands for it, and is sent under its id.
 * @throws {StateError} Where there is none.
 */
async function recordAnyhow(engine: Engine, plan: SellPlan): Promise<LedgerEntry> {
  const last = listEntries(engine).filter((entry) =>
    entry.positionId === plan.position.positionId && entry.reason === "stop"
  ).at(-1);
  return await recordAgain(engine, plan, last === undefined || last.orderId !== null ? [] : [last]);
}
