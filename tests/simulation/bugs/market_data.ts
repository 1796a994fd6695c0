import type { TestedBug } from "../tested_bug.ts";

const SEARCH = "src/domain/entry/symbol_search.ts";
const REFUSED_TEST = "tests/engine/refused_symbols_test.ts";
const ACTIONS_TEST = "tests/engine/corporate_actions_test.ts";
const SEARCH_TEST = "tests/domain/entry/symbol_search_test.ts";

export const MARKET_DATA_BUGS: readonly TestedBug[] = [
  {
    name: "a refused symbol that drops its chunk",
    edits: [{
      file: SEARCH,
      find: `    return { ...change, rests: [...search.rests, ...left] };`,
      replace: `    return change;`,
    }],
    tests: [REFUSED_TEST],
  },
  {
    name: "a list refused without a name that is dropped",
    edits: [{
      file: SEARCH,
      find: `  return { ...search, parts, suspects: [...search.suspects, turn.list] };`,
      replace: `  return { ...search, parts };`,
    }],
    tests: [REFUSED_TEST],
  },
  {
    name: "the halving without a bound",
    edits: [{
      file: SEARCH,
      find: `if (search.isFailed || search.requestsLeft <= 0) return null;`,
      replace: `if (search.isFailed) return null;`,
    }],
    tests: [REFUSED_TEST, SEARCH_TEST],
  },
  {
    name: "a symbol left out though every part was refused",
    edits: [{
      file: SEARCH,
      find: `    return { refused: [], suspects: [], isRequestAtFault: true };`,
      replace:
        `    return { refused: [...named, ...alone], suspects: [], isRequestAtFault: true };`,
    }],
    tests: [REFUSED_TEST, SEARCH_TEST],
  },
  {
    name: "a good symbol left out with the half it is in",
    edits: [{
      file: SEARCH,
      find: `  if (turn.list.length === 1 && symbol !== undefined) {`,
      replace: `  if (turn.list.length <= 2 && symbol !== undefined) {`,
    }],
    tests: [SEARCH_TEST],
  },
  {
    name: "a refusal that repeats its whole list taken for names",
    edits: [{
      file: SEARCH,
      find: `  return asked.length === list.length && list.length > 1 ? [] : asked;`,
      replace: `  return asked;`,
    }],
    tests: [SEARCH_TEST],
  },
  {
    name: "a managed symbol asked in the list of the others",
    edits: [
      {
        file: SEARCH,
        find:
          `const clean = [...asked].filter((each) => !memory.refused.has(each) && !suspected.has(each));`,
        replace:
          `const clean = [...asked].filter((each) => (!memory.refused.has(each) || again.has(each)) && !suspected.has(each));`,
      },
      {
        file: SEARCH,
        find: `whole: [...buildLists(clean), ...alone.map((symbol) => [symbol])],`,
        replace: `whole: alone.length < 0 ? [] : buildLists(clean),`,
      },
    ],
    tests: [REFUSED_TEST, SEARCH_TEST],
  },
  {
    name: "a managed symbol left out for the day",
    edits: [{
      file: "src/engine/latest_trades.ts",
      find: `    managed,\n    ask:`,
      replace: `    managed: managed.size < 0 ? managed : new Set<string>(),\n    ask:`,
    }],
    tests: [REFUSED_TEST],
  },
  {
    name: "what is left out forgotten by the next process",
    edits: [{
      file: "src/engine/symbol_memory.ts",
      find:
        "  for (const symbol of memory.refused) alerted[`${REFUSED} ${what} ${symbol}`] = dateNy;",
      replace: "",
    }],
    tests: [REFUSED_TEST],
  },
  {
    name: "what is left out today is left out for ever",
    edits: [{
      file: "src/engine/symbol_memory.ts",
      find: ".filter(([key, value]) => key.startsWith(prefix) && value === dateNy)",
      replace: ".filter(([key]) => key.startsWith(prefix))",
    }],
    tests: [REFUSED_TEST],
  },
  {
    name: "the symbol that a failed page cuts in the middle is used",
    edits: [{
      file: "src/broker/symbol_pages.ts",
      find: `filter((symbol) => symbol >= last)`,
      replace: `filter((symbol) => symbol > last)`,
    }],
    tests: ["tests/broker/market_data_client_test.ts"],
  },
  {
    name: "a list without an answer throws away what the others brought",
    edits: [{
      file: "src/domain/plan/signals.ts",
      find: `  if (bars.answered.size === 0) return record`,
      replace: `  if (bars.trouble !== null) return record`,
    }],
    tests: [REFUSED_TEST],
  },
  {
    name: "a split due tomorrow is entered",
    edits: [{
      file: "src/domain/account/corporate_action.ts",
      find: `day >= todayNy && day <= nextSessionNy`,
      replace: `day >= todayNy && day < nextSessionNy`,
    }],
    tests: ["tests/domain/account/corporate_action_test.ts", ACTIONS_TEST],
  },
  {
    name: "corporate actions that are not answered block the entry",
    edits: [{
      file: "src/domain/account/corporate_action.ts",
      find: `  const prefix = \`\${ACTION_DUE} \${symbol} \`;`,
      replace:
        `  if (!isActionAsked(kept, symbol, dateNy)) return true;\n  const prefix = \`\${ACTION_DUE} \${symbol} \`;`,
    }],
    tests: [ACTIONS_TEST],
  },
  {
    name: "corporate actions are asked again by each process",
    edits: [{
      file: "src/engine/corporate_actions.ts",
      find: "    ...[...read.answered].map((symbol) => [`${key} ${symbol}`, value] as const),\n",
      replace: "",
    }],
    tests: [ACTIONS_TEST],
  },
  {
    name: "a managed position's corporate action is not told",
    edits: [{
      file: "src/engine/corporate_actions.ts",
      find: "sayDue(engine, action);",
      replace: `if (action.dueNy === "") sayDue(engine, action);`,
    }],
    tests: [ACTIONS_TEST],
  },
  {
    name: "a row that can't be parsed hides the split beside it",
    edits: [{
      file: "src/broker/symbol_pages.ts",
      find: `    !isSeries || (complete.includes(symbol) && !malformed.has(symbol));`,
      replace: `    (!isSeries || complete.includes(symbol)) && !malformed.has(symbol);`,
    }],
    tests: ["tests/broker/corporate_actions_test.ts", ACTIONS_TEST],
  },
  {
    name: "a split that was read is forgotten where a later page fails",
    edits: [{
      file: "src/broker/symbol_pages.ts",
      find: `    !isSeries || (complete.includes(symbol) && !malformed.has(symbol));`,
      replace: `    complete.includes(symbol) && (!isSeries || !malformed.has(symbol));`,
    }],
    tests: ["tests/broker/corporate_actions_test.ts", ACTIONS_TEST],
  },
];
