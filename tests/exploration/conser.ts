/**
 * Names values by what they hold: two that are equal have one name, however deep they are. What a value shares with one that was
 * named before costs nothing again, so that a change in a large value costs what has changed.
 */
export class Conser {
  readonly #names = new Map<string, string>();
  readonly #known = new WeakMap<object, string>();

  /** The name of a value of plain objects, arrays, maps and sets; all are told apart by their sequence, too. */
  nameOf(value: unknown): string {
    if (typeof value === "string") return `"${value}"`;
    if (typeof value !== "object" || value === null) return `${value}`;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const text = this.#describe(value);
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `#${this.#names.size.toString(36)}`;
      this.#names.set(text, name);
    }
    this.#known.set(value, name);
    return name;
  }

  #describe(value: object): string {
    let text = "";
    if (Array.isArray(value) || value instanceof Set) {
      for (const each of value) text += `${this.nameOf(each)},`;
      return Array.isArray(value) ? `[${text}` : `s${text}`;
    }
    if (value instanceof Map) {
      for (const [key, each] of value) text += `${this.nameOf(key)}:${this.nameOf(each)},`;
      return `m${text}`;
    }
    for (const [key, each] of Object.entries(value)) text += `${key}:${this.nameOf(each)},`;
    return `{${text}`;
  }
}
