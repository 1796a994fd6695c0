import type { TestedBug } from "../tested_bug.ts";

export const ROWS_BUGS: readonly TestedBug[] = [];
