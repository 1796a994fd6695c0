import type { HandMove } from "../domain/account/our_orders.ts";
import * as pure from "../domain/account/position_shares.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { Engine } from "./engine.ts";
import { sightOf } from "./sight.ts";

/** What hands have done to the position's stops, oldest first, for its whole life; none while its past is not known. */
export function readHandMoves(engine: Engine, position: ManagedPosition): HandMove[] {
  return pure.readHandMoves(sightOf(engine), position);
}
