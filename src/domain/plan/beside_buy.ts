import { hasWorkingBuy, type Sight } from "../account/sight.ts";
import type { Unfinished } from "../account/unfinished.ts";

/** How often a stop is tried beside a buy: the broker refuses it as a wash trade each time. */
const BESIDE_BUY_MS = 60_000;

/**
 * When a stop is tried again that the broker refused beside a buy, whoever placed it, Unix ms by the broker's clock; `null`:
 * now, since no buy is seen to work in the symbol any more, or a minute has passed (pipeline 4; broker.md, wash trades).
 */
export function findNextTryMs(
  sight: Sight,
  { besideBuyAtMs }: Pick<Unfinished, "besideBuyAtMs">,
  symbol: string,
): number | null {
  if (besideBuyAtMs === null || !hasWorkingBuy(sight, symbol)) return null;
  const againMs = besideBuyAtMs + BESIDE_BUY_MS;
  return sight.nowMs < againMs ? againMs : null;
}
