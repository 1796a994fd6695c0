import { mixBits } from "./word_table.ts";

/** Keeps what was built last for a number, one value for each of so many places: its room does not grow. */
export class Recent<T> {
  readonly #keys: Float64Array;
  readonly #values: T[] = [];

  /** @param places A power of two. */
  constructor(readonly places: number) {
    this.#keys = new Float64Array(places).fill(-1);
  }

  /** The value of a whole number, built where it is not kept any more. */
  get(key: number, build: () => T): T {
    const place = mixBits((key >>> 0) ^ Math.floor(key / 2 ** 32)) & (this.places - 1);
    const kept = this.#keys[place] === key ? this.#values[place] : undefined;
    if (kept !== undefined) return kept;
    const value = build();
    this.#keys[place] = key;
    this.#values[place] = value;
    return value;
  }
}
