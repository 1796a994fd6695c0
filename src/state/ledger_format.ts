import { assertInvariant } from "../domain/assert.ts";
import { isFlatten } from "../domain/client_order_id.ts";
import {
  buildLedgerEntry,
  type LedgerEntry,
  type LedgerStatus,
  type LiveLedger,
} from "../domain/ledger.ts";
import {
  BROKER_KEYS,
  describeIssue,
  ENTRY_KEYS,
  type EntryWire,
  isDate,
  LEDGER_KEYS,
  LedgerWire,
  LEG_KEYS,
  parseIsoTime,
} from "./ledger_schema.ts";
import { parseJson } from "./text_file.ts";

/** What a text is as a ledger (pipeline 6): `unreadable` is not JSON, `invalid` parsed but wrong. */
export type LedgerParse =
  | { readonly kind: "ok"; readonly ledger: LiveLedger }
  | { readonly kind: "unreadable" | "invalid"; readonly message: string };

/** Parses the text of `live_orders_today.json`; the old pipeline's four-field entries load. Never throws. */
export function parseLedger(text: string): LedgerParse {
  const json = parseJson(text);
  if (json.kind === "not_json") return { kind: "unreadable", message: "it is not JSON" };
  const wire = LedgerWire.safeParse(json.value);
  if (!wire.success) return { kind: "invalid", message: describeIssue(wire.error) };
  const { data } = wire;
  const raw: unknown = json.value;
  const rawEntries = listRawEntries(raw);
  const ledger: LiveLedger = {
    dateNy: data.date_ny,
    entries: data.entries.map((entry, index) => buildEntry(entry, rawEntries[index])),
    host: data.host,
    accountId: data.account_id,
    mismatches: data.mismatches ?? 0,
    unknownFields: pickUnknown(raw, LEDGER_KEYS),
  };
  const fault = checkLedger(ledger);
  return fault === null ? { kind: "ok", ledger } : { kind: "invalid", message: fault };
}

function listRawEntries(raw: unknown): readonly unknown[] {
  return typeof raw === "object" && raw !== null && "entries" in raw && Array.isArray(raw.entries)
    ? raw.entries
    : [];
}

/** From the parsed JSON, not from zod, which drops a field called `__proto__`. */
function pickUnknown(raw: unknown, known: ReadonlySet<string>): Record<string, unknown> {
  if (typeof raw !== "object" || raw === null) return {};
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !known.has(key)));
}

function buildEntry(wire: EntryWire, raw: unknown): LedgerEntry {
  return buildLedgerEntry({
    orderId: wire.order_id,
    symbol: wire.symbol,
    notionalUsd: wire.notional,
    timestamp: wire.timestamp,
    clientOrderId: wire.client_order_id,
    side: wire.side ?? "buy",
    qty: wire.qty,
    status: wire.status ?? decideMissingStatus(wire),
    reason: wire.reason,
    detail: wire.detail,
    pivotUsd: wire.pivot,
    r1Usd: wire.r1,
    r2Usd: wire.r2,
    stopUsd: wire.stop,
    refPriceUsd: wire.ref_price,
    expiresAtMs: wire.expires_at,
    deadlineAtMs: wire.deadline_at,
    notFoundSinceMs: wire.not_found_since,
    positionId: wire.position_id,
    attempt: wire.attempt,
    replaces: wire.replaces,
    legs: (wire.legs ?? []).map((leg) => ({
      orderId: leg.order_id,
      clientOrderId: leg.client_order_id,
      type: leg.type,
    })),
    broker: wire.broker === null ? null : {
      status: wire.broker.status,
      filledQty: wire.broker.filled_qty,
      filledAvgPriceUsd: wire.broker.filled_avg_price,
      updatedAtMs: wire.broker.updated_at,
    },
    unknownFields: pickUnknown(raw, ENTRY_KEYS),
    unknownWithin: {
      broker: pickUnknown(readField(raw, "broker"), BROKER_KEYS),
      legs: pickUnknownOfLegs(wire, readField(raw, "legs")),
    },
  });
}

function readField(raw: unknown, name: "broker" | "legs"): unknown {
  return new Map(Object.entries(Object(raw))).get(name);
}

function pickUnknownOfLegs(
  { legs }: EntryWire,
  raw: unknown,
): LedgerEntry["unknownWithin"]["legs"] {
  const rawLegs: readonly unknown[] = Array.isArray(raw) ? raw : [];
  return Object.fromEntries((legs ?? []).flatMap((leg, index) => {
    const unknown = pickUnknown(rawLegs[index], LEG_KEYS);
    return Object.keys(unknown).length === 0 ? [] : [[leg.order_id, unknown]];
  }));
}

/** The old pipeline recorded after the broker's yes; one of ours without a status and an order id has to be looked up. */
function decideMissingStatus(wire: EntryWire): LedgerStatus {
  return wire.client_order_id !== null && wire.order_id === null ? "unknown" : "accepted";
}

/** The file's text: readable with `cat`, unknown fields behind the known ones. */
export function buildLedgerText(ledger: LiveLedger): string {
  const wire = {
    schema: 1,
    date_ny: ledger.dateNy,
    host: ledger.host,
    account_id: ledger.accountId,
    mismatches: ledger.mismatches,
    entries: ledger.entries.map(buildEntryWire),
  };
  return `${JSON.stringify(withUnknown(wire, ledger.unknownFields), null, 2)}\n`;
}

function buildEntryWire(entry: LedgerEntry): unknown {
  return withUnknown({
    order_id: entry.orderId,
    symbol: entry.symbol,
    notional: entry.notionalUsd,
    timestamp: entry.timestamp,
    client_order_id: entry.clientOrderId,
    side: entry.side,
    qty: entry.qty,
    status: entry.status,
    reason: entry.reason,
    detail: entry.detail,
    pivot: entry.pivotUsd,
    r1: entry.r1Usd,
    r2: entry.r2Usd,
    stop: entry.stopUsd,
    ref_price: entry.refPriceUsd,
    expires_at: formatTime(entry.expiresAtMs),
    deadline_at: formatTime(entry.deadlineAtMs),
    not_found_since: formatTime(entry.notFoundSinceMs),
    position_id: entry.positionId,
    attempt: entry.attempt,
    replaces: entry.replaces,
    legs: entry.legs.map((leg) =>
      withUnknown({
        order_id: leg.orderId,
        client_order_id: leg.clientOrderId,
        type: leg.type,
      }, entry.unknownWithin.legs[leg.orderId] ?? {})
    ),
    broker: entry.broker === null ? null : withUnknown({
      status: entry.broker.status,
      filled_qty: entry.broker.filledQty,
      filled_avg_price: entry.broker.filledAvgPriceUsd,
      updated_at: formatTime(entry.broker.updatedAtMs),
    }, entry.unknownWithin.broker),
  }, entry.unknownFields);
}

function withUnknown(known: object, unknownFields: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries([...Object.entries(known), ...Object.entries(unknownFields)]);
}

/** Unix ms as the files write it: ISO 8601 UTC. */
export function formatTime(ms: number): string;
/** The same where there may be none. */
export function formatTime(ms: number | null): string | null;
export function formatTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/**
 * The rules of a ledger that types don't say, the same for what was read and what is to be written.
 * @returns What is wrong with it, `null` where nothing is.
 */
export function checkLedger(ledger: LiveLedger): string | null {
  if (!isDate(ledger.dateNy)) return "date_ny is not a date YYYY-MM-DD";
  if (!isCount(ledger.mismatches)) return "mismatches is not a whole number of 0 or more";
  const known = Object.keys(ledger.unknownFields).find((key) => LEDGER_KEYS.has(key));
  if (known !== undefined) return `${known} is both a known and an unknown field`;
  const ids = new Set<string>();
  for (const [index, entry] of ledger.entries.entries()) {
    const fault = checkEntry(entry);
    if (fault !== null) return `entry ${index + 1}: ${fault}`;
    if (entry.clientOrderId === null) continue;
    if (ids.has(entry.clientOrderId)) {
      return `entry ${index + 1}: client_order_id ${
        JSON.stringify(entry.clientOrderId)
      } is there twice`;
    }
    ids.add(entry.clientOrderId);
  }
  return null;
}

const SYMBOL_CHARS_MAX = 64;

function checkEntry(entry: LedgerEntry): string | null {
  const { symbol, clientOrderId } = entry;
  if (symbol.trim() === "" || symbol.length > SYMBOL_CHARS_MAX) {
    return "symbol is empty or too long";
  }
  // A cap counts by equality: " aapl" beside "AAPL" would be a symbol of its own.
  if (symbol !== symbol.trim().toUpperCase()) return "symbol is not in upper case without blanks";
  if (!isAmount(entry.notionalUsd)) return "notional is not a finite number of 0 or more";
  if (parseIsoTime(entry.timestamp) === null) return "timestamp is not an ISO 8601 time";
  if (entry.orderId === "") return "order_id is empty";
  if (clientOrderId === "") return "client_order_id is empty";
  if (!isQty(entry.qty, clientOrderId)) return "qty is not a whole number above 0";
  const prices = [entry.pivotUsd, entry.r1Usd, entry.r2Usd, entry.stopUsd, entry.refPriceUsd];
  if (!prices.every((price) => price === null || (isAmount(price) && price > 0))) {
    return "a price is not a finite number above 0";
  }
  if (entry.attempt !== null && !isCount(entry.attempt)) return "attempt is not a whole number";
  const times = [entry.expiresAtMs, entry.deadlineAtMs, entry.notFoundSinceMs];
  if (!times.every((ms) => ms === null || isMoment(ms))) return "a time is not a moment";
  const known = Object.keys(entry.unknownFields).find((key) => ENTRY_KEYS.has(key));
  if (known !== undefined) return `${known} is both a known and an unknown field`;
  return checkBrokerView(entry);
}

function checkBrokerView({ broker }: LedgerEntry): string | null {
  if (broker === null) return null;
  if (!isAmount(broker.filledQty)) return "filled_qty is not a finite number of 0 or more";
  if (broker.filledAvgPriceUsd !== null && !isAmount(broker.filledAvgPriceUsd)) {
    return "filled_avg_price is not a finite number of 0 or more";
  }
  return isMoment(broker.updatedAtMs) ? null : "updated_at is not a moment";
}

/** Whole shares; only the operator's `flatten` may have closed a fraction of someone else's position. */
function isQty(qty: number | null, clientOrderId: string | null): boolean {
  if (qty === null) return true;
  if (clientOrderId !== null && isFlatten(clientOrderId)) return Number.isFinite(qty) && qty > 0;
  return Number.isSafeInteger(qty) && qty > 0;
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** A time in a year of four digits since 1970, which is what the files can hold; they cut fractions of a millisecond. */
export function isMoment(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0 && ms < Date.UTC(10_000, 0);
}

/**
 * The ledger's sanity, before each write and after each read.
 * @throws {InvariantError} Where this program made a ledger that it would refuse to read.
 */
export function assertLedger(ledger: LiveLedger): void {
  const fault = checkLedger(ledger);
  assertInvariant(fault === null, `live ledger: ${fault}`);
}
