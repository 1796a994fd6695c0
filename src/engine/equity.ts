import { readHoldings } from "../domain/account/position_shares.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import type { BrokerPosition } from "../domain/order/orders.ts";
import type { Engine } from "./engine.ts";
import { sightOf } from "./sight.ts";

/**
 * Puts the account's equity and what it holds into the audit trail, where they changed since the last time. A day's file
 * begins with a look of its own: what was there before the day's first fill is known from nothing else.
 * @returns Whether the trail has what was last seen of the account.
 */
export async function recordEquity(engine: Engine): Promise<boolean> {
  const { observation } = engine;
  if (observation === null || observation.account.kind === "failed") return true;
  const { positions } = observation;
  const held = positions.kind === "failed" ? null : positions.value.map((position) => ({
    symbol: position.symbol,
    qty: position.qty,
    price_usd: position.currentPriceUsd,
    last_close_usd: position.lastCloseUsd ?? null,
    ...readManaged(engine, position),
  }));
  const { equityUsd } = observation.account.value;
  const dateNy = dateNyOf(engine.ports.clock.nowMs());
  const said = JSON.stringify([dateNy, equityUsd, held]);
  if (engine.equitySaid === said) return true;
  if (!await engine.event({ type: "equity", equity_usd: equityUsd, positions: held })) return false;
  engine.equitySaid = said;
  return true;
}

/** Whether a position is managed, how many of its shares are not a hand's, and whether orders explain how many there are. */
function readManaged(engine: Engine, { symbol, qty }: BrokerPosition) {
  const position = engine.state.positions.find((each) => each.symbol === symbol);
  if (position === undefined) return { is_managed: false, managed_qty: 0, is_explained: true };
  const handQty = readHoldings(sightOf(engine), position)?.map((each) => each.handQty) ?? [];
  const besideQty = handQty.length === 0 ? position.besideQty : Math.min(...handQty);
  return {
    is_managed: true,
    managed_qty: Math.max(0, qty - besideQty),
    is_explained: position.unexplainedQty === null,
  };
}
