import type { Command, OptionSpec } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { wrapLine } from "./table.ts";
import { PROGRAM } from "./version.ts";

/** Options that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "help", letter: "h", valueName: null, help: "print this help and exit" },
  { name: "version", letter: "V", valueName: null, help: "print the version and exit" },
];

/** The help of the whole program. */
export function formatProgramHelp(commands: readonly Command[]): string {
  return [
    `Usage: ${PROGRAM} [command] [options]`,
    "",
    "Executes the day's breakout candidates at the broker. DRY_RUN unless LIVE is",
    "turned on with both keys.",
    "",
    "Commands:",
    ...formatCommands(commands),
    "",
    "Without a command, run is meant.",
    "",
    "Options:",
    ...formatOptions(COMMON_OPTIONS),
    "",
    `Help on a command: ${PROGRAM} help <command>, or <command> --help`,
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
    ...wrapLine(command.description, ""),
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
  return [
    `Usage: ${PROGRAM} ${word} <what> [options]`,
    "",
    ...formatCommands(commands),
    "",
    "Examples:",
    ...commands.flatMap((command) => command.examples.map((example) => `  ${example}`)),
    "",
    `More on each: ${PROGRAM} ${word} <what> --help`,
    "",
  ].join("\n");
}

function formatCommands(commands: readonly Command[]): string[] {
  return formatEntries(commands.map(({ name, summary }) => [name, summary]));
}

function formatOptions(options: readonly OptionSpec[]): string[] {
  return formatEntries(options.map(({ name, letter, valueName, help }) => {
    const short = letter === undefined ? "" : `-${letter}, `;
    return [valueName === null ? `${short}--${name}` : `${short}--${name} ${valueName}`, help];
  }));
}

/** Names, and beside them what they mean, in the lines of a plain terminal. */
function formatEntries(entries: readonly (readonly [name: string, meaning: string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  const indent = " ".repeat(width + 4);
  return entries.flatMap(([name, meaning]) =>
    wrapLine(`  ${name.padEnd(width)}  ${meaning}`, indent)
  );
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
  return ["Exit status:", ...formatEntries(all)];
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
