import type { BrokerPosition } from "../domain/orders.ts";
import type { Engine } from "./engine.ts";
import { readHoldings } from "./shares.ts";

/** Puts the account's equity and what it holds into the audit trail, where they changed since the last time. */
export async function recordEquity(engine: Engine): Promise<void> {
  const { observation } = engine;
  if (observation === null || observation.account.kind === "failed") return;
  const { positions } = observation;
  const held = positions.kind === "failed" ? null : positions.value.map((position) => ({
    symbol: position.symbol,
    qty: position.qty,
    price_usd: position.currentPriceUsd,
    last_close_usd: position.lastCloseUsd ?? null,
    ...readManaged(engine, position),
  }));
  const { equityUsd } = observation.account.value;
  const said = JSON.stringify([equityUsd, held]);
  if (engine.equitySaid === said) return;
  engine.equitySaid = said;
  await engine.event({ type: "equity", equity_usd: equityUsd, positions: held });
}

/** Whether a position is managed, and how many of its shares are not a hand's. */
function readManaged(engine: Engine, { symbol, qty }: BrokerPosition) {
  const position = engine.state.positions.find((each) => each.symbol === symbol);
  if (position === undefined) return { is_managed: false, managed_qty: 0 };
  const handQty = readHoldings(engine, position)?.map((each) => each.handQty) ?? [];
  const besideQty = handQty.length === 0 ? position.besideQty : Math.min(...handQty);
  return { is_managed: true, managed_qty: Math.max(0, qty - besideQty) };
}
