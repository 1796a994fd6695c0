import { unreachable } from "../assert.ts";
import type { WatchlistSeen } from "../entry/watchlist_step.ts";
import type { WatchlistFact } from "./alert_facts.ts";

/** The watchlist's freshness as messages say it (pipeline 1). */
export function buildWatchlistFact({ read, step }: WatchlistSeen): WatchlistFact {
  if (read.kind === "missing") return { kind: "missing" };
  if (read.kind === "unreadable") return { kind: "unreadable", reason: read.message };
  const { modifiedAtMs } = read;
  switch (step.kind) {
    case "fresh":
      return {
        kind: "fresh",
        modifiedAtMs,
        candidates: step.candidates.length,
        dropped: step.dropped.length,
        doubts: step.warnings.map(({ text }) => text),
      };
    case "stale":
      return { kind: "stale", modifiedAtMs, listOfNy: step.listOfNy };
    case "refused":
      return { kind: "refused", reason: step.reason };
    case "missing":
    case "unreadable":
      return { kind: step.kind, reason: step.message };
    default:
      return unreachable(step);
  }
}
