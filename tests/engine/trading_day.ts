import { createSlackAlerts } from "../../src/alerts/slack.ts";
import { createHealthcheck } from "../../src/alerts/healthcheck.ts";
import { createNoAlerts } from "../../src/alerts/no_alerts.ts";
import { createSlackTransport } from "../../src/alerts/slack_transport.ts";
import { createHttp } from "../../src/runtime/http.ts";
import { createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import { HttpFailure } from "../../src/broker/transport.ts";
import type { AlertPort, ClockPort, EnginePorts, LogPort } from "../../src/engine/ports.ts";
import { runLoop } from "../../src/engine/loop.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import { createDryRunLedger } from "../../src/state/dry_run_ledger.ts";
import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { createEventLog, type EventLog } from "../../src/state/event_log.ts";
import { readEvents } from "../../src/state/event_reader.ts";
import { createExecutionState } from "../../src/state/execution_state.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import { createOperatorFiles } from "../../src/state/operator_files.ts";
import { createStateDisk } from "../../src/state/state_disk.ts";
import { createWatchlistFile } from "../../src/state/watchlist_file.ts";
import { Exchange, SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import type { FaultPlan } from "../simulator/faults.ts";
import { createSimulatedSend } from "../simulator/in_process.ts";
import {
  buildSampleDay,
  SAMPLE_DAY_NY,
  SAMPLE_EQUITY_USD,
  SAMPLE_SETTINGS,
} from "../simulator/scenario.ts";
import { MemoryDisk } from "../state/memory_disk.ts";
import { MemoryLog } from "../state/support.ts";
import type { SlackSink } from "./slack_sink.ts";
import { VirtualDay } from "./virtual_time.ts";

export const LIST_PATH = "/scan/daily_candidates.csv";
export const STATE_DIR = "/state";
export const TOKEN = "token-of-the-virtual-day";
export const KILL_PATH = `${STATE_DIR}/KILL_SWITCH`;

/** The environment of a LIVE run; `withLiveFiles` puts the second key in place. */
export const LIVE_ENVIRONMENT = {
  ...SAMPLE_SETTINGS,
  LIVE_TRADING: "1",
  LIVE_CONFIRM_TOKEN: TOKEN,
  EXECUTION_POLL_SECONDS: "120",
};

/** What a day starts with. */
export interface TradingDayOptions {
  readonly startMs: number;
  readonly dateNy?: string;
  readonly slack?: SlackSink | null;
  /** The dead-man's switch outside the host; absent: none. */
  readonly healthcheckUrl?: string;
  readonly latencyMs?: number;
  /** Whether time stands still while a request to Slack is under way; a bench measures what happens otherwise. */
  readonly isSlackAwaited?: boolean;
  /** Makes the log of a process; absent: all write into `log`. */
  readonly createLog?: (clock: Pick<ClockPort, "nowMs">) => LogPort;
}

/** Where a process writes what it does. */
interface Trail {
  readonly events: EventLog;
  readonly log: LogPort;
}

/**
 * The engine with its real adapters over a simulated broker, a disk in memory and time that moves when the engine
 * sleeps: a trading day in a second or two. Only Slack's HTTP is real.
 */
export class TradingDay {
  readonly exchange: Exchange;
  readonly disk: MemoryDisk;
  readonly time: VirtualDay;
  readonly log = new MemoryLog();
  readonly #slack: SlackSink | null;
  readonly #healthcheckUrl: string | undefined;
  readonly #latencyMs: number;
  readonly #isSlackAwaited: boolean;
  readonly #createLog: TradingDayOptions["createLog"];
  readonly #real: ClockPort = createClock();
  #stop = new AbortController();
  faults: FaultPlan | null = null;

  constructor(
    {
      startMs,
      dateNy = SAMPLE_DAY_NY,
      slack = null,
      healthcheckUrl,
      latencyMs = 12,
      isSlackAwaited = true,
      createLog,
    }: TradingDayOptions,
  ) {
    this.#createLog = createLog;
    const { script, sessions, watchlistCsv } = buildSampleDay(dateNy);
    this.exchange = new Exchange({ script, sessions, startMs, cashUsd: SAMPLE_EQUITY_USD });
    this.time = new VirtualDay(startMs);
    this.disk = new MemoryDisk();
    this.disk.nowMs = startMs;
    this.disk.putDir(STATE_DIR);
    this.disk.put(LIST_PATH, watchlistCsv, { modifiedAtMs: startMs });
    this.disk.put(`${STATE_DIR}/live_confirm_token.txt`, `${TOKEN}\n`);
    this.#slack = slack;
    this.#healthcheckUrl = healthcheckUrl;
    this.#latencyMs = latencyMs;
    this.#isSlackAwaited = isSlackAwaited;
  }

  /** Ends the loop at its next wait. */
  stop(): void {
    this.#stop.abort();
  }

  /** Runs the program's loop until `untilMs` (or once), as a process of its own. @returns Its exit status. */
  async run(
    environment: Record<string, string>,
    { untilMs = Infinity, isRunOnce = false } = {},
  ): Promise<number> {
    this.#stop = new AbortController();
    if (untilMs !== Infinity) this.time.plan(untilMs, () => this.stop());
    const { ports, close } = this.#buildPorts(environment, isRunOnce);
    try {
      return await runLoop(ports, this.#stop.signal, { lookMs: 30_000 });
    } finally {
      await close();
    }
  }

  /** What was recorded on a day. */
  async listEvents(dateNy: string = SAMPLE_DAY_NY): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const item of readEvents(this.disk, { stateDir: STATE_DIR, dateNy })) {
      if (item.kind === "event") events.push(item.event);
    }
    return events;
  }

  /** The ports of a process, for whoever drives the engine's cycles himself. */
  openPorts(
    environment: Record<string, string>,
  ): { readonly ports: EnginePorts; readonly close: () => Promise<void> } {
    return this.#buildPorts(environment, false);
  }

  #buildPorts(environment: Record<string, string>, isRunOnce: boolean) {
    const { config } = buildConfig({
      APCA_API_KEY_ID: SIM_KEY_ID,
      APCA_API_SECRET_KEY: SIM_SECRET_KEY,
      AVWAP_STATE_DIR: STATE_DIR,
      WATCHLIST_FILE: LIST_PATH,
      ...(this.#slack === null ? {} : { SLACK_WEBHOOK_URL: this.#slack.url }),
      // Otherwise each process of a day would have another: the moment of its start is in it.
      ENTRY_DELAY_MIN_SECONDS: "150",
      ENTRY_DELAY_MAX_SECONDS: "150",
      ...environment,
    }, { ...NO_RUN_FLAGS, isRunOnce });
    const fs = this.disk;
    const clock = this.time.driver();
    const log = this.#createLog?.(clock) ?? this.log;
    const disk = createStateDisk({
      fs,
      stateDir: STATE_DIR,
      readFreeBytes: noFreeBytes,
      reserveBytes: 262_144,
    });
    const { secrets } = config;
    const events = createEventLog({ fs, stateDir: STATE_DIR, clock, log, secrets, disk });
    const alerts = this.#buildAlerts(config.slack, { events, log }, config.engine.endpoint);
    const broker = this.#buildBroker(config, clock, { events, log });
    const service = { ready: nothing, alive: nothing, stopping: nothing };
    const ports: EnginePorts = {
      version: "0.0.0-test",
      clock,
      broker,
      marketData: broker,
      disk,
      ledger: createLiveLedger({ fs: disk.records, stateDir: STATE_DIR }),
      state: createExecutionState({ fs: disk.records, stateDir: STATE_DIR }),
      dryRunLedger: createDryRunLedger({ fs, path: config.dryRunLedgerPath }),
      operatorFiles: createOperatorFiles({ fs, stateDir: STATE_DIR, otherStateDirs: [] }),
      watchlist: createWatchlistFile({ fs, path: LIST_PATH }),
      events,
      log,
      alerts: alerts.port,
      ...this.#buildHealth(log),
      service,
      config: config.engine,
    };
    return { ports, close: alerts.close };
  }

  /** Time waits for its answer. */
  #buildHealth(log: LogPort): Pick<EnginePorts, "health"> {
    const url = this.#healthcheckUrl;
    if (url === undefined) return {};
    const http = createHttp((input, init) => this.time.during(fetch(input, init)));
    return { health: createHealthcheck({ url, http, clock: this.time.passenger(), log }) };
  }

  #buildBroker(
    config: ReturnType<typeof buildConfig>["config"],
    clock: ClockPort,
    { events, log }: Trail,
  ) {
    return createAlpacaClient({
      tradingUrl: config.endpoint.tradingUrl,
      dataUrl: config.endpoint.dataUrl,
      keyId: config.keyId,
      secretKey: config.secretKey,
      send: createSimulatedSend({
        exchange: this.exchange,
        clock,
        latencyMs: this.#latencyMs,
        faults: (request, count) => this.faults?.(request, count) ?? null,
        fail: (failure, message) => new HttpFailure(failure, message),
      }),
      clock,
      chance: { uniform: () => 0.5 },
      feed: config.feed,
      timeoutMs: 10_000,
      log,
      onExchange: (exchange) =>
        void events.record({
          type: "exchange",
          method: exchange.method,
          path: exchange.path,
          request_body: exchange.requestBody,
          http_status: exchange.httpStatus,
          failure: exchange.failure,
          answer_body: exchange.answerBody,
          took_ms: exchange.tookMs,
        }),
    });
  }

  #buildAlerts(
    slack: ReturnType<typeof buildConfig>["config"]["slack"],
    { events, log }: Trail,
    endpoint: string,
  ): { port: AlertPort; close: () => Promise<void> } {
    if (slack === null) return { port: createNoAlerts(), close: nothing };
    const transport = createSlackTransport({ http: createHttp(fetch), clock: this.#real });
    const alerts = createSlackAlerts({
      ...slack,
      // A hanging sink is given up soon; how long the adapter itself waits is its own tests' business.
      send: (request) => {
        if (!this.#isSlackAwaited) return transport(request);
        const timeoutMs = this.#slack?.answer === "hang" ? 20 : 5_000;
        return this.time.during(transport({ ...request, timeoutMs }));
      },
      clock: this.time.passenger(),
      log,
      events,
      mark: () => `TEST ${endpoint}`,
    });
    return {
      port: alerts,
      close: () => {
        alerts.close();
        return Promise.resolve();
      },
    };
  }
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

/** A system that does not tell how much room there is. */
function noFreeBytes(): Promise<null> {
  return Promise.resolve(null);
}
