/** Seeded chance: the same seed gives the same numbers for ever. Not for secrets. */
export class Prng {
  #state: number;

  /** @param seed Any number; its whole part counts. */
  constructor(seed: number) {
    this.#state = mix(Math.trunc(seed) >>> 0);
  }

  /** A stream of its own, so that what one part of a run draws moves nothing in another. */
  fork(label: string): Prng {
    let seed = this.#state;
    for (let at = 0; at < label.length; at++) seed = mix(seed ^ label.charCodeAt(at));
    return new Prng(seed);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return mix(this.#state) / 0x1_0000_0000;
  }

  /** True with this probability. */
  isHit(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Uniform between two numbers. */
  between(low: number, high: number): number {
    return low + this.uniform() * (high - low);
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.uniform() * list.length)];
    if (found === undefined) throw new RangeError("nothing to pick from");
    return found;
  }
}

/** A 32-bit mixer: every bit of the input moves about half of the output's. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
