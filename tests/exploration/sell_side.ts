import { type Branch, type BranchWatch, watchBranches } from "./branches.ts";
import { OUTSIDE, type Outside } from "./outside.ts";

const PLAN = new URL("../../src/domain/plan/", import.meta.url);

/** What the automaton's client calls of the sell side: with all that they import, they are its `plan` and `settle`. */
const ROOTS = ["plan.ts", "settle.ts", "trims.ts"];

/** A branch, and why none of the small bound's searches comes to it; `null` where nobody has said so. */
export interface Untaken {
  readonly branch: Branch;
  readonly outside: Outside | null;
}

/** Counts from now on which branches of the sell side run. Before any of its modules is loaded. */
export function watchSellSide(): Promise<BranchWatch> {
  return watchBranches(PLAN);
}

/** The branches of the sell side that were not taken, each with its reason; and those of the list of reasons that were. */
export async function listUntaken(
  watch: BranchWatch,
): Promise<{ readonly untaken: readonly Untaken[]; readonly taken: readonly string[] }> {
  const branches = await watch.list(await listFiles());
  const untaken = branches.map((branch) => ({
    branch,
    outside: OUTSIDE.find((each) => each.branches.includes(nameBranch(branch))) ?? null,
  }));
  const names = new Set(branches.map(nameBranch));
  const taken = OUTSIDE.flatMap((each) => each.branches).filter((name) => !names.has(name));
  return { untaken, taken };
}

/** A branch as the list of reasons has it. */
function nameBranch({ file, within, text }: Branch): string {
  return `${file} ${within}: ${text}`;
}

/** A branch, and its reason, in a line. */
export function describeUntaken({ branch, outside }: Untaken): string {
  const { file, line, within, text } = branch;
  return `${file}:${line} ${within}: ${text}${outside === null ? "" : ` (${outside.why})`}`;
}

/** The roots, and what they import within their folder. */
async function listFiles(): Promise<string[]> {
  const files = [...ROOTS];
  // The list grows while it is walked.
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, PLAN));
    const names = [...text.matchAll(/^import (?!type\b)[^"]*from "\.\/(\w+\.ts)";/gm)]
      .flatMap(([, name]) => name ?? []);
    files.push(...names.filter((name) => !files.includes(name)));
  }
  return files.sort();
}
