import type { TestedBug } from "../tested_bug.ts";

export const TRANSPORT_BUGS: readonly TestedBug[] = [];
