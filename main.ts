import { reportFailure, runProgram } from "./src/cli/program.ts";
import { createChance } from "./src/runtime/chance.ts";
import { createClock } from "./src/runtime/clock.ts";
import { type Environment, readEnvironment } from "./src/runtime/environment.ts";
import { closeProxies } from "./src/runtime/host_network.ts";
import { listMisspelt } from "./src/runtime/misspelt.ts";
import { isEnvPermitted, isPermittedByDeno } from "./src/runtime/permissions.ts";
import { openNotifySocket, readOutputId, readServiceHost } from "./src/runtime/service_host.ts";
import { createTextWriter } from "./src/runtime/standard_stream.ts";

// The only file that reads the process's arguments and environment, and that ends the process.

const getPermitted = (name: string) => isEnvPermitted(name) ? Deno.env.get(name) : undefined;
const service = readServiceHost({
  get: getPermitted,
  readOutputId,
  open: openNotifySocket,
});
const writeToStderr = createTextWriter(Deno.stderr);
const writeError = (text: string) => writeToStderr(service.isJournal ? `<3>${text}` : text);

/** Runs the program in the real world. @returns The exit status. */
function start(environment: Environment): Promise<number> {
  return runProgram({
    args: Deno.args,
    environment,
    pid: Deno.pid,
    clock: createClock(),
    chance: createChance(),
    fetch,
    signals: Deno,
    isPermitted: isPermittedByDeno,
    misspelt: listMisspelt(getPermitted),
    service,
    writeOut: createTextWriter(Deno.stdout),
    writeError,
    isTerminal: Deno.stdout.isTerminal(),
    exitNow: (status) => Deno.exit(status),
  });
}

/**
 * What nobody caught ends the process as an internal error: the runtime's own status for it is 1, which an operator
 * reads as "watchlist missing". So does a program that waits for nothing any more and has given no status.
 */
function listenForFailures(fail: (error: unknown) => never): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  globalThis.addEventListener("beforeunload", () => fail(new Error("ended without a result")));
}

try {
  closeProxies((name, text) => Deno.env.set(name, text));
  const environment = readEnvironment((name) => Deno.env.get(name));
  const fail = (error: unknown): never =>
    Deno.exit(reportFailure({ environment, writeError }, error));
  listenForFailures(fail);
  start(environment).then((status) => Deno.exit(status), fail);
} catch (error) {
  Deno.exit(reportFailure({ environment: {}, writeError }, error));
}
