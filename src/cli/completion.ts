import { listAccountLooks } from "../domain/day/account_looks.ts";
import type { EngineState } from "../domain/account/engine_state.ts";
import type { RecordedEvent } from "../domain/day/events.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { StateError } from "../engine/ports.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { readEvents } from "../state/event_reader.ts";
import { createExecutionState } from "../state/execution_state.ts";
import type { Command, ProgramHost } from "./command.ts";
import { buildCompletionScript, SHELLS, SYMBOL_KINDS } from "./completion_scripts.ts";
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
      "Prints a completion script: commands, their options, and the managed symbols where a symbol " +
      "belongs (for adopt those that it could take over), which the script asks for with " +
      "`completion symbols` and `completion adoptable`.",
    options: [],
    examples: [
      `${PROGRAM} completion bash > /etc/bash_completion.d/${PROGRAM}`,
      `${PROGRAM} completion zsh > "\${fpath[1]}/_${PROGRAM}"`,
      `${PROGRAM} completion fish > ~/.config/fish/completions/${PROGRAM}.fish`,
    ],
    statuses: { [EXIT.done]: "printed" },
    checkOptions: (options) => void readKind(options),
    run: (host, options) => runCompletion(host, options, list()),
  };
}

async function runCompletion(
  host: ProgramHost,
  options: ParsedOptions,
  commands: readonly Command[],
): Promise<number> {
  const kind = readKind(options);
  if (kind === "symbols" || kind === "adoptable") {
    const symbols = kind === "symbols" ? await listManaged(host) : await listAdoptable(host);
    host.writeOut(symbols.map((symbol) => `${symbol}\n`).join(""));
  } else {
    host.writeOut(buildCompletionScript(kind, commands));
  }
  return EXIT.done;
}

/** @throws {UsageError} */
function readKind({ argument }: ParsedOptions) {
  const kind = [...SHELLS, ...SYMBOL_KINDS].find((each) => each === argument);
  if (kind !== undefined) return kind;
  throw new UsageError(`Command completion needs one of: ${SHELLS.join(", ")}`);
}

/** The managed symbols, from the state file alone; none where it can't be read: a shell has no use for a reason. */
async function listManaged(host: ProgramHost): Promise<string[]> {
  const state = await readState(host);
  return (state?.positions ?? []).map(({ symbol }) => symbol).sort();
}

/** What was released, and what today's last look at the account showed that nobody manages; from files alone. */
async function listAdoptable(host: ProgramHost): Promise<string[]> {
  const state = await readState(host);
  const managed = new Set((state?.positions ?? []).map(({ symbol }) => symbol));
  const released = (state?.released ?? []).map(({ symbol }) => symbol);
  const held = listAccountLooks(await readToday(host)).at(-1)?.rows ?? [];
  const symbols = new Set([...released, ...held.map(({ symbol }) => symbol)]);
  return [...symbols.difference(managed)].sort();
}

async function readToday(host: ProgramHost): Promise<RecordedEvent[]> {
  const stateDir = readStateDir(host.environment);
  const dateNy = dateNyOf(host.clock.nowMs());
  const events: RecordedEvent[] = [];
  try {
    for await (const item of readEvents(createDenoFileSystem(), { stateDir, dateNy })) {
      if (item.kind === "event" && item.event.type === "equity") events.push(item.event);
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
  return events;
}

async function readState(host: ProgramHost): Promise<EngineState | null> {
  const stateDir = readStateDir(host.environment);
  const read = await createExecutionState({ fs: createDenoFileSystem(), stateDir }).read();
  return read.kind === "ok" ? read.state : null;
}
