import type { ClockPort } from "../engine/ports.ts";

/** The longest wait that a timer can hold; more would end at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The host's clock. A sleep leaves no timer and no listener behind, however it ends. */
export function createClock(): ClockPort {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep,
  };
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    // NaN and what is not above 0 end at the next turn, an endless wait at the longest timer: never by throwing.
    const timer = setTimeout(end, Math.min(Math.max(0, ms || 0), TIMER_MS_MAX));
    signal?.addEventListener("abort", end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    }
  });
}
