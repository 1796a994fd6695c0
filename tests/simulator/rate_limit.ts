/** What a request has left, as header texts. */
export interface Quota {
  readonly isOver: boolean;
  readonly limit: string;
  readonly remaining: string;
  /** Unix seconds at which the count starts anew. */
  readonly reset: string;
}

const MINUTE_MS = 60_000;

/** Counts requests by the minute, trading and data apart. */
export class RateLimit {
  readonly #used = new Map<string, number>();
  #minute = -1;

  constructor(readonly perMinute: number) {}

  /** Counts one request. */
  count(pool: "trading" | "data", nowMs: number): Quota {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) this.#used.clear();
    this.#minute = minute;
    const used = (this.#used.get(pool) ?? 0) + 1;
    this.#used.set(pool, used);
    return {
      isOver: used > this.perMinute,
      limit: String(this.perMinute),
      remaining: String(Math.max(0, this.perMinute - used)),
      reset: String((minute + 1) * 60),
    };
  }
}
