import { findVersion, keepVersion, type Version } from "./past.ts";

/** A position: `qty` negative where it is short, `costUsd` what it cost (negative for a short). */
export interface SimPosition {
  readonly symbol: string;
  qty: number;
  costUsd: number;
}

/** Cash and positions of the simulated account. */
export class Portfolio {
  readonly positions = new Map<string, SimPosition>();
  /** What each position was lately; `null`: nothing was held. */
  readonly #past = new Map<string, Version<SimPosition | null>[]>();

  /** @param cashUsd May become negative: the account has margin. */
  constructor(public cashUsd: number) {}

  /** Shares held, negative where short, 0 where none. */
  qty(symbol: string): number {
    return this.positions.get(symbol)?.qty ?? 0;
  }

  /** The positions as they stood at `ms`, at most `LAG_MS_MAX` ago. */
  listAt(ms: number): SimPosition[] {
    const held: SimPosition[] = [];
    for (const versions of this.#past.values()) {
      const position = findVersion(versions, ms) ?? null;
      if (position !== null) held.push(position);
    }
    return held;
  }

  /** Books an execution. @param signedQty Negative for a sale. */
  apply(symbol: string, signedQty: number, priceUsd: number, atMs: number): void {
    this.cashUsd -= signedQty * priceUsd;
    const position = this.positions.get(symbol) ?? { symbol, qty: 0, costUsd: 0 };
    const isGrowing = position.qty === 0 || Math.sign(position.qty) === Math.sign(signedQty);
    if (isGrowing) {
      position.costUsd += signedQty * priceUsd;
      position.qty += signedQty;
    } else {
      this.#reduce(position, signedQty, priceUsd);
    }
    this.#keep(position, atMs);
  }

  /** A split: `ratio` times the shares at the same cost basis. */
  split(symbol: string, ratio: number, atMs: number): void {
    const position = this.positions.get(symbol);
    if (position !== undefined) this.#keep({ ...position, qty: position.qty * ratio }, atMs);
  }

  /** Sets a position as it stands, cash untouched; 0 removes it. */
  set(symbol: string, qty: number, averageUsd: number, atMs: number): void {
    this.#keep({ symbol, qty, costUsd: qty * averageUsd }, atMs);
  }

  #reduce(position: SimPosition, signedQty: number, priceUsd: number): void {
    const average = position.costUsd / position.qty;
    const isCrossing = Math.abs(signedQty) > Math.abs(position.qty);
    position.qty += signedQty;
    position.costUsd = position.qty * (isCrossing ? priceUsd : average);
  }

  #keep(position: SimPosition, atMs: number): void {
    // Fractions add up to dust; the broker shows nine decimals.
    position.qty = Math.round(position.qty * 1e9) / 1e9;
    if (position.qty === 0) this.positions.delete(position.symbol);
    else this.positions.set(position.symbol, position);
    const versions = this.#past.get(position.symbol) ?? [];
    keepVersion(versions, { atMs, value: position.qty === 0 ? null : { ...position } });
    this.#past.set(position.symbol, versions);
  }
}
