import { formatNy } from "../../src/domain/time/ny_time.ts";

/** Steps of a run that a failure shows. */
const SHOWN_MAX = 80;
const FNV_PRIME = 0x01000193;

/** What happened in a run: the last steps as text, all of them as one number. */
export class Trace {
  readonly #steps: string[] = [];
  readonly #atMs: number[] = [];
  #low = 0x811c9dc5;
  #high = 0x1b873593;
  count = 0;

  /** Keeps one step. */
  note(atMs: number, text: string): void {
    this.count++;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      this.#low = Math.imul(this.#low ^ code, FNV_PRIME);
      this.#high = Math.imul(this.#high ^ (code + at), 0x85ebca6b) ^ (this.#high >>> 13);
    }
    this.#low = Math.imul(this.#low ^ (atMs % 0x7fffffff), FNV_PRIME);
    const slot = this.count % SHOWN_MAX;
    this.#steps[slot] = text;
    this.#atMs[slot] = atMs;
  }

  /** Two runs with the same hash took the same steps at the same times. */
  get hash(): string {
    const words = [this.#low >>> 0, this.#high >>> 0, this.count];
    return words.map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  /** The last steps, oldest first, one line each. */
  listLast(): string[] {
    const lines: string[] = [];
    for (let at = Math.max(1, this.count - SHOWN_MAX + 1); at <= this.count; at++) {
      const slot = at % SHOWN_MAX;
      const ms = this.#atMs[slot] ?? 0;
      const millis = String(ms % 1000).padStart(3, "0");
      lines.push(`${formatNy(ms).slice(5, 19)}.${millis}  ${this.#steps[slot] ?? ""}`);
    }
    return lines;
  }
}
