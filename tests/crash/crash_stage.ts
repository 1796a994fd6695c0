import type { Environment } from "../../src/runtime/environment.ts";
import { LOOK_MS } from "../../src/engine/loop.ts";
import { Exchange, SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import type { Fault } from "../simulator/faults.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";
import type { PriceScript } from "../simulator/quotes.ts";
import type { SimSession } from "../simulator/sessions.ts";
import type { SimRequest } from "../simulator/wire.ts";
import { ProgramProcess } from "../support/program_process.ts";
import { TimeKeeper } from "../support/time_keeper.ts";
import { Audit, type LiveCaps } from "./audit.ts";
import { StateFiles } from "./state_files.ts";

/** The market that the program is killed in. */
export interface CrashStageOptions {
  readonly sessions: readonly SimSession[];
  readonly script: PriceScript;
  /** Virtual time at the start, Unix ms. */
  readonly startMs: number;
  readonly caps: LiveCaps;
  /** Every look of the waiting program is at least so long after the last one, virtual ms: a day in fewer steps. */
  readonly strideMs: number;
  readonly environment?: Environment;
}

/** When to kill, seen from outside: on a request as it arrives, or on a file that changed. */
export interface KillTrigger {
  /** @returns What the network does to the request of the killed program; `undefined`: it lives on. */
  readonly onRequest?: (request: SimRequest, stage: CrashStage) => Fault | null | undefined;
  /** @param name Of the file in the state directory, or its archive, that was made, written or renamed. */
  readonly onFile?: (name: string, stage: CrashStage) => boolean;
}

const TOKEN = "5eed0000crash0000token0000live00";
/** How `kill -9` ends a process, as its parent sees it. */
const KILLED_STATUS = 137;

/**
 * The real program as a process in front of the simulated broker, LIVE, with everything in place to kill it from outside
 * and start it again; every request is held against the invariants as it arrives.
 */
export class CrashStage {
  readonly exchange: Exchange;
  readonly keeper: TimeKeeper;
  readonly files: StateFiles;
  readonly audit: Audit;
  /** Whether the armed trigger was what killed the program. */
  isHit = false;
  #trigger: KillTrigger = {};
  #program: ProgramProcess | null = null;
  #killing: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #simulator: Simulator;
  readonly #watcher: Deno.FsWatcher;
  readonly #watching: Promise<void>;
  readonly #options: CrashStageOptions;

  /** @param dir A directory of the stage's own, with `state/` in it. */
  constructor(readonly dir: string, options: CrashStageOptions) {
    const { script, sessions, startMs, caps, strideMs } = options;
    this.#options = options;
    this.exchange = new Exchange({ script, sessions, startMs });
    this.files = new StateFiles(`${dir}/state`);
    this.audit = new Audit(this.exchange, this.files, {
      caps,
      secrets: [SIM_KEY_ID, SIM_SECRET_KEY, TOKEN],
    });
    this.#simulator = startSimulator({
      exchange: this.exchange,
      speed: 1,
      faults: (request) => this.#arrive(request),
    });
    this.keeper = new TimeKeeper({
      simulator: this.#simulator,
      speed: Infinity,
      strideMs,
      strideFromMs: LOOK_MS,
    });
    Deno.writeTextFileSync(`${dir}/state/live_confirm_token.txt`, TOKEN, { mode: 0o600 });
    this.#watcher = Deno.watchFs(`${dir}/state`, { recursive: true });
    this.#watching = this.#watch();
  }

  /** The virtual moment, Unix ms. */
  nowMs(): number {
    return this.keeper.nowMs();
  }

  /** Lines of the program that runs or ran last. */
  get lines(): readonly string[] {
    return this.#program?.lines ?? [];
  }

  /** Writes the day's list, as fresh as the virtual moment. */
  writeList(csv: string): void {
    const path = `${this.dir}/daily_candidates.csv`;
    const seconds = this.nowMs() / 1000;
    Deno.writeTextFileSync(path, csv);
    Deno.utimeSync(path, seconds, seconds);
  }

  /** Starts the program; nothing of it sleeps to an end before time is let pass. */
  start(trigger: KillTrigger = {}): void {
    this.#trigger = trigger;
    this.isHit = false;
    this.#killing = null;
    this.audit.started();
    const { caps, environment = {} } = this.#options;
    this.#program = new ProgramProcess({
      args: ["run"],
      environment: {
        APCA_API_KEY_ID: SIM_KEY_ID,
        APCA_API_SECRET_KEY: SIM_SECRET_KEY,
        APCA_API_BASE_URL: this.#simulator.url,
        APCA_API_DATA_URL: this.#simulator.url,
        AVWAP_BASE_DIR: this.dir,
        AVWAP_STATE_DIR: `${this.dir}/state`,
        LIVE_TRADING: "1",
        LIVE_CONFIRM_TOKEN: TOKEN,
        MAX_LIVE_ORDERS_PER_DAY: `${caps.ordersPerDay}`,
        MAX_LIVE_POSITIONS: `${caps.positions}`,
        MAX_LIVE_GROSS_NOTIONAL: `${caps.grossUsd}`,
        MAX_LIVE_NOTIONAL_PER_SYMBOL: `${caps.perSymbolUsd}`,
        ...environment,
      },
      keeper: this.keeper,
      dir: this.dir,
      onLine: (line) => this.audit.line(line),
    });
  }

  /** Another trigger for the program that runs. */
  arm(trigger: KillTrigger): void {
    this.#trigger = trigger;
  }

  /** Lets time pass until the moment, or until the program was killed. */
  async passTo(ms: number): Promise<void> {
    await this.#program?.untilMs(ms);
    if (this.#killing !== null) await this.#killing;
  }

  /** Lets time pass in steps until it is so. @returns Whether it came to be within `limitMs`. */
  async passUntil(isSo: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = this.nowMs() + limitMs;
    while (!isSo()) {
      if (this.nowMs() >= untilMs || this.#program?.isEnded !== false) return isSo();
      await this.passTo(Math.min(untilMs, this.nowMs() + STEP_MS));
    }
    return true;
  }

  /** SIGKILL, sent before this returns; the promise is kept when the process is gone and its files were looked at. */
  kill(): Promise<void> {
    this.#killing ??= this.#finish();
    return this.#killing;
  }

  /** The armed trigger strikes after so long, real ms, unless the program is dead before. */
  strikeAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hit(), ms);
  }

  /** Ends everything that this stage started. */
  async close(): Promise<void> {
    await this.kill();
    this.#watcher.close();
    await this.#watching;
    await this.keeper.stop();
    await this.#simulator.stop();
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#timer);
    const program = this.#program;
    if (program === null) return;
    const status = await program.stop("SIGKILL");
    if (status !== KILLED_STATUS) {
      this.audit.violate(
        "the program ends by nothing but the kill",
        `status ${status}: ${program.lines.slice(-3).join(" | ")}`,
      );
    }
    this.audit.killed();
  }

  #arrive(request: SimRequest): Fault | null {
    this.audit.arrived(request, this.#killing === null);
    if (this.#killing !== null) return null;
    const fault = this.#trigger.onRequest?.(request, this);
    if (fault === undefined) return null;
    if (fault?.kind === "delay") this.audit.expectLate(fault.ms);
    this.#hit();
    return fault;
  }

  async #watch(): Promise<void> {
    for await (const { kind, paths } of this.#watcher) {
      if (kind === "access" || this.#killing !== null) continue;
      const names = paths.map((path) => path.slice(path.lastIndexOf("/") + 1));
      if (names.some((name) => this.#trigger.onFile?.(name, this) === true)) this.#hit();
    }
  }

  #hit(): void {
    if (this.#killing !== null) return;
    this.isHit = true;
    // Awaited by whoever lets time pass.
    void this.kill();
  }
}

/** How far time passes between two looks. */
const STEP_MS = 5_000;

/** Makes a stage in a directory of its own, and takes everything away after `act`. */
export async function withCrashStage<T>(
  options: CrashStageOptions,
  act: (stage: CrashStage) => Promise<T>,
): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-crash-" });
  await Deno.mkdir(`${dir}/state`, { mode: 0o700 });
  const stage = new CrashStage(dir, options);
  try {
    return await act(stage);
  } finally {
    await stage.close();
    await Deno.remove(dir, { recursive: true });
  }
}
