import { findUnfinished, putUnfinished } from "../../../src/domain/account/unfinished.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("putUnfinished() changes what it is told of one position, and keeps the rest", () => {
  const first = putUnfinished([], "a", { isBare: true });
  const both = putUnfinished(first, "b", { sellRefusedAtMs: { r1_trim: 5 } });
  const changed = putUnfinished(both, "a", { stopRefusedAtMs: 7 });
  assertEquals(findUnfinished(changed, "a"), {
    ...findUnfinished([], "a"),
    isBare: true,
    stopRefusedAtMs: 7,
  });
  assertEquals(findUnfinished(changed, "b"), findUnfinished(both, "b"));
});

Deno.test("putUnfinished() keeps no record that says nothing", () => {
  const bare = putUnfinished([], "a", { isBare: true });
  assertEquals(putUnfinished(bare, "a", { isBare: false }), []);
  for (const change of [{ besideBuyAtMs: 1 }, { spentHandStopUsd: 1 }, { stopRefusedAtMs: 1 }]) {
    assertEquals(putUnfinished([], "a", change).length, 1);
  }
});
