import type { Environment } from "../../src/runtime/environment.ts";
import { Exchange, SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import type { ScenarioDay } from "../simulator/scenario.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";
import { nyTimeAt } from "../simulator/sessions.ts";
import { ProgramProcess } from "../support/program_process.ts";
import { TimeKeeper } from "../support/time_keeper.ts";
import type { Printer } from "./printer.ts";

/** What the story is played on. */
export interface StageOptions {
  readonly dir: string;
  readonly day: ScenarioDay;
  readonly equityUsd: number;
  readonly startMs: number;
  /** Simulated seconds in a second of waiting. */
  readonly speed: number;
  readonly printer: Printer;
}

/** No line of the story is waited for longer than this, simulated. */
const WAIT_MS_MAX = 30 * 60_000;
/** Real time to read a character of narration, and no paragraph takes longer than the second. */
const READ_MS = 8;
const READ_MS_MAX = 2_000;
/** Speed at which there is that time to read; a faster story gives less. */
const READ_SPEED = 180;

/** The simulated broker, its clock, and the program in front of them. */
export class Stage {
  readonly stateDir: string;
  readonly exchange: Exchange;
  readonly #options: StageOptions;
  readonly #simulator: Simulator;
  readonly #keeper: TimeKeeper;
  readonly #log: Deno.FsFile;
  #program: ProgramProcess | null = null;

  /** @throws Where the log file can't be made. */
  constructor(options: StageOptions) {
    const { dir, day, equityUsd, startMs, speed } = options;
    this.#options = options;
    this.stateDir = `${dir}/state`;
    const { script, sessions } = day;
    this.exchange = new Exchange({ script, sessions, startMs, cashUsd: equityUsd });
    this.#simulator = startSimulator({ exchange: this.exchange, speed: 1 });
    this.#keeper = new TimeKeeper({ simulator: this.#simulator, speed });
    this.#log = Deno.openSync(`${dir}/program.log`, { append: true, create: true });
  }

  /** The simulated moment, Unix ms. */
  nowMs(): number {
    return this.#keeper.nowMs();
  }

  /** A paragraph, and a moment to read it. */
  async say(text: string): Promise<void> {
    const { printer, speed } = this.#options;
    printer.say(text);
    const readMs = Math.min(READ_MS_MAX, text.length * READ_MS) * Math.min(1, READ_SPEED / speed);
    await new Promise((resolve) => setTimeout(resolve, readMs));
  }

  /** Starts the program as a new process; nothing of it happens before time is let pass. */
  start(args: readonly string[], environment: Environment): void {
    const { printer, dir } = this.#options;
    printer.forget();
    this.#program = new ProgramProcess({
      args,
      environment: {
        APCA_API_KEY_ID: SIM_KEY_ID,
        APCA_API_SECRET_KEY: SIM_SECRET_KEY,
        APCA_API_BASE_URL: this.#simulator.url,
        APCA_API_DATA_URL: this.#simulator.url,
        AVWAP_BASE_DIR: dir,
        AVWAP_STATE_DIR: this.stateDir,
        ...environment,
      },
      keeper: this.#keeper,
      dir,
      onLine: (line) => {
        this.#log.writeSync(new TextEncoder().encode(`${line}\n`));
        printer.program(line);
      },
    });
  }

  /**
   * Lets time pass until the running program has printed such a line.
   * @throws {LineError} Where it does not.
   */
  async see(pattern: RegExp): Promise<void> {
    const program = this.#running();
    if (!program.lines.some((line) => pattern.test(line))) {
      await program.until(pattern, WAIT_MS_MAX);
    }
  }

  /** The same for a line that must be new. */
  async seeNext(pattern: RegExp): Promise<void> {
    await this.#running().until(pattern, WAIT_MS_MAX);
  }

  /** Lets time pass until the simulated moment. */
  async passTo(ms: number): Promise<void> {
    await this.#running().untilMs(ms);
  }

  /** Turns the clock forward while nothing happens; a moment that is over is not gone back to. */
  turnTo(ms: number | null, why: string): void {
    const nowMs = this.nowMs();
    if (ms === null || ms <= nowMs) return;
    this.#options.printer.turn(
      `${why}: the clock is turned from ${nyTimeAt(nowMs)} to ${nyTimeAt(ms)}`,
    );
    this.#keeper.jumpTo(ms);
  }

  /** Waits for the program's own end. @returns Its exit status. */
  async untilEnded(): Promise<number> {
    await this.passTo(Infinity);
    return await this.#running().ended;
  }

  /** Sends SIGTERM. @returns The exit status. */
  async terminate(): Promise<number> {
    return await this.#running().stop("SIGTERM");
  }

  /** Ends everything that still runs. */
  async close(): Promise<void> {
    if (this.#program !== null && !this.#program.isEnded) await this.#program.stop("SIGKILL");
    await this.#keeper.stop();
    await this.#simulator.stop();
    this.#log.close();
  }

  #running(): ProgramProcess {
    if (this.#program === null) throw new Error("no program was started");
    return this.#program;
  }
}
