import type { TestedBug } from "../tested_bug.ts";

const DOMAIN_TEST = "tests/domain/order/protection_test.ts";
const OBSTACLES_TEST = "tests/engine/obstacles_test.ts";

export const STATUS_BUGS: readonly TestedBug[] = [
  {
    name: "a stop that sleeps stays near the close",
    edits: [{
      file: "src/domain/plan/protection_step.ts",
      find: "isObstacle(group, leastUsd) && !isLeft(group));\n  if (inTheWay",
      replace:
        'isObstacle(group, leastUsd) && !isLeft(group) && !(isGtcNeeded && group.standing === "sleeps"));\n  if (inTheWay',
    }],
    tests: [DOMAIN_TEST, OBSTACLES_TEST],
  },
  {
    name: "what protects nothing waits for a sell at work",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: "if (!isBare && isBesideSell(view) && !isDying(view))",
      replace: "if (isBesideSell(view) && !isDying(view))",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "legs of an entry that is filled count by its status alone",
    edits: [{
      file: "src/domain/order/orders.ts",
      find: "(qty !== null && qty > 0 && filledQty >= qty);",
      replace: "(qty !== null && qty > 0 && filledQty > qty);",
    }],
    tests: [DOMAIN_TEST],
  },
  {
    name: "trims are revised where there is a price alone",
    edits: [{
      file: "src/engine/observe_prices.ts",
      find: '  if (gate.mode === "LIVE") await updateTrims(engine, fresh);',
      replace: '  if (gate.mode === "LIVE" && trades.size > 0) await updateTrims(engine, fresh);',
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "an exit that gave way waits for the next cycle",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "    await updateTrims(engine, fresh);\n",
      replace: "    void updateTrims;\n",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a trim is done where positions lag behind the entry",
    edits: [{
      file: "src/domain/plan/exit.ts",
      find: "const first = due.qty === 0 && count.mostHeldQty",
      replace: "const first = due.qty < 0 && count.mostHeldQty",
    }],
    tests: ["tests/engine/lag_test.ts"],
  },
  {
    name: "an answer by id waits for the next cycle",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: "  if (orderIds.length > 0) return read(askFor(view, orderIds));",
      replace: "  if (orderIds.length > 99) return read(askFor(view, orderIds));",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a status that nobody knows is no reason of a standing",
    edits: [{
      file: "src/domain/plan/standing_reasons.ts",
      find: "    if (code === null || order === undefined) return [];",
      replace: "    if (code === null || code.length > 0 || order === undefined) return [];",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "every leg of a bracket is blamed for one's status",
    edits: [{
      file: "src/domain/order/protection.ts",
      find:
        '  if (standing === "unknown") return orders.filter(({ status }) => !isKnownStatus(status));\n',
      replace: "",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "what nobody can judge is asked for every five seconds behind an exit",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: "    view.availableQty <= 0;",
      replace: "    view.availableQty < 0;",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "what is suspended again and again gives way again and again",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: "  return isNew ? gaveWay.atMs + GIVE_WAY_EACH_MS : -Infinity;",
      replace: "  return isNew ? gaveWay.atMs : -Infinity;",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a cancel of what protects nothing that was lost is asked again in a minute",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: "    listIds(groups).some((orderId) => !gaveWay.orderIds.includes(orderId));",
      replace: "    listIds(groups).length > 0;",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a stop whose trade is done is cancelled as an orphan",
    edits: [{
      file: "src/domain/plan/orphans.ts",
      find: "!isBound(order)",
      replace: 'isBound({ status: "stopped" })',
    }],
    tests: [OBSTACLES_TEST],
  },
];
