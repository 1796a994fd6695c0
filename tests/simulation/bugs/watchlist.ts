import type { TestedBug } from "../tested_bug.ts";

export const WATCHLIST_BUGS: readonly TestedBug[] = [];
