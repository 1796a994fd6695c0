import { isDone, type SimOrder } from "../simulator/order.ts";
import { FOREIGN_SYMBOL } from "./market.ts";
import type { Prng } from "./prng.ts";
import { isEngineOrder } from "./truth.ts";
import type { World } from "./world.ts";

/** The operator at the broker's own screen, in symbols that the engine manages. */
export class HandActs {
  constructor(readonly world: World, readonly chance: Prng) {}

  /** Does one thing in one symbol that is held. */
  touch(): void {
    const { world, chance } = this;
    const held = [...world.exchange.portfolio.positions.keys()].filter((symbol) =>
      symbol !== FOREIGN_SYMBOL && !world.strange.has(symbol)
    );
    if (held.length === 0) return;
    const symbol = chance.pick(held);
    const act = chance.pick(["drag", "drag", "drag", "cancel", "buy", "sell"]);
    world.trouble(`hand ${act} in ${symbol}`);
    world.touchedMs.set(symbol, world.trueMs);
    switch (act) {
      case "drag":
        return this.#drag(symbol);
      case "cancel":
        for (const stop of this.#listStops(symbol).slice(0, 1)) world.exchange.desk.cancel(stop);
        return;
      case "buy":
        return this.#trade(symbol, "buy");
      case "sell":
        return this.#sell(symbol);
    }
  }

  #listStops(symbol: string): SimOrder[] {
    const working = this.world.exchange.desk.active.get(symbol)?.working ?? [];
    return working.filter((order) =>
      order.side === "sell" && order.stopPriceUsd !== null && order.isActive && !isDone(order)
    );
  }

  /** Moves a stop's price: up it is his to want, down it is put back (pipeline 5). */
  #drag(symbol: string): void {
    const { world, chance } = this;
    const stop = this.#listStops(symbol)[0];
    if (stop === undefined) return;
    const priceUsd = (stop.stopPriceUsd ?? 1) * chance.pick([0.97, 0.99, 1.003, 1.01]);
    world.exchange.desk.replace(stop, {
      clientOrderId: null,
      qty: null,
      limitPriceUsd: null,
      stopPriceUsd: Math.round(priceUsd * 100) / 100,
      timeInForce: null,
    });
  }

  #trade(symbol: string, side: "buy" | "sell"): void {
    const { world, chance } = this;
    const qty = chance.whole(1, 3);
    const before = world.exchange.portfolio.qty(symbol);
    const order = { symbol, side, type: "market", qty: String(qty), time_in_force: "day" };
    if (!world.placeByHand(order)) return;
    world.note(`hand: ${side} ${qty} ${symbol}, ${before} held`);
  }

  /** What rests reserves the shares: the hand takes it away first, as anyone must. */
  #sell(symbol: string): void {
    const { world } = this;
    for (const stop of this.#listStops(symbol).filter(isEngineOrder).slice(0, 1)) {
      world.exchange.desk.cancel(stop);
    }
    world.plan(world.trueMs + 2_000, () => {
      if (world.exchange.portfolio.qty(symbol) <= 0) return;
      world.trouble(`hand sells ${symbol}`);
      this.#trade(symbol, "sell");
    });
  }
}
