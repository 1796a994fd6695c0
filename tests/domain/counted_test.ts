import { formatCounted } from "../../src/domain/counted.ts";
import { assertEquals } from "../assert.ts";

const cases: [number | null, string, string][] = [
  [0, "share", "0 shares"],
  [1, "share", "1 share"],
  [2, "share", "2 shares"],
  [0.5, "share", "0.5 shares"],
  [-1, "share", "-1 shares"],
  [null, "share", "unknown shares"],
  [1, "open order", "1 open order"],
  [3, "open order", "3 open orders"],
  [1, "entry", "1 entry"],
  [2, "entry", "2 entries"],
  [2, "day", "2 days"],
];
for (const [count, noun, text] of cases) {
  Deno.test(`formatCounted() of ${count} ${noun} is "${text}"`, () => {
    assertEquals(formatCounted(count, noun), text);
  });
}
