import type { Trade } from "../domain/time/market.ts";
import type { Engine } from "./engine.ts";
import type { RequestClass } from "./ports.ts";
import { type ListsRead, readByLists } from "./symbol_lists.ts";
import { formatSymbolNames } from "./symbol_notices.ts";

/**
 * Last prices by symbol; one that was answered and has no row has none. They may be months old: who decides from them looks
 * at their time.
 * @param use `consequence`: what follows for a symbol without an answer, for the log. `requestClass`: `protect` where exits and
 * stops are decided from them, `read` for everything else.
 */
export async function readLatestTrades(
  engine: Engine,
  symbols: readonly string[],
  { consequence, requestClass }: {
    readonly consequence: string;
    readonly requestClass: Extract<RequestClass, "read" | "protect">;
  },
): Promise<ListsRead<Trade>> {
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  const read = await readByLists(engine, {
    what: "latest trades",
    symbols,
    managed,
    ask: (query) => engine.ports.marketData.listLatestTrades(query, requestClass),
  });
  sayUnanswered(engine, read, { symbols, consequence });
  return read;
}

function sayUnanswered(
  engine: Engine,
  { unanswered, trouble }: ListsRead<Trade>,
  { symbols, consequence }: { readonly symbols: readonly string[]; readonly consequence: string },
): void {
  if (unanswered.length === 0) return;
  const why = trouble === null ? "" : ` (${trouble.failure}): ${trouble.message}`;
  const which = unanswered.length === new Set(symbols).size && trouble !== null
    ? "Latest trades unavailable"
    : `Latest trades of ${formatSymbolNames(unanswered)} not answered`;
  engine.ports.log.warn(`${which}${why}${consequence}`);
}
