import { buildUniform } from "../../../src/domain/entry/chance.ts";
import { assert, assertEquals } from "../../assert.ts";

Deno.test("buildUniform() says the same for the same, in [0, 1), and spreads what differs in its last character", () => {
  const texts = Array.from({ length: 10_000 }, (_, at) => `1764000000000 S 17640000${at}`);
  const values = texts.map(buildUniform);
  assertEquals(values, texts.map(buildUniform));
  assert(values.every((value) => value >= 0 && value < 1));
  // Of ten equal parts each has a tenth, give or take a tenth of that.
  const counts = Array.from(
    { length: 10 },
    (_, part) => values.filter((value) => Math.floor(value * 10) === part).length,
  );
  assert(counts.every((count) => count > 900 && count < 1_100), counts.join(" "));
});
