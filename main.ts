import { reportFailure, runProgram } from "./src/cli/program.ts";
import { formatNy } from "./src/domain/time/ny_time.ts";
import { createChance } from "./src/runtime/chance.ts";
import { createClock } from "./src/runtime/clock.ts";
import { type Environment, readEnvironment } from "./src/runtime/environment.ts";
import { closeProxies } from "./src/runtime/host_network.ts";
import { listMisspelt } from "./src/runtime/misspelt.ts";
import { isEnvPermitted, isPermittedByDeno } from "./src/runtime/permissions.ts";
import { openNotifySocket, readOutputId, readServiceHost } from "./src/runtime/service_host.ts";
import { type AsyncStream, createQueuedWriter } from "./src/runtime/queued_writer.ts";
import { createTextWriter } from "./src/runtime/standard_stream.ts";

// The only file that reads the process's arguments and environment, and that ends the process.

const getPermitted = (name: string) => isEnvPermitted(name) ? Deno.env.get(name) : undefined;
const service = readServiceHost({
  get: getPermitted,
  readOutputId,
  open: openNotifySocket,
});
/** How long the end waits for whoever reads what was said last, where all of it is kept, and where it is that of a bug. */
const FLUSH_MS = 500;
const FLUSH_KEPT_MS = 60_000;
const FLUSH_FAILED_MS = 50;

const clock = createClock();
const markError = (text: string) => service.isJournal ? `<3>${text}` : text;
const writeToStderr = createTextWriter(Deno.stderr);
const writeError = (text: string) => writeToStderr(markError(text));
// Nobody who reads them may hold the program up.
const createUnwaited = (stream: AsyncStream, name: string, blockedMs?: number) =>
  createQueuedWriter({
    stream,
    clock,
    ...(blockedMs !== undefined && { blockedMs }),
    describeDropped: (count) =>
      `${service.isJournal ? "<4>" : ""}[${formatNy(clock.nowMs())}] WARNING ` +
      `${count} lines dropped: nobody read ${name}, or it could not be written\n`,
  });
const loopOut = createUnwaited(Deno.stdout, "standard output");
const loopError = createUnwaited(Deno.stderr, "standard error");
const keptOut = createUnwaited(Deno.stdout, "standard output", Infinity);
const keptError = createUnwaited(Deno.stderr, "standard error", Infinity);
let isReaderGone = false;
let unwritten: string | null = null;

/** A reader that has seen enough is no failure; a full disk, or a pipe that stays full, leaves half a report behind. */
function noteUnwritten(error: unknown): void {
  if (!(error instanceof Deno.errors.WouldBlock)) isReaderGone = true;
  if (error instanceof Deno.errors.BrokenPipe) return;
  unwritten ??= error instanceof Error ? error.message : "unknown";
}

/** Runs the program in the real world. @returns The exit status. */
function start(environment: Environment): Promise<number> {
  return runProgram({
    args: Deno.args,
    environment,
    pid: Deno.pid,
    clock,
    chance: createChance(),
    fetch,
    signals: Deno,
    isPermitted: isPermittedByDeno,
    misspelt: listMisspelt(getPermitted),
    service,
    writeOut: createTextWriter(Deno.stdout, noteUnwritten),
    writeError,
    unwaited: {
      dropped: {
        writeOut: loopOut.write,
        writeError: (text) => loopError.write(markError(text)),
      },
      kept: { writeOut: keptOut.write, writeError: (text) => keptError.write(markError(text)) },
    },
    isReaderGone: () => isReaderGone,
    readUnwritten: () => unwritten,
    isTerminal: Deno.stdout.isTerminal(),
    isColourRefused: Deno.noColor,
    exitNow: (status) => Deno.exit(status),
  });
}

/** Ends the process once what was said last is read, or nobody reads it. */
async function end(
  status: number,
  { flushMs, flushKeptMs } = { flushMs: FLUSH_MS, flushKeptMs: FLUSH_KEPT_MS },
): Promise<never> {
  await Promise.all([
    ...[loopOut, loopError].map((writer) => writer.flush(flushMs)),
    ...[keptOut, keptError].map((writer) => writer.flush(flushKeptMs)),
  ]);
  Deno.exit(status);
}

/**
 * What nobody caught ends the process as an internal error: the runtime's own status for it is 1, which an operator
 * reads as "watchlist missing". So does a program that waits for nothing any more and has given no status.
 */
function listenForFailures(fail: (error: unknown) => void): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  globalThis.addEventListener("beforeunload", (event) => {
    // The runtime waits for the end then.
    event.preventDefault();
    fail(new Error("ended without a result"));
  });
}

/** Tells why the process ends, on a stream that can't keep it from ending. */
function endFailed(environment: Environment, error: unknown): void {
  const say = { environment, writeError: (text: string) => loopError.write(markError(text)) };
  const status = reportFailure(say, error);
  void end(status, { flushMs: FLUSH_FAILED_MS, flushKeptMs: FLUSH_FAILED_MS });
}

try {
  closeProxies((name, text) => Deno.env.set(name, text));
  const environment = readEnvironment((name) => Deno.env.get(name));
  const fail = (error: unknown) => endFailed(environment, error);
  listenForFailures(fail);
  start(environment).then((status) => end(status)).catch(fail);
} catch (error) {
  endFailed({}, error);
}
