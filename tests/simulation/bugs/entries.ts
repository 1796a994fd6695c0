import type { TestedBug } from "../tested_bug.ts";

export const ENTRIES_BUGS: readonly TestedBug[] = [];
