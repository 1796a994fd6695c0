import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { createWatchlistFile } from "../../src/state/watchlist_file.ts";
import {
  buildDay,
  buildSampleDay,
  buildSampleRows,
  SAMPLE_DAY_NY,
  type ScenarioDay,
} from "../simulator/scenario.ts";
import { buildSession, type SimSession } from "../simulator/sessions.ts";
import { buildCast, buildFates, buildLimits, buildRow, type Cast, type Limits } from "./cast.ts";

/** The day to be played: its market, who plays what, and the watchlist file as the program gets it. */
export interface Script {
  readonly day: ScenarioDay;
  readonly cast: Cast;
  readonly limits: Limits;
  readonly session: SimSession;
  readonly watchlist: Uint8Array;
  readonly rowCount: number;
}

/** A watchlist that no day can be made of; the message says why. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
}

/** @param path The reader's own watchlist; `null`: the sample. @throws {ScriptError} */
export async function buildScript(path: string | null): Promise<Script> {
  return path === null ? buildSampleScript() : await buildOwnScript(path);
}

function buildSampleScript(): Script {
  const [lead, stopped, other, unlisted, capped] = buildSampleRows();
  if (!lead || !stopped || !other || !unlisted || !capped) {
    throw new ScriptError("sample too short");
  }
  const cast = { lead, stopped, unlisted, capped, others: [other] };
  const watchlist = new TextEncoder().encode(buildSampleDay().watchlistCsv);
  return finish(cast, { watchlist, rowCount: buildSampleRows().length });
}

async function buildOwnScript(path: string): Promise<Script> {
  const read = await createWatchlistFile({ fs: createDenoFileSystem(), path }).read();
  const name = JSON.stringify(path);
  if (read.kind === "missing") throw new ScriptError(`watchlist ${name} does not exist`);
  if (read.kind === "unreadable") throw new ScriptError(read.message);
  const { watchlist } = read;
  if (watchlist.kind === "refused") {
    throw new ScriptError(`watchlist ${name} is refused: ${watchlist.reason}`);
  }
  const cast = buildCast(watchlist.candidates.map(buildRow));
  if (cast === null) {
    const [dropped] = watchlist.dropped;
    const why = dropped === undefined ? "" : ` (line ${dropped.line}: ${dropped.reason})`;
    throw new ScriptError(
      `watchlist ${name} has no row whose levels rise from stop to pivot to targets${why}`,
    );
  }
  const rowCount = watchlist.candidates.length + watchlist.dropped.length;
  return finish(cast, { watchlist: await Deno.readFile(path), rowCount });
}

function finish(cast: Cast, file: Pick<Script, "watchlist" | "rowCount">): Script {
  const { lead, unlisted, capped, stopped, others } = cast;
  const rows = [lead, unlisted, capped, stopped, ...others].flatMap((row) => row ?? []);
  const day = buildDay(rows, buildFates(cast));
  return { day, cast, limits: buildLimits(cast), session: buildSession(SAMPLE_DAY_NY), ...file };
}
