import { type HandMove, listHandMoves } from "../domain/account/our_orders.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import type { Engine } from "./engine.ts";
import { listPositionHistory } from "./shares.ts";
import { readUnfinished } from "./unfinished.ts";

/** What hands have done to the position's stops, oldest first, for its whole life; none while its past is not known. */
export function readHandMoves(engine: Engine, position: ManagedPosition): HandMove[] {
  return listHandMoves(engine.book, listPositionHistory(engine, position) ?? []);
}

/**
 * Where a position's stop belongs, in the broker's increments: the engine's own, or the price that a hand gave it last, the
 * higher of both (pipeline 5, "Our stop, moved by hand"). The hand's never becomes the engine's.
 */
export function readStopLevel(engine: Engine, position: ManagedPosition): number {
  const engineUsd = roundToIncrement(position.stopUsd);
  const handUsd = readHandMoves(engine, position).at(-1)?.stopUsd ?? 0;
  // The market has come below it: the broker would not take a stop there any more.
  const { spentHandStopUsd } = readUnfinished(engine, position.positionId);
  if (handUsd === spentHandStopUsd) return engineUsd;
  return Math.max(engineUsd, handUsd);
}
