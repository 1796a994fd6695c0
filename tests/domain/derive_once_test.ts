import { deriveOnce } from "../../src/domain/derive_once.ts";
import { assertEquals, assertStrictEquals } from "../assert.ts";

Deno.test("deriveOnce() builds once for each value, by identity, whatever comes of it", () => {
  const built: object[] = [];
  const count = deriveOnce((source: readonly number[]) => {
    built.push(source);
    return source.length === 0 ? undefined : { sum: source.reduce((sum, each) => sum + each, 0) };
  });
  const [first, equal, empty] = [[1, 2], [1, 2], []];
  assertStrictEquals(count(first), count(first));
  assertEquals(count(equal), count(first));
  assertEquals([count(empty), count(empty)], [undefined, undefined]);
  assertEquals(built, [first, equal, empty]);
});
