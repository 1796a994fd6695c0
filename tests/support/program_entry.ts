import type { ProgramHost } from "../../src/cli/command.ts";
import { reportFailure, runProgram } from "../../src/cli/program.ts";
import { createChance } from "../../src/runtime/chance.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { readEnvironment } from "../../src/runtime/environment.ts";
import { isPermittedByDeno } from "../../src/runtime/permissions.ts";
import { createTextWriter } from "../../src/runtime/standard_stream.ts";
import { connectSteeredClock } from "./steered_clock.ts";

// The program as main.ts builds it, in a process of its own, with nothing changed but the clock: the first argument is
// the address of the keeper that time comes from.

const [url = "", ...args] = Deno.args;
let lines = 0;
const countLines = (write: (text: string) => void) => (text: string) => {
  write(text);
  lines += text.split("\n").length - 1;
};
const host: ProgramHost = {
  args,
  environment: readEnvironment((name) => Deno.env.get(name)),
  pid: Deno.pid,
  clock: await connectSteeredClock({
    url,
    pid: Deno.pid,
    real: createClock(),
    countLines: () => lines,
  }),
  chance: createChance(),
  fetch,
  signals: Deno,
  isPermitted: isPermittedByDeno,
  writeOut: countLines(createTextWriter(Deno.stdout)),
  writeError: countLines(createTextWriter(Deno.stderr)),
  exitNow: (status) => Deno.exit(status),
};

function fail(error: unknown): never {
  Deno.exit(reportFailure(host, error));
}
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});

runProgram(host).then((status) => Deno.exit(status), fail);
