import type { RequestClass } from "../engine/ports.ts";

/** Requests that may leave at once after a rest. */
export const BURST_MAX = 100;
/**
 * Requests a minute that come back. With the burst it makes 190 in the worst minute; the broker allows 200 for each key
 * (broker.md, Refusals).
 */
export const REFILL_PER_MINUTE = 90;
/** Requests that only `protect` may use: cancels, exits, stops and the reads they need. */
export const PROTECT_RESERVE = 40;
/** No answer of the broker's, however wrong, keeps us waiting for longer. */
export const WINDOW_MS_MAX = 60_000;
/** Wait after a 429 that names no end. */
export const UNTOLD_WINDOW_MS = 2_000;

/** Beside it, what reads leave to `entry`: a short poll must not starve the orders that it finds. */
export const ENTRY_RESERVE = 10;

const TOKENS_PER_MS = REFILL_PER_MINUTE / 60_000;
/** Part of the broker's own limit that is kept for `protect`. */
const WINDOW_RESERVE_SHARE = PROTECT_RESERVE / 200;
const LIMIT_DEFAULT = 200;

/**
 * Our own count: a bucket that refills evenly. One for the key, whatever host a request goes to. All times in this file
 * are monotonic ms, so that a host's clock that is set neither opens nor locks the budget; `wallMs` is the one exception.
 */
export interface TokenBucket {
  readonly tokens: number;
  readonly refilledAtMs: number;
}

/** The broker's count, as its last answer told it. */
export interface RateWindow {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAtMs: number;
}

/** Tokens that a request of each class leaves to the others. */
const RESERVES: Readonly<Record<RequestClass, number>> = {
  read: PROTECT_RESERVE + ENTRY_RESERVE,
  entry: PROTECT_RESERVE,
  protect: 0,
};

/** A full bucket. */
export function buildBucket(nowMs: number): TokenBucket {
  return { tokens: BURST_MAX, refilledAtMs: nowMs };
}

/**
 * How long a request must wait, in ms; 0: it may leave now.
 * @param window `null` where this host has told nothing yet.
 */
export function decideWaitMs(
  bucket: TokenBucket,
  window: RateWindow | null,
  request: { readonly requestClass: RequestClass; readonly nowMs: number },
): number {
  const { requestClass, nowMs } = request;
  const isProtect = requestClass === "protect";
  const missing = 1 + RESERVES[requestClass] - refill(bucket, nowMs).tokens;
  // Rounded first: a wait that lands a rounding error short of a whole token must not ask for another millisecond.
  const bucketWaitMs = missing <= 1e-9 ? 0 : Math.ceil(missing / TOKENS_PER_MS - 1e-6);
  return Math.max(bucketWaitMs, windowWaitMs(window, isProtect, nowMs));
}

function windowWaitMs(window: RateWindow | null, isProtect: boolean, nowMs: number): number {
  if (window === null || nowMs >= window.resetAtMs) return 0;
  const reserve = isProtect ? 0 : Math.floor(window.limit * WINDOW_RESERVE_SHARE);
  if (window.remaining > reserve) return 0;
  return Math.ceil(window.resetAtMs - nowMs);
}

/** The bucket after a request left; never below empty, so that protective requests can't pile up a debt. */
export function buildSpent(bucket: TokenBucket, nowMs: number): TokenBucket {
  const full = refill(bucket, nowMs);
  return { tokens: Math.max(0, full.tokens - 1), refilledAtMs: full.refilledAtMs };
}

/** The window after a request left, until its answer tells better. */
export function buildSpentWindow(window: RateWindow | null): RateWindow | null {
  return window === null ? null : { ...window, remaining: Math.max(0, window.remaining - 1) };
}

function refill(bucket: TokenBucket, nowMs: number): TokenBucket {
  const elapsedMs = nowMs - bucket.refilledAtMs;
  const tokens = Math.min(BURST_MAX, bucket.tokens + elapsedMs * TOKENS_PER_MS);
  return { tokens, refilledAtMs: nowMs };
}

/**
 * What an answer tells of the broker's count (`X-RateLimit-*`, reset in Unix seconds). `Retry-After` is not documented and
 * is believed where it comes. What is not a number tells nothing; a 429 always ends the window, however it contradicts
 * itself.
 * @param now `wallMs` is Unix ms: the reset is a time of day.
 */
export function parseRateWindow(
  answer: { readonly status: number; header(name: string): string | null },
  previous: RateWindow | null,
  now: { readonly wallMs: number; readonly monotonicMs: number },
): RateWindow | null {
  const limit = parseCount(answer.header("x-ratelimit-limit")) ?? LIMIT_DEFAULT;
  const remaining = parseCount(answer.header("x-ratelimit-remaining"));
  const resetSeconds = parseCount(answer.header("x-ratelimit-reset"));
  const resetInMs = resetSeconds === null ? null : resetSeconds * 1000 - now.wallMs;
  if (answer.status === 429) {
    const retrySeconds = parseCount(answer.header("retry-after"));
    const retryInMs = retrySeconds === null ? 0 : retrySeconds * 1000;
    const toldMs = Math.max(resetInMs ?? 0, retryInMs);
    const waitMs = toldMs > 0 ? toldMs : UNTOLD_WINDOW_MS;
    return { limit, remaining: 0, resetAtMs: now.monotonicMs + Math.min(waitMs, WINDOW_MS_MAX) };
  }
  if (remaining === null || resetInMs === null) return previous;
  return { limit, remaining, resetAtMs: now.monotonicMs + Math.min(resetInMs, WINDOW_MS_MAX) };
}

function parseCount(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : null;
}
