import { findUnfinished, putUnfinished, type Unfinished } from "../domain/account/unfinished.ts";
import type { Engine } from "./engine.ts";

/** What is unfinished of a position, as the records have it. */
export function readUnfinished(engine: Engine, positionId: string): Unfinished {
  return findUnfinished(engine.state.unfinished, positionId);
}

/** Takes it into the records, durable with their next write. */
export function noteUnfinished(
  engine: Engine,
  positionId: string,
  change: Partial<Omit<Unfinished, "positionId">>,
): void {
  engine.updateState({ unfinished: putUnfinished(engine.state.unfinished, positionId, change) });
}

/** Whether a position's protection was cancelled and is not known to be back. */
function isBare(engine: Engine, positionId: string): boolean {
  return readUnfinished(engine, positionId).isBare;
}

/** Positions whose protection was cancelled and is not known to be back. */
export function listBare({ state }: Engine): string[] {
  return state.unfinished.filter((each) => each.isBare).map((each) => each.positionId);
}

/** Notes that a position's protection was cancelled, or that it is back. */
export function noteBare(engine: Engine, positionId: string, isBareNow: boolean): void {
  if (isBare(engine, positionId) !== isBareNow) {
    noteUnfinished(engine, positionId, { isBare: isBareNow });
  }
}
