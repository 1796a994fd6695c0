import type { Remedy } from "./check_remedies.ts";
import { EXIT } from "./exit_status.ts";

/** How an item of `check` stands. */
export type Grade = "PASS" | "WARN" | "FAIL";

/** What a FAIL counts as for the exit status; everything else is the configuration's. */
export type Cause = "watchlist_missing" | "watchlist_stale" | "broker_unreachable";

/** One line of `check`; also its JSON, with the cause left out. */
export interface CheckItem {
  readonly name: string;
  readonly grade: Grade;
  /** What was found, one sentence. */
  readonly detail: string;
  readonly remedy: Remedy | null;
  readonly cause?: Cause;
}

/** An item that is as it should be. */
export function pass(name: string, detail: string): CheckItem {
  return { name, grade: "PASS", detail, remedy: null };
}

/** An item that trading can go on with. */
export function warn(name: string, detail: string, remedy: Remedy | null = null): CheckItem {
  return { name, grade: "WARN", detail, remedy };
}

/** An item that stops the start, or what the operator asked for. */
export function fail(
  name: string,
  detail: string,
  remedy: Remedy | null = null,
  cause?: Cause,
): CheckItem {
  return { name, grade: "FAIL", detail, remedy, ...(cause === undefined ? {} : { cause }) };
}

/** What only LIVE needs: a FAIL while LIVE is asked for, else a WARN (interface, Exit status). */
export function objectToLive(
  name: string,
  detail: string,
  options: { readonly isLiveAsked: boolean; readonly remedy: Remedy | null },
): CheckItem {
  const { isLiveAsked, remedy } = options;
  return isLiveAsked ? fail(name, detail, remedy) : warn(name, detail, remedy);
}

const STATUS_OF: Readonly<Record<Cause, number>> = {
  watchlist_missing: EXIT.watchlistMissing,
  watchlist_stale: EXIT.watchlistStale,
  broker_unreachable: EXIT.brokerUnreachable,
};
const CAUSES: readonly Cause[] = ["watchlist_missing", "watchlist_stale", "broker_unreachable"];

/** The exit status: 0 where nothing FAILs, else the watchlist's, the broker's, the configuration's (interface). */
export function decideCheckStatus(items: readonly CheckItem[]): number {
  const failed = items.filter((item) => item.grade === "FAIL");
  if (failed.length === 0) return EXIT.done;
  const cause = CAUSES.find((each) => failed.some((item) => item.cause === each));
  return cause === undefined ? EXIT.configInvalid : STATUS_OF[cause];
}
