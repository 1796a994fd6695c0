import { decideConversionMs, decideNeededMs } from "../../../src/domain/time/sequence_time.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("a sequence needs the slowest of the last answers for each request left, and 2 s", () => {
  assertEquals(decideNeededMs({ kind: "conversion", groups: 1 }, 1000), 8_000);
  assertEquals(decideNeededMs({ kind: "conversion", groups: 2 }, 1000), 10_000);
  assertEquals(decideNeededMs({ kind: "exit", groups: 1 }, 1000), 9_000);
  assertEquals(decideNeededMs({ kind: "shrinking exit" }, 1000), 7_000);
  assertEquals(decideNeededMs({ kind: "entry end" }, 1000), 5_000);
  assertEquals(decideNeededMs({ kind: "orphan" }, 1000), 4_000);
  assertEquals(decideNeededMs({ kind: "orphan" }, 0), 2_000);
});

Deno.test("the conversion begins ten minutes before the close, and earlier where one position after the other needs more", () => {
  const usualMs = 600_000;
  assertEquals(decideConversionMs({ usualMs, stepMs: 3_000, positions: 5 }), 600_000);
  assertEquals(decideConversionMs({ usualMs, stepMs: 62_000, positions: 12 }), 744_000);
});
