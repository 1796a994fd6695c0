import type { EngineState } from "./engine_state.ts";
import { isUnsettled, type LedgerEntry } from "../order/ledger.ts";
import type { Begun } from "./unfinished.ts";

/**
 * Sells of ours whose answer is out: each may have sold its shares until it is found, or proven absent (pipeline 5). What is
 * begun at this moment has records whose requests have not left while they are pending.
 * @param isNow Whether something begun is what this process is doing now.
 */
export function listDoubts(
  { ledger, unfinished }: Pick<EngineState, "ledger" | "unfinished">,
  isNow: (begun: Begun) => boolean,
): LedgerEntry[] {
  const begun = unfinished.flatMap(({ underWay }) => underWay.begun ?? []).filter(isNow);
  const planned = new Set(begun.flatMap(({ sellId, stopId }) => [sellId, stopId]));
  return (ledger?.entries ?? []).filter((entry) =>
    entry.side === "sell" && entry.clientOrderId !== null && isUnsettled(entry) &&
    !(entry.status === "pending" && planned.has(entry.clientOrderId))
  );
}
