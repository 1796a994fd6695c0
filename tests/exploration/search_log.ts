import { z } from "zod";
import type { KeptFigures } from "./bounds.ts";

const FiguresWire = z.strictObject({
  states: z.number(),
  transitions: z.number(),
  depth: z.number(),
  graph: z.string(),
});
const LogWire = z.strictObject({
  source: z.string(),
  whole: z.record(z.string(), FiguresWire),
  cut: z.record(z.string(), z.number()),
});

/** What became of the searches of a bound: those that were complete, and how many states the others had when they were cut off. */
export interface SearchLog {
  /** The source that they were made with (`digestSource`): of another one it says nothing. */
  readonly source: string;
  readonly whole: Readonly<Record<string, KeptFigures>>;
  readonly cut: Readonly<Record<string, number>>;
}

/** Reads a log; one that is not there, or of another source, is empty. @throws {Error} Where the file is something else. */
export async function readSearchLog(path: string, source: string): Promise<SearchLog> {
  const none: SearchLog = { source, whole: {}, cut: {} };
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return none;
    throw error;
  }
  const log = LogWire.safeParse(JSON.parse(text));
  if (!log.success) throw new Error(`"${path}" is no log of searches`, { cause: log.error });
  return log.data.source === source ? log.data : none;
}

/** The log with one search more: its figures, or the states at which it was cut off. */
export function addToLog(
  { source, whole, cut }: SearchLog,
  name: string,
  end: KeptFigures | number,
): SearchLog {
  if (typeof end === "number") return { source, whole, cut: { ...cut, [name]: end } };
  const { [name]: _before, ...others } = cut;
  return { source, whole: { ...whole, [name]: end }, cut: others };
}

/** Puts the log into its file, whole or not at all. */
export async function writeSearchLog(path: string, log: SearchLog): Promise<void> {
  await Deno.writeTextFile(`${path}.tmp`, `${JSON.stringify(log, null, 2)}\n`);
  await Deno.rename(`${path}.tmp`, path);
}

const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["src/domain/", "tests/exploration/"];

/** A number for the source that decides what a search finds: each decision, and the exploration itself. */
export async function digestSource(): Promise<string> {
  const texts: string[] = [];
  for (const folder of FOLDERS) {
    for (const name of await listSources(folder)) {
      texts.push(name, await Deno.readTextFile(new URL(name, ROOT)));
    }
  }
  const bytes = new TextEncoder().encode(texts.join("\0"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest.subarray(0, 8)].map((each) => each.toString(16).padStart(2, "0")).join("");
}

async function listSources(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) names.push(...await listSources(`${folder}${name}/`));
    else if (name.endsWith(".ts")) names.push(`${folder}${name}`);
  }
  return names.sort();
}
