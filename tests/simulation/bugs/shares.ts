import type { TestedBug } from "../tested_bug.ts";

const SPLIT_TEST = "tests/engine/split_test.ts";

export const SHARES_BUGS: readonly TestedBug[] = [
  {
    name: "a change that no order explains is a split at once",
    edits: [{
      file: "src/domain/position_account.ts",
      find: "export const SPLIT_AFTER_MS = 60_000;",
      replace: "export const SPLIT_AFTER_MS = 0;",
    }],
    tests: [SPLIT_TEST],
  },
  {
    name: "a split position's old stops are taken for protection",
    edits: [{
      file: "src/engine/unprotected.ts",
      find: "const groups = isSplit(position, engine.nowMs()) ? [] : found;",
      replace: "const groups = isSplit(position, engine.nowMs()) ? found : found;",
    }],
    tests: [SPLIT_TEST],
  },
];
