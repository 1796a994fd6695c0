import { readCoverage } from "./truth.ts";
import type { World } from "./world.ts";

/** How long exits were without a stop, in milliseconds: those that nothing disturbed, and the others. */
export interface GapTimes {
  readonly undisturbedMs: readonly number[];
  readonly disturbedMs: readonly number[];
}

/**
 * Without a stop during an exit that nothing disturbed for longer than this is too long. Most of it is the wait for the
 * request budget (2 s a read at most), where minutes of looking at a half filled order have emptied it.
 */
export const GAP_MS_MAX = 20_000;

interface Gap {
  readonly sinceMs: number;
  isDisturbed: boolean;
}

/** Follows, for each symbol with an exit under way, since when nothing covers its shares. */
export class Gaps implements GapTimes {
  readonly undisturbedMs: number[] = [];
  readonly disturbedMs: number[] = [];
  readonly #open = new Map<string, Gap>();

  constructor(readonly world: World) {}

  /** A fault, an act of somebody else: what comes when the time is over excuses nothing any more. */
  disturbed(): void {
    for (const gap of this.#open.values()) {
      if (this.world.trueMs - gap.sinceMs <= GAP_MS_MAX) gap.isDisturbed = true;
    }
  }

  /** The process ended: what it left bare stays so until the next one has looked. */
  restarted(): void {
    for (const gap of this.#open.values()) gap.isDisturbed = true;
  }

  /** @param symbols Those of which a cancel or a replacement left in this cycle. */
  watch(symbols: Iterable<string>): void {
    const { world } = this;
    for (const symbol of new Set([...symbols, ...this.#open.keys()])) {
      if (world.strange.has(symbol)) continue;
      const { heldQty, coveredQty, replacingQty, isSelling } = readCoverage(world, symbol);
      const isBare = heldQty > 0 && coveredQty + replacingQty < heldQty && !isSelling;
      const gap = this.#open.get(symbol);
      if (gap !== undefined) this.#judge(symbol, gap);
      if (isBare && gap === undefined) {
        this.#open.set(symbol, { sinceMs: world.trueMs, isDisturbed: this.#isDisturbedNow() });
      } else if (!isBare && gap !== undefined) {
        this.#open.delete(symbol);
        this.#keep(gap);
      }
    }
  }

  /** The run is at its end: what is still bare is not forgotten. */
  ended(): void {
    for (const gap of this.#open.values()) this.#keep(gap);
    this.#open.clear();
  }

  #isDisturbedNow(): boolean {
    const { troubles, trueMs, lastTroubleMs } = this.world;
    return troubles > 0 || trueMs - lastTroubleMs < GAP_MS_MAX;
  }

  /** Also while it is open: what is never closed is the worst of them. */
  #judge(symbol: string, gap: Gap): void {
    const { world } = this;
    if (world.isHung(symbol) || world.isBlocked()) gap.isDisturbed = true;
    const gapMs = world.trueMs - gap.sinceMs;
    if (gapMs <= GAP_MS_MAX || gap.isDisturbed) return;
    world.violate("the time without a stop is bounded", `${symbol} had none for ${gapMs} ms`);
  }

  #keep({ sinceMs, isDisturbed }: Gap): void {
    (isDisturbed ? this.disturbedMs : this.undisturbedMs).push(this.world.trueMs - sinceMs);
  }
}
