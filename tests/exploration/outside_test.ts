import { assert, assertEquals } from "../assert.ts";
import { OUTSIDE } from "./outside.ts";

const TESTS = new URL("../", import.meta.url);

for (const { why, test: [file, name] } of OUTSIDE) {
  Deno.test(`the test stands that takes what the automaton has not: ${why}`, async () => {
    const text = await Deno.readTextFile(new URL(file, TESTS));
    assert(text.includes(name), `${file} has no "${name}"`);
  });
}

Deno.test("no branch has two reasons to lie outside the automaton", () => {
  const names = OUTSIDE.flatMap(({ branches }) => branches);
  assertEquals(new Set(names).size, names.length);
});
