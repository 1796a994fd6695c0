interface Waiter {
  readonly atMs: number;
  readonly resolve: () => void;
}

/** Virtual time that runs at a multiple of real time, or stands still until it is set. */
export class VirtualTime {
  #baseMs: number;
  #realBaseMs: number;
  #speed: number;
  readonly #waiters: Waiter[] = [];
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param startMs Virtual Unix ms at the start.
   * @param speed Virtual per real time; 0 stands still.
   * @param realNowMs A clock that never goes back.
   */
  constructor(startMs: number, speed: number, readonly realNowMs: () => number) {
    this.#baseMs = startMs;
    this.#realBaseMs = realNowMs();
    this.#speed = speed;
  }

  /** Virtual per real time. */
  get speed(): number {
    return this.#speed;
  }

  /** Virtual Unix ms. */
  nowMs(): number {
    return this.#baseMs + Math.floor((this.realNowMs() - this.#realBaseMs) * this.#speed);
  }

  /** Jumps forward; an earlier moment than now is not taken. */
  advanceTo(ms: number): void {
    this.#baseMs = Math.max(ms, this.nowMs());
    this.#realBaseMs = this.realNowMs();
    this.#wake();
  }

  /** Changes the speed from now on. @throws {RangeError} Where it is negative or not a number. */
  setSpeed(speed: number): void {
    if (!(speed >= 0) || !Number.isFinite(speed)) {
      throw new RangeError(`speed must be 0 or more, not ${speed}`);
    }
    this.#baseMs = this.nowMs();
    this.#realBaseMs = this.realNowMs();
    this.#speed = speed;
    this.#wake();
  }

  /** Resolves when virtual time is there, or at `stop`. */
  waitUntil(ms: number): Promise<void> {
    if (this.#isStopped || ms <= this.nowMs()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ atMs: ms, resolve });
      this.#wake();
    });
  }

  /** Ends every wait, those still to come too. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  #wake(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const nowMs = this.nowMs();
    let nextMs = Infinity;
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.atMs <= nowMs) {
        waiter.resolve();
        continue;
      }
      this.#waiters.push(waiter);
      nextMs = Math.min(nextMs, waiter.atMs);
    }
    if (nextMs === Infinity || this.#speed === 0) return;
    this.#timer = setTimeout(() => this.#wake(), Math.ceil((nextMs - nowMs) / this.#speed));
  }
}
