import type { Engine } from "./engine.ts";

/** Puts the account's equity and what it holds into the audit trail, where they changed since the last time. */
export async function recordEquity(engine: Engine): Promise<void> {
  const { observation } = engine;
  if (observation === null || observation.account.kind === "failed") return;
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  const { positions } = observation;
  const held = positions.kind === "failed" ? null : positions.value.map((position) => ({
    symbol: position.symbol,
    qty: position.qty,
    price_usd: position.currentPriceUsd,
    is_managed: managed.has(position.symbol),
  }));
  const { equityUsd } = observation.account.value;
  const said = JSON.stringify([equityUsd, held]);
  if (engine.equitySaid === said) return;
  engine.equitySaid = said;
  await engine.event({ type: "equity", equity_usd: equityUsd, positions: held });
}
