import { type Environment, ENVIRONMENT_VARIABLES } from "../../src/runtime/environment.ts";
import { LineReader } from "./line_reader.ts";
import type { TimeKeeper } from "./time_keeper.ts";

/** What to start, and who hears it. */
export interface ProgramOptions {
  readonly args: readonly string[];
  /** All that the program sees of an environment. */
  readonly environment: Environment;
  readonly keeper: TimeKeeper;
  /** The one directory that it may read and write. */
  readonly dir: string;
  /** Each line that it prints, on either stream, when it arrives. */
  readonly onLine?: (line: string) => void;
}

/** Variables that the runtime itself needs to find its cache. */
const RUNTIME_VARIABLES = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"];

/** A line that never came: says which, and what came instead. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** The real program as a process of its own, with the keeper's time and permissions for one directory. */
export class ProgramProcess {
  /** The exit status; everything that was printed has been read by then. */
  readonly ended: Promise<number>;
  readonly #child: Deno.ChildProcess;
  readonly #keeper: TimeKeeper;
  readonly #reader: LineReader;
  #isEnded = false;
  /** Lines before this one have been waited for already. */
  #seen = 0;

  constructor(options: ProgramOptions) {
    this.#keeper = options.keeper;
    const child = spawn(options);
    this.#child = child;
    this.#reader = new LineReader(options.onLine ?? (() => {}));
    this.#keeper.attach(child.pid, (lines) => this.#reader.untilCount(lines));
    const read = Promise.all([
      this.#reader.read(child.stdout, false),
      this.#reader.read(child.stderr, true),
    ]);
    this.ended = (async () => {
      const { code } = await child.status;
      await read;
      this.#isEnded = true;
      return code;
    })();
  }

  /** All lines so far, of both streams. */
  get lines(): readonly string[] {
    return this.#reader.lines;
  }

  /** Lines of standard error so far. */
  get errors(): readonly string[] {
    return this.#reader.errors;
  }

  /** Whether it runs no more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Lets time pass until a line matches that was not waited for yet; then time is held and the program asleep or over.
   * @throws {LineError} Where it ends, or `limitMs` of simulated time pass, without such a line.
   */
  async until(pattern: RegExp, limitMs = Infinity): Promise<string> {
    let found: string | null = null;
    const look = (): boolean => {
      while (found === null && this.#seen < this.lines.length) {
        const line = this.lines[this.#seen++] ?? "";
        if (pattern.test(line)) found = line;
      }
      return found !== null;
    };
    if (!look()) {
      const stopListening = this.#reader.listen(() => {
        if (look()) this.#keeper.hold();
      });
      this.#keeper.release(limitMs === Infinity ? Infinity : this.#keeper.nowMs() + limitMs);
      await this.#keeper.untilHeld(this.ended);
      stopListening();
    }
    if (found !== null || look()) return found ?? "";
    const last = this.lines.slice(-8).join("\n");
    throw new LineError(`no line ${pattern} came; the last are:\n${last}`);
  }

  /** Lets time pass until the simulated moment `ms`, or the program's end. */
  async untilMs(ms: number): Promise<void> {
    if (this.#isEnded) return;
    this.#keeper.release(ms);
    await this.#keeper.untilHeld(this.ended);
  }

  async #untilHeard(signal: Deno.Signal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (this.lines.some((line) => line.includes(`${signal} received`))) resolve();
    };
    const stopListening = this.#reader.listen(look);
    look();
    await promise;
    stopListening();
  }

  /** Sends the signal and waits for the end. @returns The exit status. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    if (!this.#isEnded) this.#child.kill(signal);
    // Heard before its sleep ends: else it would begin another cycle first.
    if (signal !== "SIGKILL") await Promise.race([this.#untilHeard(signal), this.ended]);
    this.#keeper.release();
    const status = await this.ended;
    await this.#keeper.finish();
    return status;
  }
}

function spawn({ args, environment, keeper, dir }: ProgramOptions): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      `--allow-read=${dir}`,
      `--allow-write=${dir}`,
      "--allow-net=127.0.0.1",
      `--allow-env=${ENVIRONMENT_VARIABLES.join(",")}`,
      new URL("./program_entry.ts", import.meta.url).pathname,
      keeper.url,
      ...args,
    ],
    clearEnv: true,
    env: { ...readRuntimeVariables(), ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

function readRuntimeVariables(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of RUNTIME_VARIABLES) {
    const text = Deno.env.get(name);
    if (text !== undefined) found[name] = text;
  }
  return found;
}
