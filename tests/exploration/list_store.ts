import { ObjectInterner } from "./interner.ts";
import { Recent } from "./recent.ts";
import { WordTable } from "./word_table.ts";

const KEPT = 1 << 15;

/**
 * Values that are built of many parts under small numbers, each kept as the numbers of its parts. The same number is the same
 * object for as long as it is kept: what was derived from it is found again.
 */
export class ListStore<L extends object, T extends object> {
  readonly #parts: ObjectInterner<T>;
  readonly #table = new WordTable();
  readonly #known = new WeakMap<L, number>();
  readonly #recent = new Recent<L>(KEPT);

  /** @param buildKey Text of a part, the same for equal ones alone. */
  constructor(
    buildKey: (part: T) => string,
    readonly listParts: (list: L) => readonly T[],
    readonly build: (parts: T[]) => L,
  ) {
    this.#parts = new ObjectInterner(buildKey);
  }

  /** The number of a value, the same for every equal one. */
  readonly add = (list: L): number => {
    const known = this.#known.get(list);
    if (known !== undefined) return known;
    const number = this.#table.add(this.listParts(list).map(this.#parts.add));
    this.#known.set(list, number);
    return number;
  };

  /** @throws {RangeError} Where the number is nobody's. */
  readonly get = (number: number): L =>
    this.#recent.get(number, () => {
      const parts = Array.from(this.#table.get(number), (each) => this.#parts.get(each));
      const list = this.build(parts);
      this.#known.set(list, number);
      return list;
    });

  /** The number of a part. */
  readonly addPart = (part: T): number => this.#parts.add(part);
}
