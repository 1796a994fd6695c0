/**
 * A time in which an order is neither at work nor over (broker.md): `done_for_day`, `suspended`, `accepted_for_bidding`,
 * `stopped` (a trade that is guaranteed), `calculated` (one that is done and not settled), or a status nobody knows yet.
 */
export interface Spell {
  readonly status: string;
  /** How long; `Infinity`: until the order is cancelled, or expires. Ends at the next open where it is `done_for_day`. */
  readonly ms: number;
  /** What follows; `calculated` fills as it begins, whatever this says. */
  readonly then: "resumes" | "fills" | "ends";
}

/** Statuses in which a trade is as good as done, so that a cancel is refused. */
export const BOUND_STATUSES: ReadonlySet<string> = new Set(["stopped", "calculated"]);
