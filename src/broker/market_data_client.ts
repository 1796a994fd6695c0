import { assertInvariant } from "../domain/assert.ts";
import type { CorporateAction } from "../domain/account/corporate_action.ts";
import type { Bar, Trade } from "../domain/time/market.ts";
import { BAR_MINUTES } from "../domain/time/market.ts";
import { SYMBOLS_PER_LIST } from "../domain/entry/symbol_search.ts";
import type {
  DateRange,
  LogPort,
  MarketDataPort,
  RequestClass,
  SymbolsAnswer,
  SymbolsQuery,
} from "../engine/ports.ts";
import { CORPORATE_ACTION_TYPES, parseCorporateActions } from "./corporate_action_wire.ts";
import { parseBarPage, parseLatestTrades } from "./market_data_wire.ts";
import { isSipRefused } from "./read_answer.ts";
import type { Redact } from "./redact.ts";
import type { Answer, RequestSender } from "./request_sender.ts";
import { formatRfc3339 } from "./rfc3339.ts";
import { collectPages, type SymbolPage } from "./symbol_pages.ts";
import { formatSymbols } from "./wire_format.ts";

/** Bars in one page: the most that the broker gives. */
export const BARS_PER_PAGE = 10_000;
/** Corporate actions in one page: the most that the broker gives. */
const ACTIONS_PER_PAGE = 1_000;

/** `ALPACA_DATA_FEED`: `auto` is `sip` where the account may have it in real time, else `iex` (interface, Environment). */
export type FeedChoice = "sip" | "iex" | "auto";

/** What market data needs. */
export interface MarketDataOptions {
  readonly sender: RequestSender;
  readonly redact: Redact;
  readonly feed: FeedChoice;
  readonly log: LogPort;
}

/** One page to be asked for. */
interface DataCall {
  readonly what: string;
  readonly path: string;
  readonly endMs: number;
  readonly isFirst: boolean;
  readonly requestClass: RequestClass;
}

/** Bars, latest trades and corporate actions (pipeline 2 and 4, broker.md "Time and data"). Knows after the first answer which feed it has. */
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
    query: SymbolsQuery & { readonly window: { readonly startMs: number; readonly endMs: number } },
  ): Promise<SymbolsAnswer<readonly Bar[]>> {
    const start = encodeURIComponent(formatRfc3339(query.window.startMs));
    const end = encodeURIComponent(formatRfc3339(query.window.endMs));
    const path = `/v2/stocks/bars?symbols=${formatSymbols(query.symbols)}` +
      `&timeframe=${BAR_MINUTES}Min&start=${start}&end=${end}` +
      `&limit=${BARS_PER_PAGE}&sort=asc&adjustment=raw`;
    const answer = await this.#collect(query, { what: "bars", path, parse: parseBarPage });
    if (answer.kind === "refused") return answer;
    const rows = [...answer.rows].map(([symbol, bars]) =>
      [symbol, [...bars].sort((a, b) => a.startMs - b.startMs)] as const
    );
    return { ...answer, rows: new Map(rows) };
  }

  async listLatestTrades(
    query: SymbolsQuery,
    requestClass: RequestClass = "read",
  ): Promise<SymbolsAnswer<Trade>> {
    const path = `/v2/stocks/trades/latest?symbols=${formatSymbols(query.symbols)}`;
    const parse = parseLatestTrades;
    const call = { what: "latest trades", path, parse, requestClass } as const;
    const answer = await this.#collect(query, call);
    if (answer.kind === "refused") return answer;
    const rows = [...answer.rows].flatMap(([symbol, [trade]]) =>
      trade === undefined ? [] : [[symbol, trade] as const]
    );
    return { ...answer, rows: new Map(rows) };
  }

  /**
   * Sorted by process date, not by symbol: where a later page fails, no symbol is complete. What was read stands all the same:
   * a split that is known is due, whatever else of its symbol is not.
   */
  async listCorporateActions(
    query: SymbolsQuery & { readonly range: DateRange },
  ): Promise<SymbolsAnswer<readonly CorporateAction[]>> {
    const { fromNy, toNy } = query.range;
    const path = `/v1/corporate-actions?symbols=${formatSymbols(query.symbols)}` +
      `&types=${CORPORATE_ACTION_TYPES}&start=${fromNy}&end=${toNy}` +
      `&limit=${ACTIONS_PER_PAGE}&sort=asc`;
    const parse = parseCorporateActions;
    return await this.#collect(query, { what: "corporate actions", path, parse });
  }

  #collect<T>(
    query: SymbolsQuery,
    call: {
      readonly what: "bars" | "latest trades" | "corporate actions";
      readonly path: string;
      readonly parse: (body: string, symbols: readonly string[]) => SymbolPage<T>;
      readonly requestClass?: RequestClass;
    },
  ): Promise<SymbolsAnswer<readonly T[]>> {
    const { sender, redact } = this.#options;
    const { what, parse, requestClass = "read" } = call;
    assertInvariant(query.symbols.length <= SYMBOLS_PER_LIST, "too many symbols for one request");
    const endMs = Math.min(sender.buildEndMs(), query.endMs ?? Infinity);
    const isOfFeed = what !== "corporate actions";
    return collectPages({
      symbols: query.symbols,
      context: { what, host: sender.host, redact },
      isSeries: isOfFeed,
      ask: (token) => {
        const page = token === null ? "" : `&page_token=${encodeURIComponent(token)}`;
        const isFirst = token === null;
        const asked = { what, path: call.path + page, endMs, isFirst, requestClass };
        return isOfFeed ? this.#read(asked) : this.#ask(asked);
      },
      parse,
    });
  }

  /** One read with the feed put in. With `auto`, the plan's refusal of `sip` ends it for good and asks `iex` instead. */
  async #read(call: DataCall): Promise<Answer> {
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

  #readFeed(call: DataCall, feed: "sip" | "iex"): Promise<Answer> {
    return this.#ask({ ...call, path: `${call.path}&feed=${feed}` });
  }

  #ask({ what, path, endMs, requestClass }: DataCall): Promise<Answer> {
    return this.#options.sender.read({ what, path, requestClass, endMs });
  }

  #announce(feed: "sip" | "iex", why: string): void {
    if (this.#announced === feed) return;
    this.#announced = feed;
    this.#options.log.info(`Market data feed=${feed}${why}`);
  }
}
