import type { ManagedPosition } from "../domain/engine_state.ts";
import { countCovered } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import { RETRY_MS } from "./exit_records.ts";
import { findHeld, findSellGroups, refresh } from "./observe.ts";
import { isEntryWorking } from "./partial_entry.ts";
import { StateError } from "./ports.ts";
import { recordSells, type SellPlan, sendSell } from "./sell_orders.ts";

/**
 * Puts back what an exit's cancel took away, whatever the gate says by now: once the cancel has left, a failing ledger,
 * positions or clock read can't stop the rest, only the operator can (pipeline 5).
 */
export async function restoreBare(engine: Engine): Promise<void> {
  if (engine.bare.size === 0) return;
  await refresh(engine);
  for (const position of engine.state.positions) {
    if (!engine.bare.has(position.positionId) || isEntryWorking(engine, position)) continue;
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    const groups = findSellGroups(engine, position.symbol);
    const held = findHeld(engine, position.symbol);
    if (groups === null || groups.some((group) => group.isLeaving)) continue;
    const heldQty = held === null ? position.qty ?? 0 : held?.qty ?? 0;
    const stopQty = Math.floor(heldQty - countCovered(groups));
    if (stopQty <= 0) {
      if (held !== undefined) engine.bare.delete(position.positionId);
      continue;
    }
    await restoreOne(engine, position, stopQty);
  }
}

async function restoreOne(
  engine: Engine,
  position: ManagedPosition,
  qty: number,
): Promise<void> {
  const { symbol, stopUsd } = position;
  const plan: SellPlan = { position, reason: "stop", qty, stopUsd, replaces: null };
  try {
    const [entry] = await recordSells(engine, [plan]);
    if (entry === undefined) return;
    const placed = await sendSell(engine, { kind: "exit_rest" }, plan, entry);
    if (placed.kind !== "done") return engine.sayError(`${symbol}: stop not put back yet`);
    engine.bare.delete(position.positionId);
    engine.ports.log.info(`STOP ${symbol}: qty=${qty} at ${entry.stopUsd}, put back`);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`${symbol}: stop not put back, its record can't be written: ${error.message}`);
  }
}
