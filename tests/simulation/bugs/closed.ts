import type { TestedBug } from "../tested_bug.ts";

const ENGINE = "tests/engine/closed_market_test.ts";
const LOOK = "tests/domain/account/closed_look_test.ts";
const STOP = "tests/domain/plan/closed_stop_test.ts";

export const CLOSED_BUGS: readonly TestedBug[] = [
  {
    name: "a stop sent at night with a split due",
    edits: [
      {
        file: "src/domain/plan/closed_stop.ts",
        find: '  if (action.kind === "due") {',
        replace: '  if (action.kind === "due" && isAnswered) {',
      },
      {
        file: "src/domain/plan/closed_stop.ts",
        find: '  if (action.kind !== "none") {',
        replace: '  if (action.kind === "unanswered") {',
      },
    ],
    tests: [ENGINE, STOP],
  },
  {
    name: "a stop sent at night though corporate actions were not answered",
    edits: [{
      file: "src/domain/plan/closed_stop.ts",
      find: '  if (action.kind !== "none") {',
      replace: '  if (action.kind !== "none" && isAnswered) {',
    }],
    tests: [ENGINE, STOP],
  },
  {
    name: "a corporate action of the weekend's first day is forgotten",
    edits: [{
      file: "src/engine/corporate_actions.ts",
      find: "text.slice(0, lastNy.length) >= lastNy",
      replace: "text.slice(0, 10) >= engine.dateNy() && lastNy.length > 0",
    }],
    tests: [ENGINE],
  },
  {
    name: "a sell that leaves at night",
    edits: [
      {
        file: "src/engine/cycle.ts",
        find: '  if (decision.mode === "LIVE" && clock !== undefined && !clock.isOpen) {',
        replace: '  if (decision.mode === "DRY_RUN" && clock !== undefined && !clock.isOpen) {',
      },
      {
        file: "src/engine/send.ts",
        find: '  if (!isMarketOpen(engine) && !isLateStop) return "market closed";',
        replace:
          '  if (!isMarketOpen(engine) && !isLateStop && order.op !== "sell") return "market closed";',
      },
      {
        file: "src/engine/send.ts",
        find:
          '  if (!isMarketOpen(engine)) return "market closed";\n  if (order.op === "bracket" && engine.nowMs()',
        replace: '  if (order.op === "bracket" && engine.nowMs()',
      },
    ],
    tests: [ENGINE, "tests/engine/protection_test.ts"],
  },
  {
    name: "any order leaves under the permit of a closed market",
    edits: [{
      file: "src/engine/send.ts",
      find: '  if (order.op !== "stop" || order.request.symbol !== symbol) return "market closed";',
      replace: '  if (symbol === "") return "market closed";',
    }],
    tests: [ENGINE],
  },
  {
    name: "a night stop sent twice",
    edits: [{
      file: "src/engine/closed_look.ts",
      find: "isAnswered: engine.state.alerted[keyOf(positionId)] === value,",
      replace: "isAnswered: engine.state.alerted[keyOf(positionId)] === symbol,",
    }],
    tests: [ENGINE],
  },
  {
    name: "the look at a closed market never stops",
    edits: [{
      file: "src/domain/account/closed_look.ts",
      find: "  if (isKnown || moment.nowMs",
      replace: "  if (moment.nowMs",
    }],
    tests: [ENGINE, LOOK],
  },
  {
    name: "the look at a closed market comes every five seconds",
    edits: [{
      file: "src/domain/account/closed_look.ts",
      find: "moment.nowMs - last.atMs < CLOSED_LOOK_MS - EARLY_MS",
      replace: "moment.nowMs - last.atMs < 5 * EARLY_MS",
    }],
    tests: [ENGINE, LOOK],
  },
  {
    name: "with hours ignored what is bare at night is asked for every 30 seconds",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: "      return world.seen.clock?.isOpen === true ?",
      replace: "      return world.seen.clock !== null ?",
    }],
    tests: [ENGINE],
  },
  {
    name: "nobody wakes at the close",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: '    { atMs: nowMs + leftMs + CLOSED_AFTER_MS, why: "market closed" },\n',
      replace: "",
    }],
    tests: [ENGINE],
  },
  {
    name: "nobody wakes 30 minutes before the open",
    edits: [{
      file: "src/domain/plan/wake.ts",
      find: "beforeOpenMs > nowMs && beforeOpenMs <= quiet.atMs",
      replace: "beforeOpenMs > nowMs && beforeOpenMs < nowMs",
    }],
    tests: ["tests/engine/closed_loop_test.ts", "tests/domain/plan/wake_test.ts"],
  },
  {
    name: "a refusal of the keys or the rate counts as the night's answer",
    edits: [{
      file: "src/engine/plan_leave.ts",
      find: "return !isUnjudged(answer);",
      replace: "return !isUnjudged(answer) || answer.httpStatus > 0;",
    }],
    tests: [ENGINE],
  },
  {
    name: "the close is taken for the end of a trouble",
    edits: [{
      file: "src/engine/trouble.ts",
      find: "  const { observation } = engine;\n  const trouble",
      replace: "  const observation = market.isOpen ? engine.observation : null;\n  const trouble",
    }],
    tests: [ENGINE],
  },
  {
    name: "what the broker refuses for good can't be released",
    edits: [{
      file: "src/domain/plan/release.ts",
      find: "alerted[buildRefusedKey(symbol)] === undefined;",
      replace: 'alerted[buildRefusedKey(symbol)] !== "";',
    }],
    tests: ["tests/engine/release_test.ts"],
  },
  {
    name: "the day's summary finds a stop gone and leaves it so",
    edits: [{
      file: "src/engine/closed_look.ts",
      find: " ||\n    isSummaryLookDue(engine, market);",
      replace: ' ||\n    (cover === "nothing" && isSummaryLookDue(engine, market));',
    }],
    tests: [ENGINE],
  },
  {
    name: "a look in the lag of lists knows the night's cover",
    edits: [{
      file: "src/domain/plan/closed_cover.ts",
      find: "  if (lookMs - closeMs < LAG_MS) return false;\n",
      replace: "",
    }],
    tests: [ENGINE],
  },
  {
    name: "a stop that a list lacks covers while the question for it has no answer",
    edits: [{
      file: "src/domain/account/sight.ts",
      find: "(known.isUnanswered || !isPresumed(known, nowMs));",
      replace: "!isPresumed(known, nowMs);",
    }],
    tests: ["tests/engine/standing_test.ts"],
  },
  {
    name: "a stop that nobody has seen for hours covers",
    edits: [{
      file: "src/domain/account/sight.ts",
      find: "(known.isUnanswered || !isPresumed(known, nowMs));",
      replace: "known.isUnanswered;",
    }],
    tests: [ENGINE],
  },
];
