import { z } from "zod";
import type { Heard, Run } from "../domain/alert/repetition.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { StateError } from "../engine/ports.ts";
import { replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { parseJson, readText } from "./text_file.ts";

/** What the log said and counts on over restarts (interface, Files). */
export const HEARD_FILE = "log_repeats.json";

const RunWire = z.strictObject({
  sinceMs: z.number(),
  saidMs: z.number(),
  lastMs: z.number(),
  times: z.number(),
  heldTimes: z.number(),
  isEnded: z.boolean(),
  text: z.string(),
});
const FileWire = z.strictObject({
  start: z.string(),
  heard: z.array(z.tuple([z.string(), RunWire])),
});

/** What the processes before this one leave to its log. */
export interface Past {
  /** The series of their starts (`decideStart`); `undefined` where none is known. */
  readonly start: string | undefined;
  /** What the last of them said and counts, of today in New York. */
  readonly heard: Heard;
}

/** Where it is kept, by the process that holds the state directory. */
export interface HeardFile {
  readonly fs: FileSystem;
  readonly stateDir: string;
}

/** A file that is not there or not of ours is no past: all that follows is that something is said again. */
export async function readHeard({ fs, stateDir }: HeardFile, nowMs: number): Promise<Past> {
  const read = await readText(fs, joinPath(stateDir, HEARD_FILE));
  const json = read.kind === "text" ? parseJson(read.text) : null;
  const wire = json?.kind === "json" ? FileWire.safeParse(json.value) : null;
  if (!wire?.success) return { start: undefined, heard: [] };
  const { start, heard } = wire.data;
  // Its times have no date.
  const isOfToday = ({ lastMs }: Run) => dateNyOf(lastMs) === dateNyOf(nowMs);
  return { start, heard: heard.filter(([, run]) => isOfToday(run)) };
}

/** Leaves it to the next process. @returns Whether it is there; a disk that takes nothing costs lines that are said again. */
export async function writeHeard({ fs, stateDir }: HeardFile, past: Past): Promise<boolean> {
  try {
    const bytes = new TextEncoder().encode(`${JSON.stringify(past)}\n`);
    await replaceFile(fs, joinPath(stateDir, HEARD_FILE), bytes);
    return true;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return false;
  }
}
