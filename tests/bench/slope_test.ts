import { assertAlmostEquals, assertEquals } from "../assert.ts";
import { fitSlope } from "./slope.ts";

Deno.test("fitSlope() is the slope of a line, and what noise on both sides leaves of it", () => {
  assertAlmostEquals(fitSlope([1, 3, 5, 7]), 2);
  assertAlmostEquals(fitSlope([1, 4, 4, 7]), 1.8);
  assertEquals([fitSlope([5, 5, 5]), fitSlope([5]), fitSlope([])], [0, 0, 0]);
});
