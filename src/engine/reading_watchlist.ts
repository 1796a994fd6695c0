import { formatCounted } from "../domain/counted.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { findPreviousSession, rememberCurrent } from "../domain/entry/watchlist_days.ts";
import {
  checkWatchlist,
  type WatchlistRead,
  type WatchlistSeen,
  type WatchlistStep,
} from "../domain/entry/watchlist_step.ts";
import type { Engine } from "./engine.ts";

/** Looks at the watchlist once, and notes for how long the same file has been there. */
export async function lookAtWatchlist(engine: Engine): Promise<WatchlistSeen> {
  const { watchlist, clock } = engine.ports;
  const read = await watchlist.read();
  const monotonicMs = clock.monotonicMs();
  const file = read.kind === "read" ? `${read.modifiedAtMs} ${read.version}` : read.kind;
  if (engine.watchlistFile?.file !== file) engine.watchlistFile = { file, sinceMs: monotonicMs };
  const todayNy = engine.dateNy();
  const step = checkWatchlist(read, {
    todayNy,
    nowMs: clock.nowMs(),
    unchangedMs: monotonicMs - engine.watchlistFile.sinceMs,
    previousSession: findPreviousSession(engine.calendar?.sessions ?? [], todayNy),
    alerted: engine.state.alerted,
  });
  return { read, step };
}

/**
 * Reads and checks the watchlist, says why there are no candidates, and names dropped rows once per version. A list that
 * is current in an open session is that day's from now on. `--run-once` waits for a last line that may be cut, any other
 * run looks again.
 */
export async function readWatchlist(engine: Engine): Promise<WatchlistStep> {
  const { clock, config, log } = engine.ports;
  let seen = await lookAtWatchlist(engine);
  if (config.isRunOnce && seen.step.waitMs !== null && !engine.isOutOfTime(seen.step.waitMs)) {
    await clock.sleep(seen.step.waitMs, engine.stop);
    seen = await lookAtWatchlist(engine);
  }
  const { read, step } = seen;
  if (step.waitMs !== null) {
    const next = config.isRunOnce ? "the next run looks again" : "looked at again then";
    log.warn(
      `Watchlist ${read.path}: its last line has no end, a writer may be at work; ` +
        `its row is not used until the file has stood unchanged for 2 s (${next})`,
    );
    engine.wakeAt(engine.nowMs() + step.waitMs);
  }
  if (step.kind !== "fresh") log.warn(`${step.message}; no entries until it is fresh`);
  else remember(engine, read);
  await sayVersion(engine, seen);
  return step;
}

/** Only a list that has something to enter can be taken for another day's. */
function remember(engine: Engine, read: WatchlistRead): void {
  const isOpen = engine.observation?.clock.isOpen === true;
  if (!isOpen || read.kind !== "read" || read.watchlist.kind !== "parsed") return;
  if (read.watchlist.candidates.length === 0) return;
  const list = { version: read.version, dateNy: engine.dateNy() };
  const alerted = rememberCurrent(engine.state.alerted, list);
  if (alerted !== engine.state.alerted) engine.updateState({ alerted });
}

async function sayVersion(engine: Engine, { read, step }: WatchlistSeen): Promise<void> {
  // The rows are named when all of them are there.
  if (step.kind === "fresh" && step.waitMs !== null) return;
  const version = read.kind === "read" ? `${step.kind}:${read.version}` : step.kind;
  if (step.kind === "fresh" && read.kind === "read") sayWarnings(engine, { read, step });
  if (engine.watchlistVersionSaid === version) return;
  engine.watchlistVersionSaid = version;
  const { log } = engine.ports;
  const candidates = step.kind === "fresh" ? step.candidates.length : 0;
  const dropped = step.kind === "fresh" ? step.dropped : [];
  const isNewList = read.kind === "read" && isNewsOf(engine, read, "list");
  // Processes of a cycle or two, one after the other, would say the same list in each.
  const isTold = isNewList || !(engine.ports.config.isRunOnce || engine.isInLoop);
  if (step.kind === "fresh" && isTold) {
    log.info(
      `Watchlist ${read.path}: ${formatCounted(candidates, "candidate")}, ${
        formatCounted(dropped.length, "row")
      } dropped`,
    );
  }
  // Over restarts too.
  const isNews = read.kind === "read" && dropped.length > 0 &&
    isNewsOf(engine, read, "dropped rows");
  for (const { line, symbol, reason } of isNews ? dropped : []) {
    log.warn(`Watchlist ${read.path} line ${line}: ${symbol || "row"} dropped: ${reason}`);
  }
  await engine.event({
    type: "watchlist",
    status: step.kind,
    candidates,
    dropped: dropped.map(({ line, symbol, reason }) => ({ line, symbol, reason })),
    message: step.kind === "fresh" ? null : step.message,
  });
}

/** What is odd of a list that is used, once per version and NY day, in log and Slack. */
function sayWarnings(
  engine: Engine,
  { read, step }: {
    readonly read: Extract<WatchlistRead, { kind: "read" }>;
    readonly step: Extract<WatchlistStep, { kind: "fresh" }>;
  },
): void {
  for (const { key, text } of step.warnings) {
    if (!isNewsOf(engine, read, key)) continue;
    engine.ports.log.warn(text);
    engine.alert({ level: "WARNING", title: "Watchlist in doubt", text });
  }
}

/** Whether it was not said of this version of the file yet, over restarts. */
function isNewsOf(
  engine: Engine,
  { version, modifiedAtMs }: Extract<WatchlistRead, { kind: "read" }>,
  what: string,
): boolean {
  return engine.isNews(`${what} ${version.slice(0, 16)}`, dateNyOf(modifiedAtMs));
}
