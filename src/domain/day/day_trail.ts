import { type DayFill, listFills } from "../day_fills.ts";
import type { RecordedEvent } from "../events.ts";
import { roundQty } from "./usd_flow.ts";

/** A New York day's events, in the order of the file. */
export interface DayTrail {
  readonly dateNy: string;
  readonly events: readonly RecordedEvent[];
}

/** What an order filled on one day. */
export interface FillStep extends DayFill {
  readonly dateNy: string;
}

/**
 * The fills of several days, oldest first. Each order's count is cumulative: of one that went on filling on a later day,
 * that day has only what it added.
 * @param days Oldest first.
 */
export function listFillSteps(days: readonly DayTrail[]): FillStep[] {
  const before = new Map<string, DayFill>();
  const steps: FillStep[] = [];
  for (const { dateNy, events } of days) {
    for (const fill of listFills(events)) {
      const step = subtractEarlier(fill, before.get(fill.orderId));
      if (step === null) continue;
      before.set(fill.orderId, fill);
      steps.push({ ...step, dateNy });
    }
  }
  return steps.sort((a, b) =>
    a.atMs - b.atMs || (a.side === b.side ? 0 : a.side === "buy" ? -1 : 1)
  );
}

function subtractEarlier(fill: DayFill, earlier: DayFill | undefined): DayFill | null {
  if (earlier === undefined) return fill.qty > 0 ? fill : null;
  const qty = roundQty(fill.qty - earlier.qty);
  if (qty <= 0) return null;
  const isPriced = fill.priceUsd !== null && earlier.priceUsd !== null;
  const priceUsd = isPriced
    ? ((fill.priceUsd ?? 0) * fill.qty - (earlier.priceUsd ?? 0) * earlier.qty) / qty
    : null;
  return { ...fill, qty, priceUsd };
}
