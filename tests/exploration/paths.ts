/** One path through what may happen: at each fork the calm way, or one of its faults, of which a path has so many at most. */
export class Path {
  /** Which way was taken at each fork, 0 for the calm one, and how many there were. */
  readonly taken: number[] = [];
  readonly ways: number[] = [];
  #faults = 0;

  constructor(
    private readonly script: readonly number[],
    private readonly faultsMax: number,
  ) {}

  /** @returns The calm way, or one of the faults. */
  choose<T>(calm: T, faults: readonly T[]): T {
    const way = this.script[this.taken.length] ?? 0;
    this.taken.push(way);
    this.ways.push(this.#faults < this.faultsMax ? 1 + faults.length : 1);
    if (way > 0) this.#faults++;
    return way === 0 ? calm : faults[way - 1] ?? calm;
  }
}

/**
 * Follows every path with so many faults at most, each from the beginning: what is followed must depend on its choices alone.
 * @returns How many there are.
 */
export function followAll(faultsMax: number, follow: (path: Path) => void): number {
  let script: readonly number[] | null = [];
  let count = 0;
  while (script !== null) {
    const path: Path = new Path(script, faultsMax);
    follow(path);
    count++;
    const last = path.taken.findLastIndex((way, at) => way + 1 < (path.ways[at] ?? 0));
    script = last < 0 ? null : [...path.taken.slice(0, last), (path.taken[last] ?? 0) + 1];
  }
  return count;
}
