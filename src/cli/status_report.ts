import { formatTrouble, type Standing } from "../domain/account/standing.ts";
import { NO_TARGET_USD } from "../domain/plan/adoption.ts";
import type { DayTrail } from "../domain/day/day_trail.ts";
import { listTrades } from "../domain/day/trades.ts";
import type { EngineState, ManagedPosition } from "../domain/account/engine_state.ts";
import type { RecordedEvent } from "../domain/day/events.ts";
import { buildTrimFields, type TrimFields } from "../domain/exit/exit_rules.ts";
import { formatAllowlist, formatGateReason, type GateDecision } from "../domain/gate/gate.ts";
import {
  buildCapUsage,
  countsTowardCaps,
  isEntryRecord,
  isOpenEntry,
  isUnsettled,
  type LiveLedger,
} from "../domain/order/ledger.ts";
import { microsToUsd } from "../domain/order/money.ts";
import { dateNyOf, formatUtc } from "../domain/time/ny_time.ts";
import {
  type BrokerAccount,
  type BrokerOrder,
  type BrokerPosition,
  flattenOrders,
  isFinal,
} from "../domain/order/orders.ts";
import type { MarketClock, Session } from "../domain/time/market.ts";
import {
  formatUnreadable,
  openSymbolOf,
  type UnreadableRow,
} from "../domain/order/unreadable_row.ts";
import { hasTraces } from "../domain/account/rebuild_records.ts";
import type { ArchiveRead, LedgerRead, StateRead } from "../domain/account/records_read.ts";
import type { EngineConfig } from "../engine/ports.ts";
import type { WatchlistStep } from "../domain/entry/watchlist_step.ts";
import type { LockProbe } from "../state/lock_probe.ts";
import { RESERVE_BYTES } from "../state/state_disk.ts";
import type { DiskFacts } from "./check_host.ts";
import type { Holder } from "./holders.ts";
import { buildCover, type CoverStatus } from "./status_cover.ts";
import { listDifferences, type Records } from "./status_differences.ts";
import { readTodayResult } from "./status_day.ts";
import { buildOpenStatus, type OpenStatus, sumOpen } from "./status_open.ts";

/** What the broker showed, all at about the same moment. */
export interface BrokerFacts {
  readonly clock: MarketClock;
  readonly account: BrokerAccount;
  readonly positions: readonly BrokerPosition[];
  /** Nested. */
  readonly openOrders: readonly BrokerOrder[];
  /** Of the last days; empty where the calendar could not be read. */
  readonly sessions: readonly Session[];
  /** Rows of either list that can't be read. */
  readonly unreadable: readonly UnreadableRow[];
  /** Of the ledger's day, nested; `null` where there is no ledger to say which that is. */
  readonly orders: { readonly dateNy: string; readonly rows: readonly BrokerOrder[] } | null;
  /** The records just before and just after. */
  readonly records: readonly Records[];
}

/** Everything that `status` read. */
export interface StatusFacts {
  readonly version: string;
  readonly nowMs: number;
  readonly todayNy: string;
  readonly stateDir: string;
  /** Whether anything is there; also where nobody can look. */
  readonly hasStateDir: boolean;
  readonly host: string;
  readonly config: EngineConfig;
  readonly gate: GateDecision;
  readonly isKillSwitchFile: boolean;
  /** Where the kill switch's file lies, `null` where there is none. */
  readonly killSwitchPath: string | null;
  readonly killSwitchText: string | null;
  readonly areEntriesPaused: boolean;
  /** What the configuration leaves in doubt, a line each. */
  readonly warnings: readonly string[];
  readonly ledger: LedgerRead;
  readonly state: StateRead;
  readonly watchlist: WatchlistStep;
  readonly watchlistPath: string;
  readonly lock: LockProbe;
  /** Today's events, none where there are none, and the days before back to where its trades began. */
  readonly today: {
    readonly events: readonly RecordedEvent[];
    readonly earlier: readonly DayTrail[];
  };
  readonly archive: ArchiveRead;
  /** Who runs in another directory where the service may run. */
  readonly elsewhere: readonly Holder[];
  readonly disk: DiskFacts;
  /** `null` where the broker was not asked. */
  readonly broker: BrokerFacts | null;
}

/** A cap with its use today; `left` is never below 0. Use is `null` where the records that count it can't be read. */
export interface CapStatus {
  readonly limit: number;
  readonly used: number | null;
  readonly left: number | null;
}

/**
 * One managed position, with each trim's level (`null` where there is no target: protection and `stop_exit` alone) and whether
 * it is done; what only the broker knows is `null` without `--broker`. Prices in USD per share.
 */
export interface PositionStatus
  extends TrimFields<"statusLevel", number | null>, TrimFields<"statusFlag", boolean> {
  readonly symbol: string;
  readonly qty: number | null;
  readonly stop_usd: number;
  readonly pivot_usd: number;
  /** `null` before the first look at it. */
  readonly high_water_usd: number | null;
  readonly unexplained_qty: number | null;
  /** How it stood at the end of the engine's last cycle (pipeline 5); `null` before its first. */
  readonly standing: {
    readonly sure_qty: number;
    readonly doubtful_qty: number;
    readonly covered_qty: number;
    readonly bare_qty: number;
    readonly due: string | null;
    readonly bare_since: string | null;
    readonly due_since: string | null;
    readonly why: string;
    /** All of it in words; `null` where nothing is bare or due. */
    readonly text: string | null;
  } | null;
  readonly broker: CoverStatus | null;
}

/** `status --json`: one document; times ISO 8601 UTC, money in USD. Fields are added, never renamed. */
export interface StatusReport {
  readonly version: string;
  readonly at: string;
  readonly state_dir: string;
  /** `false`: nothing is there, so nothing below that is said to be none is known of the service. */
  readonly has_state_dir: boolean;
  /** Who holds the state directory. */
  readonly service: {
    readonly kind: "running" | "stopped" | "unknown";
    readonly pid: number | null;
    /** Other state directories of this host in which a process runs. */
    readonly elsewhere: readonly { readonly state_dir: string; readonly pid: number | null }[];
  };
  readonly endpoint: { readonly kind: string; readonly host: string };
  /** As the next cycle's gate would decide by this call's environment. */
  readonly gate: { readonly mode: "LIVE" | "DRY_RUN"; readonly reason: string };
  readonly kill_switch: {
    readonly is_on: boolean;
    readonly source: "env" | "file" | null;
    /** Of its file. */
    readonly path: string | null;
    readonly text: string | null;
  };
  /** Whether the operator has paused entries. */
  readonly entries_paused: boolean;
  /** `MAX_LIVE_LOSS_PER_DAY`, `null` where none is set; and since when it has ended today's entries, `null` where it has not. */
  readonly loss_limit: { readonly limit_usd: number | null; readonly reached_at: string | null };
  /** What is in doubt of the environment of this call: switches that say neither, limits that are none and block LIVE. */
  readonly warnings: readonly string[];
  /** `ALL`, the sorted tickers, or `invalid`. */
  readonly allowlist: string;
  /** `null` where a cap is not valid. Positions are counted from the files, or with `--broker` from the broker too. */
  readonly caps: {
    readonly orders_per_day: CapStatus;
    readonly positions: CapStatus;
    readonly gross_notional_usd: CapStatus;
    readonly notional_per_symbol_usd: { readonly limit: number };
  } | null;
  readonly ledger: {
    readonly kind: "ok" | "missing" | "unreadable" | "invalid";
    readonly message: string | null;
    readonly date_ny: string | null;
    readonly is_today: boolean;
    readonly entries: number;
    readonly unsettled: readonly string[];
    readonly mismatches: number;
  };
  readonly state: { readonly kind: StateRead["kind"]; readonly message: string | null };
  /** Bytes; `null` where not known. `is_full`: a part of the reserve is given up, and there are no entries (pipeline 5). */
  readonly disk: {
    readonly free_bytes: number | null;
    readonly reserve_bytes: number | null;
    readonly is_full: boolean;
  };
  readonly intents: readonly {
    readonly symbol: string;
    readonly qty: number;
    readonly scheduled_at: string;
    readonly expires_at: string;
  }[];
  readonly positions: readonly PositionStatus[];
  /** What each managed position makes; `null` where the state can't be read: then `positions` is empty and says nothing. */
  readonly open_positions: readonly OpenStatus[] | null;
  /** Today's results and the account's equity, USD; `null` where not known, as without `--broker`. */
  readonly today: {
    readonly day_result_usd: number | null;
    /** Why the day result is not known. */
    readonly day_result_unknown: string | null;
    readonly open_result_usd: number | null;
    readonly equity_usd: number | null;
  };
  /** What the operator took off the engine's hands, while it lasts. */
  readonly released: readonly { readonly symbol: string; readonly released_at: string }[];
  readonly watchlist: {
    readonly kind: WatchlistStep["kind"];
    readonly path: string;
    readonly candidates: number;
    /** What is odd of a list that is used. */
    readonly warnings: readonly string[];
    readonly message: string | null;
  };
  readonly last_cycle: { readonly at: string | null; readonly gate: string | null };
  readonly broker: {
    readonly is_open: boolean;
    readonly next_open: string;
    readonly next_close: string;
    readonly account_id: string;
    readonly account_status: string;
    readonly is_blocked: boolean;
    readonly equity_usd: number | null;
    readonly open_orders: number;
    readonly foreign_positions: readonly { readonly symbol: string; readonly qty: number }[];
    readonly differences: readonly string[];
  } | null;
}

/** Builds the report; reads nothing. */
export function buildStatusReport(facts: StatusFacts): StatusReport {
  const { config, gate, state, broker } = facts;
  const present = state.kind === "ok" ? state.state : null;
  const openPositions = !isStateKnown(facts) ? null : buildOpenStatus({
    state,
    entries: listLedgers(facts).flatMap(({ entries }) => entries),
    trades: listTrades([
      ...facts.today.earlier,
      { dateNy: facts.todayNy, events: facts.today.events },
    ]),
    held: broker?.positions ?? null,
    coverOf: (position) => readCover(broker, position),
    nowMs: facts.nowMs,
  });
  const source = config.isKillSwitchEnv ? "env" : facts.isKillSwitchFile ? "file" : null;
  return {
    version: facts.version,
    at: formatUtc(facts.nowMs),
    state_dir: facts.stateDir,
    has_state_dir: facts.hasStateDir,
    service: buildService(facts),
    endpoint: { kind: config.endpoint, host: facts.host },
    gate: {
      mode: gate.mode,
      reason: gate.mode === "LIVE" ? "live trading confirmed" : formatGateReason(gate.reason),
    },
    kill_switch: {
      is_on: source !== null,
      source,
      path: facts.killSwitchPath,
      text: facts.killSwitchText,
    },
    entries_paused: facts.areEntriesPaused,
    loss_limit: buildLossLimit(facts),
    warnings: facts.warnings,
    allowlist: formatAllowlist(config.allowlist),
    caps: buildCaps(facts),
    ledger: buildLedgerStatus(facts.ledger, facts.todayNy),
    state: { kind: state.kind, message: state.kind === "ok" ? null : state.message },
    disk: {
      free_bytes: facts.disk.freeBytes,
      reserve_bytes: facts.disk.reserveBytes,
      is_full: facts.disk.reserveBytes !== null && facts.disk.reserveBytes < RESERVE_BYTES,
    },
    intents: (present?.intents ?? []).map((intent) => ({
      symbol: intent.symbol,
      qty: intent.qty,
      scheduled_at: formatUtc(intent.scheduledAtMs),
      expires_at: formatUtc(intent.expiresAtMs),
    })),
    positions: (present?.positions ?? []).map((position) =>
      buildPosition(position, present?.standings ?? [], broker)
    ),
    open_positions: openPositions,
    today: buildToday(facts, sumOpen(openPositions)),
    released: (present?.released ?? []).map(({ symbol, releasedAtMs }) => ({
      symbol,
      released_at: formatUtc(releasedAtMs),
    })),
    watchlist: {
      kind: facts.watchlist.kind,
      path: facts.watchlistPath,
      candidates: facts.watchlist.kind === "fresh" ? facts.watchlist.candidates.length : 0,
      warnings: facts.watchlist.kind === "fresh"
        ? facts.watchlist.warnings.map(({ text }) => text)
        : [],
      message: facts.watchlist.kind === "fresh" ? null : facts.watchlist.message,
    },
    last_cycle: {
      at: present === null || present.lastCycleAtMs === null
        ? null
        : formatUtc(present.lastCycleAtMs),
      gate: present?.lastGate ?? null,
    },
    broker: broker === null ? null : buildBrokerStatus(broker, facts),
  };
}

function buildService({ lock, elsewhere: holders }: StatusFacts): StatusReport["service"] {
  const elsewhere = holders.map(({ dir, pid }) => ({ state_dir: dir, pid }));
  if (lock.kind === "held") return { kind: "running", pid: lock.pid, elsewhere };
  return { kind: lock.kind === "free" ? "stopped" : "unknown", pid: null, elsewhere };
}

function buildToday(facts: StatusFacts, openUsd: number | null): StatusReport["today"] {
  const { broker } = facts;
  return {
    ...readToday(facts),
    open_result_usd: openUsd,
    equity_usd: broker?.account.equityUsd ?? null,
  };
}

function readToday(facts: StatusFacts) {
  const { broker, state, today } = facts;
  const refuse = (why: string) => ({ day_result_usd: null, day_result_unknown: why });
  if (!isStateKnown(facts)) return refuse("the records can't be read");
  if (state.kind !== "ok") return { day_result_usd: 0, day_result_unknown: null };
  const orders = broker === null ? null : findDayOrders(broker);
  if (broker !== null && orders === null) return refuse("the day's orders can't be read");
  if (today.events.length === 0 && broker === null && state.state.positions.length > 0) {
    return refuse("the engine has recorded nothing today");
  }
  const { resultUsd, unknown: [unknown] } = readTodayResult({
    todayNy: facts.todayNy,
    ...today,
    state: state.state,
    broker: broker === null ? null : {
      nowMs: broker.clock.timestampMs,
      positions: broker.positions,
      orders: orders ?? [],
    },
  });
  return unknown === undefined
    ? { day_result_usd: resultUsd, day_result_unknown: null }
    : refuse(`${unknown.symbol}: ${unknown.why}`);
}

function findDayOrders({ orders, clock }: BrokerFacts): readonly BrokerOrder[] | null {
  return orders?.dateNy === dateNyOf(clock.timestampMs) ? orders.rows : null;
}

function buildLossLimit({ config, state, todayNy }: StatusFacts): StatusReport["loss_limit"] {
  const loss = state.kind === "ok" ? state.state.dayLoss : null;
  const reachedAtMs = loss?.dateNy === todayNy ? loss.reachedAtMs : null;
  return {
    limit_usd: config.maxLossPerDayUsd,
    reached_at: reachedAtMs === null ? null : formatUtc(reachedAtMs),
  };
}

function buildCaps(facts: StatusFacts): StatusReport["caps"] {
  const { caps } = facts.config;
  if (caps === null) return null;
  const ledger = facts.ledger.kind === "ok" ? facts.ledger.ledger : null;
  // Only where nothing was ever recorded is no ledger no use; one that can't be read may hold any.
  const isFirstStart = facts.ledger.kind === "missing" && facts.state.kind === "missing" &&
    isStateKnown(facts);
  const none = isFirstStart ? 0 : null;
  const usage = ledger === null
    ? { orders: none, grossUsd: none }
    : countUse(ledger, facts.todayNy);
  const isOpenKnown = isFirstStart || (ledger !== null && isStateKnown(facts));
  return {
    orders_per_day: buildCap(caps.ordersPerDay, usage.orders),
    positions: buildCap(
      caps.positions,
      isOpenKnown ? countOpenSymbols(facts, ledger) : null,
    ),
    gross_notional_usd: buildCap(caps.grossNotionalUsd, usage.grossUsd),
    notional_per_symbol_usd: { limit: caps.notionalPerSymbolUsd },
  };
}

function countUse(ledger: LiveLedger, dateNy: string): { orders: number; grossUsd: number } {
  const usage = buildCapUsage(ledger, { dateNy, symbol: "", clientOrderId: null });
  return { orders: usage.orders, grossUsd: microsToUsd(usage.grossMicros) };
}

/** A state that is not there yet names no position; one that is lost, while ledgers know of orders, may have named any. */
function isStateKnown(facts: StatusFacts): boolean {
  const { state, archive } = facts;
  if (state.kind !== "missing") return state.kind === "ok";
  return archive.kind === "ok" &&
    !hasTraces({ copy: null, ledgers: listLedgers(facts), orders: [] });
}

/** Today's ledger and the archive's, newest first, as far as they can be read. */
function listLedgers({ ledger, archive }: StatusFacts): LiveLedger[] {
  return [
    ...(ledger.kind === "ok" ? [ledger.ledger] : []),
    ...(archive.kind === "ok" ? archive.ledgers : []),
  ];
}

function buildCap(limit: number, used: number | null): CapStatus {
  if (used === null) return { limit, used, left: null };
  // Rounded, so that what is left of a sum of cents reads as cents.
  const left = Math.max(0, Math.round((limit - used) * 1e6) / 1e6);
  return { limit, used, left };
}

/** Distinct symbols as the position cap counts them (pipeline 4), as far as they are known. */
function countOpenSymbols({ state, broker }: StatusFacts, ledger: LiveLedger | null): number {
  const symbols = new Set<string>();
  if (state.kind === "ok") { for (const { symbol } of state.state.positions) symbols.add(symbol); }
  for (const entry of ledger?.entries ?? []) {
    const isEntry = countsTowardCaps(entry) && entry.clientOrderId !== null;
    if (isEntry && isOpenEntry(entry)) symbols.add(entry.symbol);
  }
  for (const { symbol } of broker?.positions ?? []) symbols.add(symbol);
  for (const order of broker?.openOrders ?? []) {
    if (isEntryRecord(order) && !isFinal(order)) symbols.add(order.symbol);
  }
  for (const symbol of (broker?.unreadable ?? []).map(openSymbolOf)) {
    if (symbol !== null) symbols.add(symbol);
  }
  return symbols.size;
}

function buildLedgerStatus(read: LedgerRead, todayNy: string): StatusReport["ledger"] {
  const nothing = { date_ny: null, is_today: false, entries: 0, unsettled: [], mismatches: 0 };
  if (read.kind !== "ok") return { kind: read.kind, message: read.message, ...nothing };
  const { entries, dateNy, mismatches } = read.ledger;
  return {
    kind: "ok",
    message: null,
    date_ny: dateNy,
    is_today: dateNy === todayNy,
    entries: entries.length,
    unsettled: entries.filter(isUnsettled).map((entry) =>
      `${entry.symbol} ${entry.clientOrderId ?? entry.timestamp}`
    ),
    mismatches,
  };
}

function buildPosition(
  position: ManagedPosition,
  standings: EngineState["standings"],
  broker: BrokerFacts | null,
): PositionStatus {
  const standing = standings.find((each) => each.positionId === position.positionId);
  return {
    symbol: position.symbol,
    qty: position.qty,
    stop_usd: position.stopUsd,
    pivot_usd: position.pivotUsd,
    ...buildTrimFields("statusLevel", ({ levelUsd }) => readTarget(levelUsd(position))),
    high_water_usd: position.highWaterUsd > 0 ? position.highWaterUsd : null,
    ...buildTrimFields("statusFlag", ({ flag }) => position[flag]),
    unexplained_qty: position.unexplainedQty,
    standing: standing === undefined ? null : buildStanding(standing),
    broker: readCover(broker, position),
  };
}

/** What stands at the broker for it; `null` where that was not asked, or can't be read. */
function readCover(broker: BrokerFacts | null, position: ManagedPosition): CoverStatus | null {
  return broker === null || !isSeenIn(broker, position) ? null : buildCover(position, broker);
}

function readTarget(levelUsd: number): number | null {
  return levelUsd === NO_TARGET_USD ? null : levelUsd;
}

function buildStanding(standing: Standing): NonNullable<PositionStatus["standing"]> {
  const { bareSinceMs, dueSinceMs } = standing;
  return {
    sure_qty: standing.sureQty,
    doubtful_qty: standing.doubtfulQty,
    covered_qty: standing.isCoverRead ? standing.coveredQty : 0,
    bare_qty: standing.bareQty,
    due: standing.due,
    bare_since: bareSinceMs === null ? null : formatUtc(bareSinceMs),
    due_since: dueSinceMs === null ? null : formatUtc(dueSinceMs),
    why: standing.why,
    text: formatTrouble(standing),
  };
}

/** Not one that came after the look; and what can't be read whole is left out instead of said too low. */
function isSeenIn({ unreadable, records }: BrokerFacts, { symbol, positionId }: ManagedPosition) {
  const isThen = records.every(({ state }) =>
    state.kind === "ok" && state.state.positions.some((each) => each.positionId === positionId)
  );
  return isThen && !unreadable.some((row) => row.symbol === symbol);
}

function buildBrokerStatus(
  facts: BrokerFacts,
  now: Records,
): NonNullable<StatusReport["broker"]> {
  const state = now.state.kind === "ok" ? now.state.state : null;
  const managed = new Set((state?.positions ?? []).map(({ symbol }) => symbol));
  const { clock, account } = facts;
  return {
    is_open: clock.isOpen,
    next_open: formatUtc(clock.nextOpenMs),
    next_close: formatUtc(clock.nextCloseMs),
    account_id: account.accountId,
    account_status: account.status,
    is_blocked: account.blockFlags.length > 0,
    equity_usd: account.equityUsd,
    open_orders: flattenOrders(facts.openOrders).filter((order) => !isFinal(order)).length,
    foreign_positions: facts.positions.filter(({ symbol }) => !managed.has(symbol))
      .map(({ symbol, qty }) => ({ symbol, qty })),
    differences: [
      ...facts.unreadable.map(formatUnreadable),
      ...listDifferences(facts, now),
    ],
  };
}
