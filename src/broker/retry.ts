/** Most requests for one read. An order-changing request is sent once. */
export const ATTEMPTS_MAX = 3;

const BACKOFF_BASE_MS = 250;
const BACKOFF_MAX_MS = 4_000;

/** Statuses worth asking again for; anything else would be answered the same way. */
export function isRetryableStatus(status: number): boolean {
  return status === 429 || status >= 500;
}

/**
 * Pause before the next attempt in ms: doubled each time, half of it by chance.
 * @param failedAttempts 1 or more.
 * @param uniform In [0, 1).
 */
export function buildBackoffMs(failedAttempts: number, uniform: number): number {
  const fullMs = Math.min(BACKOFF_BASE_MS * 2 ** (failedAttempts - 1), BACKOFF_MAX_MS);
  return Math.round(fullMs / 2 + uniform * fullMs / 2);
}
