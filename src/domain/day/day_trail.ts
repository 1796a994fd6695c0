import { type DayFill, listFills } from "./day_fills.ts";
import type { RecordedEvent } from "./events.ts";
import { isCountedAgain } from "../order/replacements.ts";
import { roundQty } from "../order/usd_flow.ts";

/** A New York day's events, in the order of the file. */
export interface DayTrail {
  readonly dateNy: string;
  readonly events: readonly RecordedEvent[];
}

/** A day as the audit trail has it, and the days before it back to where its trades began, oldest first. */
export interface DayTrails {
  readonly day: DayTrail;
  readonly earlier: readonly DayTrail[];
}

/** What an order filled on one day. */
export interface FillStep extends DayFill {
  readonly dateNy: string;
}

/**
 * The fills of several days, oldest first. Each order's count is cumulative: of one that went on filling on a later day,
 * that day has only what it added, and of one that took another's place only what it filled itself.
 * @param days Oldest first.
 */
export function listFillSteps(days: readonly DayTrail[]): FillStep[] {
  const orders = new Map<string, DayFill>();
  const counted = new Map<string, Shares>();
  const steps: FillStep[] = [];
  for (const { dateNy, events } of days) {
    const fills = listFills(events);
    for (const fill of fills) {
      const known = orders.get(fill.orderId);
      if (known === undefined || fill.qty >= known.qty) orders.set(fill.orderId, fill);
    }
    for (const fill of fills) {
      const own = subtract(fill, findCarried(orders, fill));
      const step = subtract(own, counted.get(fill.orderId) ?? NO_SHARES);
      if (step.qty <= 0) continue;
      counted.set(fill.orderId, own);
      steps.push({ ...fill, ...step, dateNy });
    }
  }
  return steps.sort((a, b) =>
    a.atMs - b.atMs || (a.side === b.side ? 0 : a.side === "buy" ? -1 : 1)
  );
}

/** Shares and what one of them came to on average, USD; `null` where that is not known. */
interface Shares {
  readonly qty: number;
  readonly priceUsd: number | null;
}

const NO_SHARES: Shares = { qty: 0, priceUsd: null };

/** What is counted in a fill that an order filled in whose place it came. */
function findCarried(orders: ReadonlyMap<string, DayFill>, fill: DayFill): Shares {
  const old = orders.get(fill.replaces ?? "");
  if (old === undefined || old.orderId === fill.orderId) return NO_SHARES;
  const isCarried = isCountedAgain(
    { qty: old.askedQty, filledQty: old.qty },
    { qty: fill.askedQty, filledQty: fill.qty },
  );
  return isCarried ? old : NO_SHARES;
}

function subtract(from: Shares, what: Shares): Shares {
  if (what.qty === 0) return { qty: from.qty, priceUsd: from.priceUsd };
  const qty = roundQty(from.qty - what.qty);
  const isPriced = qty > 0 && from.priceUsd !== null && what.priceUsd !== null;
  const priceUsd = isPriced
    ? ((from.priceUsd ?? 0) * from.qty - (what.priceUsd ?? 0) * what.qty) / qty
    : null;
  return { qty, priceUsd };
}
