import type { TestedBug } from "../tested_bug.ts";

const UNREADABLE_TEST = "tests/engine/unreadable_test.ts";

/** What may go wrong with the records: lost, unreadable, another's, or counted for what they are not. */
export const RECORDS_BUGS: readonly TestedBug[] = [
  {
    name: "an unreadable ledger taken for missing",
    edits: [{
      file: "src/engine/archive.ts",
      find: 'if (read.kind === "unreadable" || read.kind === "invalid") {',
      replace: 'if (read.kind === "invalid") {',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "an unreadable archive is left out",
    edits: [{
      file: "src/state/live_ledger.ts",
      find: '      return { kind: "unreadable", path, message: found.message };',
      replace: "      continue;",
    }],
    tests: ["tests/state/live_ledger_test.ts", UNREADABLE_TEST],
  },
  {
    name: "an unreadable state is taken for damaged",
    edits: [{
      file: "src/state/execution_state.ts",
      find: 'read.isRead ? "damaged" : "unreadable"',
      replace: '"damaged"',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a ledger is rebuilt while the state can't be read",
    edits: [{
      file: "src/engine/ledger_rebuilding.ts",
      find: 'if (stateWait?.kind === "state" || stateWait?.kind === "newer") return',
      replace: 'if (stateWait?.kind === "disk") return',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a ledger that can't be read for a moment is written over",
    edits: [{
      file: "src/state/live_ledger.ts",
      find: 'if (present.kind === "unreadable" && !present.isRead) throw',
      replace: 'if (present.kind === "unreadable" && present.message === "") throw',
    }],
    tests: ["tests/state/live_ledger_test.ts"],
  },
  {
    name: "another account's archive is counted with",
    edits: [{
      file: "src/engine/archive.ts",
      find: "const foreign = read.ledgers.filter(",
      replace: "const foreign = read.ledgers.slice(0, 0).filter(",
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a state is written without host and account",
    edits: [
      {
        file: "src/engine/engine.ts",
        find: "    if (state.host === null || state.accountId === null) return;\n",
        replace: "",
      },
      {
        file: "src/engine/state_rebuilding.ts",
        find: '  if (account.kind === "failed") return waitForOrders("account", account);\n',
        replace: "",
      },
    ],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "what is waited for is said in every cycle",
    edits: [{
      file: "src/engine/waiting.ts",
      find: "if (!isNew && past === cause) return;",
      replace: 'if (!isNew && past === "") return;',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "rejections are forgotten with the ledger",
    edits: [
      {
        file: "src/domain/rebuild_ledger.ts",
        find: "addRejections(base, inputs.rejections)",
        replace: "addRejections(base, [])",
      },
      {
        file: "src/engine/reconciling.ts",
        find: "addRejections(ledger, engine.state.rejections)",
        replace: "addRejections(ledger, [])",
      },
    ],
    tests: ["tests/engine/rejections_test.ts", "tests/domain/rejections_test.ts"],
  },
  {
    name: "a rejection is not in the state before the next cycle",
    edits: [{
      file: "src/engine/ledger_store.ts",
      find: "    for (const ledger of ledgers) keepRejections(engine, ledger);\n",
      replace: "",
    }],
    tests: ["tests/engine/rejections_test.ts"],
  },
  {
    name: "the state goes on as schema 1.1",
    edits: [{
      file: "src/state/state_schema.ts",
      find: "STATE_SCHEMA = { major: 1, minor: 2 }",
      replace: "STATE_SCHEMA = { major: 1, minor: 1 }",
    }],
    tests: ["tests/state/execution_state_test.ts"],
  },
  {
    name: "flatten's buys counted",
    edits: [{
      file: "src/domain/ledger.ts",
      find: 'return side === "buy" && !isFlatten(clientOrderId ?? "");',
      replace: 'return side === "buy" && clientOrderId !== "";',
    }],
    tests: ["tests/engine/flatten_orders_test.ts"],
  },
  {
    name: "a replaced leg counted as a mismatch",
    edits: [{
      file: "src/domain/reconcile.ts",
      find: "  return isOurs(clientOrderId) && !isFlatten(clientOrderId);",
      replace: "  return !isFlatten(clientOrderId);",
    }],
    tests: ["tests/domain/reconcile_test.ts", "tests/engine/replacements_test.ts"],
  },
  {
    name: "our prefix without a record not counted",
    edits: [{
      file: "src/domain/reconcile.ts",
      find: "  return isOurs(clientOrderId) && !isFlatten(clientOrderId);",
      replace: '  return isOurs(clientOrderId) && clientOrderId === "";',
    }],
    tests: ["tests/domain/reconcile_test.ts", "tests/engine/replacements_test.ts"],
  },
  {
    name: "a chain of replacements over night is somebody else's",
    edits: [{
      file: "src/engine/ancestors.ts",
      find: "const READS_MAX = 6;",
      replace: "const READS_MAX = 0;",
    }],
    tests: ["tests/engine/replacements_test.ts"],
  },
];
