/** More edits than this make another word, not a slip. */
const EDITS_MAX = 3;

/**
 * The known word that the operator most likely meant, or `null`: the fewest edits, at most three and less than half of
 * what was typed.
 */
export function findNearest(typed: string, known: readonly string[]): string | null {
  let nearest: string | null = null;
  let fewest = Math.min(EDITS_MAX, Math.floor(typed.length / 2)) + 1;
  for (const word of known) {
    const edits = countEdits(typed.toLowerCase(), word);
    if (edits < fewest) {
      nearest = word;
      fewest = edits;
    }
  }
  return nearest;
}

/** Edits (insert, delete, replace, swap of neighbours) that make `to` out of `from`. */
export function countEdits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      if (isSwap) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
