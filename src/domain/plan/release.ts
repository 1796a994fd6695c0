import { type Absence, findAbsence, goOnMissing, type Looker } from "../account/absences.ts";
import { buildOpenOrders } from "../account/order_book.ts";
import { findShown, type Sight } from "../account/sight.ts";
import type { EngineState, ManagedPosition, ReleasedPosition } from "../account/engine_state.ts";
import { closedKey } from "../account/managed_position.ts";
import type { OperatorRequest } from "../account/operator_request.ts";
import { flattenOrders, isFinal } from "../order/orders.ts";
import { putRelease, RELEASED } from "../account/released.ts";
import { findUnfinished } from "../account/unfinished.ts";
import { buildRefusedKey } from "./about.ts";
import { note } from "./move.ts";
import type { RecordPart, Settled } from "./step.ts";

/** How long a released symbol must be seen absent: one empty answer is no end. Milliseconds. */
const ABSENT_MS = 60_000;

/** Whether the operator released what is held in the symbol: it is his (pipeline 5). */
export function isReleased({ released }: Pick<EngineState, "released">, symbol: string): boolean {
  return released.some((each) => each.symbol === symbol);
}

/** What becomes of a request to release a position. */
export type ReleaseVerdict =
  | { readonly kind: "drop"; readonly why: string }
  /** It is on record already. */
  | { readonly kind: "done" }
  /** For the stop of an exit that is under way. */
  | { readonly kind: "waits" }
  | ({ readonly kind: "release" } & Settled);

/** Decides on what the operator asked for by `release` (pipeline 5): another position than he saw is not released. */
export function decideRelease(
  records: EngineState,
  sight: Sight,
  { symbol, positionId }: Extract<OperatorRequest, { readonly kind: "release" }>,
): ReleaseVerdict {
  if (records.released.some((each) => each.positionId === positionId)) return { kind: "done" };
  const position = records.positions.find((each) => each.symbol === symbol);
  if (position?.positionId !== positionId) {
    return { kind: "drop", why: `position ${positionId} is not managed any more` };
  }
  if (isBetween(records, sight, position)) return { kind: "waits" };
  const release = { symbol, positionId, releasedAtMs: sight.nowMs };
  return {
    kind: "release",
    change: [{ kind: "released", release }],
    say: [note({ position }, { kind: "released", position })],
  };
}

/**
 * Whether an exit's cancel has left and its stop is still to come. Not where nothing comes any more: what nobody can explain
 * is let be, what is absent can have none, and what the broker will not take for good the operator may want to do himself.
 */
function isBetween(
  { unfinished, alerted }: EngineState,
  sight: Sight,
  { symbol, positionId, unexplainedQty }: ManagedPosition,
): boolean {
  return findUnfinished(unfinished, positionId).isBare && unexplainedQty === null &&
    findShown(sight, symbol) !== undefined && alerted[buildRefusedKey(symbol)] === undefined;
}

/**
 * Keeps releases on record, in each day's ledger, and ends those whose symbol the broker shows neither held nor in an order at
 * work for a minute of one process's looks (pipeline 5). Processes that look once need two of them.
 */
export function keepReleases(
  records: EngineState,
  sight: Sight,
  { dateNy, looker, isRunOnce }: {
    readonly dateNy: string;
    readonly looker: Looker;
    readonly isRunOnce: boolean;
  },
): Settled & { readonly wakesAtMs: readonly number[] } {
  const { ledger, released } = records;
  const kept = released.filter((release) =>
    ledger !== null && putRelease(ledger, release, RELEASED) !== ledger
  ).map((release): RecordPart => ({ kind: "released", release }));
  const absent = listAbsent(released, sight);
  // Unread, nothing is evidence for or against it.
  if (absent === null) return { change: kept, say: [], wakesAtMs: [] };
  const missed = absent.map(({ symbol: id }) => {
    const about = { what: "release", id } as const;
    return goOnMissing(about, findAbsence(records.absences, about, looker), looker);
  });
  const found = records.absences.filter(({ what, id }) =>
    what === "release" && !absent.some(({ symbol }) => symbol === id)
  );
  const leftMs = ({ firstMs, lastMs }: Absence) => ABSENT_MS - (lastMs - firstMs);
  const isMissedBefore = ({ id }: Absence) =>
    records.absences.some(({ what, id: missedId, processId }) =>
      what === "release" && missedId === id && processId !== looker.processId
    );
  const isOver = (absence: Absence) =>
    leftMs(absence) <= 0 || (isRunOnce && isMissedBefore(absence));
  const ended = missed.filter((absence) => ledger !== null && isOver(absence))
    .map(({ id }) => buildReleaseEnd(records, id, dateNy));
  return {
    change: [
      ...kept,
      ...missed.map((absence): RecordPart => ({ kind: "absent", absence })),
      ...found.map((about): RecordPart => ({ kind: "present", about })),
      ...ended.flatMap(({ change }) => change),
    ],
    say: ended.flatMap(({ say }) => say),
    wakesAtMs: missed.flatMap((absence) =>
      leftMs(absence) > 0 ? [sight.nowMs + leftMs(absence)] : []
    ),
  };
}

/** Released symbols that are neither held nor in an order at work; `null` where that can't be read. */
function listAbsent(
  released: readonly ReleasedPosition[],
  sight: Sight,
): readonly ReleasedPosition[] | null {
  if (sight.positions === null || !sight.areOrdersRead) return null;
  const open = flattenOrders(buildOpenOrders(sight.book)).filter((order) => !isFinal(order));
  const there = new Set([...sight.positions, ...open].map(({ symbol }) => symbol));
  return released.filter(({ symbol }) => !there.has(symbol) && !sight.unreadable.has(symbol));
}

/** Ends a symbol's release, if there is one; what it was bought by is not taken in again. */
export function buildReleaseEnd(records: EngineState, symbol: string, dateNy: string): Settled {
  const release = records.released.find((each) => each.symbol === symbol);
  if (release === undefined) return { change: [], say: [] };
  const { positionId } = release;
  return {
    change: [
      { kind: "release_ended", release },
      { kind: "present", about: { what: "release", id: symbol } },
      { kind: "kept", key: closedKey(positionId), value: dateNy },
    ],
    say: [note({ position: release }, { kind: "release_ended" })],
  };
}
