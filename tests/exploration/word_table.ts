const ENTRIES_FIRST = 1 << 10;
const WORDS_FIRST = 1 << 13;

/** A 32-bit mixer: every bit of the input moves about half of the output's. */
export function mixBits(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Twice the room, with what is in it. */
export function growWords(old: Uint32Array): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(old.length * 2);
  next.set(old);
  return next;
}

/**
 * Sequences of 32-bit words, each kept once under a small number: 4 bytes a word and 12 for a sequence. They are compared whole,
 * so that no two are ever taken for one.
 */
export class WordTable {
  #count = 0;
  #words = new Uint32Array(WORDS_FIRST);
  /** Where each sequence ends, which is where the next one begins. */
  #ends = new Uint32Array(ENTRIES_FIRST);
  /** Number + 1 of a sequence; 0 is empty. */
  #slots = new Uint32Array(ENTRIES_FIRST * 2);

  get size(): number {
    return this.#count;
  }

  /** The number of a sequence, the same for every equal one. */
  add(words: ArrayLike<number>): number {
    const slot = this.#findSlot(words);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known - 1;
    const number = this.#count++;
    const begin = this.#beginOf(number);
    const end = begin + words.length;
    while (end > this.#words.length) this.#words = growWords(this.#words);
    if (number >= this.#ends.length) this.#ends = growWords(this.#ends);
    this.#words.set(words, begin);
    this.#ends[number] = end;
    this.#slots[slot] = number + 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  /** @throws {RangeError} Where the number is nobody's. */
  get(number: number): Uint32Array {
    if (number >= this.#count) throw new RangeError(`nothing has the number ${number}`);
    return this.#words.subarray(this.#beginOf(number), this.#ends[number]);
  }

  #beginOf(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1] ?? 0;
  }

  #findSlot(words: ArrayLike<number>): number {
    const mask = this.#slots.length - 1;
    let hash = words.length;
    for (let at = 0; at < words.length; at++) hash = mixBits(hash ^ (words[at] ?? 0)) + at;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const number = (this.#slots[slot] ?? 0) - 1;
      if (number < 0 || this.#isSame(number, words)) return slot;
    }
  }

  #isSame(number: number, words: ArrayLike<number>): boolean {
    const begin = this.#beginOf(number);
    if ((this.#ends[number] ?? 0) - begin !== words.length) return false;
    for (let at = 0; at < words.length; at++) {
      if (this.#words[begin + at] !== words[at]) return false;
    }
    return true;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#count; number++) {
      this.#slots[this.#findSlot(this.get(number))] = number + 1;
    }
  }
}
