import type { ClockPort } from "../../src/engine/ports.ts";

/**
 * A clock that begins at `startMs` and runs `speed` times as fast as `real`, sleeps included: a trading day in minutes,
 * with everything else real. Only the demo and tests know it.
 */
export function createAcceleratedClock(
  real: ClockPort,
  { startMs, speed }: { readonly startMs: number; readonly speed: number },
): ClockPort {
  const beganMs = real.monotonicMs();
  const passedMs = () => (real.monotonicMs() - beganMs) * speed;
  return {
    nowMs: () => Math.floor(startMs + passedMs()),
    monotonicMs: passedMs,
    sleep: (ms, signal) => real.sleep(ms / speed, signal),
  };
}
