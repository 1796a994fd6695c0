import { buildRefusedKey } from "../domain/plan/about.ts";
import type { Engine } from "./engine.ts";

/**
 * Why the broker refused the last stop in the symbol, where that lasts; `null` where it took it. Meanwhile nothing that rests
 * is cancelled for a trim or a renewal: the stop that follows would be refused too (pipeline 5).
 */
export function findLastingRefusal(engine: Engine, symbol: string): string | null {
  return engine.state.alerted[buildRefusedKey(symbol)] ?? null;
}
