import type { EngineState, ManagedPosition } from "../account/engine_state.ts";
import { isExitReason } from "../exit/exit_rules.ts";
import type { LedgerEntry } from "../order/ledger.ts";
import {
  type Begun,
  findUnfinished,
  type UnderWay,
  type Unfinished,
} from "../account/unfinished.ts";
import { note, unfinishedPart } from "./move.ts";
import type { NamedEntry } from "./named_entry.ts";
import type { Note } from "./note.ts";
import type { RecordPart, Settled } from "./step.ts";
import type { Now } from "./world.ts";

/** An answer that changes nothing. */
export const NOTHING: Settled = { change: [], say: [] };

/** The moment of an answer. */
export type At = Pick<Now, "brokerMs" | "monotonicMs">;

/** What an answer is about. */
export interface About {
  readonly position: ManagedPosition;
  readonly unfinished: Unfinished;
  readonly underWay: UnderWay;
  readonly now: At;
}

/** What an order's answer is about; `null` where the records lack its position. */
export function findAbout(
  records: EngineState,
  { positionId }: LedgerEntry,
  now: At,
): About | null {
  const position = records.positions.find((each) => each.positionId === positionId);
  if (position === undefined) return null;
  const unfinished = findUnfinished(records.unfinished, position.positionId);
  return { position, unfinished, underWay: unfinished.underWay, now };
}

/** Whether this order ends what was begun: its stop rests, or will not. */
export function endBegun({ underWay: { begun } }: About, clientOrderId: string): Begun | null {
  return begun?.stopId === clientOrderId ? null : begun;
}

/** What an order is, for the operator. */
export function nameEntry({ reason }: LedgerEntry): string {
  return reason === "stop" ? "stop" : `sell (${reason})`;
}

/** An exit's rest is tried once more by the table of protection; what that tries itself is over for the cycle. */
export function isOver({ underWay: { begun } }: About): boolean {
  return begun === null || !isExitReason(begun.reason);
}

/** What a stop that was not placed came after. */
export function nameBefore(begun: Begun | null, { isBare }: Unfinished) {
  if (begun !== null) return begun.reason === "entry" ? "entry" : "cancel";
  return isBare ? "exit" : "nothing";
}

/** The stop would not give up what is sold: the sell that was recorded with it never leaves. */
export function endShrinking(
  { underWay: { begun } }: About,
  { clientOrderId }: NamedEntry,
): RecordPart[] {
  if (begun === null || begun.shrinks === null || begun.stopId !== clientOrderId) return [];
  return begun.sellId === null ? [] : [{ kind: "not_sent", clientOrderId: begun.sellId }];
}

/** The same where it is known that it did not: as many shares have their stop as before. */
export function coverAgain(about: About, { clientOrderId }: NamedEntry): RecordPart[] {
  const { begun } = about.underWay;
  if (begun === null || begun.shrinks === null || begun.stopId !== clientOrderId) return [];
  return [unfinishedPart(about, { isBare: begun.wasBare })];
}

/** A sell or stop that did not come to be. */
export function sayUndone(
  about: About,
  entry: NamedEntry,
  why: string,
  httpStatus: number | null,
  isOwn: boolean,
): Note {
  const { underWay: { begun }, unfinished } = about;
  const reason = [entry.reason, begun?.reason ?? null].find(isExitReason);
  if (reason === undefined) {
    return note(about, { kind: "stop_undone", why, after: nameBefore(begun, unfinished), isOwn });
  }
  const isShrinking = begun !== null && begun.shrinks !== null;
  const part = isExitReason(entry.reason) ? "sell" : isShrinking ? "shrinking" : "stop";
  return note(about, { kind: "exit_undone", reason, part, httpStatus, why, isOwn });
}

/** Under which key it is kept that the broker refused the last stop in a symbol for a reason that lasts (pipeline 5). */
export function buildRefusedKey(symbol: string): string {
  return `stop_refused:${symbol}`;
}

/** Under which key it is counted how often what a hand had put in the engine's way was cancelled. */
export function buildHandKey({ positionId }: Pick<ManagedPosition, "positionId">): string {
  return `hand_cancels:${positionId}`;
}
