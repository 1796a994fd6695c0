import fc from "fast-check";
import { ATTEMPTS_MAX, buildBackoffMs, isRetryableStatus } from "../../src/broker/retry.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("isRetryableStatus() is true for 429 and 5xx and nothing else", () => {
  for (let status = 100; status < 600; status++) {
    assertEquals(isRetryableStatus(status), status === 429 || status >= 500, String(status));
  }
});

Deno.test("buildBackoffMs() grows, is never nothing and never more than its bound", () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(chance, fc.integer({ min: 1, max: 50 }), (uniform, failed) => {
    const ms = buildBackoffMs(failed, uniform);
    assert(ms >= 125 && ms <= 4_000, String(ms));
    assert(buildBackoffMs(failed + 1, 0) >= buildBackoffMs(failed, 0));
  }));
  assertEquals(buildBackoffMs(1, 0), 125);
  assertEquals(buildBackoffMs(2, 0.5), 375);
  assertEquals(ATTEMPTS_MAX, 3);
});
