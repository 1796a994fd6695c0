import type { TestedBug } from "../tested_bug.ts";

const PRINT_TEST = "tests/engine/one_print_test.ts";
const LEFT_TEST = "tests/engine/time_left_test.ts";

export const TIME_BUGS: readonly TestedBug[] = [
  {
    name: "a conversion without its time check",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: "  return late === null ? null :",
      replace: '  return late !== "" ? null :',
    }],
    tests: [LEFT_TEST],
  },
  {
    name: "an exit without its time check",
    edits: [{
      file: "src/domain/plan/exit.ts",
      find: "groups: inTheWay.length });\n  if (late !== null) return wait(",
      replace: 'groups: inTheWay.length });\n  if (late === "") return wait(',
    }],
    tests: [LEFT_TEST],
  },
  {
    name: "the conversion begins ten minutes before the close, however slow the broker is",
    edits: [{
      file: "src/domain/time/sequence_time.ts",
      find: "  return Math.max(usualMs, positions * stepMs);",
      replace: "  return positions * stepMs < 0 ? 0 : usualMs;",
    }],
    tests: ["tests/domain/time/sequence_time_test.ts", LEFT_TEST],
  },
  {
    name: "a run near the close looks at prices before it converts",
    edits: [{
      file: "src/engine/cycle.ts",
      find:
        '  if (engine.ports.config.isRunOnce && decision.mode === "LIVE" && isConvertTime(engine)) {',
      replace:
        '  if (watchlist.kind === "missing" && decision.mode === "LIVE" && isConvertTime(engine)) {',
    }],
    tests: [LEFT_TEST],
  },
  {
    name: "a run asks the broker one thing after the other",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "isPressing ? await askAll(engine) : buildQuestions(engine)",
      replace: "buildQuestions(engine)",
    }],
    tests: [LEFT_TEST],
  },
  {
    name: "a single print trims",
    edits: [{
      file: "src/engine/prices.ts",
      find: "  if (priceUsd === null) prices.delete(symbol);",
      replace: "  if (priceUsd === null) prices.set(symbol, trade);",
    }],
    tests: [PRINT_TEST],
  },
  {
    name: "what one print alone says waits in silence",
    edits: [{
      file: "src/domain/plan/standings.ts",
      find: "  return doubtedTrade !== undefined && isOfSession(look, doubtedTrade)",
      replace: "  return doubtedTrade !== undefined && doubtedTrade.atMs < 0",
    }],
    tests: [PRINT_TEST],
  },
  {
    name: "a print confirms itself",
    edits: [{
      file: "src/domain/account/price_check.ts",
      find: "  if (!isLater(trade, doubtedTrade)) return keep(doubtedTrade);\n",
      replace: "",
    }],
    tests: ["tests/domain/account/price_check_test.ts", PRINT_TEST],
  },
  {
    name: "a doubted print is forgotten at a restart",
    edits: [{
      file: "src/state/state_format.ts",
      find: "    ...(wire.doubted_trade === undefined ? {} :",
      replace: "    ...(wire.doubted_trade !== null ? {} :",
    }],
    tests: [PRINT_TEST],
  },
];
