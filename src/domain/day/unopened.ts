import { dateNyOf } from "../time/ny_time.ts";
import { listDayHoldings } from "./day_holdings.ts";
import { type DayTrail, listFillSteps } from "./day_trail.ts";
import { readDaySession } from "./session.ts";
import { listTrades } from "./trades.ts";

/** Calendar days before a day that are looked through for where its trades began: event files are kept no longer. */
export const EARLIER_DAYS_MAX = 91;

/**
 * Symbols sold or held in these days whose buying is in none of them, or with fills that are older: told again where records were
 * lost, they are those of their own day, if it has them. @param trails Oldest first.
 */
export function listUnopened(trails: readonly DayTrail[], first: DayTrail | undefined): string[] {
  if (first === undefined) return [];
  const trades = listTrades(trails);
  const steps = listFillSteps(trails);
  const fromNy = trails[0]?.dateNy ?? first.dateNy;
  const session = readDaySession(first.events, first.dateNy);
  // What was held as the day began is no trade that was entered in it: the symbol may have been sold, and bought anew.
  const isOpened = ({ symbol, startQty }: { symbol: string; startQty: number | null }) =>
    trades.some((trade) =>
      trade.symbol === symbol &&
      (startQty === null || trade.isAdopted || isBefore(trade.openedAtMs, first.dateNy))
    );
  const held = listDayHoldings(first, session, steps)
    .filter(({ startQty }) => startQty === null || startQty > 0)
    .filter((holding) => !isOpened(holding))
    .map(({ symbol }) => symbol);
  const sold = trades.filter(({ openedAtMs }) => openedAtMs === null).map(({ symbol }) => symbol);
  const told = steps.filter(({ atMs }) => isBefore(atMs, fromNy)).map(({ symbol }) => symbol);
  return [...new Set([...held, ...sold, ...told])];
}

function isBefore(ms: number | null, dateNy: string): boolean {
  return ms !== null && dateNyOf(ms) < dateNy;
}

/**
 * Reads the days before some days back to where their trades began: for engine, `status` and report alike.
 * @param dates New York dates before them, the newest first; at most so many as events are kept are read.
 * @returns Oldest first.
 */
export async function readEarlier(
  days: readonly DayTrail[],
  dates: Iterable<string>,
  read: (dateNy: string) => Promise<DayTrail>,
): Promise<DayTrail[]> {
  const earlier: DayTrail[] = [];
  for (const dateNy of dates) {
    if (earlier.length >= EARLIER_DAYS_MAX) break;
    if (listUnopened([...earlier, ...days], days[0]).length === 0) break;
    earlier.unshift(await read(dateNy));
  }
  return earlier;
}
