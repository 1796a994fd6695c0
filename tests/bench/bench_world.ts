import { createNoAlerts } from "../../src/alerts/no_alerts.ts";
import { buildBroker } from "../../src/cli/adapters.ts";
import type { ProgramHost } from "../../src/cli/command.ts";
import { VERSION } from "../../src/cli/version.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { ClockPort } from "../../src/engine/ports.ts";
import { loadState } from "../../src/engine/taking_in.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { buildConfig } from "../../src/runtime/config.ts";
import type { Environment } from "../../src/runtime/environment.ts";
import { createHttp } from "../../src/runtime/http.ts";
import { createServiceManager } from "../../src/runtime/service_manager.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { createDryRunLedger } from "../../src/state/dry_run_ledger.ts";
import { createEventLog } from "../../src/state/event_log.ts";
import { createExecutionState } from "../../src/state/execution_state.ts";
import type { FileSystem } from "../../src/state/file_system.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import { createOperatorFiles } from "../../src/state/operator_files.ts";
import { createStateDisk } from "../../src/state/state_disk.ts";
import { createWatchlistFile } from "../../src/state/watchlist_file.ts";
import { SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";

/** The host's clock with an offset, so that a benchmark can go on to the next moment without waiting for it. */
export class ShiftedClock implements ClockPort {
  readonly #real = createClock();
  #shiftMs: number;

  constructor(startMs: number) {
    this.#shiftMs = startMs - this.#real.monotonicMs();
  }

  /** Goes on to `ms`; never back. */
  shiftTo(ms: number): void {
    this.#shiftMs += Math.max(0, ms - this.nowMs());
  }

  nowMs(): number {
    return Math.floor(this.monotonicMs());
  }

  monotonicMs(): number {
    return this.#real.monotonicMs() + this.#shiftMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms, signal);
  }
}

/** What an engine for measuring is made of. */
export interface BenchWorldOptions {
  /** Holds `daily_candidates.csv` and `state/`. */
  readonly dir: string;
  readonly url: string;
  readonly clock: ClockPort;
  readonly environment: Environment;
  readonly fetch: typeof fetch;
  /** By what changes leave, closed by who made it; absent: each has its own. */
  readonly changes?: Deno.HttpClient;
  /** Absent: the disk. */
  readonly fs?: FileSystem;
}

/** The engine over the program's own adapters: real HTTP, real files; its log goes nowhere. */
export async function createBenchEngine(options: BenchWorldOptions): Promise<Engine> {
  const { dir, url, clock, environment, fs = createDenoFileSystem() } = options;
  const stateDir = `${dir}/state`;
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const host: ProgramHost = {
    args: [],
    environment: {
      APCA_API_KEY_ID: SIM_KEY_ID,
      APCA_API_SECRET_KEY: SIM_SECRET_KEY,
      APCA_API_BASE_URL: url,
      APCA_API_DATA_URL: url,
      AVWAP_BASE_DIR: dir,
      AVWAP_STATE_DIR: stateDir,
      ...environment,
    },
    pid: Deno.pid,
    clock,
    chance: { uniform: () => 0.5 },
    fetch: options.fetch,
    signals: { addSignalListener: () => {}, removeSignalListener: () => {} },
    isPermitted: () => true,
    writeOut: () => {},
    writeError: () => {},
    exitNow: () => {},
  };
  const flags = {
    isRunOnce: false,
    isDryRun: false,
    isMarketHoursIgnored: false,
    pollSeconds: null,
    candidatesCsv: null,
    entryDelayMin: null,
    entryDelayMax: null,
  };
  const { config } = buildConfig(host.environment, flags);
  const disk = createStateDisk({ fs, stateDir, readFreeBytes: () => Promise.resolve(null) });
  const events = createEventLog({ fs, stateDir, clock, log, secrets: config.secrets, disk });
  const broker = buildBroker({
    host,
    http: createHttp(host.fetch, options.changes),
    config,
    log,
    events,
    readEndMs: () => Infinity,
  });
  const engine = new Engine({
    version: VERSION,
    clock,
    broker,
    marketData: broker,
    disk,
    ledger: createLiveLedger({ fs: disk.records, stateDir }),
    state: createExecutionState({ fs: disk.records, stateDir }),
    dryRunLedger: createDryRunLedger({ fs, path: config.dryRunLedgerPath }),
    operatorFiles: createOperatorFiles({ fs, stateDir, otherStateDirs: [] }),
    watchlist: createWatchlistFile({ fs, path: config.watchlist.path }),
    events,
    log,
    alerts: createNoAlerts(),
    service: createServiceManager({ notify: null, log, clock }),
    config: config.engine,
  }, new AbortController().signal);
  await loadState(engine);
  return engine;
}

/** Milliseconds as a benchmark prints them. */
export function formatMs(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  return `median ${at(0.5)?.toFixed(1)} ms, worst ${sorted.at(-1)?.toFixed(1)} ms`;
}

/** A line of figures beside the table that the benchmark's runner prints. */
export function sayFigure(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
