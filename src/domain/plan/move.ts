import type { ManagedPosition } from "../account/engine_state.ts";
import type { SellSideRequest } from "../order/order_request.ts";
import type { Note, NoteScope, NoteValue } from "./note.ts";
import type { Permit, Question, RecordPart, Step } from "./step.ts";
import type { View } from "./view.ts";

/** What one position asks of the plan. */
export type Move =
  | {
    readonly kind: "step";
    readonly step: Exclude<Step, { readonly do: "rest" }>;
    readonly say: readonly Note[];
    /** A look at what has been done already: after everything else, once for all positions. */
    readonly isLast?: boolean;
  }
  | {
    readonly kind: "rest";
    /** Unix ms by the broker's clock; `null` where the poll is soon enough. */
    readonly wakeAtMs: number | null;
    readonly say: readonly Note[];
    /** Whether its exit rules are to have their turn: the price has come to a stop that the broker refuses. */
    readonly isExitDue: boolean;
  };

/** How soon what could not be done is looked at again. Milliseconds. */
export const RETRY_MS = 5_000;

/** Rests, and is looked at again in so long. */
export function rest(
  view: View,
  { afterMs = null, say = [], isExitDue = false }: {
    readonly afterMs?: number | null;
    readonly say?: readonly Note[];
    readonly isExitDue?: boolean;
  } = {},
): Move {
  const { now, seen } = view.world;
  // A closed market changes little in seconds: its looks have a pace of their own.
  const isClosed = seen.clock?.isOpen === false;
  const wakeAtMs = afterMs === null || isClosed ? null : now.brokerMs + afterMs;
  return { kind: "rest", wakeAtMs, say, isExitDue };
}

/** Asks, all of it together. @param notBeforeMs A pause, by monotonic time, ms. */
export function read(questions: readonly Question[], notBeforeMs: number | null = null): Move {
  return { kind: "step", step: { do: "read", questions, notBeforeMs }, say: [] };
}

/** Asks for what every decision is made from. @param options `first`: what is asked for before. */
export function readLists(
  { isLast = false, first = [] }: {
    readonly isLast?: boolean;
    readonly first?: readonly Question[];
  } = {},
): Move {
  const questions = [...first, { ask: "positions" }, { ask: "open_orders" }] as const;
  return { kind: "step", step: { do: "read", questions, notBeforeMs: null }, say: [], isLast };
}

/** Sends under a permit, once the change of the records is durable. */
export function send(
  { position: { positionId } }: { readonly position: Pick<ManagedPosition, "positionId"> },
  request: SellSideRequest,
  permit: Permit,
  { change = [], done = [], say = [] }: {
    readonly change?: readonly RecordPart[];
    readonly done?: readonly Note[];
    readonly say?: readonly Note[];
  } = {},
): Move {
  return {
    kind: "step",
    step: { do: "send", change, request, permit, positionId, done },
    say,
  };
}

/** Takes something into the records. */
export function record(change: readonly RecordPart[], say: readonly Note[] = []): Move {
  return { kind: "step", step: { do: "record", change }, say };
}

/** What of a position's way is changed. */
export function unfinishedPart(
  { position: { positionId } }: Pick<View, "position">,
  change: Extract<RecordPart, { readonly kind: "unfinished" }>["change"],
): RecordPart {
  return { kind: "unfinished", positionId, change };
}

/** A note about the position. */
export function note(
  { position: { symbol, positionId } }: {
    readonly position: Pick<ManagedPosition, "symbol" | "positionId">;
  },
  value: NoteValue,
  { scope = "always", key = "" }: { readonly scope?: NoteScope; readonly key?: string } = {},
): Note {
  return { symbol, positionId, scope, key, value };
}
