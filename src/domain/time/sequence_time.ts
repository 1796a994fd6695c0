import { unreachable } from "../assert.ts";

/** What the engine begins with a cancel or a replacement, and has to end once that has left (pipeline 5, "How, at the broker"). */
export type Sequence =
  /** Day orders, or too many sells, give way to one stop; `groups`: working sells that exclude each other count once. */
  | { readonly kind: "conversion"; readonly groups: number }
  /** Cancel, sell, and the stop for the rest. */
  | { readonly kind: "exit"; readonly groups: number }
  /** Our own stop gives up what is sold. */
  | { readonly kind: "shrinking exit" }
  /** The rest of an entry is cancelled: what it filled has no stop before either. */
  | { readonly kind: "entry end" }
  /** A stop whose position is gone. */
  | { readonly kind: "orphan" };

/** What is left for the broker to do its part, beyond the answers themselves. */
const SLACK_MS = 2_000;

/**
 * How long a sequence needs from its beginning to the answer of its last request: the slowest of the last answers for each,
 * and 2 s (pipeline 5, "Nothing is begun that the time left can't end").
 * @param slowestMs The slowest of the last ten answers.
 */
export function decideNeededMs(sequence: Sequence, slowestMs: number): number {
  return countRequests(sequence) * slowestMs + SLACK_MS;
}

/** The gate may have to ask for positions; each group is cancelled and asked for; positions and orders are read again. */
function countRequests(sequence: Sequence): number {
  switch (sequence.kind) {
    case "conversion":
      return 1 + 2 * sequence.groups + 2 + 1;
    case "exit":
      return 1 + 2 * sequence.groups + 2 + 2;
    case "shrinking exit":
      return 1 + 1 + 2 + 1;
    case "entry end":
      return 1 + 2;
    case "orphan":
      return 1 + 1;
    default:
      return unreachable(sequence);
  }
}

/**
 * How long before the close the conversion begins: ten minutes, and earlier where that is too short for one position after
 * the other (pipeline 5, "So the conversion begins early enough for all positions").
 * @param usualMs The ten minutes.
 * @param stepMs What one position may take.
 */
export function decideConversionMs(
  { usualMs, stepMs, positions }: {
    readonly usualMs: number;
    readonly stepMs: number;
    readonly positions: number;
  },
): number {
  return Math.max(usualMs, positions * stepMs);
}
