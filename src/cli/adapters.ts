import { createHealthcheck } from "../alerts/healthcheck.ts";
import { createNoAlerts } from "../alerts/no_alerts.ts";
import { createSlackAlerts } from "../alerts/slack.ts";
import { createSlackTransport } from "../alerts/slack_transport.ts";
import { type AlpacaClient, createAlpacaClient } from "../broker/alpaca_client.ts";
import { createFetchSend } from "../broker/fetch_transport.ts";
import type { EngineEvent } from "../domain/day/events.ts";
import { RUN_ONCE_MS } from "../engine/engine.ts";
import type {
  EnginePorts,
  EventLogPort,
  EventPort,
  HealthPort,
  HttpPort,
  LogPort,
} from "../engine/ports.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { createChangeClient, createHttp, createStoppableHttp } from "../runtime/http.ts";
import { isHealthcheckReachable } from "../runtime/permissions.ts";
import { createServiceManager, type ServiceManager } from "../runtime/service_manager.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createDryRunLedger } from "../state/dry_run_ledger.ts";
import { createEventLog, type EventLog } from "../state/event_log.ts";
import { readFreeBytes } from "../state/disk_space.ts";
import { createExecutionState } from "../state/execution_state.ts";
import { createLiveLedger } from "../state/live_ledger.ts";
import { createOperatorFiles } from "../state/operator_files.ts";
import { createStateDisk, type StateDisk } from "../state/state_disk.ts";
import { createWatchlistFile } from "../state/watchlist_file.ts";
import type { ProgramHost } from "./command.ts";
import { VERSION } from "./version.ts";

/** Deadline of one broker request (pipeline 4: at most 10 s a request). */
export const REQUEST_TIMEOUT_MS = 10_000;

/**
 * How long all reads together may still take once the program was asked to stop. Why: each may take 20 s and a cycle makes
 * a dozen, while systemd waits 90 s, and who turns LIVE off by a variable and a restart (runbook 7) waits with it.
 */
const STOP_READS_MS = 20_000;

/** The engine's ports over the real world, and what must be ended after it. */
export interface EngineWorld {
  readonly ports: EnginePorts;
  readonly events: EventLog;
  /** Calls back what is under way to the broker and may change an order (runbook 2, "immediately"). */
  stopChanges(): void;
  /** From now on a broker that does not answer keeps the end waiting `STOP_READS_MS` at most. */
  hurry(): void;
  /** Stops what still sends; the queue is the engine's to drain before. */
  close(): void;
}

/** The disk of the state directory, once this process holds it. */
export function buildDisk(stateDir: string): StateDisk {
  return createStateDisk({ fs: createDenoFileSystem(), stateDir, readFreeBytes });
}

/** What the world is built from. */
export interface WorldOptions {
  readonly host: ProgramHost;
  readonly config: ProgramConfig;
  readonly log: LogPort;
  /** Whether the process may connect to Slack at all. */
  readonly isSlackReachable: boolean;
  /** Of the state directory that this process holds. */
  readonly disk: StateDisk;
}

/** Builds every adapter for a run in the state directory that this process holds. */
export function buildWorld(
  { host, config, log, isSlackReachable, disk }: WorldOptions,
): EngineWorld {
  const fs = createDenoFileSystem();
  const { clock } = host;
  const { stateDir, secrets } = config;
  const events = createEventLog({ fs, stateDir, clock, log, secrets, disk });
  const mode = watchMode(events);
  const slack = config.slack === null || !isSlackReachable ? null : createSlackAlerts({
    ...config.slack,
    send: createSlackTransport({ http: createHttp(host.fetch), clock }),
    clock,
    log,
    events,
    mark: () => `${mode.read() ?? "Gate not asked yet,"} ${config.engine.endpoint}`,
  });
  const health = buildHealth(host, config, log);
  const service = createServiceManager({ notify: host.service?.notify ?? null, log, clock });
  const changes = createChangeClient();
  const { http, stopChanges } = createStoppableHttp(
    createHttp(buildSteppingFetch(host.fetch, service), changes),
  );
  let readEndMs = Infinity;
  const broker = buildBroker({ host, http, config, log, events, readEndMs: () => readEndMs });
  return {
    events,
    ports: {
      version: VERSION,
      clock,
      broker,
      marketData: broker,
      ...buildFiles(disk, config),
      events: mode.events,
      disk,
      log,
      alerts: slack ?? createNoAlerts(),
      ...(health === null ? {} : { health }),
      service,
      config: config.engine,
    },
    stopChanges,
    hurry: () => void (readEndMs = clock.monotonicMs() + STOP_READS_MS),
    close() {
      slack?.close();
      changes.close();
    },
  };
}

/** `null` where none is set, or this process may not reach it, which is said. */
function buildHealth(host: ProgramHost, config: ProgramConfig, log: LogPort): HealthPort | null {
  const { healthcheckUrl: url } = config;
  if (url === null) return null;
  if (!isHealthcheckReachable(config, host.isPermitted)) {
    log.warn(
      "HEALTHCHECK_URL names a host that this process may not reach: build with --healthcheck-host",
    );
    return null;
  }
  return createHealthcheck({ url, http: createHttp(host.fetch), clock: host.clock, log });
}

/** What room the reserve gives is for the records alone. */
function buildFiles(
  { records }: StateDisk,
  { stateDir, otherStateDirs, dryRunLedgerPath, watchlist }: ProgramConfig,
) {
  const fs = createDenoFileSystem();
  return {
    ledger: createLiveLedger({ fs: records, stateDir }),
    state: createExecutionState({ fs: records, stateDir }),
    dryRunLedger: createDryRunLedger({ fs, path: dryRunLedgerPath }),
    operatorFiles: createOperatorFiles({ fs, stateDir, otherStateDirs }),
    watchlist: createWatchlistFile({ fs, path: watchlist.path }),
  };
}

/** The broker's client; every order-changing exchange becomes an event. */
export function buildBroker(
  { host, http, config, log, events, readEndMs }:
    & Omit<WorldOptions, "isSlackReachable" | "disk">
    & {
      readonly http: HttpPort;
      readonly events: EventPort;
      readonly readEndMs: () => number;
    },
): AlpacaClient {
  return createAlpacaClient({
    tradingUrl: config.endpoint.tradingUrl,
    dataUrl: config.endpoint.dataUrl,
    keyId: config.keyId,
    secretKey: config.secretKey,
    send: createFetchSend(http),
    clock: host.clock,
    chance: host.chance,
    feed: config.feed,
    timeoutMs: REQUEST_TIMEOUT_MS,
    endMs: config.engine.isRunOnce ? host.clock.monotonicMs() + RUN_ONCE_MS : Infinity,
    readEndMs,
    log,
    // Not awaited: the exchange is over, and the log writes in turn. What it waits for is written before the last event.
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

/** Each request that ended, however it did, is a step of the cycle done: a hung loop makes none. */
function buildSteppingFetch(fetch: ProgramHost["fetch"], service: ServiceManager) {
  return async (input: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
    try {
      return await fetch(input, init);
    } finally {
      service.stepped();
    }
  };
}

/** Alerts begin with the mode as the gate last gave it; until it gave one there is none: a LIVE service that starts is not DRY_RUN. */
function watchMode(
  events: EventLog,
): { events: EventLogPort; read: () => "LIVE" | "DRY_RUN" | null } {
  let mode: "LIVE" | "DRY_RUN" | null = null;
  return {
    read: () => mode,
    events: {
      listDay: (query) => events.listDay(query),
      record(event: EngineEvent) {
        if (event.type === "gate") mode = event["mode"] === "LIVE" ? "LIVE" : "DRY_RUN";
        return events.record(event);
      },
    },
  };
}
