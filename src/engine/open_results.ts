import { formatEquity, listOpenResults, type OpenResult } from "../domain/alert/open_result.ts";
import type { Engine } from "./engine.ts";
import { findHeld } from "./observe.ts";

/** What each managed position makes, by the broker's entry and price as last read; `null` where records or positions can't be read. */
function readOpenResults(engine: Engine): OpenResult[] | null {
  if (!engine.isStateLoaded || engine.observation?.positions.kind !== "ok") return null;
  return listOpenResults(engine.state.positions.map(({ symbol, qty }) => {
    const held = findHeld(engine, symbol);
    return {
      symbol,
      // A hand's shares beside ours are not ours to count; what the broker does not show has no result of 0.
      qty: held ? Math.min(qty ?? held.qty, held.qty) : null,
      entryPriceUsd: held?.avgEntryPriceUsd ?? null,
      lastPriceUsd: held?.currentPriceUsd ?? null,
    };
  }));
}

/** Equity and open result as the broker last showed them, for heartbeat and summary (interface, Slack). */
export function readEquityLine(engine: Engine): string {
  const account = engine.observation?.account;
  const equityUsd = account?.kind === "ok" ? account.value.equityUsd : null;
  return formatEquity(equityUsd, readOpenResults(engine));
}
