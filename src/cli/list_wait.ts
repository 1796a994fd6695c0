import { dateNyOf } from "../domain/time/ny_time.ts";
import { readText } from "../domain/day/events.ts";
import { guessPreviousSession } from "../domain/entry/watchlist_days.ts";
import type { ClockPort } from "../engine/ports.ts";
import {
  checkWatchlist,
  type WatchlistLook,
  type WatchlistRead,
} from "../domain/entry/watchlist_step.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { createExecutionState } from "../state/execution_state.ts";
import type { FileSystem } from "../state/file_system.ts";
import { createWatchlistFile } from "../state/watchlist_file.ts";
import { readSaid } from "./said_before.ts";

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
  const { kind } = step;
  const said = await readSaid(fs, {
    stateDir,
    dateNy: todayNy,
    eachMs: SAID_MS,
    judge: (event) => {
      if (event.type !== "watchlist") return null;
      return readText(event, "status") === kind ? "one of them" : "ends";
    },
  });
  return { kind, read, look, isSaid: said !== null && nowMs - said.saidMs < SAID_MS };
}
