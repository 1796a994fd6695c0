import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { ENTRIES_PAUSED_FILE } from "../state/switch_files.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { listHolders } from "./holders.ts";
import { readSwitchPlaces, runGuarded } from "./operator_config.ts";
import type { ParsedOptions } from "./options.ts";
import {
  checkStateDirThere,
  formatElsewhere,
  formatMade,
  makeSwitch,
  takeSwitchAway,
} from "./switches.ts";
import { PROGRAM } from "./version.ts";

/** `pause`: no new entry, everything else goes on (interface, Commands). */
export const PAUSE_COMMAND: Command = {
  name: "pause",
  summary: "no new entry; exits, stops and protection go on",
  description:
    "Makes the ENTRIES_PAUSED file in the state directory, which must be there. A running loop " +
    "sees it at its next entry, without a restart; it stays until unpause. Entries at work at the " +
    "broker stay there: kill and flatten are for those.",
  options: [{ name: "reason", valueName: "TEXT", help: "why; kept in the file" }],
  examples: [`${PROGRAM} pause`, `${PROGRAM} pause --reason "earnings tonight"`],
  statuses: {
    [EXIT.done]: "entries are paused",
    [EXIT.notSo]: "a loop runs in another directory, and may not see it",
  },
  run: (host, options) => runGuarded(host, () => runPause(host, options)),
};

/** `unpause`: entries go on (interface, Commands). */
export const UNPAUSE_COMMAND: Command = {
  name: "unpause",
  summary: "remove the ENTRIES_PAUSED file: entries go on",
  description:
    "Removes the ENTRIES_PAUSED file from the state directory. One that lies in the default state " +
    "directory or in that of the base directory counts too, is named, and goes only with --all.",
  options: [{ name: "all", valueName: null, help: "remove it from every place where it counts" }],
  examples: [`${PROGRAM} unpause`, `${PROGRAM} unpause --all`],
  statuses: {
    [EXIT.done]: "entries are not paused any more",
    [EXIT.notSo]: "they still are, by a file that is named, or there is no state directory",
  },
  run: (host, options) => runGuarded(host, () => runUnpause(host, options)),
};

async function runPause(host: ProgramHost, { values }: ParsedOptions): Promise<number> {
  const places = readSwitchPlaces(host.environment);
  const { stateDir } = places;
  const fs = createDenoFileSystem();
  const reason = values.get("reason") ?? "made by pause";
  const outcome = await makeSwitch(host, fs, { stateDir, file: ENTRIES_PAUSED_FILE, reason });
  const elsewhere = (await listHolders({ fs, clock: host.clock }, places))
    .filter((holder) => !holder.isOwn);
  host.writeOut([
    ...formatMade(ENTRIES_PAUSED_FILE, outcome),
    elsewhere.length === 0
      ? "No entry leaves from the next one on; exits, stops and protection go on."
      : "Entries are NOT paused for sure: a loop runs elsewhere, and may not see this file.",
    ...elsewhere.map((holder) => formatElsewhere(holder, ENTRIES_PAUSED_FILE)),
    `  ${PROGRAM} unpause    lets entries go on`,
    "",
  ].join("\n"));
  return elsewhere.length === 0 ? EXIT.done : EXIT.notSo;
}

async function runUnpause(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const places = readSwitchPlaces(host.environment);
  const fs = createDenoFileSystem();
  if (!await checkStateDirThere(host, fs, places.stateDir)) return EXIT.notSo;
  const removal = await takeSwitchAway({ fs, clock: host.clock }, places, {
    file: ENTRIES_PAUSED_FILE,
    isAll: flags.has("all"),
  });
  host.writeOut([
    ...removal.lines,
    removal.isOff
      ? "Entries are not paused: the gate and the caps decide again, from the next entry on."
      : "Entries stay paused.",
    "",
  ].join("\n"));
  return removal.isOff ? EXIT.done : EXIT.notSo;
}
