import type { PriceBounds, PriceScript } from "./quotes.ts";
import type { SimSession } from "./sessions.ts";

/** A point of a price path. */
export interface Knot {
  readonly atMs: number;
  readonly priceUsd: number;
}

const GRID_MS = 1000;

function priceBetween(before: Knot, after: Knot, ms: number): number {
  const part = (ms - before.atMs) / (after.atMs - before.atMs);
  return before.priceUsd + (after.priceUsd - before.priceUsd) * part;
}

/** To the market's increments: cents from 1 USD up. */
function roundPrice(priceUsd: number): number {
  const steps = priceUsd >= 1 ? 100 : 10_000;
  return Math.round(priceUsd * steps) / steps;
}

/** Price paths made of straight lines between knots, trading in the given sessions only. */
export class PathScript implements PriceScript {
  readonly #paths: ReadonlyMap<string, readonly Knot[]>;

  /** @throws {RangeError} Where a path is empty or its knots are not in order. */
  constructor(
    paths: Readonly<Record<string, readonly Knot[]>>,
    readonly sessions: readonly SimSession[],
  ) {
    this.#paths = new Map(Object.entries(paths));
    for (const [symbol, knots] of this.#paths) {
      const isOrdered = knots.every((knot, at) =>
        at === 0 || knot.atMs > (knots[at - 1]?.atMs ?? 0)
      );
      if (knots.length === 0 || !isOrdered) {
        throw new RangeError(`the price path of ${symbol} is empty or not in order`);
      }
    }
  }

  /** Tickers that have a path. */
  get symbols(): ReadonlySet<string> {
    return new Set(this.#paths.keys());
  }

  priceAtUsd(symbol: string, ms: number): number | null {
    const knots = this.#paths.get(symbol);
    if (knots === undefined || !this.#isOpen(ms)) return null;
    return roundPrice(this.#pathAt(knots, Math.floor(ms / GRID_MS) * GRID_MS));
  }

  boundsUsd(symbol: string, fromMs: number, toMs: number): PriceBounds | null {
    const knots = this.#paths.get(symbol);
    if (knots === undefined) return null;
    const startMs = Math.floor(fromMs / GRID_MS) * GRID_MS;
    let lowUsd = Math.min(this.#pathAt(knots, startMs), this.#pathAt(knots, toMs));
    let highUsd = Math.max(this.#pathAt(knots, startMs), this.#pathAt(knots, toMs));
    for (let at = this.#indexAfter(knots, startMs); at < knots.length; at++) {
      const knot = knots[at];
      if (knot === undefined || knot.atMs > toMs) break;
      lowUsd = Math.min(lowUsd, knot.priceUsd);
      highUsd = Math.max(highUsd, knot.priceUsd);
    }
    // Rounding may carry a price half an increment past its line.
    return { lowUsd: lowUsd - 0.01, highUsd: highUsd + 0.01 };
  }

  #isOpen(ms: number): boolean {
    return this.sessions.some(({ openMs, closeMs }) => ms >= openMs && ms < closeMs);
  }

  #indexAfter(knots: readonly Knot[], ms: number): number {
    let low = 0;
    let high = knots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((knots[middle]?.atMs ?? Infinity) > ms) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #pathAt(knots: readonly Knot[], ms: number): number {
    const index = this.#indexAfter(knots, ms);
    const after = knots[index];
    const before = knots[index - 1];
    if (before === undefined) return after?.priceUsd ?? 0;
    return after === undefined ? before.priceUsd : priceBetween(before, after, ms);
  }
}
