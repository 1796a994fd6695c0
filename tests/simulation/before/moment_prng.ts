import { Prng } from "../prng.ts";

/**
 * Chance by the moment: in each minute the stream begins anew, by its seed and the minute. Two runs that asked it another
 * number of times are told the same again from the next minute on, so that what strikes one strikes the other as far as it can.
 */
export class MomentPrng extends Prng {
  readonly #base: Prng;
  readonly #minute: () => number;
  #now = NaN;
  #stream: Prng;

  /** @param minute Tells the minute that it is. */
  constructor(seed: number, minute: () => number) {
    super(seed);
    this.#base = new Prng(seed);
    this.#stream = this.#base;
    this.#minute = minute;
  }

  override fork(label: string): Prng {
    return new MomentPrng(this.#base.fork(label).whole(0, 0xffff_fffe), this.#minute);
  }

  override uniform(): number {
    const minute = this.#minute();
    if (minute !== this.#now) this.#stream = this.#base.fork(String(minute));
    this.#now = minute;
    return this.#stream.uniform();
  }
}
