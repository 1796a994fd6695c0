import { decideOperator, formatGateReason } from "../domain/gate.ts";
import { formatOneLine } from "../runtime/one_line.ts";
import { parseSwitch } from "../runtime/settings.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import {
  createOperatorFiles,
  KILL_SWITCH_FILE,
  removeKillSwitch,
} from "../state/operator_files.ts";
import { joinPath } from "../state/file_system.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { readStateDir, runGuarded } from "./operator_config.ts";
import { PROGRAM } from "./version.ts";

/** `resume`: removes the `KILL_SWITCH` file (runbook 9; interface, Commands). */
export const RESUME_COMMAND: Command = {
  name: "resume",
  summary: "remove the KILL_SWITCH file, and say what becomes possible again",
  description:
    "Removes the KILL_SWITCH file. Whether LIVE comes back depends on the rest: DRY_RUN, the two\n" +
    "keys, caps, ledger. It says what the environment of this very call makes of that; the\n" +
    "service goes by its own. Look first: check.",
  options: [],
  examples: [`${PROGRAM} check && ${PROGRAM} resume`],
  run: (host) => runGuarded(host, () => runResume(host)),
};

async function runResume(host: ProgramHost): Promise<number> {
  const stateDir = readStateDir(host.environment);
  const fs = createDenoFileSystem();
  const outcome = await removeKillSwitch(fs, stateDir);
  const path = formatOneLine(joinPath(stateDir, KILL_SWITCH_FILE));
  const { environment } = host;
  const objection = decideOperator({
    isDryRun: parseSwitch(environment.DRY_RUN ?? "") !== "off",
    isKillSwitchEnv: parseSwitch(environment.KILL_SWITCH ?? "") !== "off",
    isKillSwitchFile: false,
    isLiveTrading: parseSwitch(environment.LIVE_TRADING ?? "") === "on",
    envToken: environment.LIVE_CONFIRM_TOKEN ?? null,
    fileToken: await createOperatorFiles({ fs, stateDir }).readToken(),
  });
  host.writeOut([
    outcome === "removed" ? `Kill switch removed: ${path}` : `There was no kill switch: ${path}`,
    ...(objection === null ? FREE : [
      `By this environment LIVE stays off: ${formatGateReason(objection)}.`,
      "DRY_RUN goes on: entries and exits are printed, none is sent.",
    ]),
    "",
  ].join("\n"));
  return EXIT.done;
}

const FREE = [
  "By this environment nothing of the operator's stands against LIVE any more: from the next",
  "cycle on, entries within caps and allowlist and exits of managed positions can be sent.",
];
