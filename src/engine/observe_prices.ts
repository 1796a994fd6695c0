import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { formatDryRunExit, listDryRunExits } from "../domain/exit/decide_exit.ts";
import type { GateDecision } from "../domain/gate/gate.ts";
import type { Trade } from "../domain/time/market.ts";
import { decidePriceUse, raiseHigh } from "../domain/plan/price_use.ts";
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
    const use = decidePriceUse(position, {
      sight: sightOf(engine),
      isUnreadable: isUnreadableIn(engine, position.symbol),
      areOrdersRead: engine.observation?.openOrders.kind !== "failed",
    });
    if (use === "rules") await sayPrice(engine, position, trade);
    if (use === "nothing" || (use === "rules" && gate.mode === "LIVE")) continue;
    const raised = raiseHigh(position, trade.priceUsd);
    if (raised !== position) engine.putPosition(raised);
    if (use === "rules") await sayDryRunExits(engine, position, position.qty ?? 0, trade.priceUsd);
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
