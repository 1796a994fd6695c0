import { formatUtc } from "../domain/time/ny_time.ts";
import { type ClockPort, StateError } from "../engine/ports.ts";
import { formatOneLine } from "../domain/one_line.ts";
import type { FileSystem } from "../state/file_system.ts";
import { joinPath } from "../state/file_system.ts";
import {
  countsAsOn,
  KILL_SWITCH_FILE,
  lookForSwitch,
  removeSwitch,
  type SwitchFile,
  type SwitchLook,
  type SwitchOutcome,
  type SwitchPlaces,
  writeSwitch,
} from "../state/switch_files.ts";
import { readText } from "../state/text_file.ts";
import { quoteForShell } from "./shell_words.ts";
import type { ProgramHost } from "./command.ts";
import { formatHolder, type Holder, listHolders } from "./holders.ts";
import { sayError } from "./operator_config.ts";
import { PROGRAM } from "./version.ts";

const TEXT_BYTES_MAX = 4096;

/** How the commands call a switch. */
export const SWITCH_WORDS: Readonly<
  Record<SwitchFile, { readonly name: string; readonly off: string }>
> = {
  KILL_SWITCH: { name: "Kill switch", off: "resume" },
  ENTRIES_PAUSED: { name: "Entry pause", off: "unpause" },
};

/** Makes a switch in the own state directory and writes down when and why. @throws {StateError} Where it is still off. */
export async function makeSwitch(
  host: ProgramHost,
  fs: FileSystem,
  { stateDir, file, reason }: {
    readonly stateDir: string;
    readonly file: SwitchFile;
    readonly reason: string;
  },
): Promise<SwitchOutcome> {
  const line = `${formatUtc(host.clock.nowMs())} ${formatOneLine(reason)}`;
  return await writeSwitch(fs, { stateDir, file, reason: line });
}

/** What became of the switch, for people. */
export function formatMade(file: SwitchFile, outcome: SwitchOutcome): string[] {
  const { name } = SWITCH_WORDS[file];
  const path = formatOneLine(outcome.path);
  switch (outcome.kind) {
    case "made":
      return [`${name} is on: ${path}`];
    case "already_on":
      return [`${name} was on already, and is as it was: ${path}`];
    case "made_not_durable":
      return [
        `${name} is on: ${path}`,
        `WARNING a power failure could take it away: ${formatOneLine(outcome.message)}`,
      ];
  }
}

/** What can be pasted into a root shell where a process runs in another directory than the command goes by. */
export function formatElsewhere(holder: Holder, file: SwitchFile): string {
  return `${formatHolder(holder)} runs in ${
    formatOneLine(holder.dir)
  }, which is another directory ` +
    `than this command's. There:  touch ${quoteForShell(joinPath(holder.dir, file))}`;
}

/** What taking a switch away came to. */
export interface Removal {
  readonly lines: readonly string[];
  readonly isOff: boolean;
}

/** Looks whether the state directory is there at all, and says where it is not: nothing that is said of it then is the service's. */
export async function checkStateDirThere(
  host: ProgramHost,
  fs: FileSystem,
  stateDir: string,
): Promise<boolean> {
  if (await fs.stat(stateDir) !== null) return true;
  sayError(host, `there is no state directory ${stateDir}: set AVWAP_STATE_DIR to the service's`);
  return false;
}

/**
 * Takes a switch away from the own state directory, with `isAll` from every place, and says what was where: also in the
 * directory of a process that runs in another one, where `kill` has it made.
 * @throws {StateError} Where the own one can't be removed.
 */
export async function takeSwitchAway(
  { fs, clock }: { readonly fs: FileSystem; readonly clock: ClockPort },
  ownPlaces: SwitchPlaces,
  { file, isAll }: { readonly file: SwitchFile; readonly isAll: boolean },
): Promise<Removal> {
  const { stateDir, otherStateDirs } = ownPlaces;
  const held = (await listHolders({ fs, clock }, ownPlaces)).map(({ dir }) => dir);
  const others = new Set([...otherStateDirs, ...held]);
  others.delete(stateDir);
  const places = { stateDir, otherStateDirs: [...others] };
  const { name } = SWITCH_WORDS[file];
  const lines: string[] = [];
  for (const look of await lookForSwitch(fs, places, file)) {
    const path = formatOneLine(look.path);
    if (look.isOwn && look.found === "absent") {
      lines.push(`There was no ${name.toLowerCase()}: ${path}`);
    }
    if (!countsAsOn(look)) continue;
    const text = await readSwitchText(fs, look);
    const what = `${path}${text === null || text === "" ? "" : ` (${formatOneLine(text)})`}`;
    if (look.isOwn || isAll) lines.push(await remove(fs, look, { file, what }));
  }
  const left = (await lookForSwitch(fs, places, file)).filter(countsAsOn);
  return {
    isOff: left.length === 0,
    lines: [
      ...lines,
      ...left.map((look) => `${name} is STILL ON: ${formatOneLine(look.path)}`),
      ...(left.some((look) => !look.isOwn) && !isAll
        ? [`  ${PROGRAM} ${SWITCH_WORDS[file].off} --all    removes it there too`]
        : []),
    ],
  };
}

async function remove(
  fs: FileSystem,
  { dir, path, isOwn }: SwitchLook,
  { file, what }: { readonly file: SwitchFile; readonly what: string },
): Promise<string> {
  try {
    await removeSwitch(fs, { dir, file });
    return `${SWITCH_WORDS[file].name} removed: ${what}`;
  } catch (error) {
    // The own one is the command's whole task; another may be where this process must not write.
    if (isOwn || !(error instanceof StateError)) throw error;
    return `${formatOneLine(error.message)}. As root:  rm -- ${quoteForShell(path)}`;
  }
}

/** What whoever made the switch left in it, where it is a readable text; it is on whatever is in it. */
export async function readSwitchText(
  fs: FileSystem,
  { path }: Pick<SwitchLook, "path">,
): Promise<string | null> {
  const read = await readText(fs, path, TEXT_BYTES_MAX);
  return read.kind === "text" ? read.text.trim() : null;
}

/** The first place where the kill switch is on. */
export async function findKillSwitch(
  fs: FileSystem,
  places: SwitchPlaces,
): Promise<SwitchLook | null> {
  const looks = await lookForSwitch(fs, places, KILL_SWITCH_FILE);
  return looks.find(countsAsOn) ?? null;
}
