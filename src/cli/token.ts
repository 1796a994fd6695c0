import { formatOneLine } from "../domain/one_line.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createOperatorFiles, writeToken } from "../state/operator_files.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { readSwitchPlaces, runGuarded } from "./operator_config.ts";
import { PROGRAM } from "./version.ts";

/** As long as the runbook's `openssl rand -hex 16`. */
const TOKEN_BYTES = 16;

/** `token`: a new confirm token file (runbook 4.1; interface, Commands). */
export const TOKEN_COMMAND: Command = {
  name: "token",
  summary: "make a new confirm token file, the second key of LIVE",
  description:
    "Makes the state directory where it is missing and a new live_confirm_token.txt in it, mode " +
    "0600. An old token is replaced, which blocks LIVE until the service's environment follows. " +
    "Prints the path and the line to put into the service's environment.",
  options: [],
  examples: [`${PROGRAM} token`],
  statuses: {
    [EXIT.done]: "written",
    [EXIT.configInvalid]: "the state directory can't be written",
  },
  run: (host) => runGuarded(host, () => runToken(host)),
};

async function runToken(host: ProgramHost): Promise<number> {
  const places = readSwitchPlaces(host.environment);
  const { stateDir } = places;
  const fs = createDenoFileSystem();
  const before = await createOperatorFiles({ fs, ...places }).readToken();
  const token = buildToken();
  const path = await writeToken(fs, { stateDir, token });
  const isReplaced = before.kind === "present" && before.text.trim() !== "";
  host.writeOut([
    `Confirm token written: ${formatOneLine(path)} (mode 0600)`,
    ...(isReplaced
      ? ["The old token is void: LIVE is blocked until the environment has the new one."]
      : []),
    "Put this line into the service's environment, beside LIVE_TRADING=1, and restart it:",
    "",
    `LIVE_CONFIRM_TOKEN=${token}`,
    "",
  ].join("\n"));
  return EXIT.done;
}

/** From the system's own secure source: unlike a delay, a key must not be the same in any two runs. */
function buildToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
