import { createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import { HttpFailure } from "../../src/broker/transport.ts";
import { InvariantError } from "../../src/domain/assert.ts";
import type { EngineEvent } from "../../src/domain/day/events.ts";
import type { EngineState, ManagedPosition } from "../../src/domain/account/engine_state.ts";
import type { LedgerEntry, LiveLedger } from "../../src/domain/order/ledger.ts";
import { type CycleResult, runCycle } from "../../src/engine/cycle.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { Alert, AlertPort, ClockPort, EnginePorts } from "../../src/engine/ports.ts";
import { loadState } from "../../src/engine/taking_in.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import { createDryRunLedger } from "../../src/state/dry_run_ledger.ts";
import { createEventLog } from "../../src/state/event_log.ts";
import { createExecutionState } from "../../src/state/execution_state.ts";
import { buildLedgerText, parseLedger } from "../../src/state/ledger_format.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import { createOperatorFiles } from "../../src/state/operator_files.ts";
import { buildStateText, parseState } from "../../src/state/state_format.ts";
import { createStateDisk } from "../../src/state/state_disk.ts";
import { createWatchlistFile } from "../../src/state/watchlist_file.ts";
import { Exchange, SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import { buildFaultPlan, type FaultPlan, type FaultRule } from "../simulator/faults.ts";
import { createSimulatedSend } from "../simulator/in_process.ts";
import { isDone, type SimOrder } from "../simulator/order.ts";
import { buildSampleSessions, buildWatchlistCsv, type ScenarioRow } from "../simulator/scenario.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyDateAt, nyMoment } from "../simulator/sessions.ts";
import type { SimRequest } from "../simulator/wire.ts";
import { MemoryDisk } from "../state/memory_disk.ts";
import { MemoryLog } from "../state/support.ts";
import { QueuedTime } from "../support/queued_time.ts";

export const STATE_DIR = "/state";
export const LEDGER_PATH = `${STATE_DIR}/live_orders_today.json`;
export const STATE_PATH = `${STATE_DIR}/execution_state.json`;
export const KILL_PATH = `${STATE_DIR}/KILL_SWITCH`;
export const LIST_PATH = "/scan/daily_candidates.csv";
export const PAPER_HOST = "paper-api.alpaca.markets";
export const LIVE_PASS = "Gate mode=LIVE status=PASS reason=live trading confirmed";

/** Monday 2026-11-23, 10:00:30 New York: both bars that confirm a breakout have just closed. */
export const START_MS = nyMoment(SAMPLE_DAY_NY, "10:00:30");
export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;

/** Everything costs this until a test says otherwise. */
export const PRICE_USD = 100;

/** Pivot 99, stop 95, R1 105, R2 111: breaks out at once, and 10 shares fill the cap of a symbol. */
export const NVDA: ScenarioRow = {
  symbol: "NVDA",
  direction: "Long",
  priceUsd: 200,
  pivotUsd: 99,
  distancePct: 0,
  stopUsd: 95,
  r1Usd: 105,
  r2Usd: 111,
  anchor: "YTD",
};
export const AAPL: ScenarioRow = { ...NVDA, symbol: "AAPL" };

/** The reserve of a disk in memory: a thousand worlds need not hold 4 MB each. */
export const TEST_RESERVE_BYTES = 256 * 1024;

const TOKEN = "correct-horse";
const ENVIRONMENT: Readonly<Record<string, string>> = {
  LIVE_TRADING: "1",
  LIVE_CONFIRM_TOKEN: TOKEN,
  APCA_API_KEY_ID: SIM_KEY_ID,
  APCA_API_SECRET_KEY: SIM_SECRET_KEY,
  AVWAP_STATE_DIR: STATE_DIR,
  WATCHLIST_FILE: LIST_PATH,
  ENTRY_DELAY_MIN_SECONDS: "0",
  ENTRY_DELAY_MAX_SECONDS: "0",
  MAX_LIVE_GROSS_NOTIONAL: "50000",
  MAX_LIVE_ORDERS_PER_DAY: "20",
  MAX_LIVE_NOTIONAL_PER_SYMBOL: "2000",
};

/** An order-changing request as the broker saw it. */
export interface Change {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One trading day in memory: the real engine, its real adapters and broker client, over the simulated exchange. */
export class World {
  readonly exchange: Exchange;
  /** What the next process finds; a test that crashes one puts the disk after the crash here. */
  disk = new MemoryDisk();
  readonly log = new MemoryLog();
  readonly alerts: Alert[] = [];
  readonly events: EngineEvent[] = [];
  /** Requests that left, those too that a front answered before the exchange saw them. */
  readonly sent: SimRequest[] = [];
  /** Called for each event before it is recorded: the way into the middle of a step. */
  onEvent: (event: EngineEvent) => void = () => {};
  /** Slack's part: whether state alerts are delivered. */
  isSlackUp = true;
  /** Virtual time, Unix ms: the broker's and the host's. */
  nowMs: number;
  environment: Readonly<Record<string, string>> = ENVIRONMENT;
  engine: Engine;
  /** What each answer of the broker's takes, ms. */
  readonly #latencyMs: number;
  #faults: FaultPlan = () => null;
  #delivered: { readonly key: string; readonly value: string }[] = [];

  constructor(
    { startMs = START_MS, rows = [NVDA] as readonly ScenarioRow[], latencyMs = 5 } = {},
  ) {
    this.nowMs = startMs;
    this.#latencyMs = latencyMs;
    this.exchange = this.#buildExchange(startMs);
    this.disk.putDir(STATE_DIR);
    this.disk.put(`${STATE_DIR}/live_confirm_token.txt`, TOKEN);
    this.list(rows);
    this.engine = this.#buildEngine();
  }

  #buildExchange(startMs: number): Exchange {
    const sessions = buildSampleSessions();
    const isOpen = (ms: number) => sessions.some((each) => ms >= each.openMs && ms < each.closeMs);
    return new Exchange({
      sessions,
      script: {
        priceAtUsd: (_symbol, ms) => isOpen(ms) ? PRICE_USD : null,
        boundsUsd: () => ({ lowUsd: PRICE_USD, highUsd: PRICE_USD }),
      },
      startMs,
    });
  }

  /** Writes the day's list. */
  list(rows: readonly ScenarioRow[]): void {
    const csv = buildWatchlistCsv(rows, nyDateAt(this.nowMs));
    this.disk.put(LIST_PATH, csv, { modifiedAtMs: this.nowMs });
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.goTo(this.nowMs + ms);
  }

  /** Goes to a moment. */
  goTo(ms: number): void {
    this.nowMs = ms;
    this.disk.nowMs = ms;
    this.exchange.advanceTo(ms);
  }

  /** What the network does from now on. */
  setFaults(rules: readonly FaultRule[]): void {
    this.#faults = buildFaultPlan(rules);
  }

  /** The same, where a list of rules does not say it. */
  setFaultPlan(plan: FaultPlan): void {
    this.#faults = plan;
  }

  /** A new process over the same files, with changed variables. */
  async restart(change: Readonly<Record<string, string>> = {}): Promise<void> {
    this.environment = { ...this.environment, ...change };
    this.engine = this.#buildEngine();
    await loadState(this.engine);
  }

  /** One cycle, and a second in which the broker does what it was asked for. */
  async cycle(): Promise<CycleResult> {
    const result = await runCycle(this.engine);
    this.pass(SECOND_MS);
    return result;
  }

  /** Cycles with a pause before each. */
  async cycles(count: number, pauseMs: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      this.pass(pauseMs);
      await this.cycle();
    }
  }

  /** Starts, buys what the list names, and sees it filled: protected by the bracket's day legs. */
  async buy(): Promise<void> {
    await this.restart();
    await this.cycle(); // A missing ledger is made in the first cycle, and blocks LIVE in it.
    await this.cycles(2, 5 * SECOND_MS);
    this.forget();
  }

  /** Forgets what was said and sent so far. */
  forget(): void {
    this.log.lines.length = 0;
    this.alerts.length = 0;
    this.events.length = 0;
    this.exchange.requests.length = 0;
    this.sent.length = 0;
  }

  /** Order-changing requests, in the order in which the broker saw them. */
  get changes(): Change[] {
    return this.exchange.requests.filter((each) => each.method !== "GET").map((each) => {
      const body: unknown = each.body === null ? {} : JSON.parse(each.body);
      return { method: each.method, path: each.path, status: each.status, body: asObject(body) };
    });
  }

  /** The broker's orders of a kind, newest last. */
  orders(filter: (order: SimOrder) => boolean = () => true): SimOrder[] {
    return this.exchange.orders.filter(filter);
  }

  /** Sell stops at work, as `qty@price tif`. */
  stops(symbol = "NVDA"): string[] {
    return this.orders((order) =>
      order.symbol === symbol && order.side === "sell" && order.stopPriceUsd !== null &&
      order.isActive && !isDone(order)
    ).map((order) => `${order.qty}@${order.stopPriceUsd} ${order.timeInForce}`);
  }

  /** Shares that the broker holds. */
  held(symbol = "NVDA"): number {
    return this.exchange.position(symbol)?.qty ?? 0;
  }

  /** Market sells that the broker has, as `qty status`. */
  sells(symbol = "NVDA"): string[] {
    return this.orders((order) =>
      order.symbol === symbol && order.side === "sell" && order.type === "market"
    ).map((order) => `${order.qty} ${order.status}`);
  }

  /** Buys that the broker has. */
  buys(symbol = "NVDA"): SimOrder[] {
    return this.orders((order) => order.symbol === symbol && order.side === "buy");
  }

  /** The ledger file. @throws Where it is none. */
  get ledger(): LiveLedger {
    return readLedgerText(this.disk.textOf(LEDGER_PATH) ?? "");
  }

  /** As this program would have left it: in the document, in its file and in the engine. */
  set ledger(ledger: LiveLedger) {
    this.putLedgerFile(ledger);
    if (this.disk.textOf(STATE_PATH) !== null) this.state = { ...this.state, ledger };
    this.engine.updateState({ ledger });
    this.engine.store.noteFile(ledger);
  }

  /** Loses every record of the day's orders: the document is a release's that had none in it. */
  async loseLedger(): Promise<void> {
    await this.disk.remove(LEDGER_PATH);
    this.state = { ...this.state, ledger: null, ledgerVersions: [] };
  }

  /** The ledger's file alone, as another hand writes it. */
  putLedgerFile(ledger: LiveLedger): void {
    this.disk.put(LEDGER_PATH, buildLedgerText(ledger));
  }

  /** A day's ledger in the archive. */
  archived(dateNy: string): LiveLedger {
    return readLedgerText(
      this.disk.textOf(`${STATE_DIR}/archive/live_orders_${dateNy}.json`) ?? "",
    );
  }

  /** Entries of the ledger file of one kind. */
  entries(reason: string | null = null): LedgerEntry[] {
    return this.ledger.entries.filter((entry) =>
      reason === null ? entry.side === "buy" : entry.reason === reason
    );
  }

  /** The state file. @throws Where it is none. */
  get state(): EngineState {
    const parsed = parseState(this.disk.textOf(STATE_PATH) ?? "");
    if (parsed.kind !== "ok") throw new Error(`state ${parsed.kind}: ${parsed.message}`);
    return parsed.state;
  }

  set state(state: EngineState) {
    this.disk.put(STATE_PATH, buildStateText(state));
  }

  /** The managed position of a symbol, as the engine has it now. */
  position(symbol = "NVDA"): ManagedPosition | undefined {
    return this.engine.state.positions.find((each) => each.symbol === symbol);
  }

  /** Log lines with this in them. */
  said(part: string): string[] {
    return this.log.lines.filter((line) => line.includes(part));
  }

  /** Alerts with this title or text, withdrawals aside. */
  alerted(part: string): Alert[] {
    return this.alerts.filter((each) => `${each.title}\n${each.text}`.includes(part))
      .filter((each) => each.title !== "");
  }

  /** Look-ups of one client order id, and all answers that they got. */
  lookUps(): number[] {
    return this.exchange.requests
      .filter((each) => each.path === "/v2/orders:by_client_order_id").map((each) => each.status);
  }

  #buildEngine(): Engine {
    const engine = new Engine(this.#buildPorts(), new AbortController().signal);
    engine.onBreach = (message) => {
      throw new InvariantError(message);
    };
    return engine;
  }

  #buildClock(): ClockPort {
    const nowMs = () => this.nowMs;
    // What is asked for together takes as long as the slowest of it, and may race.
    const time = new QueuedTime({ nowMs, goTo: (ms) => this.goTo(ms) });
    return { nowMs, monotonicMs: nowMs, sleep: (ms, signal) => time.sleep(ms, signal) };
  }

  #buildPorts(): EnginePorts {
    const { config } = buildConfig(this.environment, NO_RUN_FLAGS);
    const clock = this.#buildClock();
    const { log, disk: fs } = this;
    const { stateDir } = config;
    const disk = createStateDisk({
      fs,
      stateDir,
      readFreeBytes: () => Promise.resolve(null),
      reserveBytes: TEST_RESERVE_BYTES,
    });
    const eventLog = createEventLog({ fs, stateDir, clock, log, secrets: config.secrets, disk });
    const broker = createAlpacaClient({
      tradingUrl: config.endpoint.tradingUrl,
      dataUrl: config.endpoint.dataUrl,
      keyId: config.keyId,
      secretKey: config.secretKey,
      send: createSimulatedSend({
        exchange: this.exchange,
        clock,
        latencyMs: this.#latencyMs,
        faults: (request, count) => {
          this.sent.push(request);
          return this.#faults(request, count);
        },
        fail: (failure, message) => new HttpFailure(failure, message),
      }),
      clock,
      chance: { uniform: () => 0.5 },
      feed: config.feed,
      timeoutMs: 10_000,
      log,
    });
    return {
      version: "0.0.0-test",
      clock,
      broker,
      marketData: broker,
      disk,
      ledger: createLiveLedger({ fs: disk.records, stateDir }),
      state: createExecutionState({ fs: disk.records, stateDir }),
      dryRunLedger: createDryRunLedger({ fs, path: config.dryRunLedgerPath }),
      operatorFiles: createOperatorFiles({ fs, stateDir, otherStateDirs: [] }),
      watchlist: createWatchlistFile({ fs, path: config.watchlist.path }),
      events: {
        listDay: (query) => eventLog.listDay(query),
        record: async (event) => {
          this.events.push(event);
          this.onEvent(event);
          return await eventLog.record(event);
        },
      },
      log,
      alerts: this.#buildAlerts(),
      service: {
        ready: () => Promise.resolve(),
        alive: () => Promise.resolve(),
        stopping: () => Promise.resolve(),
      },
      config: config.engine,
    };
  }

  #buildAlerts(): AlertPort {
    return {
      send: (alert) => {
        this.alerts.push(alert);
        if (this.isSlackUp && alert.state !== undefined) this.#delivered.push(alert.state);
      },
      takeDelivered: () => this.#delivered.splice(0),
      drain: () => Promise.resolve(),
    };
  }
}

function readLedgerText(text: string): LiveLedger {
  const parsed = parseLedger(text);
  if (parsed.kind !== "ok") throw new Error(`ledger ${parsed.kind}: ${parsed.message}`);
  return parsed.ledger;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}

/** A moment of the sample week, Unix ms. @param timeNy `HH:MM` or `HH:MM:SS` */
export function at(timeNy: string, dateNy = SAMPLE_DAY_NY): number {
  return nyMoment(dateNy, timeNy);
}
