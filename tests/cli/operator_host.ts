import type { ProgramHost } from "../../src/cli/command.ts";
import { runProgram } from "../../src/cli/program.ts";
import type { Environment } from "../../src/runtime/environment.ts";

/** A moment of the sample day, 10:10 New York. */
export const NOW_MS = Date.parse("2026-11-23T15:10:00Z");

/** How a command ended and what it printed. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

/** Runs the program in this process; nothing but its own directory and `change` is within its reach. */
export async function runOperator(
  args: readonly string[],
  environment: Environment,
  change: Partial<ProgramHost> = {},
): Promise<Ended> {
  let out = "";
  let error = "";
  const status = await runProgram({
    args,
    environment,
    pid: Deno.pid,
    clock: { nowMs: () => NOW_MS, monotonicMs: () => 0, sleep: () => Promise.resolve() },
    chance: { uniform: () => 0.5 },
    fetch: () => Promise.reject(new TypeError("no network in this test")),
    signals: { addSignalListener: () => {}, removeSignalListener: () => {} },
    isPermitted: () => true,
    writeOut: (text) => void (out += text),
    writeError: (text) => void (error += text),
    exitNow: () => {},
    ...change,
  });
  return { status, out, error };
}

/** A directory of the test's own; the state directory is `state` in it, and is not made. */
export async function inOperatorDir(act: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-operator-" });
  try {
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Permission bits of a file. */
export async function readMode(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}
