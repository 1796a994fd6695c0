import { isDone, rootOf, type SimOrder } from "../../simulator/order.ts";
import type { SimSession } from "../../simulator/sessions.ts";

/** Shares of one symbol from a moment on. */
interface Step {
  readonly atMs: number;
  readonly heldQty: number;
  readonly coveredQty: number;
}

/**
 * How many seconds of a session shares that an engine holds had neither a stop nor a market sell at work, by the exchange's own record
 * of its orders: what it bought and has not sold, against the sells that worked at the time.
 * @param orders All orders of the run.
 * @param symbols Those to look at.
 */
export function countBareSeconds(
  orders: readonly SimOrder[],
  { openMs, closeMs }: SimSession,
  symbols: ReadonlySet<string>,
): number {
  let bareMs = 0;
  for (const symbol of symbols) {
    const own = orders.filter((order) => order.symbol === symbol);
    const times = listTimes(own).filter((ms) => ms > openMs && ms < closeMs);
    const steps = [openMs, ...times].map((ms) => readStep(own, ms));
    for (const [at, { atMs, heldQty, coveredQty }] of steps.entries()) {
      if (heldQty > coveredQty) bareMs += (steps[at + 1]?.atMs ?? closeMs) - atMs;
    }
  }
  return bareMs / 1000;
}

/** When anything of them may have begun or ended to hold or to cover, in order. */
function listTimes(orders: readonly SimOrder[]): number[] {
  const times = new Set<number>();
  for (const order of orders) {
    for (const { atMs } of order.fills) times.add(atMs);
    if (!isCover(order)) continue;
    times.add(order.activeAtMs);
    times.add(endOf(order));
  }
  return [...times].sort((a, b) => a - b);
}

function readStep(orders: readonly SimOrder[], atMs: number): Step {
  let heldQty = 0;
  let coveredQty = 0;
  for (const order of orders) {
    const filledQty = order.fills.filter((fill) => fill.atMs <= atMs)
      .reduce((sum, { qty }) => sum + qty, 0);
    heldQty += order.side === "buy" ? filledQty : -filledQty;
    const isAtWork = order.isActive && order.activeAtMs <= atMs && atMs < endOf(order);
    if (isCover(order) && isAtWork) coveredQty += order.qty - filledQty;
  }
  return { atMs, heldQty, coveredQty };
}

/** A target alone protects nothing. */
function isCover({ side, type }: SimOrder): boolean {
  return side === "sell" && type !== "limit";
}

/** When it ceased to work; its twin's fill ends it as it ends its twin. */
function endOf(order: SimOrder): number {
  const { canceledMs, replacedMs, expiredMs, failedMs, filledMs, expiresAtMs } = order;
  const ends = [canceledMs, replacedMs, expiredMs, failedMs, filledMs];
  const known = ends.filter((ms) => ms !== null);
  if (known.length > 0) return Math.min(...known);
  return isDone(order) ? rootOf(order).updatedMs : expiresAtMs;
}
