import { assertInvariant } from "../domain/assert.ts";
import { deriveOnce } from "../domain/derive_once.ts";
import { readLevelFields, writeLevelFields } from "../domain/exit/levels.ts";
import {
  buildLedgerEntry,
  type LedgerEntry,
  type LedgerStatus,
  type LiveLedger,
} from "../domain/order/ledger.ts";
import {
  BROKER_KEYS,
  describeIssue,
  ENTRY_KEYS,
  type EntryWire,
  hasZone,
  LEDGER_KEYS,
  LedgerWire,
  LEG_KEYS,
} from "./ledger_schema.ts";
import { checkLedger } from "./ledger_rules.ts";
import { parseJson } from "./text_file.ts";

/** What a text is as a ledger (pipeline 6): `unreadable` is not JSON, `invalid` parsed but wrong. */
export type LedgerParse =
  | { readonly kind: "ok"; readonly ledger: LiveLedger }
  | { readonly kind: "unreadable"; readonly message: string; readonly isRead: true }
  | { readonly kind: "invalid"; readonly message: string };

/** Parses the text of `live_orders_today.json`; the old pipeline's four-field entries load. Never throws. */
export function parseLedger(text: string): LedgerParse {
  const json = parseJson(text);
  if (json.kind === "not_json") {
    return { kind: "unreadable", isRead: true, message: "it is not JSON" };
  }
  return parseLedgerValue(json.value);
}

/** The same of what stands in a document already parsed. */
export function parseLedgerValue(raw: unknown): Exclude<LedgerParse, { kind: "unreadable" }> {
  const wire = LedgerWire.safeParse(raw);
  if (!wire.success) return { kind: "invalid", message: describeIssue(wire.error) };
  const { data } = wire;
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
    // A time without a zone is UTC; elsewhere it would be taken for the host's.
    timestamp: hasZone(wire.timestamp) ? wire.timestamp : `${wire.timestamp}Z`,
    clientOrderId: wire.client_order_id,
    side: wire.side ?? "buy",
    qty: wire.qty,
    status: wire.status ?? decideMissingStatus(wire),
    reason: wire.reason,
    detail: wire.detail,
    ...readLevelFields(wire),
    stopUsd: wire.stop,
    refPriceUsd: wire.ref_price,
    expiresAtMs: wire.expires_at,
    deadlineAtMs: wire.deadline_at,
    notFoundSinceMs: wire.not_found_since,
    besideQty: wire.beside_qty,
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
  return `${formatLedger(ledger, "", formatEntry)}\n`;
}

/** The ledger's JSON as a field of the document, indented as it stands there: most documents carry the ledger of the one before. */
export const formatLedgerWithin = deriveOnce((ledger: LiveLedger) =>
  formatLedger(ledger, "  ", formatEntryWithin)
);

/** @param blanks Before each line. @param format An entry at its place, from the line end before it on. */
function formatLedger(
  ledger: LiveLedger,
  blanks: string,
  format: (entry: LedgerEntry) => string,
): string {
  const wire = {
    schema: 1,
    date_ny: ledger.dateNy,
    host: ledger.host,
    account_id: ledger.accountId,
    mismatches: ledger.mismatches,
    entries: [],
  };
  const empty = indent(
    JSON.stringify(withUnknown(wire, ledger.unknownFields), null, 2),
    blanks,
  );
  if (ledger.entries.length === 0) return empty;
  const field = `\n${blanks}  "entries": `;
  const entries = `[${ledger.entries.map(format).join(",")}\n${blanks}  ]`;
  return putInPlace(empty, `${field}[]`, `${field}${entries}`);
}

/**
 * Puts a field's JSON where an empty one stands.
 * @param empty The line end, blanks and name of an outermost field with it: no text within JSON holds a line end, and a field
 *   within a field has more blanks before it.
 * @throws {InvariantError} Where it does not stand there.
 */
export function putInPlace(json: string, empty: string, field: string): string {
  const at = json.indexOf(empty);
  assertInvariant(at >= 0, `no place for ${JSON.stringify(empty)}`);
  return `${json.slice(0, at)}${field}${json.slice(at + empty.length)}`;
}

function indent(json: string, blanks: string): string {
  return blanks === "" ? json : json.replaceAll("\n", `\n${blanks}`);
}

// Most entries of a ledger were written before, in the one before it.
const formatEntry = deriveOnce((entry: LedgerEntry) =>
  indent(`\n${JSON.stringify(buildEntryWire(entry), null, 2)}`, "    ")
);
const formatEntryWithin = deriveOnce((entry: LedgerEntry) => indent(formatEntry(entry), "  "));

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
    ...writeLevelFields(entry),
    stop: entry.stopUsd,
    ref_price: entry.refPriceUsd,
    expires_at: formatTime(entry.expiresAtMs),
    deadline_at: formatTime(entry.deadlineAtMs),
    not_found_since: formatTime(entry.notFoundSinceMs),
    ...(entry.besideQty === null ? {} : { beside_qty: entry.besideQty }),
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
