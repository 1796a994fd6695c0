import { type BrokerOrder, mayTrade } from "../order/orders.ts";

/** An entry that nothing was filled of for longer after the broker took it is cancelled: a halt (pipeline 4). */
export const UNFILLED_MAX_MS = 60_000;
/** An entry partly filled for longer has its rest cancelled: what it holds has no active stop yet (pipeline 4). */
export const PARTIAL_MAX_MS = 60_000;

/** Why an entry's order is not left to work. */
export type EndReason = "unfilled" | "partly filled" | "close near" | "daily loss";

/** Whether an entry's order is left to work. */
export type EntryEnd =
  | { readonly kind: "over" }
  /** @param untilMs When it is to be looked at again, Unix ms. */
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "cancel"; readonly why: EndReason };

/**
 * Decides whether an entry's order is cancelled, whatever its status (pipeline 4): a bracket protects nothing before it is
 * filled completely, and one that trades only when a halt ends fills at whatever price trading resumes.
 * @param entry `order.submittedAtMs` is the broker's own, so that a restart goes on counting; `partialSinceMs` when it was
 *   first seen partly filled, `null` where it was not; `isLate`: the close is too near to wait at all; `isLossReached`: the day's entries have ended
 *   (interface, `MAX_LIVE_LOSS_PER_DAY`).
 */
export function decideEntryEnd(
  { order, partialSinceMs, isLate, isLossReached, nowMs }: {
    readonly order: Pick<BrokerOrder, "status" | "submittedAtMs" | "qty" | "filledQty">;
    readonly partialSinceMs: number | null;
    readonly isLate: boolean;
    readonly isLossReached: boolean;
    readonly nowMs: number;
  },
): EntryEnd {
  if (!mayTrade(order)) return { kind: "over" };
  if (isLate) return { kind: "cancel", why: "close near" };
  if (isLossReached) return { kind: "cancel", why: "daily loss" };
  if (order.filledQty === 0) {
    const untilMs = order.submittedAtMs + UNFILLED_MAX_MS;
    return nowMs >= untilMs ? { kind: "cancel", why: "unfilled" } : { kind: "wait", untilMs };
  }
  const untilMs = (partialSinceMs ?? nowMs) + PARTIAL_MAX_MS;
  return nowMs >= untilMs ? { kind: "cancel", why: "partly filled" } : { kind: "wait", untilMs };
}

const END_WORDS: Readonly<Record<string, string>> = {
  "unfilled":
    "a minute after it was accepted (a halt?): cancelling it; it stays the symbol's entry of the day",
  "partly filled": "for a minute: cancelling the rest",
  "close near": "and the close is near: cancelling the rest",
  "daily loss": "and the day's loss has reached its limit: cancelling the rest",
} satisfies Record<EndReason, string>;

/** `entry filled 3 of 7 for a minute: cancelling the rest`. @param why An `EndReason`; one of a newer release is shown as it is. */
export function formatEntryEnd(
  { filledQty, qty, why }: {
    readonly filledQty: number;
    readonly qty: number | null;
    readonly why: string;
  },
): string {
  return `entry filled ${filledQty} of ${qty ?? "?"} ${
    END_WORDS[why] ?? `(${why}): cancelling the rest`
  }`;
}
