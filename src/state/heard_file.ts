import { z } from "zod";
import type { Heard } from "../domain/repetition.ts";
import { dateNyOf } from "../domain/ny_time.ts";
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
const HeardWire = z.array(z.tuple([z.string(), RunWire]));

/** Where it is kept, by the process that holds the state directory. */
export interface HeardFile {
  readonly fs: FileSystem;
  readonly stateDir: string;
}

/**
 * What the log of the last process remembered, of today in New York. A file that is not there or not of ours is nothing heard:
 * all that follows is that something is said again.
 */
export async function readHeard({ fs, stateDir }: HeardFile, nowMs: number): Promise<Heard> {
  const read = await readText(fs, joinPath(stateDir, HEARD_FILE));
  const json = read.kind === "text" ? parseJson(read.text) : null;
  const wire = json?.kind === "json" ? HeardWire.safeParse(json.value) : null;
  if (!wire?.success) return [];
  return wire.data.filter(([, run]) => dateNyOf(run.lastMs) === dateNyOf(nowMs));
}

/** Leaves it to the next process. @returns Whether it is there; a disk that takes nothing costs lines that are said again. */
export async function writeHeard({ fs, stateDir }: HeardFile, heard: Heard): Promise<boolean> {
  try {
    const bytes = new TextEncoder().encode(`${JSON.stringify(heard)}\n`);
    await replaceFile(fs, joinPath(stateDir, HEARD_FILE), bytes);
    return true;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return false;
  }
}
