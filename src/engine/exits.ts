import { isActionable, readShares } from "../domain/account/position_shares.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { isEntryWorking } from "../domain/account/sight.ts";
import { decideExit, formatDryRunExit, listDryRunExits } from "../domain/exit_plan.ts";
import type { GateDecision } from "../domain/gate.ts";
import type { Trade } from "../domain/market.ts";
import type { Engine } from "./engine.ts";
import { isOfThisSession } from "./observe.ts";
import { updateTrims } from "./positions.ts";
import { sightOf } from "./sight.ts";
import { sayDryRunSale } from "./trade_messages.ts";
import { isUnreadableIn } from "./unreadable.ts";

/**
 * Takes prices in before anything is decided from them (pipeline 5): the high-water price where no rule may be applied now, and
 * what DRY_RUN would sell. What LIVE sells is the plan's.
 * @param fresh Positions adopted in this cycle, which it only protects.
 */
export async function observePrices(
  engine: Engine,
  gate: GateDecision,
  trades: ReadonlyMap<string, Trade>,
  fresh: ReadonlySet<string>,
): Promise<void> {
  if (gate.mode === "LIVE") await updateTrims(engine, fresh);
  for (const position of engine.state.positions) {
    const trade = trades.get(position.symbol);
    if (trade === undefined || !isOfThisSession(engine, trade)) continue;
    if (isUnreadableIn(engine, position.symbol)) {
      // A price on the other side of a split is no high of the shares before it.
      if (position.unexplainedQty === null) observeHigh(engine, position, trade);
      continue;
    }
    if (!isActionable(position, readShares(sightOf(engine), position))) continue;
    if (isEntryWorking(sightOf(engine), position)) {
      // Where nobody knows whether it works, the price is seen all the same.
      if (engine.observation?.openOrders.kind === "failed") observeHigh(engine, position, trade);
      continue;
    }
    await sayPrice(engine, position, trade);
    if (gate.mode === "DRY_RUN") await observeOnly(engine, position, trade);
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
