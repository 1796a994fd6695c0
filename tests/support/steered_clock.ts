import type { ClockPort } from "../../src/engine/ports.ts";
import { SleepAnswerWire } from "./time_keeper.ts";

/** A clock with its keeper's address, and what the keeper waits for. */
export interface SteeredClockOptions {
  readonly url: string;
  /** This process. */
  readonly pid: number;
  readonly real: ClockPort;
  /** Lines that this process has printed so far. */
  readonly countLines: () => number;
}

/**
 * The clock of a program whose time a `TimeKeeper` gives: it runs at the real pace between sleeps, and a sleep lasts
 * until the keeper says so. Only the demo and tests know it.
 */
export async function connectSteeredClock(options: SteeredClockOptions): Promise<ClockPort> {
  const { url, pid, real, countLines } = options;
  const ask = async (path: string, ms: number, signal: AbortSignal | null): Promise<number> => {
    const body = JSON.stringify({ pid, ms, lines: countLines() });
    const response = await fetch(`${url}${path}`, { method: "POST", body, signal });
    return SleepAnswerWire.parse(await response.json()).nowMs;
  };
  let baseMs = await ask("/now", 0, null);
  let takenMs = real.monotonicMs();
  const startMs = baseMs;
  const nowMs = () => baseMs + real.monotonicMs() - takenMs;
  return {
    nowMs: () => Math.floor(nowMs()),
    monotonicMs: () => nowMs() - startMs,
    async sleep(ms, signal) {
      if (signal?.aborted) return;
      try {
        const toldMs = await ask("/sleep", Math.max(0, ms), signal ?? null);
        // Never back: what the keeper said is a moment old.
        baseMs = Math.max(toldMs, nowMs());
        takenMs = real.monotonicMs();
      } catch (error) {
        if (!signal?.aborted) throw error;
      }
    },
  };
}
