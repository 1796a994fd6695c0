import { dropAbsence, putAbsence } from "../account/absences.ts";
import { unreachable } from "../assert.ts";
import type { EngineState, ReleasedPosition } from "../account/engine_state.ts";
import {
  applyBrokerOrder,
  ID_TAKEN,
  isIdTaken,
  type LedgerEntry,
  NOT_SENT,
} from "../order/ledger.ts";
import {
  endRelease,
  putRelease,
  RELEASE_ENDED,
  RELEASED,
  releasePosition,
} from "../account/released.ts";
import { putUnfinished } from "../account/unfinished.ts";
import { buildHandKey, buildRefusedKey } from "./about.ts";
import type { RecordChange, RecordPart } from "./step.ts";

/**
 * The records after a change: pure, and total. A part about an order that the records lack, or of records without a ledger,
 * changes nothing.
 */
export function apply(records: EngineState, change: RecordChange): EngineState {
  return change.reduce(applyPart, records);
}

function applyPart(records: EngineState, part: RecordPart): EngineState {
  switch (part.kind) {
    case "orders":
      return putEntries(records, part.entries);
    case "shown":
      return changeEntry(
        records,
        part.clientOrderId,
        (entry) => applyBrokerOrder(entry, part.order),
      );
    case "not_sent":
      return changeEntry(records, part.clientOrderId, (entry) => reject(entry, NOT_SENT));
    case "refused":
      return changeEntry(records, part.clientOrderId, (entry) => reject(entry, part.detail));
    case "unknown":
      return changeEntry(records, part.clientOrderId, (entry) => ({
        ...entry,
        status: "unknown",
        detail: part.isIdTaken ? ID_TAKEN : entry.detail,
        deadlineAtMs: Math.max(entry.deadlineAtMs ?? 0, part.endedAtMs),
        notFoundSinceMs: null,
      }));
    case "position": {
      const { position } = part;
      const isSame = (id: string) => id === position.positionId;
      if (!records.positions.some(({ positionId }) => isSame(positionId))) return records;
      const positions = records.positions.map((each) => isSame(each.positionId) ? position : each);
      return { ...records, positions };
    }
    case "managed": {
      const { position } = part;
      const others = records.positions.filter((each) => each.positionId !== position.positionId);
      return { ...records, positions: [...others, position] };
    }
    case "ended":
      return endPosition(records, part.positionId);
    case "released":
      return release(records, part.release);
    case "release_ended":
      return recordRelease(endRelease(records, part.release.symbol), part.release, RELEASE_ENDED);
    case "off_list": {
      const ids = new Set(part.intents.map(({ clientOrderId }) => clientOrderId));
      const intents = records.intents.filter(({ clientOrderId }) => !ids.has(clientOrderId));
      return { ...records, intents };
    }
    case "on_list":
      return { ...records, intents: [...records.intents, ...part.intents] };
    case "entry_unsent":
      return changeEntry(records, part.clientOrderId, (entry) => ({
        ...entry,
        status: "rejected",
        reason: NOT_SENT,
        notFoundSinceMs: part.notFoundSinceMs,
      }));
    case "mismatch":
      return countMismatch(records);
    case "simulated":
      // In a ledger of its own.
      return records;
    case "unfinished": {
      const { positionId, change } = part;
      return { ...records, unfinished: putUnfinished(records.unfinished, positionId, change) };
    }
    case "ledger":
    case "day_turned":
      return { ...records, ledger: part.ledger };
    case "date_seen":
      return { ...records, dateSeenNy: part.dateNy };
    case "absent":
      return { ...records, absences: putAbsence(records.absences, part.absence) };
    case "present":
      return { ...records, absences: dropAbsence(records.absences, part.about) };
    case "kept":
      return { ...records, alerted: keep(records.alerted, part.key, part.value) };
    default:
      return unreachable(part);
  }
}

/** What is kept of a position under another name than its own ends with it: a later one in its symbol begins anew. */
function endPosition(records: EngineState, positionId: string): EngineState {
  const isOther = (each: { readonly positionId: string }) => each.positionId !== positionId;
  const forgotten = records.positions.filter((each) => !isOther(each))
    .flatMap((position) => [buildRefusedKey(position.symbol), buildHandKey(position)]);
  return {
    ...records,
    alerted: forgotten.reduce((kept, key) => keep(kept, key, null), records.alerted),
    positions: records.positions.filter(isOther),
    unfinished: records.unfinished.filter(isOther),
  };
}

/**
 * Whatever is managed in the symbol, adopted since by a release that knows none for instance; but for what the engine has bought
 * since, which are other shares (`listReleased`).
 */
function release(records: EngineState, released: ReleasedPosition): EngineState {
  const ended = records.positions
    .filter((each) => each.symbol === released.symbol && !isBoughtSince(each, released))
    .reduce((each, { positionId }) => endPosition(each, positionId), records);
  return recordRelease(releasePosition(ended, released, released.releasedAtMs), released, RELEASED);
}

function isBoughtSince(
  { positionId, adoptedQty, openedAtMs }: EngineState["positions"][number],
  released: ReleasedPosition,
): boolean {
  return positionId !== released.positionId && adoptedQty === 0 &&
    openedAtMs > released.releasedAtMs;
}

/** It stands in the day's ledger too, from which a lost document is made anew. */
function recordRelease(
  { ledger, ...others }: EngineState,
  release: ReleasedPosition,
  reason: Parameters<typeof putRelease>[2],
): EngineState {
  return { ...others, ledger: ledger === null ? null : putRelease(ledger, release, reason) };
}

/** No order came of it; what the broker has said it has is only not known yet. Of an entry the reason says why. */
function reject(entry: LedgerEntry, detail: string): LedgerEntry {
  if (entry.side === "buy") return { ...entry, status: "rejected", reason: detail };
  return isIdTaken(entry)
    ? { ...entry, status: "unknown" }
    : { ...entry, status: "rejected", detail };
}

/** The ledger has them where it is known. */
function countMismatch(records: EngineState): EngineState {
  const { ledger } = records;
  return ledger === null
    ? { ...records, mismatches: records.mismatches + 1 }
    : { ...records, ledger: { ...ledger, mismatches: ledger.mismatches + 1 } };
}

function keep(
  kept: EngineState["alerted"],
  key: string,
  value: string | null,
): EngineState["alerted"] {
  if (value !== null) return { ...kept, [key]: value };
  const { [key]: _forgotten, ...others } = kept;
  return others;
}

/**
 * A repeat takes the place of its record, but not of the fields in it that another release or a hand has written, and not of
 * what the broker has said of its id.
 */
function putEntries(records: EngineState, entries: readonly LedgerEntry[]): EngineState {
  const { ledger } = records;
  if (ledger === null) return records;
  const ids = new Set(entries.map((entry) => entry.clientOrderId));
  const others = ledger.entries.filter((entry) => !ids.has(entry.clientOrderId));
  const put = entries.map((entry) => {
    const past = ledger.entries.find((each) => each.clientOrderId === entry.clientOrderId);
    if (past === undefined) return entry;
    const { unknownFields, unknownWithin } = past;
    const detail = isIdTaken(past) ? past.detail : entry.detail;
    return { ...entry, detail, unknownFields, unknownWithin };
  });
  return { ...records, ledger: { ...ledger, entries: [...others, ...put] } };
}

function changeEntry(
  records: EngineState,
  clientOrderId: string,
  change: (entry: LedgerEntry) => LedgerEntry,
): EngineState {
  const { ledger } = records;
  if (ledger === null) return records;
  const entries = ledger.entries.map((entry) =>
    entry.clientOrderId === clientOrderId ? change(entry) : entry
  );
  return { ...records, ledger: { ...ledger, entries } };
}
