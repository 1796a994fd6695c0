import type { SessionBook } from "./sessions.ts";

/** What each symbol trades at: the script of a simulated market. Pure: the same question has the same answer. */
export interface PriceScript {
  /** USD per share at Unix `ms`, or `null` where nothing trades then. */
  priceAtUsd(symbol: string, ms: number): number | null;
  /** Bounds of the price from `fromMs` to `toMs`, wide ones allowed: saves looking at each tick between them. */
  boundsUsd?(symbol: string, fromMs: number, toMs: number): PriceBounds | null;
}

/** Lowest and highest price in an interval, USD per share. */
export interface PriceBounds {
  readonly lowUsd: number;
  readonly highUsd: number;
}

/** A trade that happened. */
export interface SimTrade {
  readonly priceUsd: number;
  readonly atMs: number;
}

interface Override {
  readonly fromMs: number;
  /** `null`: back to the script. */
  readonly priceUsd: number | null;
}

interface Halt {
  readonly fromMs: number;
  untilMs: number;
}

interface Split {
  readonly atMs: number;
  readonly ratio: number;
}

const CLOSES_BACK_MAX = 6;
const GAP_STEP_MS = 60_000;

function record<T>(map: Map<string, T[]>, symbol: string, item: T): void {
  const list = map.get(symbol);
  if (list === undefined) map.set(symbol, [item]);
  else list.push(item);
}

/** Prices of the simulated market: the script with what was changed by hand, halts and splits laid over it. */
export class Quotes {
  readonly #overrides = new Map<string, Override[]>();
  readonly #halts = new Map<string, Halt[]>();
  readonly #splits = new Map<string, Split[]>();

  constructor(readonly script: PriceScript, readonly sessions: SessionBook) {}

  /** Fixes a symbol's price from `fromMs` on; `null` gives it back to the script. */
  setPrice(symbol: string, priceUsd: number | null, fromMs: number): void {
    record(this.#overrides, symbol, { fromMs, priceUsd });
  }

  /** From `atMs` on the script's price is divided by `ratio`. */
  split(symbol: string, ratio: number, atMs: number): void {
    record(this.#splits, symbol, { atMs, ratio });
  }

  /** Nothing trades from `fromMs` until `resume`. */
  halt(symbol: string, fromMs: number): void {
    if (!this.isHalted(symbol, fromMs)) {
      record(this.#halts, symbol, { fromMs, untilMs: Infinity });
    }
  }

  /** Trading goes on from `ms`. */
  resume(symbol: string, ms: number): void {
    const halt = this.#halts.get(symbol)?.at(-1);
    if (halt !== undefined && halt.untilMs === Infinity) halt.untilMs = ms;
  }

  /** Whether the symbol is halted at `ms`. */
  isHalted(symbol: string, ms: number): boolean {
    return this.#haltAt(symbol, ms) !== null;
  }

  /** What the symbol trades at, or `null` where nothing trades at `ms`. */
  priceUsd(symbol: string, ms: number): number | null {
    return this.#haltAt(symbol, ms) === null ? this.#quietPriceUsd(symbol, ms) : null;
  }

  /** Bounds of the price between two moments, without an override changing between them; `null`: not known. */
  boundsUsd(symbol: string, fromMs: number, toMs: number): PriceBounds | null {
    const override = this.#overrideAt(symbol, toMs);
    if (override !== null) return { lowUsd: override, highUsd: override };
    const bounds = this.script.boundsUsd?.(symbol, fromMs, toMs) ?? null;
    if (bounds === null || !this.#splits.has(symbol)) return bounds;
    const factor = this.#splitFactor(symbol, toMs);
    return { lowUsd: bounds.lowUsd / factor, highUsd: bounds.highUsd / factor };
  }

  /** The last trade at or before `ms`: stamped with its second, during a halt or a closed market the one before. */
  lastTrade(symbol: string, ms: number): SimTrade | null {
    const halt = this.#haltAt(symbol, ms);
    if (halt !== null) return this.lastTrade(symbol, halt.fromMs - 1);
    const now = this.#tradeAt(symbol, ms);
    if (now !== null) return now;
    const session = this.sessions.at(ms);
    for (let at = ms; session !== null && at >= session.openMs; at -= GAP_STEP_MS) {
      const trade = this.#tradeAt(symbol, at);
      if (trade !== null) return trade;
    }
    for (const closeMs of this.sessions.closesBefore(ms, CLOSES_BACK_MAX)) {
      if (this.#haltAt(symbol, closeMs - 1) !== null) return this.lastTrade(symbol, closeMs - 1);
      const trade = this.#tradeAt(symbol, closeMs - 1);
      if (trade !== null) return trade;
    }
    return null;
  }

  #tradeAt(symbol: string, ms: number): SimTrade | null {
    const priceUsd = this.#quietPriceUsd(symbol, ms);
    return priceUsd === null ? null : { priceUsd, atMs: Math.floor(ms / 1000) * 1000 };
  }

  #quietPriceUsd(symbol: string, ms: number): number | null {
    const scripted = this.script.priceAtUsd(symbol, ms);
    const override = this.#overrideAt(symbol, ms);
    if (override !== null && (scripted !== null || this.sessions.at(ms) !== null)) return override;
    if (scripted === null || !this.#splits.has(symbol)) return scripted;
    return Math.round(scripted / this.#splitFactor(symbol, ms) * 10_000) / 10_000;
  }

  #overrideAt(symbol: string, ms: number): number | null {
    const found = this.#overrides.get(symbol)?.findLast((override) => override.fromMs <= ms);
    return found?.priceUsd ?? null;
  }

  #haltAt(symbol: string, ms: number): Halt | null {
    const halts = this.#halts.get(symbol);
    if (halts === undefined) return null;
    return halts.find((halt) => halt.fromMs <= ms && ms < halt.untilMs) ?? null;
  }

  #splitFactor(symbol: string, ms: number): number {
    let factor = 1;
    for (const split of this.#splits.get(symbol) ?? []) {
      if (split.atMs <= ms) factor *= split.ratio;
    }
    return factor;
  }
}
