import type { EngineState } from "../domain/account/engine_state.ts";
import type { OperatorRequest } from "../domain/account/operator_request.ts";
import { isTicker, upperCaseAscii } from "../domain/order/symbol.ts";
import { StateError } from "../engine/ports.ts";
import { joinPath } from "../state/file_system.ts";
import { acquireLock, LOCK_FILE } from "../state/instance_lock.ts";
import { writeRequest } from "../state/operator_requests.ts";
import type { ProgramHost } from "./command.ts";
import type { OperatorFiles } from "./operator_world.ts";
import { type ParsedOptions, UsageError } from "./options.ts";

/** How long a running engine has to take up a request (interface, Commands). */
const WAIT_MS = 10_000;
const LOOK_MS = 200;

/** The symbol that a command is about. @throws {UsageError} Where it is none. */
export function readSymbol({ argument }: ParsedOptions, command: string): string {
  const symbol = upperCaseAscii(argument ?? "");
  if (argument === undefined) throw new UsageError(`Command ${command} needs a SYMBOL`);
  if (!isTicker(symbol)) {
    throw new UsageError(
      `${JSON.stringify(argument)} is not a symbol: write it like NVDA or BRK.B`,
    );
  }
  return symbol;
}

/** The engine's memory. @throws {StateError} Where there is none that can be used. */
export async function readEngineState(files: OperatorFiles): Promise<EngineState> {
  const read = await files.state.read();
  if (read.kind === "ok") return read.state;
  throw new StateError(
    read.kind === "missing"
      ? `there is no execution_state.json in ${files.stateDir}: no engine has run a cycle there yet`
      : `${read.message}: what the engine manages is not known`,
  );
}

/**
 * Brings a request to the record: by the engine that holds the state directory, or, where nobody does, by this process,
 * which takes the lock for it.
 * @param act Writes the record; called under the lock.
 * @param isOnRecord Whether the state says so.
 * @returns Whether it is on record now.
 */
export async function bringToRecord(
  host: ProgramHost,
  files: OperatorFiles,
  { request, act, isOnRecord }: {
    readonly request: OperatorRequest;
    readonly act: () => Promise<void>;
    readonly isOnRecord: (state: EngineState) => boolean;
  },
): Promise<boolean> {
  const { fs, stateDir } = files;
  const path = joinPath(stateDir, LOCK_FILE);
  const lock = await acquireLock({ path, pid: host.pid, clock: host.clock });
  if (lock.kind === "held") {
    try {
      await act();
    } finally {
      await lock.release();
    }
    return true;
  }
  await writeRequest(fs, stateDir, request);
  const startMs = host.clock.monotonicMs();
  while (host.clock.monotonicMs() - startMs < WAIT_MS) {
    await host.clock.sleep(LOOK_MS);
    const read = await files.state.read();
    if (read.kind === "ok" && isOnRecord(read.state)) return true;
  }
  return false;
}
