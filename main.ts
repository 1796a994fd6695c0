import { type ProgramHost } from "./src/cli/command.ts";
import { reportFailure, runProgram } from "./src/cli/program.ts";
import { createChance } from "./src/runtime/chance.ts";
import { createClock } from "./src/runtime/clock.ts";
import { readEnvironment } from "./src/runtime/environment.ts";
import { isPermittedByDeno } from "./src/runtime/permissions.ts";
import { createTextWriter } from "./src/runtime/standard_stream.ts";

// The only file that reads the process's arguments and environment, and that ends the process.

const host: ProgramHost = {
  args: Deno.args,
  environment: readEnvironment((name) => Deno.env.get(name)),
  pid: Deno.pid,
  clock: createClock(),
  chance: createChance(),
  fetch,
  signals: Deno,
  isPermitted: isPermittedByDeno,
  writeOut: createTextWriter(Deno.stdout),
  writeError: createTextWriter(Deno.stderr),
  exitNow: (status) => Deno.exit(status),
};

// What nobody caught ends the process as an internal error: the runtime's own status for it is 1, which means
// "watchlist missing" to an operator. So does a program that waits for nothing any more and has given no status.
function fail(error: unknown): never {
  Deno.exit(reportFailure(host, error));
}
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error);
});
globalThis.addEventListener("beforeunload", () => fail(new Error("ended without a result")));

runProgram(host).then((status) => Deno.exit(status), fail);
