import { listTroubles } from "../domain/account/standing.ts";
import type { StateRead } from "../domain/account/records_read.ts";
import { StateError } from "../engine/ports.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { ConfigError } from "../runtime/settings.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createExecutionState } from "../state/execution_state.ts";
import type { FileSystem } from "../state/file_system.ts";
import { KILL_SWITCH_FILE, type SwitchPlaces } from "../state/switch_files.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { formatHolder, type Holder, listHolders } from "./holders.ts";
import { readSwitchPlaces, sayError } from "./operator_config.ts";
import type { ParsedOptions } from "./options.ts";
import { isKillSwitchSeen, type MadeSwitch, SEEN_WAIT_MS } from "./switch_seen.ts";
import { formatElsewhere, formatMade, makeSwitch } from "./switches.ts";
import { PROGRAM } from "./version.ts";

/** `kill`: makes the `KILL_SWITCH` file, and says who saw it (runbook 7; interface, Commands). */
export const KILL_COMMAND: Command = {
  name: "kill",
  summary: "turn LIVE off at once: make the KILL_SWITCH file, and say who saw it",
  description:
    "Makes the KILL_SWITCH file in the state directory, which must be there, and waits up to 3 s " +
    "until a running loop has said that it saw it. From then on it sends nothing that changes an " +
    "order: no entry, and no exit either. Orders that rest at the broker stay there. It needs no " +
    "configuration but AVWAP_STATE_DIR.",
  options: [
    { name: "reason", valueName: "TEXT", help: "why; kept in the file" },
  ],
  examples: [
    `${PROGRAM} kill`,
    `${PROGRAM} kill --reason "quotes look wrong"`,
  ],
  statuses: {
    [EXIT.done]: "it is on, and what runs saw it, or nothing runs",
    [EXIT.notSo]: "it could not be made, a running loop did not see it, or one runs elsewhere",
  },
  run: runKill,
};

/** What else turns LIVE off where the switch does not. */
const INSTEAD =
  "stop the service instead: systemctl stop execution.service, and close at the broker's site";

async function runKill(host: ProgramHost, { values }: ParsedOptions): Promise<number> {
  const places = readSwitchPlaces(host.environment);
  const { stateDir } = places;
  const fs = createDenoFileSystem();
  const reason = values.get("reason") ?? "made by kill";
  const made = await tryMake(host, fs, { stateDir, reason });
  const holders = await listHolders({ fs, clock: host.clock }, places);
  if (made === null) {
    for (const holder of holders.filter((each) => !each.isOwn)) {
      sayError(host, formatElsewhere(holder, KILL_SWITCH_FILE));
    }
    return EXIT.notSo;
  }
  const unseen = await sayWhoSaw(host, { fs, places, made, holders });
  const state = await createExecutionState({ fs, stateDir }).read();
  host.writeOut(`${formatConsequences(state, unseen.length === 0).join("\n")}\n`);
  return unseen.length === 0 && holders.every((each) => each.isOwn) ? EXIT.done : EXIT.notSo;
}

async function tryMake(
  host: ProgramHost,
  fs: FileSystem,
  { stateDir, reason }: { readonly stateDir: string; readonly reason: string },
): Promise<MadeSwitch | null> {
  try {
    const made = await makeKillSwitch(host, fs, { stateDir, reason });
    host.writeOut(`${formatMade(KILL_SWITCH_FILE, made).join("\n")}\n`);
    return made;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    sayError(host, error.message);
    return null;
  }
}

/**
 * Makes the kill switch and writes down who did it and why.
 * @throws {ConfigError} Where it is still off: what else turns LIVE off is in the message.
 */
export async function makeKillSwitch(
  host: ProgramHost,
  fs: FileSystem,
  { stateDir, reason }: { readonly stateDir: string; readonly reason: string },
): Promise<MadeSwitch> {
  const atMs = host.clock.nowMs();
  try {
    return { ...await makeSwitch(host, fs, { stateDir, file: KILL_SWITCH_FILE, reason }), atMs };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new ConfigError(
      "AVWAP_STATE_DIR",
      `can't take the kill switch, which is NOT on: ${error.message}; ${INSTEAD}`,
    );
  }
}

/** Says of each process that runs whether it saw the switch. @returns Those that did not. */
async function sayWhoSaw(
  host: ProgramHost,
  { fs, places, made, holders }: {
    readonly fs: FileSystem;
    readonly places: SwitchPlaces;
    readonly made: MadeSwitch;
    readonly holders: readonly Holder[];
  },
): Promise<Holder[]> {
  const say = (line: string) => host.writeOut(`${line}\n`);
  if (!holders.some((each) => each.isOwn)) {
    say(`No process holds ${formatOneLine(places.stateDir)}: what starts there finds the switch.`);
  }
  const unseen: Holder[] = [];
  for (const holder of holders) {
    const { clock } = host;
    const isSeen = await isKillSwitchSeen({ fs, clock, stateDir: holder.dir, places, made });
    if (!isSeen) unseen.push(holder);
    const who = formatHolder(holder);
    const where = holder.isOwn ? "" : `, which runs in ${formatOneLine(holder.dir)},`;
    say(
      isSeen
        ? `${who}${where} saw it.`
        : `NOT SEEN: ${who.toLowerCase()}${where} has not said in ${
          SEEN_WAIT_MS / 1000
        } s that it ` +
          `saw it; ${INSTEAD}`,
    );
    if (!holder.isOwn) say(formatElsewhere(holder, KILL_SWITCH_FILE));
  }
  return unseen;
}

function formatConsequences(state: StateRead, isOff: boolean): string[] {
  const symbols = state.kind === "ok" ? state.state.positions.map(({ symbol }) => symbol) : [];
  const troubles = state.kind === "ok" ? listTroubles(state.state.standings) : [];
  return [
    isOff
      ? "LIVE is off: no entry and no exit is sent by what uses this directory, from now on."
      : "LIVE is NOT off for sure: look at what is named above.",
    ...(state.kind === "ok" || state.kind === "missing" ? [] : [
      `Managed positions are UNKNOWN: ${formatOneLine(state.message)}; look at the broker`,
    ]),
    ...(symbols.length === 0 ? [] : [
      `Managed positions have only the stops that rest at the broker: ${symbols.join(", ")}`,
      ...troubles.map((text) => `  ${formatOneLine(text)}`),
      `  ${PROGRAM} status --broker             shows them`,
    ]),
    `  ${PROGRAM} flatten --close-positions   shows what selling them would do`,
    `  ${PROGRAM} resume                      takes the kill switch away`,
  ];
}
