import { formatOneLine } from "../domain/one_line.ts";
import { ConfigError } from "../runtime/settings.ts";
import { ADOPT_COMMAND } from "./adopt.ts";
import { CHECK_COMMAND } from "./check.ts";
import { buildCompletionCommand } from "./completion.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { FLATTEN_COMMAND } from "./flatten.ts";
import { COMMON_OPTIONS, formatCommandHelp, formatFamilyHelp, formatProgramHelp } from "./help.ts";
import { KILL_COMMAND } from "./kill.ts";
import { LEDGER_REBUILD_COMMAND } from "./ledger_rebuild.ts";
import { LEDGER_SHOW_COMMAND } from "./ledger_show.ts";
import { LEDGER_VERIFY_COMMAND } from "./ledger_verify.ts";
import { LOG_COMMAND } from "./log.ts";
import { PAUSE_COMMAND, UNPAUSE_COMMAND } from "./pause.ts";
import { HostError, sayError } from "./operator_config.ts";
import { type Meant, type ParsedOptions, parseOptions, UsageError } from "./options.ts";
import { RELEASE_COMMAND } from "./release.ts";
import { REPORT_COMMAND } from "./report.ts";
import { RESUME_COMMAND } from "./resume.ts";
import { RUN_COMMAND } from "./run.ts";
import { STATUS_COMMAND } from "./status.ts";
import { findNearest } from "./suggest.ts";
import { TOKEN_COMMAND } from "./token.ts";
import { formatVersion, PROGRAM } from "./version.ts";
import { WHY_COMMAND } from "./why.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  RUN_COMMAND,
  CHECK_COMMAND,
  STATUS_COMMAND,
  TOKEN_COMMAND,
  KILL_COMMAND,
  RESUME_COMMAND,
  PAUSE_COMMAND,
  UNPAUSE_COMMAND,
  FLATTEN_COMMAND,
  RELEASE_COMMAND,
  ADOPT_COMMAND,
  LEDGER_SHOW_COMMAND,
  LEDGER_VERIFY_COMMAND,
  LEDGER_REBUILD_COMMAND,
  REPORT_COMMAND,
  LOG_COMMAND,
  WHY_COMMAND,
  buildCompletionCommand(() => COMMANDS),
];

/**
 * The program: parses the command line, runs one command and tells how it ended. Whatever goes wrong becomes one line on
 * standard error and a status of interface.md, never a stack trace.
 * @returns The exit status.
 */
export async function runProgram(
  host: ProgramHost,
  commands: readonly Command[] = COMMANDS,
): Promise<number> {
  const status = await runAsked(host, commands);
  const why = host.readUnwritten?.() ?? null;
  if (why === null || status !== EXIT.done) return status;
  host.writeError(
    `${PROGRAM}: standard output could not be written: ${formatOneLine(why)}; ` +
      "what was asked for is done, and not all of it is said\n",
  );
  return EXIT.internalError;
}

async function runAsked(host: ProgramHost, commands: readonly Command[]): Promise<number> {
  try {
    const [word, ...words] = host.args;
    if (word === USAGE) {
      checkCommandLine(words, { commands, nowMs: host.clock.nowMs() });
      return EXIT.done;
    }
    const asked = parseCommandLine(host.args, commands);
    if (asked.kind === "text") {
      host.writeOut(asked.text);
      return EXIT.done;
    }
    const { command, isNamed, options } = asked;
    if (options.flags.has("help")) {
      host.writeOut(isNamed ? formatCommandHelp(command) : formatProgramHelp(commands));
      return EXIT.done;
    }
    if (options.flags.has("version")) {
      host.writeOut(`${formatVersion()}\n`);
      return EXIT.done;
    }
    command.checkOptions?.(options, host.clock.nowMs());
    const writers = command.unwaited === undefined ? {} : host.unwaited?.[command.unwaited];
    return await runCommand({ ...host, ...writers }, { command, options });
  } catch (error) {
    const [word, ...words] = host.args;
    return reportFailure(host, error, nameHelp(word === USAGE ? words : host.args, commands));
  }
}

/** What prints the help on the words of a command line: on their command, where they name one. */
function nameHelp([word = "", next = ""]: readonly string[], commands: readonly Command[]): string {
  const [named] = [`${word} ${next}`, word].filter((each) =>
    commands.some(({ name }) => name === each || name.startsWith(`${each} `))
  );
  return named === undefined ? HELP_OPTION : `${named} ${HELP_OPTION}`;
}

async function runCommand(
  host: ProgramHost,
  { command, options }: { readonly command: Command; readonly options: ParsedOptions },
): Promise<number> {
  try {
    return await command.run(host, options);
  } catch (error) {
    return reportFailure(host, error, `${command.name} ${HELP_OPTION}`);
  }
}

/**
 * Says in one line, without a secret, why the program ends.
 * @param help The words that print the help on a command line that means nothing.
 * @returns The exit status.
 */
export function reportFailure(
  host: Pick<ProgramHost, "environment" | "writeError">,
  error: unknown,
  help = HELP_OPTION,
): number {
  const say = (text: string) => sayError(host, text);
  if (error instanceof UsageError) {
    const end = error.message.endsWith("?") ? "" : ".";
    say(`${error.message}${end} Try ${PROGRAM} ${help}`);
    return EXIT.usage;
  }
  if (error instanceof ConfigError) {
    say(`configuration invalid: ${error.message}`);
    return EXIT.configInvalid;
  }
  if (error instanceof HostError) {
    say(`this host is at fault: ${error.message}; the service tries again`);
    return EXIT.internalError;
  }
  say(`internal error: ${describeError(error)}`);
  return EXIT.internalError;
}

/** Whatever was thrown, as text: this is the last resort, so it must not throw itself. */
function describeError(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return typeof error === "object" ? "something that is no error was thrown" : String(error);
}

/** What a command line asks for: a command with its options, or a text alone. */
type Asked =
  | {
    readonly kind: "command";
    readonly command: Command;
    readonly isNamed: boolean;
    readonly options: ParsedOptions;
  }
  | { readonly kind: "text"; readonly text: string };

/** A first word that is no option names the command, for some with a second one; without any it is `run`. */
function parseCommandLine(args: readonly string[], commands: readonly Command[]): Asked {
  const [word = "", next = ""] = args;
  if (word === "" || word.startsWith("-")) return parseBare(args, commands);
  if (word === HELP) return { kind: "text", text: buildHelp(args.slice(1), commands) };
  if (word === VERSION_WORD) {
    parseOptions(args.slice(1), COMMON_OPTIONS);
    return { kind: "text", text: `${formatVersion()}\n` };
  }
  const family = listFamily(word, commands);
  if (family.length === 0) return parseNamed(word, args.slice(1), commands);
  if (next === "--help" || next === "-h") {
    return { kind: "text", text: formatFamilyHelp(word, family) };
  }
  if (next === "" || next.startsWith("-")) {
    const words = family.map((each) => each.name.slice(word.length + 1)).join(", ");
    throw new UsageError(`Command ${word} needs one of: ${words}`);
  }
  return parseNamed(`${word} ${next}`, args.slice(2), commands);
}

/** Words that are no commands of their own: they ask for a text (interface, Common options). */
const HELP_OPTION = "--help";
const HELP = "help";
const VERSION_WORD = "version";
/**
 * Before a command line it says what is wrong with that, and does nothing: the command of an installed host asks so before
 * it asks for root.
 */
const USAGE = "usage";

/** @throws {UsageError} Where the words are no command line. */
function checkCommandLine(
  words: readonly string[],
  { commands, nowMs }: { readonly commands: readonly Command[]; readonly nowMs: number },
): void {
  const asked = parseCommandLine(words, commands);
  if (asked.kind === "text") return;
  const { command, options } = asked;
  if (options.flags.has("help") || options.flags.has("version")) return;
  command.checkOptions?.(options, nowMs);
}

function listFamily(word: string, commands: readonly Command[]): Command[] {
  return commands.filter((each) => each.name.startsWith(`${word} `));
}

/** `help`, `help COMMAND` or `help ledger`. @throws {UsageError} For a command that there is not. */
function buildHelp(words: readonly string[], commands: readonly Command[]): string {
  const named = words.filter((word) => word !== "--help" && word !== "-h");
  if (named.length === 0) return formatProgramHelp(commands);
  const name = named.join(" ");
  const family = listFamily(name, commands);
  return family.length > 0
    ? formatFamilyHelp(name, family)
    : formatCommandHelp(findCommand(name, commands));
}

/** @throws {UsageError} With the word that was most likely meant. */
function findCommand(name: string, commands: readonly Command[]): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  const names = commands.map((each) => each.name);
  const words = [...new Set([...names, ...names.map(firstWord), HELP, VERSION_WORD])];
  const nearest = findNearest(name, words);
  const hint = nearest === null ? "" : `; did you mean ${nearest}?`;
  throw new UsageError(`Unknown command ${JSON.stringify(name)}${hint}`);
}

function firstWord(name: string): string {
  return name.split(" ", 1)[0] ?? "";
}

/** Options without a command: `--check` stands for `check` (interface, Commands), all else is for `run`. */
function parseBare(args: readonly string[], commands: readonly Command[]): Asked {
  const at = args.indexOf("--check");
  if (at >= 0 && commands.some((each) => each.name === "check")) {
    return parseNamed("check", args.toSpliced(at, 1), commands);
  }
  const meant = Object.fromEntries(commands.map(({ name }) => [`--${name}`, name]));
  return { ...parseNamed("run", args, commands, meant), isNamed: false };
}

function parseNamed(
  name: string,
  args: readonly string[],
  commands: readonly Command[],
  meant: Meant = {},
): Extract<Asked, { kind: "command" }> {
  const command = findCommand(name, commands);
  const specs = [...command.options, ...COMMON_OPTIONS];
  const hasArgument = command.argument !== undefined;
  const options = parseOptions(args, specs, { hasArgument, meant });
  return { kind: "command", command, isNamed: true, options };
}
