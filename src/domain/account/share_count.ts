import type { BrokerOrder } from "../order/orders.ts";
import {
  type FillHistory,
  floorQty,
  type Holding,
  isSameQty,
  isWithinLag,
  listHoldings,
  type StartQty,
} from "./position_account.ts";
import { countRecent, type KnownOrder } from "./order_book.ts";

/** What the broker's positions show of a symbol, in shares; less than 0 where it is short. */
export type Shown =
  | { readonly kind: "shown"; readonly qty: number }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable" };

/** A managed position's shares, whole, a hand's beside them not counted (pipeline 5, "How many shares there are for sure is one number"). */
export interface ShareCount {
  /** Held for sure: nothing is sold or stopped beyond it. It bounds acts. */
  readonly sureQty: number;
  /** What a sell of unknown fate may have sold; not in `sureQty`. */
  readonly doubtfulQty: number;
  /** The most that may be held. It feeds alarms: less what is protected it may be bare. */
  readonly mostHeldQty: number;
  /** Whether positions show what the orders allow, as it is or as it was before the last fills. */
  readonly isExplained: boolean;
}

/** Everything that the count is made from. */
export interface CountInputs {
  readonly start: StartQty;
  /** All orders of the symbol since then, as the book has them. */
  readonly orders: readonly KnownOrder[];
  /** Whether an order is the engine's, or stands in the place of one. */
  readonly isOurs: (order: BrokerOrder) => boolean;
  readonly shown: Shown;
  /** What sells of unknown fate may have sold. */
  readonly doubtfulQty: number;
  /** By the broker's clock, Unix ms. */
  readonly nowMs: number;
}

/** Fills that positions need not show yet. */
export function countRecentFills(orders: readonly KnownOrder[], nowMs: number): FillHistory {
  const sum = (side: BrokerOrder["side"]) =>
    orders.filter(({ order }) => order.side === side)
      .reduce((total, known) => total + countRecent(known, nowMs), 0);
  return { boughtQty: sum("buy"), soldQty: sum("sell") };
}

/**
 * Counts a position's shares: for sure the least of what positions show and of what the start and the orders since then
 * allow, less what a sell of unknown fate may have sold. An answer that lacks the position, or can't be read, drops out of
 * the least: where fills explain it, the orders say the same.
 */
export function countShares(inputs: CountInputs): ShareCount {
  const { shown, doubtfulQty } = inputs;
  const readings = listReadings(inputs);
  const shownQty = shown.kind === "shown" ? shown.qty : null;
  const isExplained = shownQty !== null && isShownByFills(inputs, shownQty, readings);
  const most = Math.max(
    0,
    ...readings.map(({ oursQty, handQty }) =>
      shownQty === null || isExplained ? oursQty : Math.max(oursQty, shownQty - handQty)
    ),
  );
  return {
    sureQty: countSure(readings, shownQty, doubtfulQty),
    doubtfulQty,
    mostHeldQty: floorQty(most),
    isExplained,
  };
}

/**
 * Whole shares held for sure: the least of what positions show and of what each reading allows, less what may be sold.
 * @param shownQty What positions show, a hand's included; `null` where they don't.
 */
export function countSure(
  readings: readonly Pick<Holding, "oursQty" | "handQty">[],
  shownQty: number | null,
  doubtfulQty: number,
): number {
  const least = Math.min(
    ...readings.map(({ oursQty, handQty }) =>
      shownQty === null ? oursQty : Math.min(oursQty, shownQty - handQty)
    ),
  );
  return Math.max(0, floorQty(least - doubtfulQty));
}

/**
 * What the orders allow. Whether a replaced order's fills are counted again in the order that replaces it is not known; a
 * position that shows one of the two readings, and is not about to change, decides it.
 */
function listReadings({ start, orders, isOurs, shown, nowMs }: CountInputs): Holding[] {
  const [carried, whole] = listHoldings(orders.map(({ order }) => order), start, isOurs);
  if (carried === undefined || whole === undefined) return [];
  // Sold off: what is held is somebody else's.
  if (carried.isOver) return [{ ...carried, oursQty: 0 }];
  const readings = [carried, whole];
  const { boughtQty, soldQty } = countRecentFills(orders, nowMs);
  if (shown.kind !== "shown" || boughtQty > 0 || soldQty > 0) return readings;
  const agreed = readings.filter(({ oursQty, handQty }) => isSameQty(oursQty + handQty, shown.qty));
  return agreed.length > 0 ? agreed : readings;
}

/** Whether orders explain what positions show, as it is or as it was before the last fills. */
function isShownByFills(
  { orders, nowMs }: CountInputs,
  shownQty: number,
  readings: readonly Holding[],
): boolean {
  const recent = countRecentFills(orders, nowMs);
  return readings.some(({ oursQty, handQty }) => isWithinLag(oursQty + handQty, shownQty, recent));
}
