import type { ManagedPosition } from "../domain/account/engine_state.ts";
import type { Trade } from "../domain/time/market.ts";
import { nyToMs } from "../domain/time/ny_time.ts";
import { checkPrice, type PriceMemory } from "../domain/account/price_check.ts";
import type { Engine } from "./engine.ts";
import { readLatestTrades } from "./latest_trades.ts";
import { findShown, isOfThisSession } from "./observe.ts";
import type { ListsRead } from "./symbol_lists.ts";

/** In how long a price is asked for again that one print alone says (pipeline 5, "One print decides nothing alone"). */
const AGAIN_MS = 2_000;
/** And after that, where nothing has traded since. */
const LATER_MS = 30_000;

/**
 * Last prices that may be decided from: of what is held, managed or to be adopted, none that one print alone says. Such a one is
 * asked for again after 2 s, and kept, in a managed position's records, until a later trade says it too, or not.
 * @param consequence What follows for a symbol without an answer, for the log.
 */
export async function readPrices(
  engine: Engine,
  symbols: readonly string[],
  consequence: string,
): Promise<Pick<ListsRead<Trade>, "rows" | "answered">> {
  const use = { consequence, requestClass: "protect" } as const;
  const first = await readLatestTrades(engine, symbols, use);
  const prices = new Map(first.rows);
  const read = { rows: prices, answered: first.answered };
  const doubted = symbols.filter((symbol) => !check(engine, prices, symbol, first.rows));
  if (doubted.length === 0) return read;
  if (!engine.isOutOfTime(AGAIN_MS + engine.ports.broker.slowestAnswerMs)) {
    await engine.ports.clock.sleep(AGAIN_MS, engine.stop);
    const again = await readLatestTrades(engine, doubted, use);
    for (const symbol of doubted) {
      if (check(engine, prices, symbol, again.rows)) continue;
      sayDoubted(engine, symbol);
      engine.wakeAt(engine.nowMs() + LATER_MS);
    }
  }
  return read;
}

/** Puts the symbol's price, or none, among the prices. @returns Whether there is nothing to ask again for. */
function check(
  engine: Engine,
  prices: Map<string, Trade>,
  symbol: string,
  rows: ReadonlyMap<string, Trade>,
): boolean {
  const position = engine.state.positions.find((each) => each.symbol === symbol);
  const trade = rows.get(symbol);
  if (trade === undefined || !isOfThisSession(engine, trade)) return true;
  const shown = findShown(engine, symbol);
  // Nothing of it is held, or filled yet: no rule looks at it.
  if (shown === undefined) return true;
  const { observation } = engine;
  const openMs = observation?.session?.openMs ?? nyToMs(engine.dateNy(), "09:30");
  const closeUsd = shown?.lastCloseUsd ?? null;
  const before = position ?? engine.foreignPrices.get(symbol) ?? {};
  const { priceUsd, memory } = checkPrice(before, trade, { openMs, closeUsd });
  if (position === undefined) engine.foreignPrices.set(symbol, memory);
  else keep(engine, position, memory);
  if (priceUsd === null) prices.delete(symbol);
  else prices.set(symbol, { ...trade, priceUsd });
  return priceUsd !== null;
}

function keep(engine: Engine, position: ManagedPosition, memory: PriceMemory): void {
  const { lastTrade: _last, doubtedTrade: _doubted, ...rest } = position;
  const next: ManagedPosition = { ...rest, ...memory };
  engine.updateState({
    positions: engine.state.positions.map((each) => each === position ? next : each),
  });
}

function sayDoubted(engine: Engine, symbol: string): void {
  const memory = engine.state.positions.find((each) => each.symbol === symbol) ??
    engine.foreignPrices.get(symbol);
  const doubted = memory?.doubtedTrade;
  if (doubted === undefined) return;
  if (!engine.isNews(`doubted:${symbol}:${doubted.priceUsd}`, engine.dateNy())) return;
  engine.ports.log.warn(
    `${symbol}: one trade at ${doubted.priceUsd}, more than 15 % from the last price ` +
      `${memory?.lastTrade?.priceUsd ?? "of the session before"}: nothing is decided from it ` +
      "until a later trade says so too; look at the symbol yourself where it is halted",
  );
}
