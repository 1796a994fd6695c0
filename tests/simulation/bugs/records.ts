import type { TestedBug } from "../tested_bug.ts";

export const RECORDS_BUGS: readonly TestedBug[] = [];
