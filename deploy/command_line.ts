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
  /** Set beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. @throws {BuildError} Where there is no such program. */
export async function runCommand(start: CommandStart): Promise<CommandResult> {
  const { program, args, cwd, env } = start;
  try {
    const output = await new Deno.Command(program, {
      args: [...args],
      ...(cwd !== undefined && { cwd }),
      env: { NO_COLOR: "1", ...env },
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
