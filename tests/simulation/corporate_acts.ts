import { FOREIGN_SYMBOL } from "./market.ts";
import type { Prng } from "./prng.ts";
import type { World } from "./world.ts";

/** Splits by any fraction and dividends in stock. */
const RATIOS = [1.5, 4 / 3, 0.1, 1 / 7, 20, 1.05, 1.003] as const;

/** What issuers do to shares that are held: no order is behind it. */
export class CorporateActs {
  constructor(readonly world: World, readonly chance: Prng) {}

  /** Does one thing to one symbol that is held. */
  touch(): void {
    const { world, chance } = this;
    const { exchange } = world;
    // What an order from before a split sold short is no share that an issuer touches.
    const held = [...exchange.portfolio.positions.values()]
      .flatMap(({ symbol, qty }) => symbol === FOREIGN_SYMBOL || qty < 0 ? [] : [symbol])
      // A second one might undo what the first did: then nothing is to be seen.
      .filter((symbol) => !world.issuerActs.has(symbol));
    if (held.length === 0) return;
    const symbol = chance.pick(held);
    const act = chance.pick(["split", "split", "split", "merge", "remove"]);
    world.trouble(`corporate ${act} of ${symbol}`);
    world.markIssuer(symbol);
    if (act === "split") return exchange.split(symbol, chance.pick(RATIOS));
    if (act === "remove") return exchange.merge(symbol, null);
    world.markStrange(`${symbol}M`);
    exchange.merge(symbol, `${symbol}M`, chance.pick([0.35, 1, 2]));
  }
}
