import {
  decideExit,
  markTrimmed,
  splitQty,
  unmarkTrimmed,
} from "../../../src/domain/exit/decide_exit.ts";
import {
  EXIT_REASONS,
  EXIT_RULES,
  isClose,
  isExitReason,
  isTrim,
  listTrimFlags,
  NOTHING_TRIMMED,
  TRIM_REASONS,
} from "../../../src/domain/exit/exit_rules.ts";
import { assert, assertEquals } from "../../assert.ts";
import { managedPosition } from "../position_fixtures.ts";

Deno.test("the exit rules are the trims in the order of their levels, then the close", () => {
  assertEquals(EXIT_REASONS, ["r1_trim", "r2_trim", "stop_exit"]);
  assertEquals([TRIM_REASONS, EXIT_REASONS.filter(isClose)], [["r1_trim", "r2_trim"], [
    "stop_exit",
  ]]);
  const position = managedPosition();
  const levels = TRIM_REASONS.map((reason) => EXIT_RULES[reason].levelUsd(position));
  assertEquals(levels, [position.r1Usd, position.r2Usd]);
});

Deno.test("isExitReason(), isTrim() and isClose() take their own and nothing else", () => {
  const reasons = ["r1_trim", "r2_trim", "stop_exit", "stop", "take_profit", "", "R1_TRIM", null];
  const inherited = ["constructor", "toString", "__proto__", "hasOwnProperty"];
  assertEquals([...reasons, ...inherited].filter(isExitReason), [
    "r1_trim",
    "r2_trim",
    "stop_exit",
  ]);
  assertEquals([...reasons, ...inherited].filter(isTrim), ["r1_trim", "r2_trim"]);
  assertEquals([...reasons, ...inherited].filter(isClose), ["stop_exit"]);
});

Deno.test("a reason can stand in an id and in a file, and no two rules share a name", () => {
  const taken = ["stop", "entry", "take_profit", "flatten", "other", "unknown"];
  for (const reason of EXIT_REASONS) {
    assert(/^[a-z0-9_]{1,20}$/.test(reason), reason);
    assert(!taken.includes(reason), reason);
  }
  for (const name of ["name", "flag", "field", "statusFlag", "statusLevel", "label"] as const) {
    const names = TRIM_REASONS.map((reason) => EXIT_RULES[reason][name]);
    assertEquals(new Set(names).size, TRIM_REASONS.length, name);
  }
});

Deno.test("a trim leaves shares to the next one, and the close leaves none", () => {
  for (const reason of EXIT_REASONS) {
    for (let qty = 0; qty <= 50; qty++) {
      const { sellQty, restQty } = splitQty(reason, qty);
      assert(Number.isSafeInteger(sellQty) && sellQty >= 0, `${reason} of ${qty}: ${sellQty}`);
      assertEquals(sellQty + restQty, qty, `${reason} of ${qty}`);
      assert(isClose(reason) ? restQty === 0 : qty === 0 || restQty > 0, `${reason} of ${qty}`);
    }
  }
});

Deno.test("what is due is the first rule of the table that says so, by levels as they stand at the price", () => {
  const trailing = { ...managedPosition({ highWaterUsd: 111 }), isTrimmedR2: true };
  for (const position of [managedPosition(), trailing]) {
    for (let priceUsd = 90; priceUsd <= 120; priceUsd += 0.5) {
      const { due, stopUsd, highWaterUsd } = decideExit(position, 9, priceUsd);
      const levels = { ...position, stopUsd, highWaterUsd };
      const first = EXIT_REASONS.find((reason) => {
        const rule = EXIT_RULES[reason];
        return rule.kind === "close"
          ? rule.isDue(levels, priceUsd)
          : !position[rule.flag] && priceUsd >= rule.levelUsd(levels);
      });
      assertEquals(due?.reason, first, `${priceUsd}`);
    }
  }
});

Deno.test("each trim is remembered apart from the others, and taken back without its stop", () => {
  const position = managedPosition({ highWaterUsd: 111 });
  assertEquals(listTrimFlags(NOTHING_TRIMMED), TRIM_REASONS.map(() => false));
  for (const reason of TRIM_REASONS) {
    const marked = markTrimmed(position, reason);
    assertEquals(listTrimFlags(marked), TRIM_REASONS.map((each) => each === reason));
    assertEquals(unmarkTrimmed(marked, reason), { ...position, stopUsd: marked.stopUsd });
  }
  assertEquals([markTrimmed(position, "stop_exit"), unmarkTrimmed(position, "stop_exit")], [
    position,
    position,
  ]);
});
