import { formatGateReason, type GateDecision } from "../gate/gate.ts";

declare const brand: unique symbol;

/**
 * Lets one stop for bare shares of one symbol leave while the market is closed (pipeline 5, "When"), and nothing else.
 * `decideClosedStop` alone makes it.
 */
export interface ClosedStopPermit {
  readonly kind: "closed_stop";
  readonly symbol: string;
  /** From then on the market is open, Unix ms: other rules hold. */
  readonly nextOpenMs: number;
  readonly [brand]: true;
}

/** What is known of corporate actions in a symbol between the last close and the next open. */
export type ClosedAction =
  | { readonly kind: "none" }
  /** In the operator's words. */
  | { readonly kind: "due"; readonly text: string }
  | { readonly kind: "unanswered" };

/** What a stop for bare shares is decided from while the market is closed, read in this look. */
export interface ClosedStopInputs {
  readonly symbol: string;
  readonly gate: GateDecision;
  readonly nextOpenMs: number;
  readonly action: ClosedAction;
  /** Whether the broker has answered such a stop in this stage already: it took it, or will not have it. */
  readonly isAnswered: boolean;
}

/** Whether the stop leaves, has had its turn, or is held back, in words why. */
export type ClosedStopDecision =
  | { readonly kind: "place"; readonly permit: ClosedStopPermit }
  | { readonly kind: "answered" }
  | { readonly kind: "held"; readonly why: string };

/** Decides on a stop for shares that nothing holds, while the market is closed (pipeline 5, "While the market is closed"). */
export function decideClosedStop(inputs: ClosedStopInputs): ClosedStopDecision {
  const { symbol, gate, nextOpenMs, action, isAnswered } = inputs;
  if (gate.mode !== "LIVE") return { kind: "held", why: formatGateReason(gate.reason) };
  if (action.kind === "due") {
    return { kind: "held", why: `no stop before a corporate action: ${action.text}` };
  }
  if (action.kind !== "none") {
    return { kind: "held", why: "no stop before it is known that no corporate action is due" };
  }
  if (isAnswered) return { kind: "answered" };
  const permit = { kind: "closed_stop", symbol, nextOpenMs } as ClosedStopPermit;
  return { kind: "place", permit };
}
