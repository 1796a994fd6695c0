import type { TestedBug } from "../tested_bug.ts";

const RESULT = "src/domain/account/day_result.ts";
const TRADE = "src/domain/account/trade_result.ts";
const HOLDINGS = "src/domain/day/day_holdings.ts";
const DRAFTS = "src/domain/day/trade_drafts.ts";
const LOOKS = "src/domain/day/account_looks.ts";
const TRAIL = "src/domain/day/day_trail.ts";
const RESULTS = "tests/simulation/result_checks_test.ts";
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
    tests: ["tests/domain/account/day_result_test.ts"],
  },
  {
    name: "a trade's risk is measured at what is left of it",
    edits: [{
      file: TRADE,
      find: "readRisk(costMicros, boughtQty, facts.initialStopUsd)",
      replace: "readRisk(costMicros, leftQty, facts.initialStopUsd)",
    }],
    tests: ["tests/domain/account/trade_result_test.ts"],
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
      file: "src/domain/day/day_start.ts",
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
      find: "subtract(own, counted.get(fill.orderId) ?? NO_SHARES)",
      replace: "own",
    }],
    tests: ["tests/domain/day/trades_test.ts"],
  },
  {
    name: "what a replaced order had filled counts twice",
    edits: [{ file: TRAIL, find: "isCarried ? old : NO_SHARES", replace: "NO_SHARES" }],
    tests: ["tests/domain/day/trades_test.ts"],
  },
  {
    name: "what a replaced order had filled is always counted again",
    edits: [{
      file: "src/domain/order/replacements.ts",
      find: "next.qty !== old.qty - old.filledQty",
      replace: "next.qty > 0",
    }],
    tests: ["tests/domain/day/trades_test.ts"],
  },
  {
    name: "the day's result counts what an order filled the day before",
    edits: [{
      file: "src/domain/day/period.ts",
      find: "sumDay(day, listFillSteps([...earlier, day]))",
      replace: "sumDay(day, listFillSteps([day]))",
    }],
    tests: ["tests/domain/day/day_holdings_test.ts"],
  },
  {
    name: "the summary knows only the trades that began on its day",
    edits: [{
      file: "src/domain/day/summary_facts.ts",
      find: "const days = trails === null ? [] : [...trails.earlier, trails.day];",
      replace: "const days = trails === null ? [] : [trails.day];",
    }],
    tests: [RESULTS],
  },
  {
    name: "fills of an earlier day are in no trail",
    edits: [{
      file: "src/engine/fills.ts",
      find: "filledAtMs >= engine.trailSinceMs - CLOCKS_APART_MS",
      replace: "filledAtMs >= Infinity",
    }],
    tests: ["tests/engine/late_fills_test.ts"],
  },
  {
    name: "what a hand replaced is a hand's",
    edits: [{
      file: "src/domain/day/fill_event.ts",
      find: "const ours = describeOurs(book, order.orderId);",
      replace: "const ours = order.replaces === null ? describeOurs(book, order.orderId) : null;",
    }],
    tests: ["tests/domain/day/fill_event_test.ts"],
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
      file: "src/domain/day/day_spans.ts",
      find: "  end(bounds.lastMs);",
      replace: "  end(bounds.closeMs);",
    }],
    tests: ["tests/domain/day/day_view_test.ts"],
  },
  {
    name: "a period leaves out how its trades began",
    edits: [{
      file: "src/domain/day/unopened.ts",
      find: "export const EARLIER_DAYS_MAX = 91;",
      replace: "export const EARLIER_DAYS_MAX = 1;",
    }],
    tests: ["tests/cli/report_period_test.ts"],
  },
  {
    name: "a trade whose end is lost takes in the next one",
    edits: [{
      file: "src/domain/day/trade_drafts.ts",
      find: "...listEnds(events, steps), ...listForgotten(steps), ...fills]",
      replace: "...listEnds(events, steps), ...fills]",
    }],
    tests: ["tests/domain/day/trades_test.ts"],
  },
  {
    name: "fills that are told again are those of the day that tells them",
    edits: [{
      file: "src/domain/day/unopened.ts",
      find: "isBefore(atMs, fromNy)",
      replace: 'isBefore(atMs, "2000-01-01")',
    }],
    tests: ["tests/domain/day/unopened_test.ts"],
  },
  {
    name: "what was held is opened by an entry of the day",
    edits: [{
      file: "src/domain/day/unopened.ts",
      find: "(startQty === null || trade.isAdopted || isBefore(",
      replace: "(trade.fills.length > 0 || trade.isAdopted || isBefore(",
    }],
    tests: ["tests/domain/day/unopened_test.ts"],
  },
];
