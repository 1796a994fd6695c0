import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { Recent } from "./recent.ts";
import { StateTable } from "./state_table.ts";
import { WordTable } from "./word_table.ts";

Deno.test("equal sequences of words have one number, others have others, and each is read back", () => {
  const words = fc.array(fc.oneof(fc.nat(3), fc.nat(0xffffffff)), { maxLength: 6 });
  fc.assert(fc.property(fc.array(words, { maxLength: 60 }), (all) => {
    const table = new WordTable();
    const numbers = all.map((each) => table.add(each));
    const texts = all.map((each) => each.join());
    assertEquals(table.size, new Set(texts).size);
    for (const [at, number] of numbers.entries()) {
      assertEquals([...table.get(number)], all[at]);
      assertEquals(number, numbers[texts.indexOf(texts[at] ?? "")]);
    }
  }));
});

Deno.test("a table of words grows without a limit, and nobody has the number after the last", () => {
  const table = new WordTable();
  for (let at = 0; at < 20_000; at++) assertEquals(table.add([at, at + 1, at + 2]), at);
  assertEquals(table.add([7, 8, 9]), 7);
  assertThrows(() => table.get(20_000), RangeError);
});

Deno.test("what is kept for a number is what was built for it, however many there are", () => {
  const recent = new Recent<string>(4);
  let built = 0;
  const get = (key: number) =>
    recent.get(key, () => {
      built++;
      return `${key}`;
    });
  for (const key of [1, 1, 2 ** 33 + 1, 1, 2, 3, 4, 5, 1]) assertEquals(get(key), `${key}`);
  assert(built < 9, "what was built last is not built again");
});

Deno.test("the digest of a graph does not depend on the numbers that its parts have", () => {
  const digest = (states: readonly (readonly [number, number, number])[]) => {
    const table = new StateTable();
    for (const [broker, client, rest] of states) table.add({ broker, client, rest }, 0);
    return table.digest();
  };
  const graph = digest([[0, 0, 5], [0, 1, 5], [1, 1, 4]]);
  assertEquals(digest([[7, 3, 5], [7, 9, 5], [2, 9, 4]]), graph);
  assert(digest([[0, 0, 5], [1, 1, 5], [1, 1, 4]]) !== graph);
  assert(digest([[0, 0, 5], [0, 1, 5], [1, 1, 3]]) !== graph);
});
