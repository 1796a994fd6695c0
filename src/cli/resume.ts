import { decideOperator, type GateFailReason } from "../domain/gate/gate.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { buildLimits } from "../runtime/limits.ts";
import { parseSwitch } from "../runtime/settings.ts";
import { ENTRIES_PAUSED_FILE, KILL_SWITCH_FILE } from "../state/switch_files.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { findRecordObjection, readArchiveFor } from "./gate_preview.ts";
import { formatNextCycle, type NextCycle } from "./next_cycle.ts";
import { readSwitchPlaces, runGuarded } from "./operator_config.ts";
import { buildOperatorFiles, type OperatorFiles } from "./operator_world.ts";
import type { ParsedOptions } from "./options.ts";
import { checkStateDirThere, formatMade, makeSwitch, takeSwitchAway } from "./switches.ts";
import { PROGRAM } from "./version.ts";

/** `resume`: removes the `KILL_SWITCH` file (runbook 9; interface, Commands). */
export const RESUME_COMMAND: Command = {
  name: "resume",
  summary: "remove the KILL_SWITCH file, and list what would leave in the next cycle",
  description:
    "Removes the KILL_SWITCH file from the state directory. One that lies in the default state " +
    "directory or in that of the base directory counts too, is named, and goes only with --all. " +
    "Lists what would leave in the next cycle. Whether LIVE comes back depends on the rest: DRY_RUN, " +
    "the two keys, caps, ledger. It says what the environment of this very call makes of that; the " +
    "service goes by its own. Look first: check.",
  options: [
    { name: "paused", valueName: null, help: "first make ENTRIES_PAUSED: exits and stops alone" },
    { name: "all", valueName: null, help: "remove it from every place where it counts" },
  ],
  examples: [
    `${PROGRAM} check && ${PROGRAM} resume`,
    `${PROGRAM} resume --paused`,
    `${PROGRAM} resume --all`,
  ],
  statuses: {
    [EXIT.done]: "no KILL_SWITCH file is left anywhere",
    [EXIT.notSo]: "one is left and named, or there is no state directory",
  },
  run: (host, options) => runGuarded(host, () => runResume(host, options)),
};

async function runResume(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const files = buildOperatorFiles(readSwitchPlaces(host.environment));
  const { fs, stateDir, places } = files;
  if (!await checkStateDirThere(host, fs, stateDir)) return EXIT.notSo;
  const say = (lines: readonly string[]) => host.writeOut([...lines, ""].join("\n"));
  if (flags.has("paused")) {
    const file = ENTRIES_PAUSED_FILE;
    const outcome = await makeSwitch(host, fs, { stateDir, file, reason: "made by resume" });
    say(formatMade(file, outcome));
  }
  const removal = await takeSwitchAway({ fs, clock: host.clock }, places, {
    file: KILL_SWITCH_FILE,
    isAll: flags.has("all"),
  });
  say(removal.lines);
  say(formatNextCycle(await readNextCycle(host, files)));
  return removal.isOff ? EXIT.done : EXIT.notSo;
}

async function readNextCycle(host: ProgramHost, files: OperatorFiles): Promise<NextCycle> {
  const nowMs = host.clock.nowMs();
  const state = await files.state.read();
  const ledger = await files.ledger.read();
  const archive = await readArchiveFor(state, files);
  const records = { ledger, state, archive, todayNy: dateNyOf(nowMs), broker: null };
  return {
    state,
    ledger,
    objection: await readObjection(host, files),
    recordObjection: findRecordObjection(records),
    areEntriesPaused: await files.operatorFiles.areEntriesPaused(),
    nowMs,
  };
}

/** What the operator has set or left that stands against LIVE, by the environment of this call. */
async function readObjection(
  { environment }: ProgramHost,
  { operatorFiles }: OperatorFiles,
): Promise<GateFailReason | null> {
  const [invalid] = buildLimits(environment).invalid;
  return decideOperator({
    isDryRun: parseSwitch(environment.DRY_RUN ?? "") !== "off",
    isKillSwitchEnv: parseSwitch(environment.KILL_SWITCH ?? "") !== "off",
    isKillSwitchFile: await operatorFiles.isKillSwitchOn(),
    isLiveTrading: parseSwitch(environment.LIVE_TRADING ?? "") === "on",
    envToken: environment.LIVE_CONFIRM_TOKEN ?? null,
    fileToken: await operatorFiles.readToken(),
  }) ??
    (invalid === undefined ? null : { code: "invalid_configuration", variable: invalid.variable });
}
