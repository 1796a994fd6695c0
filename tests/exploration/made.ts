/** What was made of a value and a word before, for as long as the value lives: neither it nor what was made of it ever changes. */
export class Made<Source extends object, T extends object> {
  readonly #byWord = new Map<string, WeakMap<Source, T>>();

  /** @param build Pure in the value and the word. */
  get(source: Source, word: string, build: () => T): T {
    let known = this.#byWord.get(word);
    if (known === undefined) this.#byWord.set(word, known = new WeakMap());
    const before = known.get(source);
    if (before !== undefined) return before;
    const made = build();
    known.set(source, made);
    return made;
  }
}

/** What was made of two values before, for as long as the first one lives. */
export class MadeOfBoth<One extends object, Other extends object, T extends object> {
  readonly #known = new WeakMap<One, Map<Other, T>>();

  /** @param build Pure in both. */
  get(one: One, other: Other, build: () => T): T {
    let ofOne = this.#known.get(one);
    if (ofOne === undefined) this.#known.set(one, ofOne = new Map());
    const before = ofOne.get(other);
    if (before !== undefined) return before;
    const made = build();
    ofOne.set(other, made);
    return made;
  }
}
