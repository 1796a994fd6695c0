import { z } from "zod";
import type { Bar, Trade } from "../domain/time/market.ts";
import { listWire } from "./list_wire.ts";
import type { SymbolPage } from "./symbol_pages.ts";
import {
  decimalWire,
  MalformedError,
  parseBody,
  parseDecimal,
  parseTimeMs,
  timeWire,
} from "./wire.ts";

/** Rows by symbol, not copied: an answer may name any number of symbols that nobody asked for. */
const bySymbolWire = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "is not an object",
);
const pageWire = z.object({
  bars: bySymbolWire.nullable(),
  next_page_token: z.string().nullish(),
});
const barsWire = listWire(z.object({ t: timeWire, c: decimalWire }));

/**
 * `GET /v2/stocks/bars`, of the symbols asked for. One damaged symbol does not take the others with it: it is merely not known.
 * @throws {MalformedError} Where the page itself can't be parsed.
 */
export function parseBarPage(body: string, symbols: readonly string[]): SymbolPage<Bar> {
  const page = parseBody(pageWire, body);
  const rows: [string, Bar[]][] = [];
  const malformed: string[] = [];
  for (const [symbol, wire] of listAsked(page.bars, symbols)) {
    const parsed = parseBars(wire);
    if (parsed === null) malformed.push(symbol);
    else rows.push([symbol, parsed]);
  }
  return { rows, malformed, nextPageToken: page.next_page_token || null };
}

/** What an answer holds of the symbols that it was asked for. */
function listAsked(
  answered: Readonly<Record<string, unknown>> | null,
  symbols: readonly string[],
): [symbol: string, wire: unknown][] {
  const rows = answered ?? {};
  return symbols.filter((symbol) => Object.hasOwn(rows, symbol))
    .map((symbol) => [symbol, rows[symbol]]);
}

function parseBars(wire: unknown): Bar[] | null {
  const parsed = barsWire.safeParse(wire);
  if (!parsed.success) return null;
  return orNull(() =>
    parsed.data.map(({ t, c }) => ({ startMs: parseTimeMs(t, "t"), closeUsd: parsePrice(c) }))
  );
}

const latestWire = z.object({ trades: bySymbolWire.nullable() });
const tradeWire = z.object({
  t: timeWire,
  p: decimalWire,
  // What is no number tells nothing apart, and costs no price.
  i: z.number().optional().catch(undefined),
  u: z.string().nullish(),
});

/**
 * `GET /v2/stocks/trades/latest`. A trade that was canceled or found incorrect (`u`) is no price: its symbol is absent.
 * @throws {MalformedError} Where the answer itself can't be parsed.
 */
export function parseLatestTrades(
  body: string,
  symbols: readonly string[],
): SymbolPage<Trade> {
  const rows: [string, Trade[]][] = [];
  const malformed: string[] = [];
  for (const [symbol, wire] of listAsked(parseBody(latestWire, body).trades, symbols)) {
    const parsed = tradeWire.safeParse(wire);
    if (parsed.success && (parsed.data.u === "canceled" || parsed.data.u === "incorrect")) continue;
    const trade = parsed.success
      ? orNull(() => ({
        priceUsd: parsePrice(parsed.data.p),
        atMs: parseTimeMs(parsed.data.t, "t"),
        ...(parsed.data.i === undefined ? {} : { tradeId: parsed.data.i }),
      }))
      : null;
    if (trade === null) malformed.push(symbol);
    else rows.push([symbol, [trade]]);
  }
  return { rows, malformed, nextPageToken: null };
}

function parsePrice(wire: string | number): number {
  const usd = parseDecimal(wire);
  if (!(usd > 0)) throw new MalformedError("a price is not above 0");
  return usd;
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
