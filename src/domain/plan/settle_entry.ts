import { REJECTIONS_IN_A_ROW_MAX, SYMBOL_REJECTIONS_MAX } from "../gate/caps.ts";
import type { EngineState } from "../account/engine_state.ts";
import { SKIP } from "../entry/skip_reason.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import { buildCapUsage, type LedgerEntry, type LiveLedger } from "../order/ledger.ts";
import { buildManaged, buildPlan } from "../account/managed_position.ts";
import type { EntryRequest, Refusal, SendResult } from "../order/order_request.ts";
import type { BrokerOrder } from "../order/orders.ts";
import { NOTHING } from "./about.ts";
import type { Note, NoteScope, NoteValue } from "./note.ts";
import { apply } from "./records.ts";
import type { RecordChange, RecordPart, Settled } from "./step.ts";

/** A note about an entry, by the id that its position will have. */
export function noteEntry(
  { symbol, clientOrderId }: { readonly symbol: string; readonly clientOrderId: string | null },
  value: NoteValue,
  { scope = "always", key = "" }: { readonly scope?: NoteScope; readonly key?: string } = {},
): Note {
  return { symbol, positionId: clientOrderId ?? "", scope, key, value };
}

/**
 * What the answer to an entry's request makes of the records (pipeline 4 and 6). Pure and total.
 * @param answer The broker's, or why the request did not leave.
 */
export function settleEntry(
  records: EngineState,
  { request, earlier }: EntryRequest,
  answer: SendResult,
  nowMs: number,
): Settled {
  const { clientOrderId, symbol } = request;
  const entry = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  if (entry === undefined) return NOTHING;
  switch (answer.kind) {
    case "accepted":
      return settleTaken(records, entry, answer.order, nowMs);
    case "unknown":
    case "requested":
      return { change: [unknownPart(clientOrderId, nowMs)], say: [] };
    case "duplicate": {
      const unknown = unknownPart(clientOrderId, nowMs);
      // In answer to a repeat it is our own order; to a first sending, another engine's.
      if (earlier !== null) return { change: [unknown], say: [] };
      const mismatches = (records.ledger?.mismatches ?? 0) + 1;
      const value = { kind: "mismatch", clientOrderId, mismatches } as const;
      return { change: [{ kind: "mismatch" }, unknown], say: [noteEntry(request, value)] };
    }
    case "rejected":
      if (answer.why !== "rate_limited") return settleRefused(records, entry, answer);
      // Nobody judged the order: too many requests is no rejection to count against the symbol.
      return settleUnsent({ symbol, clientOrderId }, earlier, answer.message);
    case "stopped":
      return settleUnsent({ symbol, clientOrderId }, earlier, answer.reason);
  }
}

function unknownPart(clientOrderId: string, endedAtMs: number): RecordPart {
  return { kind: "unknown", clientOrderId, isIdTaken: false, endedAtMs };
}

/** Nothing of it is at the broker by this sending; what an earlier one left on record is kept. */
function settleUnsent(
  entry: { readonly symbol: string; readonly clientOrderId: string },
  earlier: EntryRequest["earlier"],
  why: string,
): Settled {
  const { clientOrderId } = entry;
  const notFoundSinceMs = earlier?.notFoundSinceMs ?? null;
  return {
    change: [{ kind: "entry_unsent", clientOrderId, notFoundSinceMs }],
    say: [noteEntry(entry, { kind: "entry_unsent", why })],
  };
}

function settleRefused(records: EngineState, entry: LedgerEntry, refusal: Refusal): Settled {
  const { httpStatus } = refusal;
  const message = refusal.message === "" ? `HTTP ${httpStatus}` : refusal.message;
  const clientOrderId = entry.clientOrderId ?? "";
  const change: RecordChange = [{ kind: "refused", clientOrderId, detail: message }];
  return sayRefused(records, entry, change, `(${httpStatus}): ${message}`);
}

function sayRefused(
  records: EngineState,
  entry: LedgerEntry,
  change: RecordChange,
  how: string,
): Settled {
  const { ledger } = apply(records, change);
  const rejections = ledger === null ? [] : listRejections(ledger, entry.symbol);
  return { change, say: [noteEntry(entry, { kind: "entry_rejected", how }), ...rejections] };
}

/** What the broker shows of an entry of ours makes its position the engine's from now on. */
export function settleTaken(
  records: EngineState,
  entry: LedgerEntry,
  order: BrokerOrder,
  nowMs: number,
): Settled {
  const clientOrderId = entry.clientOrderId ?? "";
  const shown: RecordPart = { kind: "shown", clientOrderId, order };
  if (order.status === "rejected") {
    return sayRefused(records, entry, [shown], "after it was taken");
  }
  const { orderId } = order;
  return {
    change: [shown, ...manage(records, clientOrderId, shown, nowMs)],
    say: [noteEntry(entry, { kind: "submitted", entry, orderId })],
  };
}

/** The same of another engine's order under its id: nothing of it was submitted here (pipeline 6). */
export function settleForeign(
  records: EngineState,
  entry: LedgerEntry,
  order: BrokerOrder,
  nowMs: number,
): Settled {
  const clientOrderId = entry.clientOrderId ?? "";
  const shown: RecordPart = { kind: "shown", clientOrderId, order };
  return { change: [shown, ...manage(records, clientOrderId, shown, nowMs)], say: [] };
}

/** From now on the order's position is the engine's; nothing is where the order was rejected. */
function manage(
  records: EngineState,
  clientOrderId: string,
  shown: Extract<RecordPart, { readonly kind: "shown" }>,
  nowMs: number,
): RecordPart[] {
  const { ledger } = apply(records, [shown]);
  const entry = ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  const plan = entry === undefined ? null : buildPlan(entry);
  if (plan === null) return [];
  // A late answer is younger than its order, whose fills are looked for from then on.
  const openedAtMs = Math.min(nowMs, shown.order.submittedAtMs);
  return [{ kind: "managed", position: buildManaged(plan, openedAtMs) }];
}

/**
 * An entry whose record can't be made durable is neither sent, nor simulated, nor tried again with the same intent (pipeline 6).
 * @param intents As they stand on the list; none where it is a repeat.
 */
export function settleUnwritten(
  entry: { readonly symbol: string; readonly clientOrderId: string },
  intents: readonly EntryIntent[],
  cause: string,
): Settled {
  return {
    change: [{ kind: "off_list", intents }],
    say: [
      noteEntry(entry, { kind: "unrecorded", cause }),
      noteEntry(entry, { kind: "skipped", reason: SKIP.unrecorded, isOnce: false }),
    ],
  };
}

/** What follows from the rejections so far: none in this symbol, or none at all, for the rest of the day (pipeline 4). */
export function listRejections(ledger: LiveLedger, symbol: string): Note[] {
  const usage = buildCapUsage(ledger, { symbol, dateNy: ledger.dateNy, clientOrderId: null });
  const about = { symbol, clientOrderId: null };
  const notes: Note[] = [];
  if (usage.symbolRejections >= SYMBOL_REJECTIONS_MAX) {
    notes.push(noteEntry(about, { kind: "rejected_twice" }));
  }
  if (usage.rejectionsInARow >= REJECTIONS_IN_A_ROW_MAX) {
    const count = usage.rejectionsInARow;
    notes.push(noteEntry(about, { kind: "rejections_in_a_row", count }));
  }
  return notes;
}
