import type { TestedBug } from "../tested_bug.ts";

const DOMAIN_TEST = "tests/domain/protection_test.ts";
const OBSTACLES_TEST = "tests/engine/obstacles_test.ts";

export const STATUS_BUGS: readonly TestedBug[] = [
  {
    name: "a stop that sleeps stays near the close",
    edits: [{
      file: "src/domain/protection_step.ts",
      find: "isObstacle(group, leastUsd) && !isLeft(group));\n  if (inTheWay",
      replace:
        'isObstacle(group, leastUsd) && !isLeft(group) && !(isGtcNeeded && group.standing === "sleeps"));\n  if (inTheWay',
    }],
    tests: [DOMAIN_TEST, OBSTACLES_TEST],
  },
  {
    name: "what protects nothing waits for a sell at work",
    edits: [{
      file: "src/engine/protecting.ts",
      find: '  if (next.kind === "convert" && next.isBare) return false;\n',
      replace: "",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "legs of an entry that is filled count by its status alone",
    edits: [{
      file: "src/domain/orders.ts",
      find: "(qty !== null && qty > 0 && filledQty >= qty);",
      replace: "(qty !== null && qty > 0 && filledQty > qty);",
    }],
    tests: [DOMAIN_TEST],
  },
  {
    name: "trims are revised where there is a price alone",
    edits: [{
      file: "src/engine/exits.ts",
      find: '  if (gate.mode === "LIVE") await reviseTrims(engine, fresh);',
      replace: '  if (gate.mode === "LIVE" && trades.size > 0) await reviseTrims(engine, fresh);',
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "an exit that gave way waits for the next cycle",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "    await reviseTrims(engine, fresh, readExitRecord);\n",
      replace: "    void [reviseTrims, readExitRecord];\n",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a trim is done where positions lag behind the entry",
    edits: [{
      file: "src/engine/exits.ts",
      find: "    if (due.qty === 0 && mostHeldQty > sureQty) return",
      replace: "    if (due.qty < 0 && mostHeldQty > sureQty) return",
    }],
    tests: ["tests/engine/lag_test.ts"],
  },
  {
    name: "an answer by id waits for the next cycle",
    edits: [{
      file: "src/engine/protecting.ts",
      find: "      if (await askUnclear(engine, position, next.groups)) continue;",
      replace: "      if (await askUnclear(engine, position, next.groups)) return;",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a status that nobody knows is no reason of a standing",
    edits: [{
      file: "src/engine/unclear_sells.ts",
      find: "    return code === null || order === undefined\n",
      replace: "    return code === null || code.length > 0 || order === undefined\n",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "every leg of a bracket is blamed for one's status",
    edits: [{
      file: "src/domain/protection.ts",
      find:
        '  if (standing === "unknown") return orders.filter(({ status }) => !isKnownStatus(status));\n',
      replace: "",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "what nobody can judge is asked for every five seconds behind an exit",
    edits: [{
      file: "src/engine/protecting.ts",
      find:
        "  if (isAnswerOut(engine, position, shares) || readAvailable(engine, position) > 0) return;",
      replace:
        "  if (isAnswerOut(engine, position, shares) || readAvailable(engine, position) >= 0) return;",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "what is suspended again and again gives way again and again",
    edits: [{
      file: "src/engine/unclear_sells.ts",
      find: "    if (nowMs < againMs) {",
      replace: "    if (nowMs < againMs - GIVE_WAY_EACH_MS) {",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a cancel of what protects nothing that was lost is asked again in a minute",
    edits: [{
      file: "src/engine/unclear_sells.ts",
      find: "orderIds.some((orderId) => !before.orderIds.includes(orderId))) {",
      replace: "orderIds.length > 0) {",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a stop whose trade is done is cancelled as an orphan",
    edits: [{
      file: "src/engine/orphans.ts",
      find: "!isBound(order) &&",
      replace: 'isBound({ status: "stopped" }) &&',
    }],
    tests: [OBSTACLES_TEST],
  },
];
