import type { HandMove } from "../domain/account/our_orders.ts";
import * as pure from "../domain/account/position_shares.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { Engine } from "./engine.ts";
import { sightOf } from "./sight.ts";
import { readUnfinished } from "./unfinished.ts";

/** What hands have done to the position's stops, oldest first, for its whole life; none while its past is not known. */
export function readHandMoves(engine: Engine, position: ManagedPosition): HandMove[] {
  return pure.readHandMoves(sightOf(engine), position);
}

/** Where a position's stop belongs, in the broker's increments (pipeline 5, "Our stop, moved by hand"). */
export function readStopLevel(engine: Engine, position: ManagedPosition): number {
  const { spentHandStopUsd } = readUnfinished(engine, position.positionId);
  return pure.readStopLevel(sightOf(engine), position, spentHandStopUsd);
}
