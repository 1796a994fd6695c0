import type { Command, OptionSpec } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { PROGRAM } from "./version.ts";

/** Options that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "help", letter: "h", valueName: null, help: "print this help and exit" },
  { name: "version", letter: "V", valueName: null, help: "print the version and exit" },
];

/** The help of the whole program. */
export function formatProgramHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    `Usage: ${PROGRAM} [command] [options]`,
    "",
    "Executes the day's breakout candidates at the broker. DRY_RUN unless LIVE is turned on with both keys.",
    "",
    "Commands:",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "Without a command, run is meant.",
    "",
    "Options:",
    ...formatOptions(COMMON_OPTIONS),
    "",
    `Help on a command: ${PROGRAM} help <command>, or ${PROGRAM} <command> --help`,
    "",
    formatStatuses(),
    "",
  ].join("\n");
}

/** The help of one command. */
export function formatCommandHelp(command: Command): string {
  return [
    `Usage: ${PROGRAM} ${command.name}${
      command.argument === undefined ? "" : ` ${command.argument}`
    } [options]`,
    "",
    command.description,
    "",
    "Options:",
    ...formatOptions([...command.options, ...COMMON_OPTIONS]),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
    ...formatOwnStatuses(command),
    "",
  ].join("\n");
}

/** The help of a word that begins several commands, such as `ledger`. */
export function formatFamilyHelp(word: string, commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    `Usage: ${PROGRAM} ${word} <what> [options]`,
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "Examples:",
    ...commands.flatMap((command) => command.examples.map((example) => `  ${example}`)),
    "",
    `More on each: ${PROGRAM} ${word} <what> --help`,
    "",
  ].join("\n");
}

function formatOptions(options: readonly OptionSpec[]): string[] {
  const words = options.map(({ name, letter, valueName }) => {
    const short = letter === undefined ? "" : `-${letter}, `;
    return valueName === null ? `${short}--${name}` : `${short}--${name} ${valueName}`;
  });
  const width = Math.max(...words.map((word) => word.length));
  return options.map(({ help }, index) => `  ${(words[index] ?? "").padEnd(width)}  ${help}`);
}

/** What any command may end with. */
const COMMON_STATUSES: Readonly<Record<number, string>> = {
  [EXIT.usage]: "usage: a word of the command line is not known",
  [EXIT.internalError]: "internal error, or the host is at fault",
};

/** The command's own statuses, in their order, among those of any command. */
function formatOwnStatuses({ statuses }: Command): string[] {
  const all = Object.entries({ ...COMMON_STATUSES, ...statuses })
    .sort(([left], [right]) => Number(left) - Number(right));
  return ["Exit status:", ...all.map(([status, text]) => `  ${status.padEnd(3)} ${text}`)];
}

function formatStatuses(): string {
  return [
    "Exit status:",
    `  ${EXIT.done} done, ${EXIT.watchlistMissing} watchlist missing, ${EXIT.watchlistStale} watchlist stale,`,
    `  ${EXIT.usage} usage, ${EXIT.brokerUnreachable} broker unreachable, ${EXIT.internalError} internal error,`,
    `  ${EXIT.busy} another process holds the state directory, ${EXIT.configInvalid} configuration invalid;`,
    "  each command's help has its own",
  ].join("\n");
}
