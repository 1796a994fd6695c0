import type { ManagedPosition } from "../domain/engine_state.ts";
import { isUnjudged } from "../domain/order_request.ts";
import { isFinal } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import { askOrders } from "./asking.ts";
import type { Engine } from "./engine.ts";
import type { Permit } from "../domain/plan/step.ts";
import { sendLive } from "./send.ts";
import { noteBare } from "./unfinished.ts";

/** How long a cycle waits for cancels to end before it says so and leaves them to the next one. */
const CANCEL_WAIT_MS = 4_000;
/** Doubled from poll to poll: an order that hangs must not use up the requests that another position's stop needs. */
const CANCEL_POLL_MS = 250;

/** How cancelling a symbol's working sells went. */
export type CancelResult =
  | {
    readonly kind: "ended";
    /** Shares that they would still have sold: what has no protection now. */
    readonly unfilledQty: number;
    /** Whether a cancel left at all, so that the rest of the exit is only the operator's to stop. */
    readonly isLeft: boolean;
  }
  | { readonly kind: "stopped"; readonly reason: string }
  /** On its way, and not at its end within the wait: retried in the next cycle. */
  | { readonly kind: "stuck"; readonly message: string; readonly isLeft: boolean };

/**
 * Cancels groups of working sells and waits until the broker says that they ended (pipeline 5, "How, at the broker").
 * One that filled meanwhile is taken as it is.
 */
export async function cancelGroups(
  engine: Engine,
  permit: Permit,
  groups: readonly SellGroup[],
): Promise<CancelResult> {
  const result = await cancelAll(engine, permit, groups);
  const symbol = groups[0]?.orders[0]?.symbol;
  if (symbol === undefined) return result;
  // What the position's standing says of it, until a cancel in the symbol is done.
  if (result.kind === "ended") engine.hindrances.delete(symbol);
  else {
    const why = result.kind === "stopped" ? result.reason : result.message;
    engine.hindrances.set(symbol, `what holds its shares at the broker is not cancelled: ${why}`);
  }
  return result;
}

async function cancelAll(
  engine: Engine,
  permit: Permit,
  groups: readonly SellGroup[],
): Promise<CancelResult> {
  let current = permit;
  let isLeft = false;
  let refusal: string | null = null;
  for (const group of groups) {
    const order = group.orders[0];
    if (order === undefined) continue;
    sayForeign(engine, group);
    if (group.isLeaving) continue;
    const result = await sendLive(engine, current, {
      op: "cancel",
      symbol: order.symbol,
      orderId: order.orderId,
    });
    engine.isStale = true;
    if (result.kind === "stopped") return { kind: "stopped", reason: result.reason };
    // So it would be with the next one: nothing is asked for, and nothing taken away.
    if (result.kind === "rejected" && isUnjudged(result)) {
      return { kind: "stuck", message: result.message, isLeft };
    }
    if (result.kind === "rejected") refusal = result.message;
    isLeft = true;
    current = { kind: "exit_rest" };
  }
  const ended = await waitForEnd(engine, groups, isLeft);
  return refusal === null || ended.kind !== "stuck"
    ? ended
    : { ...ended, message: `${ended.message}; the broker refused it: ${refusal}` };
}

/**
 * What is left of an exit after its cancel. Where one left, shares are bare until the next look finds enough protection,
 * whatever of the rest fails, and only the operator can stop that; where none left nothing was taken away: the gate goes on
 * deciding, and what was noted before the cancel is taken back (pipeline 5).
 * @param before What the cancel left by, and whether the position was bare before it was noted for it.
 * @returns Why the rest may leave.
 */
export function noteCancelled(
  engine: Engine,
  { positionId }: Pick<ManagedPosition, "positionId">,
  { gate, wasBare }: { readonly gate: Permit; readonly wasBare: boolean },
  cancelled: CancelResult,
): Permit {
  const isLeft = cancelled.kind !== "stopped" && cancelled.isLeft;
  noteBare(engine, positionId, wasBare || isLeft);
  return isLeft ? { kind: "exit_rest" } : gate;
}

/** A sell of somebody else in a managed symbol is cancelled for an exit too, and named in log and Slack (pipeline 5). */
function sayForeign(engine: Engine, group: SellGroup): void {
  if (group.isOurs) return;
  for (const order of group.orders) {
    if (!engine.isNews(`foreign_sell:${order.orderId}`, engine.dateNy())) continue;
    const text = `${order.symbol}: cancelling a working sell that is not ours: ${order.type} ` +
      `qty=${order.qty ?? "?"} at ${order.stopPriceUsd ?? order.limitPriceUsd ?? "market"}, ` +
      `${order.status}, order ${order.orderId}: the engine manages this position; ` +
      `to trade it yourself: avwap-execution release ${order.symbol}`;
    engine.ports.log.warn(text);
    engine.alert({ level: "WARNING", title: "Foreign sell cancelled", text });
  }
}

async function waitForEnd(
  engine: Engine,
  groups: readonly SellGroup[],
  isLeft: boolean,
): Promise<CancelResult> {
  const { clock } = engine.ports;
  const startMs = clock.monotonicMs();
  const asked = groups.flatMap((group) => group.orders.map((order) => order.orderId));
  let pollMs = CANCEL_POLL_MS;
  for (;;) {
    await askOrders(engine, asked.filter((orderId) => !isEnded(engine, orderId)));
    const pending = asked.filter((orderId) => !isEnded(engine, orderId));
    if (pending.length === 0) break;
    const leftMs = CANCEL_WAIT_MS - (clock.monotonicMs() - startMs);
    if (leftMs <= 0) {
      const names = pending.map((orderId) =>
        `${orderId} (${engine.book.get(orderId)?.order.status ?? "unknown"})`
      );
      const message = `cancel not confirmed within 4 s: ${names.join(", ")}`;
      return { kind: "stuck", message, isLeft };
    }
    await clock.sleep(Math.min(pollMs, leftMs));
    pollMs *= 2;
  }
  const unfilledQty = groups.reduce((sum, group) => sum + countUnfilled(engine, group), 0);
  return { kind: "ended", unfilledQty, isLeft };
}

function isEnded(engine: Engine, orderId: string): boolean {
  const known = engine.book.get(orderId);
  return known !== undefined && isFinal(known.order);
}

/** What a group held that has no protection now: less what any of its orders sold since it was looked at. */
function countUnfilled(engine: Engine, group: SellGroup): number {
  const soldQty = group.orders.reduce(
    (sum, { orderId, filledQty }) =>
      sum + Math.max(0, (engine.book.get(orderId)?.order.filledQty ?? filledQty) - filledQty),
    0,
  );
  return Math.max(0, group.qty - soldQty);
}
