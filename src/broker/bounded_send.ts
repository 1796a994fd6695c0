import type { ClockPort } from "../engine/ports.ts";
import { HttpFailure, type HttpSend } from "./transport.ts";

/** What an order-changing request gets even when time is up: what it protects is worth more than a late exit. */
const CHANGE_MS_MIN = 3_000;

/**
 * A transport whose requests end by one common moment: `--run-once` ends within 25 s, however many of them hang
 * (pipeline 4). Reads that would begin later fail at once as timed out.
 * @param end `maxMs` counted from now, by the monotonic clock.
 */
export function createBoundedSend(
  send: HttpSend,
  end: { readonly clock: ClockPort; readonly maxMs: number },
): HttpSend {
  const endMs = end.clock.monotonicMs() + end.maxMs;
  return (request) => {
    const leftMs = endMs - end.clock.monotonicMs();
    const isRead = request.method === "GET";
    if (isRead && leftMs <= 0) {
      return Promise.reject(new HttpFailure("timeout", "the time of --run-once is up"));
    }
    const allowedMs = isRead ? leftMs : Math.max(CHANGE_MS_MIN, leftMs);
    return send({ ...request, timeoutMs: Math.min(request.timeoutMs, allowedMs) });
  };
}
