import type { TestedBug } from "../tested_bug.ts";

const ENGINE_TEST = "tests/engine/watchlist_test.ts";

export const WATCHLIST_BUGS: readonly TestedBug[] = [
  {
    name: "an unreadable Target_R1 is taken for none",
    edits: [{
      file: "src/domain/entry/watchlist.ts",
      find: '|| /^nan$/i.test(written) ? null : parsePrice(row, "Target_R1");',
      replace: "|| parseNumber(written) === null ? null : parseNumber(written);",
    }],
    tests: ["tests/domain/entry/watchlist_test.ts", ENGINE_TEST],
  },
  {
    name: "a long row is accepted",
    edits: [{
      file: "src/domain/entry/watchlist.ts",
      find: "  if (isShifted) return",
      replace: '  if (isShifted && symbol === "") return',
    }],
    tests: ["tests/domain/entry/watchlist_test.ts", ENGINE_TEST],
  },
  {
    name: "a symbol's first row decides only where it is usable",
    edits: [
      {
        file: "src/domain/entry/watchlist.ts",
        find: "  lineBySymbol.set(symbol, line);\n",
        replace: "",
      },
      {
        file: "src/domain/entry/watchlist.ts",
        find: '    if (typeof parsed !== "string") candidates.push(parsed);',
        replace:
          '    if (typeof parsed !== "string") lineBySymbol.set(parsed.symbol, line);\n    if (typeof parsed !== "string") candidates.push(parsed);',
      },
    ],
    tests: ["tests/domain/entry/watchlist_test.ts"],
  },
  {
    name: "a last line that may be cut is used at once",
    edits: [{
      file: "src/domain/entry/watchlist_step.ts",
      find: "read.whileWriting === null ? null : findWaitMs(read, look);",
      replace: "read.whileWriting === null ? null : findWaitMs(read, look) && null;",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "yesterday's list that was touched today is accepted",
    edits: [{
      file: "src/domain/entry/watchlist_step.ts",
      find: "  if (listOfNy === null || listOfNy >= todayNy) return null;",
      replace: '  if (listOfNy === null || listOfNy >= "") return null;',
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "a list over 10,000 rows is traded",
    edits: [{
      file: "src/domain/entry/watchlist.ts",
      find: "  if (rows.length > WATCHLIST_ROWS_MAX) {",
      replace: "  if (rows.length > 2 * WATCHLIST_ROWS_MAX) {",
    }],
    tests: ["tests/domain/entry/watchlist_test.ts"],
  },
  {
    name: "a ticker is made of what is none by Unicode's upper case",
    edits: [{
      file: "src/domain/order/symbol.ts",
      find: "  return text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase());",
      replace: "  return text.toUpperCase();",
    }],
    tests: ["tests/domain/order/symbol_test.ts", "tests/domain/entry/watchlist_test.ts"],
  },
  {
    name: "a standard output that nobody reads holds the loop up",
    edits: [{
      file: "src/cli/run.ts",
      find: '  unwaited: "dropped",\n',
      replace: "",
    }],
    tests: ["tests/cli/unread_output_test.ts"],
  },
  {
    name: "lines for a reader that does not read wait without a bound",
    edits: [{
      file: "src/runtime/queued_writer.ts",
      find: "      if (isBlocked()) return drop();\n",
      replace: "      if (isBlocked() && text === '') return drop();\n",
    }],
    tests: ["tests/runtime/queued_writer_test.ts"],
  },
  {
    name: "a full disk at the start is taken for the operator's fault",
    edits: [{
      file: "src/state/deno_file_system.ts",
      find: '  "ENOSPC",\n',
      replace: "",
    }],
    tests: ["tests/cli/program_test.ts"],
  },
  {
    name: "each process names the dropped rows anew",
    edits: [{
      file: "src/engine/reading_watchlist.ts",
      find: `    isNewsOf(engine, read, "dropped rows");`,
      replace: `    !engine.stop.aborted;`,
    }],
    tests: ["tests/engine/watchlist_test.ts"],
  },
];
