import { listMarketSells } from "../domain/protection.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import {
  decideExit,
  type ExitReason,
  EXITS_MAX,
  formatDryRunExit,
  listDryRunExits,
  markTrimmed,
} from "../domain/exit_plan.ts";
import type { GateDecision, LiveDecision } from "../domain/gate.ts";
import type { Trade } from "../domain/market.ts";
import type { Engine } from "./engine.ts";
import { readExitRecord } from "./exit_history.ts";
import { sendExit } from "./exit_order.ts";
import { RETRY_MS } from "./exit_records.ts";
import { findSellGroups, isOfThisSession, refresh } from "./observe.ts";
import { isEntryWorking } from "./partial_entry.ts";
import { StateError } from "./ports.ts";
import { buildPositionEvent } from "./position_changes.ts";
import { isActionable, trackPositions } from "./positions.ts";
import { readShares } from "./shares.ts";
import { sayDryRunSale } from "./trade_messages.ts";
import { reviseTrims } from "./trim_flags.ts";
import { isUnreadableIn } from "./unreadable.ts";

/**
 * Applies the exit rules to every managed position (pipeline 5). Observes the high-water price in every mode; sells, and
 * changes stop and trim flags, only under a LIVE gate.
 * @param fresh Positions adopted in this cycle, which it only protects.
 */
export async function decideExits(
  engine: Engine,
  gate: GateDecision,
  trades: ReadonlyMap<string, Trade>,
  fresh: ReadonlySet<string>,
): Promise<void> {
  if (gate.mode === "LIVE") await reviseTrims(engine, fresh);
  for (const position of engine.state.positions) {
    const trade = trades.get(position.symbol);
    if (trade === undefined || !isOfThisSession(engine, trade)) continue;
    if (isUnreadableIn(engine, position.symbol)) {
      // A price on the other side of a split is no high of the shares before it.
      if (position.unexplainedQty === null) observeHigh(engine, position, trade);
      continue;
    }
    if (!isActionable(engine, position)) continue;
    if (isEntryWorking(engine, position)) {
      // Where nobody knows whether it works, the price is seen all the same.
      if (engine.observation?.openOrders.kind === "failed") observeHigh(engine, position, trade);
      continue;
    }
    await sayPrice(engine, position, trade);
    if (gate.mode === "DRY_RUN") await observeOnly(engine, position, trade);
    else if (!fresh.has(position.positionId)) {
      await runExits(engine, gate, position, trade.priceUsd);
    }
  }
}

function observeHigh(engine: Engine, position: ManagedPosition, { priceUsd }: Trade): void {
  const { highWaterUsd } = decideExit(position, position.qty ?? 0, priceUsd);
  if (highWaterUsd !== position.highWaterUsd) engine.putPosition({ ...position, highWaterUsd });
}

async function sayPrice(engine: Engine, position: ManagedPosition, trade: Trade): Promise<void> {
  await engine.event({
    type: "price",
    symbol: position.symbol,
    price_usd: trade.priceUsd,
    stop_usd: position.stopUsd,
    high_water_usd: position.highWaterUsd,
    pivot_usd: position.pivotUsd,
    r1_usd: position.r1Usd,
    r2_usd: position.r2Usd,
    qty: position.qty,
  });
}

async function observeOnly(
  engine: Engine,
  position: ManagedPosition,
  trade: Trade,
): Promise<void> {
  observeHigh(engine, position, trade);
  await sayDryRunExits(engine, position, position.qty ?? 0, trade.priceUsd);
}

/** The exits that LIVE would send, as DRY_RUN prints them. */
export async function sayDryRunExits(
  engine: Engine,
  position: ManagedPosition,
  qty: number,
  priceUsd: number,
): Promise<void> {
  for (const exit of listDryRunExits(position, qty, priceUsd)) {
    engine.ports.log.info(formatDryRunExit(position.symbol, exit.reason, exit.qty));
    sayDryRunSale(engine, { symbol: position.symbol, ...exit });
    await engine.event({
      type: "exit",
      symbol: position.symbol,
      mode: "DRY_RUN",
      reason: exit.reason,
      qty: exit.qty,
      price_usd: priceUsd,
      stop_usd: position.stopUsd,
    });
  }
}

/** Each due exit in turn, decided anew from what the broker holds after the one before. */
async function runExits(
  engine: Engine,
  gate: LiveDecision,
  position: ManagedPosition,
  priceUsd: number,
): Promise<void> {
  for (let turn = 0; turn < EXITS_MAX; turn++) {
    const current = engine.state.positions.find((each) => each.positionId === position.positionId);
    if (current === undefined) return;
    const { sureQty, mostHeldQty } = readShares(engine, current) ?? { sureQty: 0, mostHeldQty: 0 };
    const { highWaterUsd, stopUsd, due } = decideExit(current, sureQty, priceUsd);
    const observed = { ...current, highWaterUsd, stopUsd };
    if (highWaterUsd !== current.highWaterUsd || stopUsd !== current.stopUsd) {
      engine.putPosition(observed);
    }
    if (stopUsd !== current.stopUsd) {
      await engine.event(buildPositionEvent(observed, "stop raised", observed.qty));
    }
    if (due === null) return;
    // Of what positions do not show yet something may be left to sell: only of one share there is never anything.
    if (due.qty === 0 && mostHeldQty > sureQty) return engine.wakeAt(engine.nowMs() + RETRY_MS);
    await engine.event({
      type: "exit",
      symbol: current.symbol,
      mode: "LIVE",
      reason: due.reason,
      qty: due.qty,
      price_usd: priceUsd,
      stop_usd: stopUsd,
    });
    if (!await completeExit(engine, gate, observed, due, priceUsd)) return;
  }
}

/** @returns Whether the rules may look at the position again in this cycle. */
async function completeExit(
  engine: Engine,
  gate: LiveDecision,
  position: ManagedPosition,
  due: { readonly reason: ExitReason; readonly qty: number },
  priceUsd: number,
): Promise<boolean> {
  try {
    const record = readExitRecord(engine, position, due.reason);
    // Done on record: for instance after a crash before its flag was saved.
    if (due.qty === 0 || record === "done") {
      engine.putPosition(markTrimmed(position, due.reason));
      return due.reason !== "stop_exit";
    }
    if (record === "open") return false;
    await engine.trySaveState();
    const isSold = await sendExit(engine, gate, position, due.reason, priceUsd);
    if (isSold) await noteTrimmed(engine, currentOf(engine, position), due.reason);
    await engine.trySaveState();
    if (!isSold || due.reason === "stop_exit") return false;
    if (await isSettled(engine, position)) return true;
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    return false;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`${position.symbol} ${due.reason} not sent: ${error.message}`);
    return false;
  }
}

async function noteTrimmed(
  engine: Engine,
  before: ManagedPosition,
  reason: ExitReason,
): Promise<void> {
  const after = markTrimmed(before, reason);
  engine.putPosition(after);
  if (after.stopUsd === before.stopUsd) return;
  await engine.event(buildPositionEvent(after, "stop raised", after.qty));
}

function currentOf(engine: Engine, position: ManagedPosition): ManagedPosition {
  return engine.state.positions.find((each) => each.positionId === position.positionId) ?? position;
}

/** After a trim the next rule waits until its sell has ended, and what is left is known. */
async function isSettled(engine: Engine, position: ManagedPosition): Promise<boolean> {
  await refresh(engine);
  await trackPositions(engine);
  const groups = findSellGroups(engine, position.symbol);
  return groups !== null && listMarketSells(groups).length === 0 &&
    isActionable(engine, currentOf(engine, position));
}
