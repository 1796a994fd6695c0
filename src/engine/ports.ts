import type { DiskFault } from "../domain/alert/alert_facts.ts";
import type { OperatorRequest } from "../domain/account/operator_request.ts";
import type { EngineEvent, EventType, RecordedEvent } from "../domain/day/events.ts";
import type { EngineState } from "../domain/account/engine_state.ts";
import type {
  ArchiveRead,
  CopyRead,
  LedgerRead,
  StateRead,
} from "../domain/account/records_read.ts";
import type { Allowlist, TokenFile } from "../domain/gate/gate.ts";
import type { Caps } from "../domain/gate/caps.ts";
import type { CorporateAction } from "../domain/account/corporate_action.ts";
import type {
  BracketRequest,
  CancelOutcome,
  DryRunOrder,
  LookupOutcome,
  MarketSellRequest,
  ReadFailure,
  ReplaceRequest,
  StopRequest,
  SubmitOutcome,
} from "../domain/order/order_request.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import type { Bar, MarketClock, Trade } from "../domain/time/market.ts";
import type { Calendar } from "../domain/time/market_clock.ts";
import type {
  AccountConfiguration,
  BrokerAccount,
  BrokerOrder,
  BrokerPosition,
} from "../domain/order/orders.ts";
import type { UnreadableRow } from "../domain/order/unreadable_row.ts";
import type { WatchlistRead } from "../domain/entry/watchlist_step.ts";

/** Time as an argument: the engine never asks the host's clock itself. */
export interface ClockPort {
  /** The host's wall clock, Unix ms; may jump. */
  nowMs(): number;
  /** Milliseconds that only ever rise at the pace of time, for measuring how long something took. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Chance as an argument. */
export interface ChancePort {
  /** Uniform in [0, 1). */
  uniform(): number;
}

/** A broker read that gave no usable answer; `failure` is the word that the gate uses (interface, Gate). */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  /** The broker answered, and what it refuses is the keys: 401, or 403 `forbidden.` (broker.md, Refusals). */
  readonly areKeysRefused: boolean;
  constructor(
    readonly failure: ReadFailure,
    message: string,
    options: ErrorOptions & { readonly areKeysRefused?: boolean } = {},
  ) {
    super(message, options);
    this.areKeysRefused = options.areKeysRefused ?? false;
  }
}

/**
 * Which part of the request budget a call may use: `entry` and `read` leave a reserve that only `protect` (cancels,
 * exits, stops and the reads they need) may touch.
 */
export type RequestClass = "read" | "entry" | "protect";

/** A list of the broker's, row by row: what can't be parsed costs itself (pipeline 6, "A row of the broker's"). */
export interface Listing<T> {
  readonly rows: readonly T[];
  readonly unreadable: readonly UnreadableRow[];
}

/** Filter for a list of orders; pages are followed to the end. */
export interface OrderQuery {
  readonly status: "open" | "all";
  /** Only orders submitted after this moment, Unix ms. */
  readonly afterMs?: number;
  readonly symbols?: readonly string[];
}

/**
 * The broker (broker.md). Reads throw `BrokerError`; order-changing calls never throw for what the broker or the network
 * does, and are sent once. Every call has a deadline that includes reading the body.
 */
export interface BrokerPort {
  /** Host that orders go to, for the endpoint line and for the files. */
  readonly host: string;
  /** The slowest of the last ten answers, measured where requests leave; 0 before the first. Ms. */
  readonly slowestAnswerMs: number;
  readClock(): Promise<MarketClock>;
  readCalendar(range: DateRange): Promise<Calendar>;
  readAccount(): Promise<BrokerAccount>;
  readAccountConfiguration(): Promise<AccountConfiguration>;
  listPositions(requestClass?: RequestClass): Promise<Listing<BrokerPosition>>;
  /** Nested: a bracket's legs are under `legs`, `held` ones too. */
  listOrders(query: OrderQuery, requestClass?: RequestClass): Promise<Listing<BrokerOrder>>;
  readOrder(orderId: string, requestClass?: RequestClass): Promise<LookupOutcome>;
  lookUp(clientOrderId: string, requestClass?: RequestClass): Promise<LookupOutcome>;
  submitBracket(request: BracketRequest): Promise<SubmitOutcome>;
  submitMarketSell(request: MarketSellRequest): Promise<SubmitOutcome>;
  submitStop(request: StopRequest): Promise<SubmitOutcome>;
  replaceOrder(request: ReplaceRequest): Promise<SubmitOutcome>;
  cancelOrder(orderId: string): Promise<CancelOutcome>;
}

/**
 * The answer to one list of symbols (pipeline 2). `rows`: by symbol; one that was asked for and is in none of the parts has
 * nothing to show. `malformed`: a row of it can't be parsed. `open`: not answered, the pages before a failed one may hold others.
 */
export type SymbolsAnswer<T> =
  | {
    readonly kind: "answered";
    readonly rows: ReadonlyMap<string, T>;
    readonly malformed: readonly string[];
  }
  /** 400 or 422 for the whole list; `named`: those of it that the message names. */
  | { readonly kind: "refused"; readonly named: readonly string[]; readonly message: string }
  | {
    readonly kind: "failed";
    readonly failure: ReadFailure;
    readonly message: string;
    readonly rows: ReadonlyMap<string, T>;
    readonly malformed: readonly string[];
    readonly open: readonly string[];
  };

/** Symbols for one request, at most `SYMBOLS_PER_LIST`, and the monotonic time by which its pages have ended. */
export interface SymbolsQuery {
  readonly symbols: readonly string[];
  readonly endMs?: number;
}

/** A stretch of days, both ends included, `YYYY-MM-DD`. */
export interface DateRange {
  readonly fromNy: string;
  readonly toNy: string;
}

/** Market data (broker.md, Time and data). Never throws for what the broker or the network does. */
export interface MarketDataPort {
  /** 10-minute bars, oldest first. `endMs` and `startMs` of the window are inclusive. */
  listBars(
    query: SymbolsQuery & { readonly window: { readonly startMs: number; readonly endMs: number } },
  ): Promise<SymbolsAnswer<readonly Bar[]>>;
  /** Latest trades; may be months old with status 200. */
  listLatestTrades(query: SymbolsQuery, requestClass?: RequestClass): Promise<SymbolsAnswer<Trade>>;
  /** Corporate actions that are processed in the range, by the symbol whose shares they change (pipeline 4). */
  listCorporateActions(
    query: SymbolsQuery & { readonly range: DateRange },
  ): Promise<SymbolsAnswer<readonly CorporateAction[]>>;
  /** The feed in use, once known: `sip` or `iex`. */
  readonly feed: string | null;
}

/** A durable record could not be made, or a file is not what it must be. Nothing has left because of it. */
export class StateError extends Error {
  override readonly name = "StateError";
  /** The ledger's file is not as it was left: nothing is written over what nobody has looked at. */
  readonly isByAnotherHand: boolean;
  constructor(
    message: string,
    options: ErrorOptions & { readonly isByAnotherHand?: boolean } = {},
  ) {
    super(message, options);
    this.isByAnotherHand = options.isByAnotherHand ?? false;
  }
}

/**
 * `live_orders_today.json`, the records' ledger in the form that the runbook promises. Writes are durable when they return and
 * throw `StateError` otherwise.
 */
export interface LiveLedgerPort {
  read(): Promise<LedgerRead>;
  /** Makes ready what `write` of the same ledger has to write. */
  prepare(ledger: LiveLedger): void;
  /**
   * Replaces the file whole. One that was read and is of no use is first copied to `archive/`.
   * @param check Told what is there now; where it throws, nothing is written over it.
   * @throws {StateError} Where what is there can't be read: nothing is written over it (pipeline 6).
   */
  write(ledger: LiveLedger, check?: (present: LedgerRead) => void): Promise<void>;
  /**
   * Copies another hand's file to `archive/`, under a name that is no day's.
   * @returns The path of the copy.
   * @throws {StateError} Where it can't be copied.
   */
  setAside(): Promise<string>;
  /** Keeps the file of a past day as `archive/live_orders_YYYY-MM-DD.json`; does nothing where that exists already. */
  archive(ledger: LiveLedger): Promise<void>;
  /** The newest archived ledgers. Never throws. */
  readArchive(limit: number): Promise<ArchiveRead>;
}

/** `execution_state.json`, the document of all records. */
export interface StatePort {
  read(): Promise<StateRead>;
  /** Makes ready what `write` of the same state has to write: at a moment that matters it has less to do. */
  prepare(state: EngineState): void;
  /**
   * Durable when it returns; a damaged file is first copied to `archive/`. Throws `StateError`, also where what is there
   * can't be read.
   * @param use What of a full disk's reserve it may take (pipeline 5); absent: as a `record`.
   */
  write(state: EngineState, use?: RoomUse): Promise<void>;
  /** Copies a file that parses and is not to be believed to `archive/`. @throws {StateError} Where it can't be copied. */
  setAside(): Promise<void>;
  /**
   * Keeps a copy as `archive/execution_state_YYYY-MM-DD.json`, by the day of its ledger, in the place of that day's copy before.
   * @throws {StateError} Where that can't be replaced. What it says is in the document.
   */
  keepCopy(state: EngineState & { readonly ledger: LiveLedger }): Promise<void>;
  /** The newest copy that can be used. Never throws. */
  readCopy(): Promise<CopyRead>;
}

/** `dry_run_ledger.json`. */
export interface DryRunLedgerPort {
  /** @throws {StateError} Where the file is damaged; it is left as it is. */
  has(key: { readonly dateNy: string; readonly symbol: string }): Promise<boolean>;
  /** Durable when it returns. @throws {StateError} */
  record(order: DryRunOrder): Promise<void>;
  /** The day's simulated submissions. @throws {StateError} */
  list(dateNy: string): Promise<DryRunOrder[]>;
}

/** The operator's files, read afresh at each call. */
export interface OperatorFilesPort {
  /** True unless the path is certainly absent. */
  isKillSwitchOn(): Promise<boolean>;
  /** Whether the operator wants no entry; the same where nobody can look. */
  areEntriesPaused(): Promise<boolean>;
  readToken(): Promise<TokenFile>;
  /** What the operator asked for and is not on record yet. */
  listRequests(): Promise<readonly RequestRead[]>;
  /** Takes away a request that was dealt with. @throws {StateError} */
  removeRequest(name: string): Promise<void>;
}

/** A request file of the operator's; `damaged` is none that this program wrote, `unreadable` one that it could not look into. */
export type RequestRead =
  | { readonly kind: "ok"; readonly name: string; readonly request: OperatorRequest }
  | { readonly kind: "damaged"; readonly name: string }
  | { readonly kind: "unreadable"; readonly name: string; readonly message: string };

/** The scan's output. */
export interface WatchlistPort {
  read(): Promise<WatchlistRead>;
}

/** The audit trail. Never throws: a line that can't be written is said in the log, once. */
export interface EventPort {
  record(event: EngineEvent): Promise<unknown>;
}

/** The audit trail with what the daily summary reads back of it. */
export interface EventLogPort extends EventPort {
  /** @returns Whether the line is in the trail: what results are made of is recorded again where it is not. */
  record(event: EngineEvent): Promise<boolean>;
  /** The events of these types that were recorded on a New York date, oldest first. @throws {StateError} */
  listDay(
    query: { readonly dateNy: string; readonly types: readonly EventType[] },
  ): Promise<RecordedEvent[]>;
}

/** What a write may take of a full disk's reserve: a `record` of exits and protection all of it, a `note` its first piece. */
export type RoomUse = "record" | "note";

/** The disk under the state directory, with the reserve for records of exits and protection. */
export interface DiskPort {
  readonly stateDir: string;
  /** From the write that met it until `look` finds room again; `null` where nothing is known to be wrong. */
  readonly fault: DiskFault | null;
  /**
   * Makes the reserve where it is not whole, and ends the fault where that and room beside it can be had. Never throws.
   * @returns Why there is no whole reserve, `null` where there is one.
   */
  look(): Promise<string | null>;
  /** Bytes that may still be written beside the reserve; `null`: not known. */
  readFreeBytes(): Promise<number | null>;
}

/** The log, one line each; the implementation puts the New York time in front. */
export interface LogPort {
  info(line: string): void;
  warn(line: string): void;
  /** @param options `isDistinct`: its numbers and ids tell it from others, and what it says is held back for none of them. */
  error(line: string, options?: { readonly isDistinct: boolean }): void;
}

/** INFO < TRADE < WARNING < ERROR (interface, Slack). */
export type AlertLevel = "INFO" | "TRADE" | "WARNING" | "ERROR";

/** One message to the operator. */
export interface Alert {
  readonly level: AlertLevel;
  readonly title: string;
  readonly text: string;
  /**
   * A state alert's key and value: it counts as sent only when it was delivered. A newer value takes the older one of the
   * key back; with an empty title it does so without a message (`buildStateMessage` makes both).
   */
  readonly state?: { readonly key: string; readonly value: string };
}

/** Slack, or nothing. Never throws, never delays: what can't be queued is dropped with a log line. */
export interface AlertPort {
  /** Whether nobody is there to read: then nothing is asked of the broker for a message alone. */
  readonly isUnheard?: boolean;
  send(alert: Alert): void;
  /** How long the oldest ERROR has not been delivered, ms; 0 where none waits or was lost since the last delivery. */
  errorWaitMs?(): number;
  /**
   * State alerts delivered since the last call, for the engine to remember; an empty value where something was read that
   * had stopped to be true meanwhile.
   */
  takeDelivered(): { readonly key: string; readonly value: string }[];
  /** Waits until the queue is empty, at most `maxMs`. */
  drain(maxMs: number): Promise<void>;
}

/** The dead-man's switch outside the host (interface, `HEALTHCHECK_URL`). Never throws, never delays. */
export interface HealthPort {
  /** Says that all is well, at most once a minute. */
  beat(): void;
  /** Requests that failed since the last one that was answered. */
  readonly failures: number;
}

/** The service manager, or nothing (sd_notify). */
export interface ServicePort {
  ready(): Promise<void>;
  /** Feeds the watchdog and sets the status text. */
  alive(status: string): Promise<void>;
  stopping(): Promise<void>;
}

/** What the operator configured (interface, Environment). Built by `runtime/config.ts`. */
export interface EngineConfig {
  readonly isDryRun: boolean;
  readonly isKillSwitchEnv: boolean;
  readonly isLiveTrading: boolean;
  readonly confirmToken: string | null;
  readonly allowlist: Allowlist;
  /** `null` where one of them is not valid; `invalidConfiguration` then names it. */
  readonly caps: Caps | null;
  /** `MAX_LIVE_LOSS_PER_DAY` in USD, above 0; `null` where it is not set, or not valid. */
  readonly maxLossPerDayUsd: number | null;
  /** The first variable whose value blocks LIVE, or `null`. */
  readonly invalidConfiguration: string | null;
  readonly isMarketHoursIgnored: boolean;
  readonly pollSeconds: number;
  readonly entryDelayMinSeconds: number;
  readonly entryDelayMaxSeconds: number;
  readonly isRunOnce: boolean;
  /** `paper`, `live-money` or `custom`, by the host itself. */
  readonly endpoint: "paper" | "live-money" | "custom";
  readonly isSlackVerbose: boolean;
  readonly heartbeatMinutes: number;
  /** `HH:MM` New York, or `null`: at the change from open to closed. */
  readonly dailySummaryTimeNy: string | null;
}

/** Everything that the engine touches the world with. */
export interface EnginePorts {
  /** Of this program, for messages. */
  readonly version: string;
  readonly clock: ClockPort;
  readonly broker: BrokerPort;
  readonly marketData: MarketDataPort;
  readonly ledger: LiveLedgerPort;
  readonly state: StatePort;
  readonly dryRunLedger: DryRunLedgerPort;
  readonly operatorFiles: OperatorFilesPort;
  readonly watchlist: WatchlistPort;
  readonly events: EventLogPort;
  readonly disk: DiskPort;
  readonly log: LogPort;
  readonly alerts: AlertPort;
  /** Absent where none is configured, or can't be reached by this process. */
  readonly health?: HealthPort;
  readonly service: ServicePort;
  readonly config: EngineConfig;
}

/** What every request over HTTP has. */
export interface HttpOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the request, and its answer where that is not read to its end. */
  readonly signal: AbortSignal;
}

/** A request that changes something at the other side. */
export interface HttpChange extends HttpOptions {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly body: string | null;
}

/**
 * The network. Two ways, so that no change can take the one on which the runtime repeats requests by itself (pipeline
 * 6). Neither follows a redirect: a 3xx is the answer.
 */
export interface HttpPort {
  /** A GET, on a kept connection where there is one. */
  readonly read: (url: string, options: HttpOptions) => Promise<Response>;
  /** Leaves once, on a connection of its own. */
  readonly change: (request: HttpChange) => Promise<Response>;
}
