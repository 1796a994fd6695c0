import { assertInvariant } from "../domain/assert.ts";
import { SECOND_BAR_START_AGE_MAX_MS } from "../domain/entry/breakout.ts";
import { parseOurId } from "../domain/order/client_order_id.ts";
import { buildTrimFields } from "../domain/exit/exit_rules.ts";
import { listLevels, readLevelFields, writeLevelFields } from "../domain/exit/levels.ts";
import type { EngineState, ManagedPosition } from "../domain/account/engine_state.ts";
import type { EntryIntent } from "../domain/account/entry_intent.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import type { Trade } from "../domain/time/market.ts";
import { formatLedgerWithin, formatTime, parseLedgerValue, putInPlace } from "./ledger_format.ts";
import { checkLedger, isCount, isMoment } from "./ledger_rules.ts";
import { describeIssue } from "./ledger_schema.ts";
import { buildStanding, buildStandingWire, checkStanding } from "./standing_format.ts";
import {
  type IntentFields,
  NewerMinorWire,
  type PositionFields,
  STATE_SCHEMA,
  StateWire,
  type TradeFields,
  VersionWire,
} from "./state_schema.ts";
import { parseJson } from "./text_file.ts";
import { isForFile } from "../domain/account/unfinished.ts";
import { buildUnfinished, buildUnfinishedWire, checkUnfinished } from "./unfinished_format.ts";

/** What a text is as an engine state. */
export type StateParse =
  | { readonly kind: "ok"; readonly state: EngineState }
  | { readonly kind: "damaged"; readonly message: string }
  | { readonly kind: "newer"; readonly message: string };

/** Parses the text of `execution_state.json`. Never throws. */
export function parseState(source: string): StateParse {
  const json = parseJson(source);
  if (json.kind === "not_json") return { kind: "damaged", message: "it is not JSON" };
  const version = VersionWire.safeParse(json.value);
  if (!version.success) return { kind: "damaged", message: describeIssue(version.error) };
  const { major, minor } = version.data.schema;
  if (major !== STATE_SCHEMA.major) {
    return {
      kind: "newer",
      message: `it has format ${major}, this release reads format ${STATE_SCHEMA.major}`,
    };
  }
  const schema = minor > STATE_SCHEMA.minor ? NewerMinorWire : StateWire;
  const wire = schema.safeParse(json.value);
  if (!wire.success) return { kind: "damaged", message: describeIssue(wire.error) };
  const ledger = parseLedgerOf(wire.data);
  if (ledger.kind === "invalid") {
    return { kind: "damaged", message: `ledger: ${ledger.message}` };
  }
  const state = buildState(wire.data, ledger.ledger);
  const fault = checkState(state);
  return fault === null ? { kind: "ok", state } : { kind: "damaged", message: fault };
}

function parseLedgerOf({ ledger }: StateWire):
  | { readonly kind: "ok"; readonly ledger: LiveLedger | null }
  | { readonly kind: "invalid"; readonly message: string } {
  // A release before this one knows none.
  if (ledger === undefined || ledger === null) return { kind: "ok", ledger: null };
  return parseLedgerValue(ledger);
}

function buildState(wire: StateWire, ledger: LiveLedger | null): EngineState {
  return {
    host: wire.host,
    accountId: wire.account_id,
    intents: wire.intents.map(buildIntent),
    positions: wire.positions.map(buildPosition),
    released: wire.released.map((each) => ({
      symbol: each.symbol,
      positionId: each.position_id,
      releasedAtMs: each.released_at,
    })),
    alerted: wire.alerted,
    lastCycleAtMs: wire.last_cycle_at,
    lastGate: wire.last_gate,
    mismatches: ledger === null ? wire.mismatches : 0,
    standings: wire.standings.map(buildStanding),
    unfinished: wire.unfinished.map(buildUnfinished),
    absences: wire.absences.map((each) => ({
      what: each.what,
      id: each.id,
      processId: each.process_id,
      firstMs: each.first_ms,
      lastMs: each.last_ms,
    })),
    dateSeenNy: wire.date_seen,
    dayLoss: wire.day_loss === undefined || wire.day_loss === null ? null : {
      dateNy: wire.day_loss.date_ny,
      reachedAtMs: wire.day_loss.reached_at,
      resultUsd: wire.day_loss.result_usd,
      limitUsd: wire.day_loss.limit_usd,
    },
    ledger,
    ledgerVersions: wire.ledger_versions,
  };
}

function buildIntent(wire: StateWire["intents"][number]): EntryIntent {
  return {
    clientOrderId: wire.client_order_id,
    dateNy: wire.date_ny,
    symbol: wire.symbol,
    qty: wire.qty,
    ...readLevelFields(wire),
    stopUsd: wire.stop,
    refPriceUsd: wire.ref_price,
    // An intent of an earlier release: as early as the bar can have started.
    b2StartMs: wire.b2_start ?? wire.confirmed_at - SECOND_BAR_START_AGE_MAX_MS,
    distancePct: wire.distance_pct,
    confirmedAtMs: wire.confirmed_at,
    scheduledAtMs: wire.scheduled_at,
    expiresAtMs: wire.expires_at,
  };
}

function buildPosition(wire: StateWire["positions"][number]): ManagedPosition {
  return {
    symbol: wire.symbol,
    positionId: wire.position_id,
    adoptedQty: wire.adopted_qty,
    besideQty: wire.beside_qty,
    ...readLevelFields(wire),
    stopUsd: wire.stop,
    highWaterUsd: wire.high_water,
    ...buildTrimFields("flag", ({ field }) => wire[field]),
    qty: wire.qty,
    costBasisUsd: wire.cost_basis,
    unexplainedQty: wire.unexplained_qty,
    unexplainedSinceMs: wire.unexplained_since,
    ...(wire.unexplained_from_qty === undefined
      ? {}
      : { unexplainedFromQty: wire.unexplained_from_qty }),
    openedAtMs: wire.opened_at,
    partialSinceMs: wire.partial_since,
    ...(wire.last_trade === undefined ? {} : { lastTrade: buildTrade(wire.last_trade) }),
    ...(wire.doubted_trade === undefined ? {} : { doubtedTrade: buildTrade(wire.doubted_trade) }),
  };
}

function buildTrade(wire: { price: number; at: number; id: number | null }): Trade {
  const { price, at, id } = wire;
  return { priceUsd: price, atMs: at, ...(id === null ? {} : { tradeId: id }) };
}

function buildTradeWire({ priceUsd, atMs, tradeId }: Trade): TradeFields {
  return { price: priceUsd, at: formatTime(atMs), id: tradeId ?? null };
}

/** The file's text: readable with `cat`. */
export function buildStateText(state: EngineState): string {
  const wire = {
    schema: STATE_SCHEMA,
    host: state.host,
    account_id: state.accountId,
    last_cycle_at: formatTime(state.lastCycleAtMs),
    last_gate: state.lastGate,
    intents: state.intents.map(buildIntentWire),
    positions: state.positions.map(buildPositionWire),
    alerted: state.alerted,
    // Where release 0.1.0 looks for them.
    mismatches: state.ledger?.mismatches ?? state.mismatches,
    standings: state.standings.map(buildStandingWire),
    unfinished: state.unfinished.filter(isForFile).map(buildUnfinishedWire),
    absences: state.absences.map((each) => ({
      what: each.what,
      id: each.id,
      process_id: each.processId,
      first_ms: each.firstMs,
      last_ms: each.lastMs,
    })),
    date_seen: state.dateSeenNy,
    day_loss: state.dayLoss === null ? null : {
      date_ny: state.dayLoss.dateNy,
      reached_at: formatTime(state.dayLoss.reachedAtMs),
      result_usd: state.dayLoss.resultUsd,
      limit_usd: state.dayLoss.limitUsd,
    },
    ledger: null,
    ledger_versions: state.ledgerVersions,
    released: state.released.map((each) => ({
      symbol: each.symbol,
      position_id: each.positionId,
      released_at: formatTime(each.releasedAtMs),
    })),
  };
  const text = `${JSON.stringify(wire, null, 2)}\n`;
  if (state.ledger === null) return text;
  const field = '\n  "ledger": ';
  return putInPlace(text, `${field}null`, `${field}${formatLedgerWithin(state.ledger)}`);
}

function buildIntentWire(intent: EntryIntent): IntentFields {
  return {
    client_order_id: intent.clientOrderId,
    date_ny: intent.dateNy,
    symbol: intent.symbol,
    qty: intent.qty,
    ...writeLevelFields(intent),
    stop: intent.stopUsd,
    ref_price: intent.refPriceUsd,
    b2_start: formatTime(intent.b2StartMs),
    distance_pct: intent.distancePct,
    confirmed_at: formatTime(intent.confirmedAtMs),
    scheduled_at: formatTime(intent.scheduledAtMs),
    expires_at: formatTime(intent.expiresAtMs),
  };
}

function buildPositionWire(position: ManagedPosition): PositionFields {
  return {
    symbol: position.symbol,
    position_id: position.positionId,
    adopted_qty: position.adoptedQty,
    beside_qty: position.besideQty,
    ...writeLevelFields(position),
    stop: position.stopUsd,
    high_water: position.highWaterUsd,
    ...buildTrimFields("field", ({ flag }) => position[flag]),
    qty: position.qty,
    cost_basis: position.costBasisUsd,
    unexplained_qty: position.unexplainedQty,
    unexplained_since: formatTime(position.unexplainedSinceMs),
    ...(position.unexplainedFromQty === undefined
      ? {}
      : { unexplained_from_qty: position.unexplainedFromQty }),
    opened_at: formatTime(position.openedAtMs),
    partial_since: formatTime(position.partialSinceMs),
    ...(position.lastTrade === undefined ? {} : { last_trade: buildTradeWire(position.lastTrade) }),
    ...(position.doubtedTrade === undefined
      ? {}
      : { doubted_trade: buildTradeWire(position.doubtedTrade) }),
  };
}

/**
 * The rules of a state that types don't say.
 * @returns What is wrong with it, `null` where nothing is.
 */
export function checkState(state: EngineState): string | null {
  if (state.lastCycleAtMs !== null && !isMoment(state.lastCycleAtMs)) {
    return "last_cycle_at is not a moment";
  }
  if (!isCount(state.mismatches)) return "mismatches is not a whole number of 0 or more";
  const ids = state.intents.map((intent) => intent.clientOrderId);
  if (new Set(ids).size !== ids.length) return "intents: a client_order_id is there twice";
  const symbols = state.positions.map((position) => position.symbol);
  if (new Set(symbols).size !== symbols.length) return "positions: a symbol is there twice";
  const unfinished = state.unfinished.map((each) => each.positionId);
  if (new Set(unfinished).size !== unfinished.length) {
    return "unfinished: a position_id is there twice";
  }
  const released = state.released.map((each) => each.symbol);
  if (new Set(released).size !== released.length) return "released: a symbol is there twice";
  const absences = state.absences.map(({ what, id }) => `${what} ${id}`);
  if (new Set(absences).size !== absences.length) return "absences: one is there twice";
  if (!state.absences.every(({ firstMs, lastMs }) => Number.isFinite(lastMs - firstMs))) {
    return "absences: a time is not finite";
  }
  if (state.dayLoss !== null && !isMoment(state.dayLoss.reachedAtMs)) {
    return "day_loss: its time is not a moment";
  }
  if (!state.released.every((each) => isMoment(each.releasedAtMs))) {
    return "released: a time is not a moment";
  }
  return state.intents.map(checkIntent).find(isFault) ??
    state.positions.map(checkPosition).find(isFault) ??
    state.standings.map(checkStanding).find(isFault) ??
    state.unfinished.map(checkUnfinished).find(isFault) ??
    (state.ledger === null ? null : checkLedger(state.ledger));
}

function isFault(fault: string | null): fault is string {
  return fault !== null;
}

function checkIntent(intent: EntryIntent): string | null {
  const name = `intent ${intent.symbol}`;
  if (parseOurId(intent.clientOrderId) === null) return `${name}: client_order_id is not of ours`;
  if (!Number.isSafeInteger(intent.qty) || intent.qty <= 0) return `${name}: qty is not above 0`;
  const prices = [...listLevels(intent), intent.stopUsd, intent.refPriceUsd];
  if (!prices.every((usd) => usd > 0 && usd < Infinity)) {
    return `${name}: a price is not above 0`;
  }
  if (!Number.isFinite(intent.distancePct)) return `${name}: distance_pct is not finite`;
  const times = [intent.b2StartMs, intent.confirmedAtMs, intent.scheduledAtMs, intent.expiresAtMs];
  return times.every(isMoment) ? null : `${name}: a time is not a moment`;
}

function checkPosition(position: ManagedPosition): string | null {
  const name = `position ${position.symbol}`;
  const { stopUsd, highWaterUsd } = position;
  if (![...listLevels(position), stopUsd].every((usd) => usd > 0 && usd < Infinity)) {
    return `${name}: a price is not a finite number above 0`;
  }
  // What was adopted may have cost nothing (a spin-off).
  if (!(highWaterUsd >= 0 && highWaterUsd < Infinity)) {
    return `${name}: high_water is not a finite number of 0 or more`;
  }
  if (!(position.adoptedQty >= 0 && position.adoptedQty < Infinity)) {
    return `${name}: adopted_qty is not a finite number of 0 or more`;
  }
  if (!(position.besideQty >= 0 && position.besideQty < Infinity)) {
    return `${name}: beside_qty is not a finite number of 0 or more`;
  }
  const { unexplainedFromQty = null } = position;
  const amounts = [
    position.qty,
    position.costBasisUsd,
    position.unexplainedQty,
    unexplainedFromQty,
  ];
  if (!amounts.every((amount) => amount === null || Number.isFinite(amount))) {
    return `${name}: a quantity is not finite`;
  }
  const isTimed = isMoment(position.openedAtMs) &&
    [position.partialSinceMs, position.unexplainedSinceMs].every((ms) =>
      ms === null || isMoment(ms)
    );
  return isTimed ? null : `${name}: a time is not a moment`;
}

/**
 * The state's sanity, before each write and after each read.
 * @throws {InvariantError} Where this program made a state that it would refuse to read.
 */
export function assertState(state: EngineState): void {
  const fault = checkState(state);
  assertInvariant(fault === null, `engine state: ${fault}`);
}
