import type { Behaviour } from "./behaviour.ts";
import type { Quotes } from "./quotes.ts";
import { nyDateAt, nyMoment } from "./sessions.ts";
import { refuseSymbols } from "./symbol_refusal.ts";
import { buildJsonText, buildRefusal, formatUtc, parseMoment, type SimResponse } from "./wire.ts";

/** What the market-data endpoints answer from. */
export interface DataSource {
  readonly quotes: Quotes;
  readonly behaviour: Behaviour;
  readonly nowMs: number;
  /** Final bars already built, as JSON. */
  readonly barCache: Map<string, string>;
}

const MINUTE_MS = 60_000;
/** What a plan without real-time data may not see. */
const RECENT_MS = 15 * MINUTE_MS;
/** Bars are revised this long after their end (broker.md, Time and data). */
const REVISION_MS = 30_000;
const LIMIT_DEFAULT = 1000;
const LIMIT_MAX = 10_000;
const CACHED_BARS_MAX = 20_000;
const BARS_SPAN_MAX = 200_000;
const FEEDS: ReadonlySet<string> = new Set([
  "sip",
  "iex",
  "delayed_sip",
  "otc",
  "boats",
  "overnight",
]);
const UNITS: Readonly<Record<string, number>> = {
  Min: MINUTE_MS,
  T: MINUTE_MS,
  Hour: 60 * MINUTE_MS,
  H: 60 * MINUTE_MS,
  Day: 1440 * MINUTE_MS,
  D: 1440 * MINUTE_MS,
};

function refuseQuery(message: string): SimResponse {
  return buildRefusal(400, null, message);
}

function refuseSip(): SimResponse {
  return buildRefusal(403, 42210000, "subscription does not permit querying recent SIP data");
}

function parseTimeframeMs(text: string | null): number | null {
  const match = /^(\d{1,2})(Min|T|Hour|H|Day|D)$/.exec(text ?? "");
  if (match === null) return null;
  const unitMs = UNITS[match[2] ?? ""];
  const count = Number(match[1]);
  return unitMs === undefined || count < 1 || count > 59 ? null : count * unitMs;
}

/** What no ticker of the data API's has in it; which others it refuses is not documented. */
const NO_TICKER = /[^A-Z0-9.]/;

/** The refusal of a list with symbols in it that the data API does not take, or `null`. */
function checkSymbols({ behaviour }: DataSource, symbols: readonly string[]): SimResponse | null {
  const refused = symbols.filter((symbol) =>
    NO_TICKER.test(symbol) || behaviour.refusedSymbols.includes(symbol)
  );
  return refused.length === 0 ? null : refuseSymbols(refused, behaviour.symbolRefusal);
}

function parseSymbols(query: URLSearchParams): string[] | null {
  const symbols = (query.get("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
  return symbols.length === 0 ? null : [...new Set(symbols)].sort();
}

interface BarQuery {
  readonly symbols: readonly string[];
  readonly frameMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly limit: number;
  readonly isAscending: boolean;
  readonly after: { readonly symbol: string; readonly startMs: number } | null;
}

function parsePageToken(token: string | null): BarQuery["after"] | undefined {
  if (token === null || token === "") return null;
  try {
    const match = /^([^|]+)\|M\|(\d+)$/.exec(atob(token));
    if (match === null) return undefined;
    return { symbol: match[1] ?? "", startMs: Number(match[2]) };
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

function readEndMs(source: DataSource, query: URLSearchParams): number | null {
  const end = query.get("end");
  if (end !== null) return parseMoment(end)?.ms ?? null;
  return source.behaviour.hasRealTimeSip ? source.nowMs : source.nowMs - RECENT_MS;
}

function parseBarQuery(source: DataSource, query: URLSearchParams): BarQuery | SimResponse {
  const symbols = parseSymbols(query);
  if (symbols === null) return refuseQuery("symbols parameter is required");
  const refusal = checkSymbols(source, symbols);
  if (refusal !== null) return refusal;
  const frameMs = parseTimeframeMs(query.get("timeframe"));
  if (frameMs === null) return refuseQuery(`invalid timeframe: ${query.get("timeframe")}`);
  const feed = query.get("feed") ?? (source.behaviour.hasRealTimeSip ? "sip" : "iex");
  if (!FEEDS.has(feed)) return refuseQuery(`invalid feed: ${feed}`);
  const limit = Number(query.get("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    return refuseQuery("invalid limit");
  }
  const start = query.get("start");
  const startMs = start === null
    ? nyMoment(nyDateAt(source.nowMs), "00:00")
    : parseMoment(start)?.ms ?? null;
  const endMs = readEndMs(source, query);
  if (startMs === null) return refuseQuery(`invalid start: ${start}`);
  if (endMs === null) return refuseQuery(`invalid end: ${query.get("end")}`);
  if ((endMs - startMs) / frameMs > BARS_SPAN_MAX) return refuseQuery("start is too long ago");
  const isRecent = endMs > source.nowMs - RECENT_MS;
  if (feed === "sip" && isRecent && !source.behaviour.hasRealTimeSip) return refuseSip();
  const after = parsePageToken(query.get("page_token"));
  if (after === undefined) return refuseQuery("invalid page_token");
  const isAscending = query.get("sort") !== "desc";
  return { symbols, frameMs, startMs, endMs, limit, isAscending, after };
}

function buildBarJson(
  source: DataSource,
  symbol: string,
  startMs: number,
  frameMs: number,
): string | null {
  const { quotes, behaviour, nowMs } = source;
  const key = `${symbol} ${startMs} ${frameMs}`;
  const cached = source.barCache.get(key);
  if (cached !== undefined) return cached;
  if (behaviour.isBarMissing?.(symbol, startMs) === true) return null;
  const endMs = startMs + frameMs;
  const last = quotes.lastTrade(symbol, Math.min(endMs - 1, nowMs));
  if (last === null || last.atMs < startMs) return null;
  const isRevised = nowMs >= endMs + REVISION_MS;
  const isPreliminary = !isRevised && behaviour.preliminaryCloseUsd !== null;
  const close = isPreliminary
    ? behaviour.preliminaryCloseUsd?.(symbol, startMs, last.priceUsd) ?? last.priceUsd
    : last.priceUsd;
  const samples = [startMs, startMs + frameMs / 4, startMs + frameMs / 2, startMs + frameMs * 3 / 4]
    .filter((ms) => ms <= nowMs).map((ms) => quotes.priceUsd(symbol, ms))
    .filter((price) => price !== null);
  const open = samples[0] ?? close;
  const high = Math.max(close, ...samples);
  const low = Math.min(close, ...samples);
  const middle = Math.round((high + low) / 2 * 1e6) / 1e6;
  const text = `{"c":${close},"h":${high},"l":${low},"n":${60 + samples.length},"o":${open},"t":"${
    new Date(startMs).toISOString().slice(0, 19)
  }Z","v":${1000 * samples.length + 100},"vw":${middle}}`;
  if (isRevised) {
    if (source.barCache.size >= CACHED_BARS_MAX) source.barCache.clear();
    source.barCache.set(key, text);
  }
  return text;
}

function* listBarTimes(query: BarQuery, symbol: string): Generator<number> {
  const { frameMs, startMs, endMs, after } = query;
  const firstMs = Math.ceil(startMs / frameMs) * frameMs;
  const lastMs = Math.floor(endMs / frameMs) * frameMs;
  const stepMs = query.isAscending ? frameMs : -frameMs;
  for (let ms = query.isAscending ? firstMs : lastMs; ms >= firstMs && ms <= lastMs; ms += stepMs) {
    if (after?.symbol === symbol && (ms - after.startMs) * stepMs <= 0) continue;
    yield ms;
  }
}

/** `GET /v2/stocks/bars`: by symbol, then time, paged; the bar still forming is in it where the query reaches it. */
export function listBars(source: DataSource, params: URLSearchParams): SimResponse {
  const query = parseBarQuery(source, params);
  if ("status" in query) return query;
  const parts: string[] = [];
  let room = query.limit;
  let token: string | null = null;
  for (const symbol of query.symbols) {
    if (query.after !== null && symbol < query.after.symbol) continue;
    const bars: string[] = [];
    let lastMs = 0;
    for (const ms of listBarTimes(query, symbol)) {
      if (ms > source.nowMs) continue;
      const bar = buildBarJson(source, symbol, ms, query.frameMs);
      if (bar === null) continue;
      if (bars.length === room) {
        // The next bar exists, so there is a next page; it goes on after the last bar sent.
        token = bars.length === 0 ? token : btoa(`${symbol}|M|${lastMs}`);
        room = -1;
        break;
      }
      bars.push(bar);
      lastMs = ms;
    }
    if (bars.length > 0) {
      parts.push(`"${symbol}":[${bars.join(",")}]`);
      if (room > 0) {
        room -= bars.length;
        if (room === 0) token = btoa(`${symbol}|M|${lastMs}`);
      }
    }
    if (room < 0) return buildBarsAnswer(parts, token);
  }
  return buildBarsAnswer(parts, null);
}

function buildBarsAnswer(parts: readonly string[], token: string | null): SimResponse {
  const next = token === null ? "null" : `"${token}"`;
  return buildJsonText(200, `{"bars":{${parts.join(",")}},"next_page_token":${next}}`);
}

/** `GET /v2/stocks/trades/latest`: symbols without a trade are absent. */
export function listLatestTrades(source: DataSource, params: URLSearchParams): SimResponse {
  const symbols = parseSymbols(params);
  if (symbols === null) return refuseQuery("symbols parameter is required");
  const refusal = checkSymbols(source, symbols);
  if (refusal !== null) return refusal;
  const feed = params.get("feed") ?? (source.behaviour.hasRealTimeSip ? "sip" : "iex");
  if (!FEEDS.has(feed)) return refuseQuery(`invalid feed: ${feed}`);
  if (feed === "sip" && !source.behaviour.hasRealTimeSip) return refuseSip();
  const asOfMs = feed === "delayed_sip" ? source.nowMs - RECENT_MS : source.nowMs;
  const parts: string[] = [];
  for (const symbol of symbols) {
    const trade = source.quotes.lastTrade(symbol, asOfMs);
    if (trade === null) continue;
    const time = formatUtc(trade.atMs, 0);
    parts.push(
      `"${symbol}":{"c":["@"],"i":826,"p":${trade.priceUsd},"s":100,"t":"${time}","x":"V","z":"C"}`,
    );
  }
  return buildJsonText(200, `{"trades":{${parts.join(",")}}}`);
}
