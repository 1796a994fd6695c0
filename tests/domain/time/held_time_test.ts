import { formatHeldTime } from "../../../src/domain/time/held_time.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("formatHeldTime() says two units at most", () => {
  const minuteMs = 60_000;
  const rows: [number, string][] = [
    [-5, "0 s"],
    [45_000, "45 s"],
    [12 * minuteMs, "12 min"],
    [130 * minuteMs, "2 h 10 min"],
    [(3 * 24 + 4) * 60 * minuteMs, "3 d 4 h"],
  ];
  for (const [ms, text] of rows) assertEquals(formatHeldTime(ms), text);
});
