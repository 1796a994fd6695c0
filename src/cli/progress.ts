import type { ProgramHost } from "./command.ts";
import { sayError } from "./operator_config.ts";

/** A broker that takes longer than this is spoken of (interface, Common options). */
const PATIENCE_MS = 2_000;

/**
 * The runtime's `fetch`, which says on standard error what is waited for once that takes long: an operator who sees nothing
 * happen ends what must not be ended.
 * @param wait `timeoutMs`: when the request is given up. `patienceMs`: a test has less.
 */
export function buildTellingFetch(
  host: Pick<ProgramHost, "environment" | "fetch" | "writeError">,
  { timeoutMs, patienceMs = PATIENCE_MS }: {
    readonly timeoutMs: number;
    readonly patienceMs?: number;
  },
): typeof fetch {
  return async (input, init) => {
    const tell = () => {
      const url = new URL(input instanceof Request ? input.url : input);
      sayError(
        host,
        `waiting for ${url.host} to answer ${init?.method ?? "GET"} ${url.pathname}, ` +
          `at most ${(timeoutMs - patienceMs) / 1000} s more`,
      );
    };
    // The host's own timer, as the request's deadline has it: a wait for an answer is no pause of the program's.
    const timer = setTimeout(tell, patienceMs);
    try {
      return await host.fetch(input, init);
    } finally {
      clearTimeout(timer);
    }
  };
}
