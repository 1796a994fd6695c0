import type { TestedBug } from "../tested_bug.ts";

const READS = "tests/broker/trading_reads_test.ts";
const ROWS = "tests/engine/unreadable_rows_test.ts";
const CLOCK = "tests/engine/broker_clock_test.ts";
const CLASSIFY = "tests/broker/classify_test.ts";

export const ROWS_BUGS: readonly TestedBug[] = [
  {
    name: "a foreign row fails the list",
    edits: [{
      file: "src/broker/rows.ts",
      find: "if (described.length === 0) {",
      replace: "if (described.length >= 0) {",
    }],
    tests: [READS, ROWS],
  },
  {
    name: "the contradicting clock is taken for open",
    edits: [{
      file: "src/engine/broker_clock.ts",
      find: "return noteUnusable(engine, `it contradicts itself: ${problem}`);",
      replace: "return read.value;",
    }],
    tests: [CLOCK],
  },
  {
    name: "any open market is believed where no calendar is known",
    edits: [{
      file: "src/domain/time/market_clock.ts",
      find: "return isOpen && !isInSomeSession(nowMs)",
      replace: "return isOpen && isInSomeSession(NaN)",
    }],
    tests: ["tests/domain/time/market_clock_test.ts", CLOCK],
  },
  {
    name: "the time of day is asked before the calendar",
    edits: [{
      file: "src/engine/broker_clock.ts",
      find: "const alone = decideClockAlone(clock);",
      replace: 'const alone = decideClock(clock, "unknown");',
    }],
    tests: [CLOCK],
  },
  {
    name: "a clock that is open in the night is not held against the calendar",
    edits: [{
      file: "src/domain/time/market_clock.ts",
      find: "if (isOpen && (nowMs < openMs - OPEN_SLACK_MS || nowMs >= closeMs)) {",
      replace: "if (isOpen && nowMs >= closeMs && nowMs < openMs) {",
    }],
    tests: ["tests/domain/time/market_clock_test.ts", CLOCK],
  },
  {
    name: "the time of a contradicting clock is taken over",
    edits: [{
      file: "src/engine/broker_clock.ts",
      find: "  const decision = await decide(engine, read.value);\n",
      replace: "  engine.setBrokerTime(read.value.timestampMs, { askedMs, answeredMs });\n" +
        "  const decision = await decide(engine, read.value);\n",
    }],
    tests: [CLOCK],
  },
  {
    name: "an unreadable clock in a session is a closed market alone",
    edits: [{
      file: "src/engine/trouble.ts",
      find: "    if (problem !== null) rememberTrouble(engine, problem);\n    return;\n",
      replace: "    return;\n",
    }, {
      file: "src/engine/broker_clock.ts",
      find: "  sayAlert(engine, problem, `${since}:${Math.floor(nowMs / HOUR_MS)}`);\n",
      replace: "",
    }],
    tests: [CLOCK],
  },
  {
    name: "an unreadable row of a managed symbol is taken for gone",
    edits: [{
      file: "src/domain/account/sight.ts",
      find: "  if (sight.unreadable.has(symbol)) return null;\n",
      replace: "",
    }],
    tests: [ROWS],
  },
  {
    name: "exits go on beside an unreadable row of the symbol",
    edits: [{
      file: "src/engine/unreadable.ts",
      find: "  return listUnreadable(engine).some((row) => row.symbol === symbol);",
      replace: "  return listUnreadable(engine).some((row) => row.what === symbol);",
    }],
    tests: [ROWS],
  },
  {
    name: "an unreadable position is not counted as an open symbol",
    edits: [{
      file: "src/domain/entry/open_symbols.ts",
      find: "    ...unreadable.map(openSymbolOf).filter((symbol) => symbol !== null),\n",
      replace: "",
    }],
    tests: [ROWS],
  },
  {
    name: "an entry leaves in a listed symbol with an unreadable row",
    edits: [{
      file: "src/domain/entry/open_symbols.ts",
      find: "  if (isUnreadable(sight, symbol)) return false;\n",
      replace: "",
    }],
    tests: [ROWS],
  },
  {
    name: "a stop beside an unreadable position is cancelled as an orphan",
    edits: [{
      file: "src/domain/plan/orphans.ts",
      find: " || unreadable.has(symbol)",
      replace: "",
    }, {
      file: "src/domain/plan/orphans.ts",
      find: "[...look.value.rows, ...look.value.unreadable]",
      replace: "[...look.value.rows]",
    }],
    tests: [ROWS],
  },
  {
    name: "an unreadable order is taken for absent",
    edits: [{
      file: "src/engine/records_desk.ts",
      find: "isShownUnreadable(engine, { clientOrderId, orderId })",
      replace: "isShownUnreadable(engine, { clientOrderId: null, orderId: null })",
    }],
    tests: [ROWS],
  },
  {
    name: "a lost record is rebuilt around an unreadable row of ours",
    edits: [{
      file: "src/domain/plan/records_look.ts",
      find: "  if (gap !== undefined) return waitFor(waitForRow(formatUnreadable(gap)));\n",
      replace: "",
    }],
    tests: [ROWS],
  },
  {
    name: "a full page with unreadable rows is taken for the last",
    edits: [{
      file: "src/broker/order_paging.ts",
      find: "if (wireRows < FULL_PAGE_ROWS)",
      replace: "if (wireRows < FULL_PAGE_ROWS || rows.length < FULL_PAGE_ROWS)",
    }],
    tests: ["tests/broker/order_paging_test.ts"],
  },
  {
    name: "flatten calls itself done beside a row that it can't read",
    edits: [{
      file: "src/cli/flatten_end.ts",
      find: "unreadable.length === 0 && doubts",
      replace: "unreadable.length >= 0 && doubts",
    }],
    tests: ["tests/cli/flatten_test.ts"],
  },
  {
    name: "a duplicate in other words is taken for a rejection",
    edits: [{
      file: "src/broker/classify.ts",
      find: "const TAKEN = /\\b(unique|already|duplicated?|exists?|in use|been used|taken)\\b/;",
      replace: "const TAKEN = /\\b(must be unique)\\b/;",
    }],
    tests: [CLASSIFY],
  },
  {
    name: "a 128-characters refusal is taken for a duplicate",
    edits: [{
      file: "src/broker/classify.ts",
      find: " && !NOT_TAKEN.test(message);",
      replace: ";",
    }],
    tests: [CLASSIFY],
  },
  {
    name: "forbidden keys are taken for a refusal of the order",
    edits: [{
      file: "src/broker/classify.ts",
      find: "return error !== null && FORBIDDEN.test(error.message.trim().toLowerCase());",
      replace: "return error !== null && error.code === 401;",
    }],
    tests: [CLASSIFY],
  },
  {
    name: "a calendar's row that can't be read hides its day",
    edits: [{
      file: "src/domain/time/market_clock.ts",
      find: `  if (calendar.unknownDays.some((day) => day.dateNy === dateNy)) return "unknown";`,
      replace: "",
    }],
    tests: ["tests/domain/time/market_clock_test.ts", "tests/engine/broker_clock_test.ts"],
  },
  {
    name: "a wrong calendar is kept for its week",
    edits: [{
      file: "src/engine/broker_clock.ts",
      find:
        `  else if (decideClock(clock, kept).kind === "contradiction") await renewCalendar(engine, dateNy);`,
      replace: "",
    }],
    tests: ["tests/engine/broker_clock_test.ts"],
  },
  {
    name: "days that nobody asked for taken for the calendar",
    edits: [{
      file: "src/broker/account_wire.ts",
      find: `    if (dateNy < fromNy || dateNy > toNy) continue;`,
      replace: "",
    }],
    tests: ["tests/broker/trading_reads_test.ts"],
  },
  {
    name: "a process that never read the clock has no calendar",
    edits: [{
      file: "src/engine/trouble.ts",
      find: `  await readSession(engine, engine.dateNy());`,
      replace: "",
    }],
    tests: ["tests/engine/broker_clock_test.ts"],
  },
  {
    name: "an equity that can't be read stops the exits",
    edits: [{
      file: "src/broker/account_wire.ts",
      find: `  equity: optionalDecimalWire.catch(null),`,
      replace: `  equity: optionalDecimalWire,`,
    }],
    tests: ["tests/broker/trading_reads_test.ts"],
  },
  {
    name: "a fill below 0 USD goes into the ledger",
    edits: [{
      file: "src/broker/order_wire.ts",
      find: `filledAvgPriceUsd: parsePrice(wire.filled_avg_price, "filled_avg_price"),`,
      replace: `filledAvgPriceUsd: parseOptionalDecimal(wire.filled_avg_price),`,
    }],
    tests: ["tests/broker/trading_reads_test.ts"],
  },
  {
    name: "an order's symbol in another spelling is another symbol",
    edits: [{
      file: "src/broker/order_wire.ts",
      find:
        `if (text === text.trim().toUpperCase() && text.length <= SYMBOL_CHARS_MAX) return text;`,
      replace: `if (text.length <= SYMBOL_CHARS_MAX) return text;`,
    }],
    tests: ["tests/broker/trading_reads_test.ts"],
  },
  {
    name: "a moment that no file holds is taken from the broker",
    edits: [{
      file: "src/broker/rfc3339.ts",
      find: `return ms !== null && ms >= FIRST_MS && ms < END_MS ? ms : null;`,
      replace: `return ms !== null && (ms >= FIRST_MS || ms < END_MS) ? ms : null;`,
    }],
    tests: ["tests/broker/rfc3339_test.ts"],
  },
  {
    name: "a row about a symbol is missed for a blank",
    edits: [{
      file: "src/broker/rows.ts",
      find: `z.string().trim().toUpperCase().min(1)`,
      replace: `z.string().min(1)`,
    }],
    tests: ["tests/broker/trading_reads_test.ts"],
  },
];
