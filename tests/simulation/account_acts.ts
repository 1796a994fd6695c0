import { isDone } from "../simulator/order.ts";
import { FOREIGN_SYMBOL } from "./market.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;
/** In the id of a stop that somebody left in a symbol without a position. */
export const LEFT_STOP = "-left-stop-";

/** What somebody else with the account's keys does to its positions and orders, and what the broker does to them. */
export class AccountActs {
  constructor(readonly world: World) {}

  touch(): void {
    const { world } = this;
    const { operator } = world.chances;
    const { exchange } = world;
    const held = [...exchange.portfolio.positions.keys()];
    const symbol = held.length === 0 ? FOREIGN_SYMBOL : operator.pick(held);
    const sells =
      exchange.desk.active.get(symbol)?.working.filter((order) =>
        order.side === "sell" && !isDone(order) && order.isActive
      ) ?? [];
    const act = operator.pick([
      "foreign position",
      "foreign order",
      "close",
      "cancel stop",
      "cancel stop",
      "replace stop",
      "listed position",
      "split",
      "rename",
      "hide",
    ]);
    world.trouble(`account ${act} in ${symbol}`);
    world.touchedMs.set(symbol, world.trueMs);
    switch (act) {
      case "foreign position":
        return exchange.setPosition(FOREIGN_SYMBOL, operator.whole(1, 20), 31.4);
      case "foreign order":
        return void world.placeByHand(buildForeignOrder(operator.pick(world.market.symbols)));
      case "close":
        for (const order of sells) exchange.desk.cancel(order);
        return world.plan(world.trueMs + 3_000, () => {
          world.closeByHand(symbol);
          world.trouble(`account ${symbol} closed by hand`);
          if (operator.isHit(0.5)) this.#leaveStop(symbol);
        });
      case "cancel stop":
        for (const order of sells.slice(0, 1)) exchange.desk.cancel(order);
        return;
      case "replace stop":
        for (const order of sells.filter((each) => each.stopPriceUsd !== null).slice(0, 1)) {
          exchange.desk.replace(order, {
            clientOrderId: null,
            qty: null,
            limitPriceUsd: null,
            stopPriceUsd: Math.round((order.stopPriceUsd ?? 1) * 99) / 100,
            timeInForce: null,
          });
        }
        return;
      case "listed position": {
        const listed = operator.pick(world.market.symbols);
        const trade = exchange.quotes.lastTrade(listed, world.trueMs);
        if (exchange.position(listed) !== null || trade === null) return;
        if ((exchange.desk.active.get(listed)?.working.length ?? 0) > 0) return;
        world.count("positions to adopt");
        // A part of a share is nobody's to adopt: it is left when the whole ones are sold.
        const part = operator.isHit(0.4) ? 0.5 : 0;
        const qty = operator.whole(2, 30) + part;
        world.note(`!! account ${listed} is held by somebody: ${qty}`);
        return exchange.setPosition(listed, qty, trade.priceUsd * 0.98);
      }
      case "split":
        // A second one might undo what the first did: then nothing is to be seen.
        if (world.issuerActs.has(symbol)) return;
        world.markIssuer(symbol);
        // Left as they are, its stops sell at the new price at once: a broker may as well cancel them.
        if (operator.isHit(0.6)) {
          for (const order of sells) exchange.desk.cancel(order);
          exchange.desk.finishCancels();
        }
        return exchange.split(symbol, operator.pick([2, 3, 10]));
      case "rename":
        world.markHidden(symbol);
        world.plan(world.trueMs + operator.whole(10, 600) * MINUTE_MS, () => {
          exchange.renamePosition(symbol, symbol);
          world.trouble(`account ${symbol} has its name again`);
        });
        return exchange.renamePosition(symbol, `${symbol}W`);
      case "hide":
        world.markHidden(symbol);
        return exchange.hidePosition(symbol, operator.whole(1, 6));
    }
  }

  /** A stop of an engine's in a symbol that nobody holds any more: from an old state directory, for instance. */
  #leaveStop(symbol: string): void {
    const { world } = this;
    const { exchange } = world;
    const trade = exchange.quotes.lastTrade(symbol, world.trueMs);
    if (trade === null || exchange.position(symbol) !== null) return;
    const { status } = exchange.placeByHand({
      symbol,
      side: "sell",
      type: "stop",
      qty: "3",
      stop_price: (trade.priceUsd / 2).toFixed(2),
      time_in_force: "gtc",
      client_order_id: `avwap-2026-01-02-${symbol}${LEFT_STOP}${this.#leftStops++}`,
    });
    if (status !== 200) return;
    // No ledger of this engine's knows it before a reconciliation.
    world.ledgerTouchedMs = world.trueMs;
    world.trouble(`account stop left in ${symbol}`);
  }

  #leftStops = 1;

  /** Somebody else has traded the account before the first start, sometimes. */
  start(): void {
    const { world } = this;
    if (!world.profile.families.has("account")) return;
    if (world.chances.operator.isHit(0.5)) world.exchange.setPosition(FOREIGN_SYMBOL, 7, 30);
  }
}

function buildForeignOrder(symbol: string): Record<string, unknown> {
  return {
    symbol,
    side: "buy",
    type: "limit",
    qty: "3",
    limit_price: "0.5",
    time_in_force: "day",
  };
}
