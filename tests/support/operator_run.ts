import type { ProgramHost } from "../../src/cli/command.ts";
import { runProgram } from "../../src/cli/program.ts";
import type { StopSignal } from "../../src/runtime/signals.ts";

/** What a run of a command may be told. */
export interface OperatorRunOptions {
  readonly nowMs?: number;
  readonly isPermitted?: ProgramHost["isPermitted"];
  readonly isReaderGone?: () => boolean;
  readonly isTerminal?: boolean;
  /** Called with each text for standard output. */
  readonly onWrite?: (text: string) => void;
  /** Called at each sleep of the command, counted from 1, before time goes on. */
  readonly onSleep?: (count: number, raise: (signal: StopSignal) => void) => Promise<void>;
}

/** Makes a state directory with these files, and removes it after `act`. */
export async function withStateDir(
  files: Readonly<Record<string, string>>,
  act: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-operator-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs a command that needs files alone, on a clock that moves when the command sleeps. */
export async function runOperator(
  args: readonly string[],
  stateDir: string,
  options: OperatorRunOptions = {},
): Promise<{ readonly status: number; readonly out: string; readonly error: string }> {
  const listeners = new Map<string, () => void>();
  const startMs = options.nowMs ?? Date.parse("2026-11-23T18:00:00Z");
  let passedMs = 0;
  let sleeps = 0;
  let out = "";
  let error = "";
  const host: ProgramHost = {
    args,
    environment: { AVWAP_STATE_DIR: stateDir },
    pid: 1,
    clock: {
      nowMs: () => startMs + passedMs,
      monotonicMs: () => passedMs,
      sleep: async (ms, signal) => {
        await options.onSleep?.(++sleeps, (name) => listeners.get(name)?.());
        if (signal?.aborted !== true) passedMs += ms;
      },
    },
    chance: { uniform: () => 0.5 },
    fetch: () => Promise.reject(new Error("no network here")),
    signals: {
      addSignalListener: (signal, listener) => void listeners.set(signal, listener),
      removeSignalListener: (signal) => void listeners.delete(signal),
    },
    isPermitted: options.isPermitted ?? (() => true),
    isReaderGone: options.isReaderGone ?? (() => false),
    ...(options.isTerminal !== undefined && { isTerminal: options.isTerminal }),
    writeOut: (text) => {
      out += text;
      options.onWrite?.(text);
    },
    writeError: (text) => void (error += text),
    exitNow: () => {},
  };
  return { status: await runProgram(host), out, error };
}
