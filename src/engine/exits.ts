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
import { sendExit } from "./exit_order.ts";
import { findHeld, isOfThisSession, refresh } from "./observe.ts";
import { sayDryRunSale } from "./trade_messages.ts";
import { isEntryWorking } from "./partial_entry.ts";
import { buildPositionEvent } from "./position_changes.ts";
import { isActionable } from "./positions.ts";
import { StateError } from "./ports.ts";
import { isTrimUnfilled, readExitRecord } from "./exit_history.ts";

/** An exit begun must be able to end: its cancel, its sell and its stop. */
const EXIT_MS = 14_000;

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
  for (const position of engine.state.positions) {
    const trade = trades.get(position.symbol);
    if (trade === undefined || !isOfThisSession(engine, trade)) continue;
    if (!isActionable(position, findHeld(engine, position.symbol))) continue;
    if (isEntryWorking(engine, position)) continue;
    await sayPrice(engine, position, trade);
    if (gate.mode === "DRY_RUN") await observeOnly(engine, position, trade.priceUsd);
    else if (!fresh.has(position.positionId)) {
      await tryReopenTrims(engine, position);
      await runExits(engine, gate, position, trade.priceUsd);
    }
  }
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
  priceUsd: number,
): Promise<void> {
  const qty = position.qty ?? 0;
  const { highWaterUsd } = decideExit(position, qty, priceUsd);
  if (highWaterUsd !== position.highWaterUsd) engine.putPosition({ ...position, highWaterUsd });
  await sayDryRunExits(engine, position, qty, priceUsd);
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
    const { highWaterUsd, stopUsd, due } = decideExit(current, current.qty ?? 0, priceUsd);
    const observed = { ...current, highWaterUsd, stopUsd };
    if (highWaterUsd !== current.highWaterUsd || stopUsd !== current.stopUsd) {
      engine.putPosition(observed);
    }
    if (stopUsd !== current.stopUsd) {
      await engine.event(buildPositionEvent(observed, "stop raised", observed.qty));
    }
    if (due === null) return;
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
    const record = await readExitRecord(engine, position, due.reason);
    // Done on record: for instance after a crash before its flag was saved.
    if (due.qty === 0 || record === "done") {
      engine.putPosition(markTrimmed(position, due.reason));
      return due.reason !== "stop_exit";
    }
    if (record === "open") return false;
    if (engine.isOutOfTime(EXIT_MS)) return false;
    await engine.trySaveState();
    const isSold = await sendExit(engine, gate, position, due.reason, priceUsd);
    if (isSold) engine.putPosition(markTrimmed(currentOf(engine, position), due.reason));
    await engine.trySaveState();
    if (!isSold || due.reason === "stop_exit") return false;
    return await isSettled(engine, position);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`${position.symbol} ${due.reason} not sent: ${error.message}`);
    return false;
  }
}

function currentOf(engine: Engine, position: ManagedPosition): ManagedPosition {
  return engine.state.positions.find((each) => each.positionId === position.positionId) ?? position;
}

/** Without a ledger nothing is known of its sells: the flags stay. */
async function tryReopenTrims(engine: Engine, position: ManagedPosition): Promise<void> {
  try {
    await reopenTrims(engine, position);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
}

/** A trim whose order the broker took and then ended without a share sold is due again (pipeline 5, "When"). */
async function reopenTrims(engine: Engine, position: ManagedPosition): Promise<void> {
  const { isTrimmedR1, isTrimmedR2 } = position;
  const reopened = {
    isTrimmedR1: isTrimmedR1 && !await isTrimUnfilled(engine, position, "r1_trim"),
    isTrimmedR2: isTrimmedR2 && !await isTrimUnfilled(engine, position, "r2_trim"),
  };
  if (reopened.isTrimmedR1 === isTrimmedR1 && reopened.isTrimmedR2 === isTrimmedR2) return;
  engine.putPosition({ ...position, ...reopened });
  engine.ports.log.warn(`${position.symbol}: a trim ended without a share sold; it is due again`);
}

/** After a trim the next rule waits until the broker holds what is left, and says so. */
async function isSettled(engine: Engine, position: ManagedPosition): Promise<boolean> {
  await refresh(engine);
  const held = findHeld(engine, position.symbol);
  const current = currentOf(engine, position);
  return held !== null && held !== undefined && current.qty === held.qty;
}
