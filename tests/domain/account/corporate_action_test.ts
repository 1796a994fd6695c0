import {
  type CorporateAction,
  listDueActions,
} from "../../../src/domain/account/corporate_action.ts";
import { assertEquals } from "../../assert.ts";

const DAYS = { todayNy: "2026-11-25", nextSessionNy: "2026-11-27" };

function due(...datesNy: string[]): string[] {
  const action: CorporateAction = { symbol: "NVDA", kind: "split", text: "split", datesNy };
  return listDueActions([action], DAYS).map(({ dueNy }) => dueNy);
}

Deno.test("an action is due from today to the next session, holidays between them included", () => {
  assertEquals(due("2026-11-24"), []);
  assertEquals(due("2026-11-25"), ["2026-11-25"]);
  assertEquals(due("2026-11-26"), ["2026-11-26"]);
  assertEquals(due("2026-11-27"), ["2026-11-27"]);
  assertEquals(due("2026-11-28"), []);
});

Deno.test("any day of an action makes it due, by the first that is still to come", () => {
  assertEquals(due("2026-11-20", "2026-11-27"), ["2026-11-27"]);
  assertEquals(due("2026-12-10", "2026-11-26"), ["2026-11-26"]);
  assertEquals(due("2026-11-20", "2026-12-10"), []);
});
