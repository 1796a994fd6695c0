import type { TestedBug } from "../tested_bug.ts";

const BESIDE_TEST = "tests/engine/beside_buy_test.ts";
const DOMAIN_TEST = "tests/domain/order/protection_test.ts";
const HAND_TEST = "tests/engine/hand_stop_test.ts";
const OBSTACLES_TEST = "tests/engine/obstacles_test.ts";

export const PROTECTION_BUGS: readonly TestedBug[] = [
  {
    name: "no stop where the cancelled one was, while the market is below its level",
    edits: [{
      file: "src/domain/plan/place.ts",
      find: "[view.leastUsd, ...view.begun?.cancels.map(({ stopUsd }) => stopUsd) ?? []]",
      replace: "[view.leastUsd]",
    }],
    tests: ["tests/engine/refused_stop_test.ts"],
  },
  {
    name: "a stop without its price in the comparison",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: 'return standing === "selling" || stopUsd >= leastUsd - SAME_PRICE_USD;',
      replace: 'return standing === "selling" || stopUsd <= Infinity || leastUsd > SAME_PRICE_USD;',
    }],
    tests: [DOMAIN_TEST],
  },
  {
    name: "a buy stop as protection",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: '.filter((each) => each.side === "sell" && !isFinal(each));',
      replace: ".filter((each) => !isFinal(each));",
    }, {
      file: "src/domain/order/protection.ts",
      find: 'return order.side === "sell" && STOP_TYPES.has(order.type);',
      replace: "return STOP_TYPES.has(order.type);",
    }],
    tests: [DOMAIN_TEST],
  },
  {
    name: "a foreign lower stop as protection",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: 'return group.standing === "works" && !group.isOurs && !isHighEnough(group, leastUsd);',
      replace: "return !group.isOurs && !isHighEnough(group, 0);",
    }],
    tests: [DOMAIN_TEST, OBSTACLES_TEST],
  },
  {
    name: "a suspended stop as protection",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: '  "pending_replace",\n]);\n',
      replace: '  "pending_replace",\n  "suspended",\n]);\n',
    }],
    tests: [DOMAIN_TEST, OBSTACLES_TEST],
  },
  {
    name: "a status that nobody knows as protection",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: "    isAtWork(order) || (isOfLegs",
      replace: "    !isKnownStatus(order.status) || isAtWork(order) || (isOfLegs",
    }, {
      file: "src/domain/order/protection.ts",
      find: '  if (deciding.some((order) => !isKnownStatus(order.status))) return "unknown";\n',
      replace: "",
    }],
    tests: [DOMAIN_TEST, OBSTACLES_TEST],
  },
  {
    name: "a take-profit alone as protection",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: '  if (stops.length === 0) return "dead";\n',
      replace: "",
    }],
    tests: [DOMAIN_TEST, OBSTACLES_TEST],
  },
  {
    name: "a hand's price taken into `stop`",
    edits: [{
      file: "src/domain/account/known_stop.ts",
      find: "usd === null || byHand.has(usd) ? [] : [usd]",
      replace: "usd === null || byHand.has(-usd) ? [] : [usd]",
    }],
    tests: [HAND_TEST],
  },
  {
    name: "a hand's price forgotten at a trim",
    edits: [{
      file: "src/domain/account/position_shares.ts",
      find: "engineUsd : Math.max(engineUsd, handUsd);",
      replace: "engineUsd : engineUsd;",
    }],
    tests: [HAND_TEST],
  },
  {
    name: "a stop that a hand replaced is somebody else's",
    edits: [{
      file: "src/domain/account/our_orders.ts",
      find: '    known = book.get(known.order.replaces ?? "");\n',
      replace: "    known = book.size < 0 ? first : undefined;\n",
    }],
    tests: [HAND_TEST],
  },
  {
    name: "what a hand puts back is cancelled for ever",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: "?? 0) >= HAND_CANCELS_MAX;",
      replace: "?? 0) >= HAND_CANCELS_MAX * 1_000;",
    }],
    tests: [OBSTACLES_TEST],
  },
  {
    name: "a stop that ends soon is left to end",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: "const RENEW_BEFORE_MS = 7 * DAY_MS;",
      replace: "const RENEW_BEFORE_MS = 0 * DAY_MS;",
    }],
    tests: ["tests/engine/renewal_test.ts"],
  },
  {
    name: "a trim takes protection away that can't be put back",
    edits: [{
      file: "src/domain/plan/exit.ts",
      find: "!isClose(reason) && inTheWay.length > 0) {",
      replace: "!isClose(reason) && inTheWay.length > 1_000) {",
    }],
    tests: ["tests/engine/renewal_test.ts"],
  },
  {
    name: "after the second trim the stop stays where it was",
    edits: [{
      file: "src/domain/plan/exit.ts",
      find: "const trimmed = markTrimmed(position, reason);",
      replace: 'const trimmed = reason === "r2_trim" ? position : markTrimmed(position, reason);',
    }],
    tests: ["tests/engine/renewal_test.ts"],
  },
  {
    name: "what an entry whose cancel hangs has bought stays bare",
    edits: [{
      file: "src/domain/plan/protect.ts",
      find: '  if (entry === "working") return rest(view);',
      replace: '  if (readEntryState(view) !== "over") return rest(view);',
    }],
    tests: ["tests/engine/stuck_entry_test.ts"],
  },
  {
    name: "a position adopted at one print",
    edits: [{
      file: "src/engine/prices.ts",
      find: "if (trade === undefined || !isOfThisSession(engine, trade)) return true;",
      replace:
        "if (trade === undefined || position === undefined || !isOfThisSession(engine, trade)) return true;",
    }],
    tests: ["tests/engine/one_print_test.ts"],
  },
  {
    name: "a stop beside a hand's buy is tried in each cycle",
    edits: [{
      file: "src/domain/plan/beside_buy.ts",
      find: "return sight.nowMs < againMs ? againMs : null;",
      replace: "return sight.nowMs < againMs - BESIDE_BUY_MS ? againMs : null;",
    }],
    tests: [BESIDE_TEST],
  },
  {
    name: "a stop waits its minute though the buy beside it is gone",
    edits: [{
      file: "src/domain/plan/beside_buy.ts",
      find: "if (besideBuyAtMs === null || !hasWorkingBuy(sight, symbol)) return null;",
      replace: "if (besideBuyAtMs === null) return null;",
    }],
    tests: [BESIDE_TEST],
  },
];
