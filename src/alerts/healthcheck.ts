import { formatCounted } from "../domain/counted.ts";
import type { ClockPort, HealthPort, HttpPort, LogPort } from "../engine/ports.ts";

/** Asked at most so often (interface, `HEALTHCHECK_URL`). */
export const BEAT_MS = 60_000;
/** Deadline of one request. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** What the dead-man's switch is made of. */
export interface HealthcheckOptions {
  /** A secret: its path lets anybody say that all is well. */
  readonly url: string;
  readonly http: HttpPort;
  readonly clock: ClockPort;
  readonly log: LogPort;
}

/** Makes the port to the dead-man's switch outside the host. A failure delays nothing, and is a line when a streak begins and ends. */
export function createHealthcheck(options: HealthcheckOptions): HealthPort {
  return new Healthcheck(options);
}

class Healthcheck implements HealthPort {
  readonly #options: HealthcheckOptions;
  #failures = 0;
  #askedMs = -Infinity;
  #isAsking = false;

  constructor(options: HealthcheckOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  beat(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#isAsking || nowMs - this.#askedMs < BEAT_MS) return;
    this.#askedMs = nowMs;
    // It never rejects, and nothing waits for it.
    void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const why = await askHealthcheck(this.#options);
    this.#isAsking = false;
    const { log } = this.#options;
    if (why === null) {
      if (this.#failures > 0) {
        const asked = formatCounted(this.#failures, "request");
        log.info(`HEALTHCHECK_URL answers again, after ${asked} without an answer`);
      }
      this.#failures = 0;
      return;
    }
    this.#failures++;
    if (this.#failures === 1) log.warn(`HEALTHCHECK_URL does not answer (${why}); trading goes on`);
  }
}

/**
 * Asks the switch once. @returns Why it did not answer, without anything of the address; `null` where it did.
 */
export async function askHealthcheck(
  { url, http, clock }: Omit<HealthcheckOptions, "log">,
): Promise<string | null> {
  const request = new AbortController();
  const deadline = new AbortController();
  let isLate = false;
  const expiry = clock.sleep(REQUEST_TIMEOUT_MS, deadline.signal).then(() => {
    isLate = !deadline.signal.aborted;
    request.abort();
  });
  try {
    const response = await http.read(url, { headers: {}, signal: request.signal });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 300 ? null : `HTTP ${response.status}`;
  } catch {
    // The runtime's message names the address, so it is not looked at.
    return isLate ? "timeout" : "network";
  } finally {
    deadline.abort();
    await expiry;
  }
}
