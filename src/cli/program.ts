import { formatOneLine, formatWithoutSecrets } from "../runtime/one_line.ts";
import { ConfigError } from "../runtime/settings.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { COMMON_OPTIONS, formatCommandHelp, formatProgramHelp } from "./help.ts";
import { KILL_COMMAND } from "./kill.ts";
import { type ParsedOptions, parseOptions, UsageError } from "./options.ts";
import { RESUME_COMMAND } from "./resume.ts";
import { RUN_COMMAND } from "./run.ts";
import { findNearest } from "./suggest.ts";
import { TOKEN_COMMAND } from "./token.ts";
import { formatVersion, PROGRAM } from "./version.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  RUN_COMMAND,
  TOKEN_COMMAND,
  KILL_COMMAND,
  RESUME_COMMAND,
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
  try {
    const { command, isNamed, options } = parseCommandLine(host.args, commands);
    if (options.flags.has("help")) {
      host.writeOut(isNamed ? formatCommandHelp(command) : formatProgramHelp(commands));
      return EXIT.done;
    }
    if (options.flags.has("version")) {
      host.writeOut(`${formatVersion()}\n`);
      return EXIT.done;
    }
    return await command.run(host, options);
  } catch (error) {
    return reportFailure(host, error);
  }
}

/** Says in one line, without a secret, why the program ends. @returns The exit status. */
export function reportFailure(
  host: Pick<ProgramHost, "environment" | "writeError">,
  error: unknown,
): number {
  const say = (text: string) => {
    const { environment } = host;
    const secrets = [
      environment.APCA_API_KEY_ID,
      environment.APCA_API_SECRET_KEY,
      environment.LIVE_CONFIRM_TOKEN,
      environment.SLACK_WEBHOOK_URL,
    ].filter((secret) => secret !== undefined);
    host.writeError(`${PROGRAM}: ${formatOneLine(formatWithoutSecrets(text, secrets))}\n`);
  };
  if (error instanceof UsageError) {
    const end = error.message.endsWith("?") ? "" : ".";
    say(`${error.message}${end} Try ${PROGRAM} --help`);
    return EXIT.usage;
  }
  if (error instanceof ConfigError) {
    say(`configuration invalid: ${error.message}`);
    return EXIT.configInvalid;
  }
  say(`internal error: ${describeError(error)}`);
  return EXIT.internalError;
}

/** Whatever was thrown, as text: this is the last resort, so it must not throw itself. */
function describeError(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return typeof error === "object" ? "something that is no error was thrown" : String(error);
}

/** A first word that is no option names the command; without one it is `run`. */
function parseCommandLine(
  args: readonly string[],
  commands: readonly Command[],
): { command: Command; isNamed: boolean; options: ParsedOptions } {
  const [word = ""] = args;
  const isNamed = word !== "" && !word.startsWith("-");
  const name = isNamed ? word : "run";
  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    const nearest = findNearest(name, commands.map((each) => each.name));
    const hint = nearest === null ? "" : `; did you mean ${nearest}?`;
    throw new UsageError(`Unknown command ${JSON.stringify(name)}${hint}`);
  }
  const options = parseOptions(isNamed ? args.slice(1) : args, [
    ...command.options,
    ...COMMON_OPTIONS,
  ]);
  return { command, isNamed, options };
}
