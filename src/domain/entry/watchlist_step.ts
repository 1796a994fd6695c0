import type { Candidate, DroppedRow, Watchlist } from "./candidate.ts";
import type { Alerted } from "../account/engine_state.ts";
import { dateNyOf, formatNy } from "../time/ny_time.ts";
import { findCurrentDay, type PreviousSession } from "./watchlist_days.ts";

/** The watchlist file as it is now. */
export type WatchlistRead =
  | { readonly kind: "missing"; readonly path: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly message: string }
  | {
    readonly kind: "read";
    readonly path: string;
    readonly modifiedAtMs: number;
    /** Changes when the file's content does: what "once per version of the file" is measured by. */
    readonly version: string;
    readonly watchlist: Watchlist;
    /**
     * What may be used of it while a writer may be at work: all but the last line, which has no end. `null` where the
     * last line has one.
     */
    readonly whileWriting: Watchlist | null;
  };

/** A file whose last line has no end may be half written for so long after its last change (pipeline 1). */
export const WRITING_MS = 2_000;

/** What is odd of a list that is used all the same; `key` names the kind. */
export interface WatchlistWarning {
  readonly key: "old_scan_date" | "odd_scan_date" | "time_ahead";
  readonly text: string;
}

/**
 * The watchlist as this cycle may use it: candidates for entries and adoption only where it is fresh. `waitMs` until its
 * last row may be used, whose line has no end; `null` where nothing waits.
 */
export type WatchlistStep =
  | {
    readonly kind: "fresh";
    readonly candidates: readonly Candidate[];
    readonly dropped: readonly DroppedRow[];
    readonly warnings: readonly WatchlistWarning[];
    readonly waitMs: number | null;
  }
  | {
    readonly kind: "refused";
    readonly message: string;
    readonly reason: string;
    readonly waitMs: number | null;
  }
  | {
    readonly kind: "stale";
    readonly message: string;
    /** The earlier day whose list it is, `null` where its time alone is old. */
    readonly listOfNy: string | null;
    readonly waitMs: null;
  }
  | { readonly kind: "missing" | "unreadable"; readonly message: string; readonly waitMs: null };

/** The file as it is now, and what the freshness gate says of it. */
export interface WatchlistSeen {
  readonly read: WatchlistRead;
  readonly step: WatchlistStep;
}

/** What the file is held against (pipeline 1). */
export interface WatchlistLook {
  /** `YYYY-MM-DD` */
  readonly todayNy: string;
  /** The host's clock, which the file's time is of, Unix ms. */
  readonly nowMs: number;
  /** For how long earlier looks have seen this very file; 0 for a single look. */
  readonly unchangedMs: number;
  /** `null` where the calendar could not be read. */
  readonly previousSession: PreviousSession | null;
  /** Remembers the lists of earlier days. */
  readonly alerted: Alerted;
}

type ReadFile = Extract<WatchlistRead, { kind: "read" }>;

/**
 * The freshness gate (pipeline 1): the file's modification time, as a New York date, must be today, and its content must
 * not be a list of an earlier day.
 */
export function checkWatchlist(read: WatchlistRead, look: WatchlistLook): WatchlistStep {
  switch (read.kind) {
    case "missing":
      return {
        kind: "missing",
        message:
          `Watchlist missing: ${read.path} does not exist; run the scan, or set WATCHLIST_FILE`,
        waitMs: null,
      };
    case "unreadable":
      return {
        kind: "unreadable",
        message: `Watchlist unreadable: ${read.path}: ${read.message}`,
        waitMs: null,
      };
    case "read":
      break;
  }
  const stale = findStale(read, look);
  if (stale !== null) return stale;
  const waitMs = read.whileWriting === null ? null : findWaitMs(read, look);
  const watchlist = waitMs === null ? read.watchlist : read.whileWriting ?? read.watchlist;
  if (watchlist.kind === "refused") {
    const { reason } = watchlist;
    const message = `Watchlist refused: ${read.path}: ${reason}`;
    return { kind: "refused", message, reason, waitMs };
  }
  const { candidates, dropped } = watchlist;
  const warnings = listWarnings(watchlist, read, look);
  return { kind: "fresh", candidates, dropped, warnings, waitMs };
}

/** The list where it is not today's, by its time or by its content; else `null`. */
function findStale(read: ReadFile, { todayNy, alerted }: WatchlistLook): WatchlistStep | null {
  const { path, version, watchlist } = read;
  const dateNy = dateNyOf(read.modifiedAtMs);
  if (dateNy !== todayNy) {
    const message =
      `Watchlist stale: ${path} is of ${dateNy}, today is ${todayNy} in New York; run the scan`;
    return { kind: "stale", message, listOfNy: null, waitMs: null };
  }
  const isUsable = watchlist.kind === "parsed" && watchlist.candidates.length > 0;
  const listOfNy = isUsable ? findCurrentDay(alerted, version) : null;
  if (listOfNy === null || listOfNy >= todayNy) return null;
  const message = `Watchlist stale: ${path} was written today, but watchlist is the one of ` +
    `${listOfNy}; run the scan`;
  return { kind: "stale", message, listOfNy, waitMs: null };
}

/** How long the last line, which has no end, is to wait yet; `null` where the file has stood long enough. */
function findWaitMs(read: ReadFile, { nowMs, unchangedMs }: WatchlistLook): number | null {
  // By the file's own time; one that lies ahead says nothing, and only the looks count.
  const stoodMs = Math.max(unchangedMs, nowMs - read.modifiedAtMs);
  return stoodMs >= WRITING_MS ? null : Math.min(WRITING_MS, WRITING_MS - stoodMs);
}

function listWarnings(
  { scanDate, oddScanDate }: Extract<Watchlist, { kind: "parsed" }>,
  { path, modifiedAtMs }: ReadFile,
  { nowMs, previousSession }: WatchlistLook,
): WatchlistWarning[] {
  const warnings: WatchlistWarning[] = [];
  if (scanDate !== null && previousSession !== null && scanDate.dateNy < previousSession.dateNy) {
    const what = previousSession.isCalendar
      ? "the previous session was"
      : "the last weekday before today was";
    warnings.push({
      key: "old_scan_date",
      text: `Watchlist ${path} line ${scanDate.line}: ScanDate is ${scanDate.dateNy}, ` +
        `${what} ${previousSession.dateNy}; the list is used: look at the scan`,
    });
  }
  if (oddScanDate !== null) {
    warnings.push({
      key: "odd_scan_date",
      text:
        `Watchlist ${path} line ${oddScanDate.line}: ScanDate "${oddScanDate.text}" is no date ` +
        "like 2026-01-20; the list is used: look at the scan",
    });
  }
  if (modifiedAtMs > nowMs) {
    warnings.push({
      key: "time_ahead",
      text: `Watchlist ${path}: its time ${formatNy(modifiedAtMs)} lies ahead of now, ` +
        `${formatNy(nowMs)}; the list is used: compare the clocks of this host and of the scan's`,
    });
  }
  return warnings;
}
