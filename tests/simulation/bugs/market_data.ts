import type { TestedBug } from "../tested_bug.ts";

export const MARKET_DATA_BUGS: readonly TestedBug[] = [];
