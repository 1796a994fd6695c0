import type { Candidate } from "../domain/candidate.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import type { Engine } from "./engine.ts";
import type { WatchlistRead } from "./ports.ts";

/** The watchlist as this cycle may use it: candidates for entries and adoption only where it is fresh. */
export type WatchlistStep =
  | { readonly kind: "fresh"; readonly candidates: readonly Candidate[] }
  | { readonly kind: "missing" | "stale" | "unreadable" | "refused"; readonly message: string };

/**
 * The freshness gate (pipeline 1): the file's modification time, as a New York date, must be today.
 * @param todayNy `YYYY-MM-DD`
 */
export function checkWatchlist(read: WatchlistRead, todayNy: string): WatchlistStep {
  switch (read.kind) {
    case "missing":
      return {
        kind: "missing",
        message:
          `Watchlist missing: ${read.path} does not exist; run the scan, or set WATCHLIST_FILE`,
      };
    case "unreadable":
      return { kind: "unreadable", message: `Watchlist unreadable: ${read.path}: ${read.message}` };
    case "read":
      break;
  }
  const dateNy = dateNyOf(read.modifiedAtMs);
  if (dateNy !== todayNy) {
    return {
      kind: "stale",
      message:
        `Watchlist stale: ${read.path} is of ${dateNy}, today is ${todayNy} in New York; run the scan`,
    };
  }
  return read.watchlist.kind === "refused"
    ? { kind: "refused", message: `Watchlist refused: ${read.path}: ${read.watchlist.reason}` }
    : { kind: "fresh", candidates: read.watchlist.candidates };
}

/** Reads and checks the watchlist, says why there are no candidates, and names dropped rows once per version. */
export async function readWatchlist(engine: Engine): Promise<WatchlistStep> {
  const read = await engine.ports.watchlist.read();
  const step = checkWatchlist(read, engine.dateNy());
  if (step.kind !== "fresh") engine.ports.log.warn(`${step.message}; no entries until it is fresh`);
  await sayVersion(engine, read, step);
  return step;
}

async function sayVersion(
  engine: Engine,
  read: WatchlistRead,
  step: WatchlistStep,
): Promise<void> {
  const version = read.kind === "read" ? `${step.kind}:${read.version}` : step.kind;
  if (engine.watchlistVersionSaid === version) return;
  engine.watchlistVersionSaid = version;
  const dropped = read.kind === "read" && read.watchlist.kind === "parsed"
    ? read.watchlist.dropped
    : [];
  const usable = step.kind === "fresh" ? step.candidates.length : 0;
  if (step.kind === "fresh") {
    engine.ports.log.info(
      `Watchlist ${read.path}: ${usable} candidates, ${dropped.length} rows dropped`,
    );
    for (const { line, symbol, reason } of dropped) {
      engine.ports.log.warn(
        `Watchlist ${read.path} line ${line}: ${symbol || "row"} dropped: ${reason}`,
      );
    }
  }
  await engine.event({
    type: "watchlist",
    status: step.kind,
    candidates: usable,
    dropped: dropped.map(({ line, symbol, reason }) => ({ line, symbol, reason })),
    message: step.kind === "fresh" ? null : step.message,
  });
}
