import { BuildError } from "./build_error.ts";

/** What a program printed and how it ended. */
export interface CommandResult {
  readonly isOk: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to run, and where. */
export interface CommandStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Set beside what this process has, or, with `isEnvCleared`, instead. */
  readonly env?: Readonly<Record<string, string>>;
  readonly isEnvCleared?: boolean;
}

/** Runs a program to its end. @throws {BuildError} Where there is no such program. */
export async function runCommand(start: CommandStart): Promise<CommandResult> {
  const { program, args, cwd, env, isEnvCleared = false } = start;
  try {
    const output = await new Deno.Command(program, {
      args: [...args],
      ...(cwd !== undefined && { cwd }),
      env: { NO_COLOR: "1", ...env },
      clearEnv: isEnvCleared,
      stdin: "null",
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { isOk: output.success, stdout: decode(output.stdout), stderr: decode(output.stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotCapable)) {
      throw error;
    }
    throw new BuildError(`Cannot run ${program}: install it, or put it on the PATH`);
  }
}

/** What a tool complained, from its first error on, as one line. */
export function cutLines(text: string): string {
  const lines = text.trim().split("\n").map((line) => line.trim());
  const first = lines.findIndex((line) => /error/i.test(line));
  return lines.slice(Math.max(0, first)).slice(0, 3).join(" ");
}
