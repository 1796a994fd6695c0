import type { ManagedPosition } from "../domain/engine_state.ts";
import type { Engine } from "./engine.ts";
import { hasWorkingBuy } from "./observe.ts";
import { noteUnfinished, readUnfinished } from "./unfinished.ts";

/** How often a stop is tried beside a buy: the broker refuses it as a wash trade each time. */
const BESIDE_BUY_MS = 60_000;

/** Remembers, over restarts too, whether the broker refused a position's stop because a buy works in the symbol. */
export function noteBesideBuy(
  engine: Engine,
  { positionId }: ManagedPosition,
  isRefused: boolean,
): void {
  const besideBuyAtMs = isRefused ? engine.nowMs() : null;
  if (readUnfinished(engine, positionId).besideBuyAtMs === besideBuyAtMs) return;
  noteUnfinished(engine, positionId, { besideBuyAtMs });
}

/**
 * When a stop is tried again that the broker refused beside a buy, whoever placed it, Unix ms by the broker's clock; `null`:
 * now, since no buy is seen to work in the symbol any more, or a minute has passed (pipeline 4; broker.md, wash trades).
 */
export function findNextTryMs(
  engine: Engine,
  { positionId, symbol }: ManagedPosition,
): number | null {
  const { besideBuyAtMs } = readUnfinished(engine, positionId);
  if (besideBuyAtMs === null || !hasWorkingBuy(engine, symbol)) return null;
  const againMs = besideBuyAtMs + BESIDE_BUY_MS;
  return engine.nowMs() < againMs ? againMs : null;
}
