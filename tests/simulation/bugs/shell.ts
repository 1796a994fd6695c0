import type { TestedBug } from "../tested_bug.ts";

const ENTRY_TEST = "tests/shell/entry_faults_test.ts";
const EXIT_TEST = "tests/shell/exit_faults_test.ts";

/** What shows at one moment of an act, and nowhere else. */
export const SHELL_BUGS: readonly TestedBug[] = [
  {
    name: "a pause is not looked at as an entry leaves",
    edits: [{
      file: "src/engine/send.ts",
      find:
        'const isHeld = order.op === "bracket" && await engine.ports.operatorFiles.areEntriesPaused();',
      replace: "const isHeld = engine.isPauseSeen;",
    }],
    tests: [ENTRY_TEST],
  },
  {
    name: "the rest of an exit leaves whatever the operator says",
    edits: [{
      file: "src/engine/send.ts",
      find:
        "    const reason = await readOperatorObjection(engine);\n    return reason === null ? null : formatGateReason(reason);",
      replace: "    await readOperatorObjection(engine);\n    return null;",
    }],
    tests: [EXIT_TEST],
  },
  {
    name: "a record that was not written lets its order leave",
    edits: [{
      file: "src/engine/plan_leave.ts",
      find:
        '  if (made.kind === "unwritten") return await holdUnwritten(run, step, made.why);\n  const recorded = made.entries.map(buildOrderRecorded);',
      replace:
        '  if (made.kind === "unwritten" && request.op === "bracket") return await holdUnwritten(run, step, made.why);\n  const recorded = made.kind === "unwritten" ? [] : made.entries.map(buildOrderRecorded);',
    }],
    tests: [EXIT_TEST],
  },
  {
    name: "an entry without an answer is absent at its first look",
    edits: [{
      file: "src/domain/entry/absence.ts",
      find: "const NOT_FOUND_MS = 70_000;",
      replace: "const NOT_FOUND_MS = 0;",
    }],
    tests: [ENTRY_TEST],
  },
];
