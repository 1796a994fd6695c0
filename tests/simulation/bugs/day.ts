import type { TestedBug } from "../tested_bug.ts";

const RESULT = "src/domain/day/day_result.ts";
const TRADE = "src/domain/day/trade_result.ts";
const HOLDINGS = "src/domain/day/day_holdings.ts";
const DRAFTS = "src/domain/day/trade_drafts.ts";
const LOOKS = "src/domain/day/account_looks.ts";
const TRAIL = "src/domain/day/day_trail.ts";
const AGREE = "tests/cli/results_agree_test.ts";

/** What day and trade made, and what the report shows of it. */
export const DAY_BUGS: readonly TestedBug[] = [
  {
    name: "the day's result is that of the known symbols though one is unknown",
    edits: [{
      file: RESULT,
      find: "resultUsd: unknown.length > 0 ? null : knownUsd,",
      replace: "resultUsd: knownUsd,",
    }],
    tests: ["tests/domain/day/day_result_test.ts"],
  },
  {
    name: "a trade's risk is measured at what is left of it",
    edits: [{
      file: TRADE,
      find: "readRisk(costMicros, boughtQty, facts.initialStopUsd)",
      replace: "readRisk(costMicros, leftQty, facts.initialStopUsd)",
    }],
    tests: ["tests/domain/day/trade_result_test.ts"],
  },
  {
    name: "the day's result is marked at a price after the close",
    edits: [{
      file: HOLDINGS,
      find: "atMs >= session.openMs && atMs <= session.closeMs",
      replace: "atMs >= session.openMs",
    }],
    tests: ["tests/domain/day/day_holdings_test.ts"],
  },
  {
    name: "what was sold before the first look is forgotten",
    edits: [{
      file: HOLDINGS,
      find: "Math.max(0, roundQty(shownQty + before))",
      replace: "shownQty",
    }],
    tests: ["tests/domain/day/day_holdings_test.ts"],
  },
  {
    name: "a hand's sale of its own shares is one of the engine's",
    edits: [{ file: LOOKS, find: "row.qty - row.managedQty - soldQty", replace: "-soldQty" }],
    tests: ["tests/domain/day/day_holdings_test.ts"],
  },
  {
    name: "an order that went on filling the next day counts twice",
    edits: [{
      file: TRAIL,
      find: "const qty = roundQty(fill.qty - earlier.qty);",
      replace: "const qty = roundQty(fill.qty);",
    }],
    tests: ["tests/domain/day/trades_test.ts"],
  },
  {
    name: "a trade goes on when its last share was sold",
    edits: [{
      file: DRAFTS,
      find: "const closedAtMs = heldQty > 0 ? null : fill.atMs;",
      replace: "const closedAtMs = heldQty >= 0 ? null : fill.atMs;",
    }],
    tests: [AGREE, "tests/domain/day/trades_test.ts"],
  },
  {
    name: "the report draws the gate's answer on to the close",
    edits: [{
      file: "src/domain/day_spans.ts",
      find: "  end(bounds.lastMs);",
      replace: "  end(bounds.closeMs);",
    }],
    tests: ["tests/domain/day_view_test.ts"],
  },
  {
    name: "a period leaves out how its trades began",
    edits: [{
      file: "src/cli/day_records.ts",
      find: "const EARLIER_DAYS_MAX = 91;",
      replace: "const EARLIER_DAYS_MAX = 1;",
    }],
    tests: ["tests/cli/report_period_test.ts"],
  },
];
