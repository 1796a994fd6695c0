import { Exchange } from "../simulator/exchange.ts";
import type { PriceScript } from "../simulator/quotes.ts";
import { nyDateAt, nyMoment } from "../simulator/sessions.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";

// A compiled binary has the host's clock and no other, so its market is open on whatever day and at whatever hour the
// test runs: from midnight to midnight in New York, and every symbol above its pivot the whole time.

const HEADER =
  "Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2,Anchor\n";
const DAY_MS = 86_400_000;
/** 2 % above the pivot: confirmed in every pair of bars. */
const PRICE_USD = 127;

/** One candidate that is confirmed at once; its notional is within the default caps. */
export const WATCHLIST_OF_NOW = `${HEADER}NVDA,Long,127,124.2,-3.4,117.1,131.4,139.6,gap\n`;

/** So many of them, under names of their own. */
export function buildWatchlistOfNow(count: number): string {
  const rows = Array.from(
    { length: count },
    (_, at) => `S${String(at).padStart(4, "0")},Long,127,124.2,-3.4,117.1,131.4,139.6,gap\n`,
  );
  return HEADER + rows.join("");
}

/** The live ledger of a day without orders, as the old pipeline wrote it. */
export const EMPTY_LEDGER_OF_NOW = JSON.stringify({ date_ny: nyDateAt(Date.now()), entries: [] });

const STEADY: PriceScript = {
  priceAtUsd: () => PRICE_USD,
  boundsUsd: () => ({ lowUsd: PRICE_USD, highUsd: PRICE_USD }),
};

/**
 * Serves that market on `port`, in real time.
 * @param options `aheadMs`: by so much its clock is ahead of this host's; `isOpen`: else the days before and after have a
 * session, and today has none.
 */
export function startMarketOfNow(
  port: number,
  { aheadMs = 0, isOpen = true }: { readonly aheadMs?: number; readonly isOpen?: boolean } = {},
): Simulator {
  const nowMs = Date.now() + aheadMs;
  const days = isOpen ? [nowMs] : [nowMs - DAY_MS, nowMs + DAY_MS];
  const sessions = days.map(nyDateAt).map((dateNy) => ({
    dateNy,
    openMs: nyMoment(dateNy, "00:00"),
    closeMs: nyMoment(dateNy, "23:59:59"),
  }));
  const exchange = new Exchange({ script: STEADY, sessions, startMs: nowMs });
  return startSimulator({ exchange, speed: 1, port });
}
