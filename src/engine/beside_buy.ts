import type { ManagedPosition } from "../domain/account/engine_state.ts";
import * as pure from "../domain/plan/beside_buy.ts";
import type { Engine } from "./engine.ts";
import { sightOf } from "./sight.ts";
import { readUnfinished } from "./unfinished.ts";

/** When a stop is tried again that the broker refused beside a buy, Unix ms by the broker's clock; `null`: now. */
export function findNextTryMs(
  engine: Engine,
  { positionId, symbol }: ManagedPosition,
): number | null {
  return pure.findNextTryMs(sightOf(engine), readUnfinished(engine, positionId), symbol);
}
