import { BrokerError } from "../engine/ports.ts";
import { listenForStop } from "../runtime/signals.ts";
import type { ProgramHost } from "./command.ts";

/** How often the screen is shown anew, and the broker asked at most. */
export const SHOW_MS = 2_000;
export const ASK_MS = 30_000;
/** Requests of the broker's minute that a screen leaves to the engine and the operator. */
export const REQUESTS_LEFT = 100;
/** More than one look asks for, so that it never ends below what is to be left. */
const LOOK_REQUESTS = 10;
const MINUTE_MS = 60_000;

/** The fetch of a look, and what the broker last said of the requests that are left in its minute. */
export interface RateWatch {
  readonly fetch: ProgramHost["fetch"];
  /** Whether a look would leave `REQUESTS_LEFT`; what was said more than a minute ago is over. */
  mayAsk(nowMs: number): boolean;
}

/** Reads `X-RateLimit-Remaining` off each answer (broker.md, Refusals). @param readMs Monotonic time. */
export function watchRate(fetch: ProgramHost["fetch"], readMs: () => number): RateWatch {
  let last: { readonly remaining: number; readonly atMs: number } | null = null;
  return {
    async fetch(input, init) {
      const response = await fetch(input, init);
      const text = response.headers.get("x-ratelimit-remaining")?.trim() ?? "";
      if (/^\d{1,9}$/.test(text)) last = { remaining: Number(text), atMs: readMs() };
      return response;
    },
    mayAsk: (nowMs) =>
      last === null || nowMs - last.atMs >= MINUTE_MS ||
      last.remaining >= REQUESTS_LEFT + LOOK_REQUESTS,
  };
}

/** What a screen is made from: a look at the broker, or that there is none, and how old it is in words. */
export interface WatchOptions<T> {
  /** `null` without `--broker`. */
  readonly ask: ((host: ProgramHost) => Promise<T>) | null;
  readonly render: (look: T | null) => Promise<string>;
}

/** Clears a terminal and puts the cursor at its top; what is no terminal gets a line between two screens. */
const CLEAR = "\x1b[2J\x1b[H";
const RULE = `${"-".repeat(80)}\n`;

/** Shows the screen anew every 2 s until SIGINT or SIGTERM (interface, Commands). */
export async function watchScreen<T>(host: ProgramHost, options: WatchOptions<T>): Promise<void> {
  const listener = listenForStop(host.signals, { stop: () => {}, impatient: host.exitNow });
  const look = createLook(host, options.ask);
  try {
    while (!listener.signal.aborted && host.isReaderGone?.() !== true) {
      const { value, note } = await look();
      const screen = await options.render(value);
      host.writeOut(`${host.isTerminal === true ? CLEAR : RULE}${screen}\n${note}`);
      await host.clock.sleep(SHOW_MS, listener.signal);
    }
  } finally {
    listener.close();
  }
}

/** Asks at most every 30 s, and keeps what it was told while the broker can't or must not be asked. */
function createLook<T>(
  host: ProgramHost,
  ask: WatchOptions<T>["ask"],
): () => Promise<{ readonly value: T | null; readonly note: string }> {
  if (ask === null) return () => Promise.resolve({ value: null, note: "" });
  const { clock } = host;
  const rate = watchRate(host.fetch, () => clock.monotonicMs());
  const asking = { ...host, fetch: rate.fetch };
  let value: T | null = null;
  let toldMs = -Infinity;
  let triedMs = -Infinity;
  let why = "";
  return async () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - triedMs >= ASK_MS) {
      if (rate.mayAsk(nowMs)) {
        triedMs = nowMs;
        try {
          value = await ask(asking);
          toldMs = clock.monotonicMs();
          why = "";
        } catch (error) {
          if (!(error instanceof BrokerError)) throw error;
          why = `; the broker can't be asked: ${error.message}`;
        }
      } else why = `; not asked again below ${REQUESTS_LEFT} requests left in its minute`;
    }
    const age = value === null
      ? "no prices yet"
      : `prices ${Math.max(0, Math.round((clock.monotonicMs() - toldMs) / 1000))} s old`;
    return { value, note: `(${age}${why})\n` };
  };
}
