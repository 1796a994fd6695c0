/** A request as the simulated broker sees it. Header names are lower case. */
export interface SimRequest {
  readonly method: string;
  /** Without origin and query, for instance `/v2/orders/5b1d`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** The simulated broker's answer. */
export interface SimResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** An answer with a JSON text that is already built. */
export function buildJsonText(status: number, body: string): SimResponse {
  return { status, headers: { "content-type": "application/json; charset=UTF-8" }, body };
}

/**
 * A refusal as the broker words it (broker.md, Refusals).
 * @param more Fields that some refusals carry besides, such as `held_for_orders`.
 */
export function buildRefusal(
  status: number,
  code: number | null,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): SimResponse {
  const body = code === null ? { ...more, message } : { ...more, code, message };
  return buildJsonText(status, JSON.stringify(body));
}

/** A number as the trading API sends it: a string, at most `digits` decimals, no exponent, no trailing zeros. */
export function formatDecimal(value: number, digits = 6): string {
  if (Number.isInteger(value)) return String(value);
  const text = value.toFixed(digits);
  const cut = text.replace(/\.?0+$/, "");
  return cut === "-0" ? "0" : cut;
}

/**
 * RFC 3339 in UTC with nanoseconds.
 * @param ns Nanoseconds past the millisecond, 0 to 999999.
 */
export function formatUtc(ms: number, ns: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}${String(ns).padStart(6, "0")}Z`;
}

/** A moment finer than a millisecond: what list filters and timestamps are made of. */
export interface Moment {
  readonly ms: number;
  /** Nanoseconds past the millisecond, 0 to 999999. */
  readonly ns: number;
}

const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2}))?$/i;

/**
 * Parses what the API takes as a time: RFC 3339 with up to nine decimals, or `YYYY-MM-DD` (UTC midnight).
 * @returns `null` where it is neither.
 */
export function parseMoment(text: string): Moment | null {
  const match = RFC3339.exec(text);
  if (match === null) return null;
  const [, date, time, fraction, zone] = match;
  const ms = Date.parse(time === undefined ? `${date}T00:00:00Z` : `${date}T${time}${zone}`);
  if (!Number.isFinite(ms)) return null;
  const digits = (fraction ?? "").padEnd(9, "0");
  return { ms: ms + Number(digits.slice(0, 3)), ns: Number(digits.slice(3)) };
}

/** Negative where `a` is before `b`, 0 where they are the same moment. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.ms === b.ms ? a.ns - b.ns : a.ms - b.ms;
}

/** A made-up UUID: the same counter gives the same one. @param family Keeps orders, legs and assets apart. */
export function buildUuid(family: number, counter: number): string {
  // Multiplying by an odd constant spreads neighbours without ever joining two of them.
  const spread = Math.imul(counter, 0x9e3779b1) >>> 0;
  const head = spread.toString(16).padStart(8, "0");
  return `${head}-${family.toString(16).padStart(4, "0")}-4000-8000-${
    counter.toString(16).padStart(12, "0")
  }`;
}

/** The made-up asset id of a symbol. */
export function buildAssetId(symbol: string): string {
  let hash = 0;
  for (let at = 0; at < symbol.length; at++) hash = (hash * 43 + symbol.charCodeAt(at)) % 2 ** 44;
  return buildUuid(3, hash);
}
