import type { Bar, Trade } from "../domain/market.ts";
import { BAR_MINUTES } from "../domain/market.ts";
import { BrokerError, type LogPort, type MarketDataPort } from "../engine/ports.ts";
import { type BarPage, parseBarPage, parseLatestTrades } from "./market_data_wire.ts";
import { isSipRefused, parseAnswer } from "./read_answer.ts";
import { buildLine, type Redact } from "./redact.ts";
import type { Answer, RequestSender } from "./request_sender.ts";
import { formatRfc3339 } from "./rfc3339.ts";
import { formatSymbols } from "./wire_format.ts";

/** Symbols in one request: keeps its address below 8 KB, and 1,000 candidates to two requests. */
export const SYMBOLS_PER_REQUEST = 500;
/** Bars in one page: the most that the broker gives. */
export const BARS_PER_PAGE = 10_000;
/** Most pages of one request's symbols. */
export const BAR_PAGES_MAX = 20;

/** `ALPACA_DATA_FEED`: `auto` is `sip` where the account may have it in real time, else `iex` (interface, Environment). */
export type FeedChoice = "sip" | "iex" | "auto";

/** What market data needs. */
export interface MarketDataOptions {
  readonly sender: RequestSender;
  readonly redact: Redact;
  readonly feed: FeedChoice;
  readonly log: LogPort;
}

/** One request's symbols and window. */
interface BarQuery {
  readonly symbols: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly deadlineMs: number;
}

/** Bars and latest trades (pipeline 2, broker.md "Time and data"). Knows after the first answer which feed it has. */
export class MarketDataClient implements MarketDataPort {
  readonly #options: MarketDataOptions;
  #choice: FeedChoice;
  #announced: "sip" | "iex" | null = null;

  constructor(options: MarketDataOptions) {
    this.#options = options;
    this.#choice = options.feed;
  }

  /** The feed in use; with `auto`, `null` until an answer told. */
  get feed(): "sip" | "iex" | null {
    return this.#choice === "auto" ? this.#announced : this.#choice;
  }

  async listBars(
    query: {
      readonly symbols: readonly string[];
      readonly startMs: number;
      readonly endMs: number;
    },
  ): Promise<ReadonlyMap<string, readonly Bar[]>> {
    const deadlineMs = this.#options.sender.buildEndMs();
    const bars = new Map<string, Bar[]>();
    for (const symbols of buildChunks(query.symbols)) {
      await this.#collectBars({ ...query, symbols, deadlineMs }, bars);
    }
    for (const each of bars.values()) each.sort((a, b) => a.startMs - b.startMs);
    return bars;
  }

  /** All pages of one request's symbols, added to `bars`; a symbol that is malformed on any page is left out. */
  async #collectBars(query: BarQuery, bars: Map<string, Bar[]>): Promise<void> {
    const asked = new Set(query.symbols);
    const malformed = new Set<string>();
    let token: string | null = null;
    for (let pages = 0; pages < BAR_PAGES_MAX; pages++) {
      const page: BarPage = await this.#readBars(query, token);
      for (const symbol of page.malformed) malformed.add(symbol);
      for (const [symbol, more] of page.bars) {
        if (asked.has(symbol)) bars.set(symbol, [...bars.get(symbol) ?? [], ...more]);
      }
      token = page.nextPageToken;
      if (token !== null) continue;
      for (const symbol of malformed) bars.delete(symbol);
      this.#warnMalformed("bars", [...malformed]);
      return;
    }
    throw new BrokerError("malformed", `Cannot read bars: more than ${BAR_PAGES_MAX} pages`);
  }

  async listLatestTrades(symbols: readonly string[]): Promise<ReadonlyMap<string, Trade>> {
    const { sender, redact } = this.#options;
    const endMs = sender.buildEndMs();
    const trades = new Map<string, Trade>();
    for (const chunk of buildChunks(symbols)) {
      const asked = new Set(chunk);
      const query = `symbols=${formatSymbols(chunk)}`;
      const answer = await this.#read({
        what: "latest trades",
        path: `/v2/stocks/trades/latest?${query}`,
        endMs,
        isFirst: true,
      });
      const context = { what: "latest trades", host: sender.host, redact };
      const latest = parseAnswer(answer, parseLatestTrades, context);
      for (const [symbol, trade] of latest.trades) {
        if (asked.has(symbol)) trades.set(symbol, trade);
      }
      this.#warnMalformed("latest trades", latest.malformed);
    }
    return trades;
  }

  async #readBars(query: BarQuery, token: string | null): Promise<BarPage> {
    const { sender, redact } = this.#options;
    const start = encodeURIComponent(formatRfc3339(query.startMs));
    const end = encodeURIComponent(formatRfc3339(query.endMs));
    const page = token === null ? "" : `&page_token=${encodeURIComponent(token)}`;
    const answer = await this.#read({
      what: "bars",
      path: `/v2/stocks/bars?symbols=${formatSymbols(query.symbols)}` +
        `&timeframe=${BAR_MINUTES}Min&start=${start}&end=${end}` +
        `&limit=${BARS_PER_PAGE}&sort=asc&adjustment=raw${page}`,
      endMs: query.deadlineMs,
      isFirst: token === null,
    });
    return parseAnswer(answer, parseBarPage, { what: "bars", host: sender.host, redact });
  }

  /** One read with the feed put in. With `auto`, the plan's refusal of `sip` ends it for good and asks `iex` instead. */
  async #read(
    call: {
      readonly what: string;
      readonly path: string;
      readonly endMs: number;
      readonly isFirst: boolean;
    },
  ): Promise<Answer> {
    const feed = this.#choice === "iex" ? "iex" : "sip";
    const answer = await this.#readFeed(call, feed);
    // Not within pages: bars of one feed must not be continued with those of another.
    if (this.#choice === "auto" && call.isFirst && isSipRefused(answer)) {
      this.#choice = "iex";
      this.#announce("iex", " (the subscription does not permit real-time SIP data)");
      return await this.#readFeed(call, "iex");
    }
    if (answer.status === 200) this.#announce(feed, "");
    return answer;
  }

  #readFeed(
    call: { readonly what: string; readonly path: string; readonly endMs: number },
    feed: "sip" | "iex",
  ): Promise<Answer> {
    return this.#options.sender.read({
      what: call.what,
      path: `${call.path}&feed=${feed}`,
      requestClass: "read",
      endMs: call.endMs,
    });
  }

  #announce(feed: "sip" | "iex", why: string): void {
    if (this.#announced === feed) return;
    this.#announced = feed;
    this.#options.log.info(`Market data feed=${feed}${why}`);
  }

  #warnMalformed(what: string, symbols: readonly string[]): void {
    if (symbols.length === 0) return;
    const names = buildLine(symbols.join(","), this.#options.redact);
    this.#options.log.warn(`Market data: ${what} left out because they are malformed: ${names}`);
  }
}

/** Symbols in requests' worth, each once. */
function buildChunks(symbols: readonly string[]): string[][] {
  const unique = [...new Set(symbols)];
  const chunks: string[][] = [];
  for (let from = 0; from < unique.length; from += SYMBOLS_PER_REQUEST) {
    chunks.push(unique.slice(from, from + SYMBOLS_PER_REQUEST));
  }
  return chunks;
}
