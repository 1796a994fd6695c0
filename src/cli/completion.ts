import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createExecutionState } from "../state/execution_state.ts";
import type { Command, ProgramHost } from "./command.ts";
import { buildCompletionScript, SHELLS, SYMBOLS } from "./completion_scripts.ts";
import { EXIT } from "./exit_status.ts";
import { readStateDir } from "./operator_config.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import { PROGRAM } from "./version.ts";

/** `completion SHELL`: a completion script (interface, Commands). @param list Every command, asked when it runs. */
export function buildCompletionCommand(list: () => readonly Command[]): Command {
  return {
    name: "completion",
    argument: SHELLS.join("|"),
    summary: "a completion script for bash, zsh or fish",
    description:
      "Prints a completion script: commands, their options, and the managed symbols where a symbol\n" +
      "belongs, which the script asks for with `completion symbols`.",
    options: [],
    examples: [
      `${PROGRAM} completion bash > /etc/bash_completion.d/${PROGRAM}`,
      `${PROGRAM} completion zsh > "\${fpath[1]}/_${PROGRAM}"`,
      `${PROGRAM} completion fish > ~/.config/fish/completions/${PROGRAM}.fish`,
    ],
    statuses: { [EXIT.done]: "printed" },
    run: (host, options) => runCompletion(host, options, list()),
  };
}

async function runCompletion(
  host: ProgramHost,
  { argument }: ParsedOptions,
  commands: readonly Command[],
): Promise<number> {
  if (argument === SYMBOLS) {
    host.writeOut((await listSymbols(host)).map((symbol) => `${symbol}\n`).join(""));
    return EXIT.done;
  }
  const shell = SHELLS.find((each) => each === argument);
  if (shell === undefined) {
    throw new UsageError(`Command completion needs one of: ${SHELLS.join(", ")}`);
  }
  host.writeOut(buildCompletionScript(shell, commands));
  return EXIT.done;
}

/** The managed symbols, from the state file alone; none where it can't be read: a shell has no use for a reason. */
async function listSymbols(host: ProgramHost): Promise<string[]> {
  const stateDir = readStateDir(host.environment);
  const read = await createExecutionState({ fs: createDenoFileSystem(), stateDir }).read();
  return read.kind === "ok" ? read.state.positions.map(({ symbol }) => symbol).sort() : [];
}
