import type { Engine } from "./engine.ts";
import { isLasting, type Refusal } from "../domain/order_request.ts";

function buildKey(symbol: string): string {
  return `stop_refused:${symbol}`;
}

/** Remembers, over restarts too, that the broker refused a new stop in the symbol for a reason that lasts. */
export function noteStopFate(engine: Engine, symbol: string, refusal: Refusal | null): void {
  const key = buildKey(symbol);
  if (refusal === null) {
    const { [key]: known, ...others } = engine.state.alerted;
    if (known !== undefined) engine.updateState({ alerted: others });
    return;
  }
  if (!isLasting(refusal)) return;
  engine.updateState({ alerted: { ...engine.state.alerted, [key]: refusal.message } });
}

/**
 * Why the broker refused the last stop in the symbol, where that lasts; `null` where it took it. Meanwhile nothing that rests
 * is cancelled for a trim or a renewal: the stop that follows would be refused too (pipeline 5).
 */
export function findLastingRefusal(engine: Engine, symbol: string): string | null {
  return engine.state.alerted[buildKey(symbol)] ?? null;
}
