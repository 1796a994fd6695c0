import { dateNyOf } from "../domain/ny_time.ts";
import { readText, readTimeMs } from "../domain/events.ts";
import { guessPreviousSession } from "../domain/watchlist_days.ts";
import { type ClockPort, StateError, type WatchlistRead } from "../engine/ports.ts";
import { checkWatchlist, type WatchlistLook } from "../engine/watchlist_step.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { readEvents } from "../state/event_reader.ts";
import { createExecutionState } from "../state/execution_state.ts";
import type { FileSystem } from "../state/file_system.ts";
import { createWatchlistFile } from "../state/watchlist_file.ts";

/** How often a service that waits for its list says so. */
const SAID_MS = 3_600_000;

/** A list that keeps the service from starting. */
export interface ListWait {
  readonly kind: "missing" | "unreadable" | "stale";
  /** As it was read, and what it was held against. */
  readonly read: WatchlistRead;
  readonly look: WatchlistLook;
  /** Whether that was said less than an hour ago, by a start before this one. */
  readonly isSaid: boolean;
}

/**
 * Whether the service waits for its list, which it looks for each minute: whoever reads the journal needs no word of each
 * look, and the broker none at all. What was said is known from the audit trail, which has each refused start.
 * @returns `null` where the list lets it start.
 */
export async function readListWait(
  { fs, clock }: { readonly fs: FileSystem; readonly clock: ClockPort },
  { stateDir, watchlist }: Pick<ProgramConfig, "stateDir" | "watchlist">,
): Promise<ListWait | null> {
  const nowMs = clock.nowMs();
  const todayNy = dateNyOf(nowMs);
  const state = await createExecutionState({ fs, stateDir }).read();
  const read = await createWatchlistFile({ fs, path: watchlist.path }).read();
  const look: WatchlistLook = {
    todayNy,
    nowMs,
    unchangedMs: 0,
    previousSession: guessPreviousSession(todayNy),
    alerted: state.kind === "ok" ? state.state.alerted : {},
  };
  const step = checkWatchlist(read, look);
  if (step.kind === "fresh" || step.kind === "refused") return null;
  const saidMs = await readSaidMs(fs, { stateDir, dateNy: todayNy, kind: step.kind });
  return { kind: step.kind, read, look, isSaid: saidMs !== null && nowMs - saidMs < SAID_MS };
}

/** When a start that was refused for this was last said today: the first of each hour of them is. */
async function readSaidMs(
  fs: FileSystem,
  { stateDir, dateNy, kind }: {
    readonly stateDir: string;
    readonly dateNy: string;
    readonly kind: ListWait["kind"];
  },
): Promise<number | null> {
  let saidMs: number | null = null;
  try {
    for await (const item of readEvents(fs, { stateDir, dateNy })) {
      if (item.kind === "end" || item.event.type !== "watchlist") continue;
      const atMs = readTimeMs(item.event);
      if (readText(item.event, "status") !== kind) saidMs = null;
      else if (atMs !== null && (saidMs === null || atMs - saidMs >= SAID_MS)) saidMs = atMs;
    }
  } catch (error) {
    // Nobody knows what was said, so it is said.
    if (!(error instanceof StateError)) throw error;
    return null;
  }
  return saidMs;
}
