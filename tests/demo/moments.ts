import type { PriceScript } from "../simulator/quotes.ts";
import type { ScenarioRow } from "../simulator/scenario.ts";
import type { SimSession } from "../simulator/sessions.ts";

const LOOK_MS = 5_000;
const BAR_MS = 600_000;
/** The engine looks at bars this long after they close. */
const SETTLE_MS = 35_000;

/** Where in the scripted session something happens to a symbol, Unix ms; `null`: it does not. */
export class Moments {
  constructor(readonly script: PriceScript, readonly session: SimSession) {}

  /** When two closed bars above the pivot confirm the breakout and the engine may see it. */
  confirmedMs({ symbol, pivotUsd }: ScenarioRow): number | null {
    const { openMs, closeMs } = this.session;
    for (let endMs = openMs + 2 * BAR_MS; endMs < closeMs; endMs += BAR_MS) {
      const first = this.script.priceAtUsd(symbol, endMs - BAR_MS - 1000) ?? 0;
      const second = this.script.priceAtUsd(symbol, endMs - 1000) ?? 0;
      if (first > pivotUsd && second >= pivotUsd) return endMs + SETTLE_MS;
    }
    return null;
  }

  /** The first time at or after `fromMs` that the price is at `levelUsd` or above. */
  reachesMs(symbol: string, levelUsd: number, fromMs = this.session.openMs): number | null {
    return this.#find(symbol, fromMs, (priceUsd) => priceUsd >= levelUsd);
  }

  /** The first time at or after `fromMs` that the price is at `levelUsd` or below. */
  fallsToMs(symbol: string, levelUsd: number, fromMs: number): number | null {
    return this.#find(symbol, fromMs, (priceUsd) => priceUsd <= levelUsd);
  }

  /** When the price is highest. */
  peakMs(symbol: string): number {
    const { openMs, closeMs } = this.session;
    let highMs = openMs;
    let highUsd = 0;
    for (let ms = openMs; ms < closeMs; ms += LOOK_MS) {
      const priceUsd = this.script.priceAtUsd(symbol, ms) ?? 0;
      if (priceUsd <= highUsd) continue;
      highUsd = priceUsd;
      highMs = ms;
    }
    return highMs;
  }

  /** The price at that moment, USD; 0 where there is none. */
  priceUsd(symbol: string, ms: number): number {
    return this.script.priceAtUsd(symbol, ms) ?? 0;
  }

  #find(symbol: string, fromMs: number, isWanted: (priceUsd: number) => boolean): number | null {
    for (let ms = fromMs; ms < this.session.closeMs; ms += LOOK_MS) {
      const priceUsd = this.script.priceAtUsd(symbol, ms);
      if (priceUsd !== null && isWanted(priceUsd)) return ms;
    }
    return null;
  }
}
