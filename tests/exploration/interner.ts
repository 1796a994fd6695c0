/** Keeps each value once, under a small number. */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];

  constructor(readonly buildKey: (value: T) => string) {}

  get size(): number {
    return this.#values.length;
  }

  /** The number of a value, the same for every equal one. */
  add(value: T): number {
    const key = this.buildKey(value);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#values.length;
    this.#ids.set(key, id);
    this.#values.push(value);
    return id;
  }

  /** @throws {RangeError} Where the number is nobody's. */
  get(id: number): T {
    const value = this.#values[id];
    if (value === undefined) throw new RangeError(`nothing has the number ${id}`);
    return value;
  }
}

/** The same for objects, which it knows again by themselves where it has met them. */
export class ObjectInterner<T extends object> {
  readonly #interner: Interner<T>;
  readonly #known = new WeakMap<T, number>();

  constructor(buildKey: (value: T) => string) {
    this.#interner = new Interner(buildKey);
  }

  /** The number of a value, the same for every equal one. */
  readonly add = (value: T): number => {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const number = this.#interner.add(value);
    // Who meets it again has the one that is kept.
    if (this.#interner.get(number) === value) this.#known.set(value, number);
    return number;
  };

  /** @throws {RangeError} Where the number is nobody's. */
  readonly get = (number: number): T => this.#interner.get(number);
}
