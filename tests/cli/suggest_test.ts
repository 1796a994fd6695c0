import fc from "fast-check";
import { countEdits, findNearest } from "../../src/cli/suggest.ts";
import { assert, assertEquals, assertLessOrEqual } from "../assert.ts";

Deno.test("countEdits() counts inserts, deletes, replacements and swaps of neighbours", () => {
  const cases: [string, string, number][] = [
    ["", "", 0],
    ["", "run", 3],
    ["run", "", 3],
    ["run", "run", 0],
    ["rn", "run", 1],
    ["runn", "run", 1],
    ["ran", "run", 1],
    ["rnu", "run", 1],
    ["flaten", "flatten", 1],
    ["statsu", "status", 1],
    ["kitten", "sitting", 3],
  ];
  for (const [from, to, edits] of cases) assertEquals(countEdits(from, to), edits, `${from} ${to}`);
});

Deno.test("countEdits() is a distance: none only to itself, the same both ways, bounded", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    const edits = countEdits(a, b);
    assertEquals(countEdits(b, a), edits);
    assertEquals(edits === 0, a === b);
    assertLessOrEqual(edits, Math.max(a.length, b.length));
    assert(edits >= Math.abs(a.length - b.length));
  }));
});

Deno.test("findNearest() proposes a slip's word, and nothing for another word", () => {
  const known = ["--dry-run", "--run-once", "--poll-seconds"];
  assertEquals(findNearest("--dryrun", known), "--dry-run");
  assertEquals(findNearest("--DRY-RUN", known), "--dry-run");
  assertEquals(findNearest("--pollseconds", known), "--poll-seconds");
  assertEquals(findNearest("--verbose", known), null);
  assertEquals(findNearest("x", ["run"]), null);
  assertEquals(findNearest("", known), null);
});
