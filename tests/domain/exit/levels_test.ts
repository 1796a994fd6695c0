import {
  buildLevelFields,
  completeLevels,
  findLevels,
  guessLevels,
  listKnownLevels,
  listLevels,
  NO_LEVELS,
  pickLevels,
  readLevelFields,
  writeLevelFields,
} from "../../../src/domain/exit/levels.ts";
import { buildEntryRecord, buildRepeat } from "../../../src/domain/entry/entry_record.ts";
import { buildManaged, buildPlan } from "../../../src/domain/account/managed_position.ts";
import { usdToMicros } from "../../../src/domain/order/money.ts";
import { assertEquals } from "../../assert.ts";
import { dueIntent } from "../plan/entry_plan_world.ts";
import { managedPosition } from "../position_fixtures.ts";

const LEVELS = { pivotUsd: 101, r1Usd: 105, r2Usd: 111 };

Deno.test("levels have one order, and each its own field in a file", () => {
  assertEquals(listLevels(LEVELS), [101, 105, 111]);
  assertEquals(writeLevelFields(LEVELS), { pivot: 101, r1: 105, r2: 111 });
  assertEquals(readLevelFields(writeLevelFields(LEVELS)), LEVELS);
  assertEquals(buildLevelFields((name) => name), { pivot: "pivotUsd", r1: "r1Usd", r2: "r2Usd" });
  assertEquals(pickLevels(managedPosition()), LEVELS);
});

Deno.test("what a record says of its levels names those that it has, and no other", () => {
  assertEquals(listKnownLevels(LEVELS), [["pivot", 101], ["r1", 105], ["r2", 111]]);
  assertEquals(listKnownLevels({ ...LEVELS, r1Usd: null }), [["pivot", 101], ["r2", 111]]);
  assertEquals(listKnownLevels(NO_LEVELS), []);
});

Deno.test("a row without a first trim level has the pivot for it", () => {
  assertEquals(completeLevels({ ...LEVELS, r1Usd: null }), { ...LEVELS, r1Usd: 101 });
  assertEquals(completeLevels(LEVELS), LEVELS);
});

Deno.test("a record that lacks a level has none to be used, and a guess that sells nothing early", () => {
  assertEquals(findLevels(LEVELS), LEVELS);
  for (const name of ["pivotUsd", "r1Usd", "r2Usd"] as const) {
    assertEquals(findLevels({ ...LEVELS, [name]: null }), null, name);
  }
  assertEquals(findLevels(NO_LEVELS), null);
  assertEquals(guessLevels(NO_LEVELS, 99), { pivotUsd: 99, r1Usd: 99, r2Usd: 99 });
  assertEquals(guessLevels({ ...LEVELS, r1Usd: null }, 99), { ...LEVELS, r1Usd: 111 });
  assertEquals(guessLevels({ ...NO_LEVELS, r2Usd: 111 }, 99), {
    pivotUsd: 99,
    r1Usd: 111,
    r2Usd: 111,
  });
});

Deno.test("each level goes from an intent over its record to the position, and to a repeat", () => {
  const intent = dueIntent({ symbol: "SPY", ...LEVELS });
  const facts = { notionalMicros: usdToMicros(1_000), nowMs: 1_000, deadlineAtMs: 2_000 };
  const record = buildEntryRecord(intent, facts);
  assertEquals(listLevels(record), listLevels(intent));
  const repeat = buildRepeat(record);
  const plan = buildPlan({ ...record, status: "accepted" });
  const position = plan === null ? null : buildManaged(plan, 1_000);
  assertEquals([repeat, plan, position].map((each) => listLevels(each ?? NO_LEVELS)), [
    listLevels(intent),
    listLevels(intent),
    listLevels(intent),
  ]);
});
