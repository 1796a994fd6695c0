import { isOurs } from "./client_order_id.ts";
import { deriveOnce } from "../derive_once.ts";
import { listKnownLevels } from "../exit/levels.ts";
import { countsTowardCaps, isUnsettled, type LedgerEntry, type LiveLedger } from "./ledger.ts";

/**
 * A ledger's content as one short text: whether two are the same version, whatever the file's layout. Two that differ have
 * the same by chance once in 2^64.
 */
export const digestLedger = deriveOnce((ledger: LiveLedger): string => {
  const { dateNy, host, accountId, mismatches, unknownFields, entries } = ledger;
  const head = JSON.stringify([dateNy, host, accountId, mismatches, unknownFields]);
  // The files of a release before this one carry digests of just this text.
  const text = `${head.slice(0, -1)},[${entries.map(formatFacts).join(",")}]]`;
  return `${hash(text, 0x811c9dc5)}${hash(text, 0x01234567)}`;
});

/** Most entries of a ledger are those of the one before it. */
const formatFacts = deriveOnce((entry: LedgerEntry) => JSON.stringify(listFacts(entry)));

/** What an entry says, in one order, and times in whole milliseconds as the file has them. */
function listFacts(entry: LedgerEntry): readonly unknown[] {
  const { broker, legs, besideQty, unknownFields, unknownWithin } = entry;
  const times = [entry.expiresAtMs, entry.deadlineAtMs, entry.notFoundSinceMs];
  return [
    [entry.orderId, entry.symbol, entry.notionalUsd, entry.timestamp, entry.clientOrderId],
    [entry.side, entry.qty, entry.status, entry.reason, entry.detail],
    [listKnownLevels(entry), entry.stopUsd, entry.refPriceUsd],
    times.map((ms) => ms === null ? null : Math.trunc(ms)),
    [entry.positionId, entry.attempt, entry.replaces],
    legs.map(({ orderId, clientOrderId, type }) => [orderId, clientOrderId, type]),
    broker === null
      ? null
      : [broker.status, broker.filledQty, broker.filledAvgPriceUsd, Math.trunc(broker.updatedAtMs)],
    [unknownFields, unknownWithin.broker, Object.entries(unknownWithin.legs)],
    // What lacks it reads as the releases before this one wrote it.
    ...(besideQty === null ? [] : [besideQty]),
  ];
}

const FNV_PRIME = 0x01000193;

function hash(text: string, seed: number): string {
  let value = seed;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), FNV_PRIME);
    // The low bits of a product know nothing of the high ones.
    value ^= value >>> 15;
  }
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** What `live_orders_today.json` is beside the records that it was written from (runbook 4.4; pipeline 6). */
export type LedgerFile =
  /** Says what the records say. */
  | { readonly kind: "same" }
  /** As it was before the last write, which a crash or the disk cut off. */
  | { readonly kind: "behind" }
  /** Another hand's, of the records' day or of a day before. */
  | {
    readonly kind: "changed";
    /** The records with what they lacked. */
    readonly merged: LiveLedger;
    /** Entries that were taken in. */
    readonly added: readonly LedgerEntry[];
    /** Entries of the records that it lacks or has otherwise, and that are put back. */
    readonly putBack: readonly LedgerEntry[];
  }
  /** Of a later day that has come, by another hand: the records turn to it first. */
  | { readonly kind: "later" };

/**
 * Holds the ledger's file against the records.
 * @param file Read, and of this account as far as it says.
 * @param versions Digests that the file may have by our own hand.
 */
export function compareLedgerFile(
  records: LiveLedger,
  file: LiveLedger,
  { versions, todayNy }: { readonly versions: readonly string[]; readonly todayNy: string },
): LedgerFile {
  const version = digestLedger(file);
  if (version === digestLedger(records)) return { kind: "same" };
  const isOwn = versions.includes(version);
  if (!isOwn && file.dateNy > records.dateNy && file.dateNy <= todayNy) return { kind: "later" };
  // What a day before has left open was carried over, and its ledger is in the archive.
  const entries = file.dateNy < records.dateNy ? [] : file.entries;
  const change = merge(records, { ...file, entries });
  // Our own hand takes nothing out: records that lack what it has written were changed by another one.
  return isOwn && change.added.length === 0 ? { kind: "behind" } : { kind: "changed", ...change };
}

/**
 * The records with what another hand's ledger has beyond them. A hand can only add: what counts toward a cap is dropped by
 * `ledger rebuild --yes` alone.
 */
function merge(
  records: LiveLedger,
  file: LiveLedger,
): Pick<Extract<LedgerFile, { kind: "changed" }>, "merged" | "added" | "putBack"> {
  const byHand = new Map(file.entries.map((entry) => [nameOf(entry), entry]));
  const known = new Set(records.entries.flatMap(listNames));
  const kept = records.entries.map((entry) => keepUnknown(entry, findByHand(entry, byHand)));
  const added = file.entries.filter((entry) => listNames(entry).every((name) => !known.has(name)))
    .map(takeIn);
  return {
    merged: {
      ...records,
      mismatches: Math.max(records.mismatches, file.mismatches),
      unknownFields: { ...records.unknownFields, ...file.unknownFields },
      entries: [...kept, ...added],
    },
    added,
    putBack: kept.filter((entry) => !isSame(entry, findByHand(entry, byHand))),
  };
}

/** An order goes by its client order id, by the broker's where it has none, and by what it says where it has neither. */
function nameOf({ clientOrderId, orderId, symbol, timestamp, notionalUsd }: LedgerEntry): string {
  return clientOrderId ?? orderId ?? `${symbol} ${timestamp} ${notionalUsd}`;
}

function listNames(entry: LedgerEntry): string[] {
  return entry.orderId === null ? [nameOf(entry)] : [nameOf(entry), entry.orderId];
}

function findByHand(
  entry: LedgerEntry,
  byHand: ReadonlyMap<string, LedgerEntry>,
): LedgerEntry | undefined {
  return byHand.get(nameOf(entry)) ?? byHand.get(entry.orderId ?? "");
}

/** Fields that this release does not know are kept, whoever wrote them. */
function keepUnknown(entry: LedgerEntry, found: LedgerEntry | undefined): LedgerEntry {
  if (found === undefined) return entry;
  const { broker, legs } = found.unknownWithin;
  const own = new Set(entry.legs.map(({ orderId }) => orderId));
  const ofLegs = Object.entries(legs).filter(([orderId]) => own.has(orderId));
  return {
    ...entry,
    unknownFields: { ...entry.unknownFields, ...found.unknownFields },
    unknownWithin: {
      broker: entry.broker === null ? {} : { ...entry.unknownWithin.broker, ...broker },
      legs: { ...entry.unknownWithin.legs, ...Object.fromEntries(ofLegs) },
    },
  };
}

function isSame(entry: LedgerEntry, found: LedgerEntry | undefined): boolean {
  return found !== undefined && found.status === entry.status && found.qty === entry.qty &&
    found.notionalUsd === entry.notionalUsd && found.side === entry.side &&
    found.symbol === entry.symbol;
}

/** One under our prefix that no record has is looked up; what counts toward no cap stays as it was written. */
function takeIn(entry: LedgerEntry): LedgerEntry {
  const isAsked = isOurs(entry.clientOrderId ?? "") && entry.status !== "rejected";
  return isAsked && !isUnsettled(entry) ? { ...entry, status: "unknown" } : entry;
}

/** What was wrong with the file, in words, where it was another hand's (runbook 4.4). */
export function describeChange(
  change: Extract<LedgerFile, { readonly kind: "changed" }>,
): string {
  const parts = [
    formatEntries("taken in", change.added),
    formatEntries("put back", change.putBack),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "nothing of it counts" : parts.join("; ");
}

function formatEntries(what: string, entries: readonly LedgerEntry[]): string {
  if (entries.length === 0) return "";
  return `${what}: ${entries.map((entry) => `${entry.symbol} ${nameOf(entry)}`).join(", ")}`;
}

/** Entries that count toward a cap in the records and not in what takes their place. */
export function listDropped(
  records: LiveLedger | null,
  next: LiveLedger,
): readonly LedgerEntry[] {
  if (records === null || records.dateNy !== next.dateNy) return [];
  const counted = new Set(next.entries.filter(countsTowardCaps).flatMap(listNames));
  return records.entries.filter((entry) =>
    countsTowardCaps(entry) && listNames(entry).every((name) => !counted.has(name))
  );
}
