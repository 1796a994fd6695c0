import { noteMute } from "../domain/account/stand_ins.ts";
import type { LookupOutcome } from "../domain/order/order_request.ts";
import type { RecordChange, RecordsQuestion } from "../domain/plan/step.ts";
import type { Books, RecordsTurn } from "../domain/plan/world.ts";
import { readPastEntries } from "./archive.ts";
import { askOrder, lookUpOrder } from "./asker.ts";
import type { Engine, Observation } from "./engine.ts";
import { readOperatorObjection } from "./gate_reader.ts";
import { saveOrders, take } from "./plan_records.ts";
import { StateError } from "./ports.ts";
import { isShownUnreadable } from "./unreadable.ts";

/** The count of a run that begins now to hold the records against the broker. */
export function beginRecordsTurn(engine: Engine): RecordsTurn {
  return {
    dateBeforeNy: engine.state.dateSeenNy ?? engine.lastCycleNy,
    past: null,
    ancestorReads: 0,
    isAncestorUnread: false,
    lookUps: new Map(),
    isObjected: null,
    isRecorded: false,
    isMismatched: false,
    unwritten: null,
  };
}

/** What the records are held against, as the engine knows it now. */
export function buildBooks(
  engine: Engine,
  { skewSeconds }: Pick<Observation, "skewSeconds">,
  turn: RecordsTurn,
): Books {
  const { accountId, ancestors, ports: { broker: { host } } } = engine;
  return { host, accountId, skewSeconds, ancestors, turn };
}

/** Asks what the records alone are held against. @returns What the answer makes of the run's count. */
export async function askForRecords(
  engine: Engine,
  question: RecordsQuestion,
): Promise<(turn: RecordsTurn) => RecordsTurn> {
  switch (question.ask) {
    case "past_records": {
      const past = await readPastOrNone(engine);
      return (turn) => ({ ...turn, past });
    }
    case "ancestor": {
      const { orderId } = question;
      const known = engine.book.get(orderId)?.order;
      const read: LookupOutcome = known === undefined
        ? await askOrder(engine, orderId)
        : { kind: "found", order: known };
      const isAncestorUnread = read.kind === "unknown";
      if (!isAncestorUnread) {
        engine.ancestors.set(orderId, read.kind === "found" ? read.order : null);
      }
      return (turn) => ({ ...turn, ancestorReads: turn.ancestorReads + 1, isAncestorUnread });
    }
    case "record_look_up": {
      const { clientOrderId } = question;
      const outcome = await lookUp(engine, question);
      if (outcome.kind === "unknown") noteUnanswered(engine, clientOrderId);
      const { monotonicMs } = engine.looker;
      const answer = { outcome, nowMs: engine.nowMs(), monotonicMs };
      return (turn) => ({ ...turn, lookUps: new Map(turn.lookUps).set(clientOrderId, answer) });
    }
    case "objection": {
      const isObjected = await readOperatorObjection(engine) !== null;
      return (turn) => ({ ...turn, isObjected });
    }
  }
}

/**
 * Without the archive what replaces an order of yesterday's is not known to be ours; that stops nothing else. One of another
 * account does: nothing of it may be counted with.
 */
async function readPastOrNone(engine: Engine): Promise<RecordsTurn["past"]> {
  const past = await readPastEntries(engine);
  if (past.kind === "ok" || past.wait.kind === "foreign") return past;
  return { kind: "ok", entries: [] };
}

/** What the broker lists, though it can't be read, is not absent. */
async function lookUp(
  engine: Engine,
  { clientOrderId, orderId }: Extract<RecordsQuestion, { readonly ask: "record_look_up" }>,
): Promise<LookupOutcome> {
  const found = await lookUpOrder(engine, clientOrderId);
  return found.kind === "not_found" && isShownUnreadable(engine, { clientOrderId, orderId })
    ? { kind: "unknown", why: "malformed" }
    : found;
}

/** A question that has no answer denies nothing (pipeline 5). */
function noteUnanswered(engine: Engine, clientOrderId: string): void {
  const entry = engine.state.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  if (entry !== undefined) engine.putBook(noteMute(engine.book, entry));
}

/**
 * Takes what a run has found into the records, durable where it is about orders. The day's turn is so whatever becomes of its
 * write: what was written of it stays true, and is not taken back by the next write of the records.
 * @returns The run's count with it, and with why it could not be made durable.
 */
export async function storeHeld(
  engine: Engine,
  change: RecordChange,
  turn: RecordsTurn,
): Promise<RecordsTurn> {
  const { ledger, absences } = engine.state;
  const isTurn = change.some(({ kind }) => kind === "day_turned");
  try {
    // The old ledger is archived before a new one starts.
    if (isTurn && ledger !== null) await engine.ports.ledger.archive(ledger);
    take(engine, change);
    if (engine.state.ledger === ledger) return turn;
    await saveOrders(engine);
    const isMismatched = turn.isMismatched || change.some(({ kind }) => kind === "mismatch");
    return { ...turn, isRecorded: turn.isRecorded || !isTurn, isMismatched };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    if (!isTurn) engine.updateState({ ledger, absences });
    const { message, isByAnotherHand } = error;
    return { ...turn, unwritten: { message, isByAnotherHand } };
  }
}
