import type { ProgramHost } from "./command.ts";
import { sayError } from "./operator_config.ts";

/** A broker that takes longer than this is spoken of (interface, Common options). */
export const PATIENCE_MS = 2_000;

/**
 * The runtime's `fetch`, which says on standard error what is waited for once that takes long: an operator who sees nothing
 * happen ends what must not be ended.
 * @param timeoutMs When the request is given up.
 */
export function buildTellingFetch(host: ProgramHost, timeoutMs: number): typeof fetch {
  const { clock } = host;
  return async (input, init) => {
    const done = new AbortController();
    const startMs = clock.monotonicMs();
    const tell = async () => {
      await clock.sleep(PATIENCE_MS, done.signal);
      if (done.signal.aborted || clock.monotonicMs() - startMs < PATIENCE_MS) return;
      const { host: name, pathname } = new URL(
        String(input instanceof Request ? input.url : input),
      );
      sayError(
        host,
        `waiting for ${name} to answer ${init?.method ?? "GET"} ${pathname}, ` +
          `at most ${(timeoutMs - PATIENCE_MS) / 1000} s more`,
      );
    };
    const told = tell();
    try {
      return await host.fetch(input, init);
    } finally {
      done.abort();
      await told;
    }
  };
}
