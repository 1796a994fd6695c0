import fc from "fast-check";
import {
  buildBucket,
  buildSpent,
  BURST_MAX,
  decideWaitMs,
  ENTRY_RESERVE,
  parseRateWindow,
  PROTECT_RESERVE,
  type RateWindow,
  REFILL_PER_MINUTE,
  type TokenBucket,
  UNTOLD_WINDOW_MS,
  WINDOW_MS_MAX,
} from "../../src/broker/request_budget.ts";
import type { RequestClass } from "../../src/engine/ports.ts";
import { assert, assertEquals } from "../assert.ts";

const NOW = Date.UTC(2026, 0, 20, 14, 45);
/** The wall clock, far from the monotonic one. */
const WALL = NOW + 77_777_000;
const WALL_SECONDS = WALL / 1000;
const BOTH = { wallMs: WALL, monotonicMs: NOW };

function wait(
  bucket: TokenBucket,
  window: RateWindow | null,
  requestClass: RequestClass,
  nowMs = NOW,
) {
  return decideWaitMs(bucket, window, { requestClass, nowMs });
}

function spend(bucket: TokenBucket, times: number, nowMs = NOW): TokenBucket {
  for (let time = 0; time < times; time++) bucket = buildSpent(bucket, nowMs);
  return bucket;
}

function answer(status: number, headers: Readonly<Record<string, string>>) {
  return { status, header: (name: string) => headers[name] ?? null };
}

Deno.test("decideWaitMs() lets reads spend all but the reserves at once, and entries theirs beside", () => {
  const read = spend(buildBucket(NOW), BURST_MAX - PROTECT_RESERVE - ENTRY_RESERVE);
  assertEquals([wait(read, null, "read"), wait(read, null, "entry")], [667, 0]);
  const spent = spend(read, ENTRY_RESERVE);
  assertEquals(wait(spent, null, "entry"), 667);
  assertEquals(wait(spent, null, "protect"), 0);
});

Deno.test("decideWaitMs() gives protect the whole reserve, then one request every two thirds of a second", () => {
  let bucket = spend(buildBucket(NOW), BURST_MAX - PROTECT_RESERVE);
  for (let left = PROTECT_RESERVE; left > 0; left--) {
    assertEquals(wait(bucket, null, "protect"), 0);
    bucket = buildSpent(bucket, NOW);
  }
  assertEquals(wait(bucket, null, "protect"), 667);
});

Deno.test("buildSpent() makes no debt, however many protective requests left on an empty budget", () => {
  const bucket = spend(buildBucket(NOW), BURST_MAX * 3);
  assertEquals(bucket.tokens, 0);
  assertEquals(wait(bucket, null, "protect"), 667);
});

Deno.test("decideWaitMs() gives a wait that is enough, and is not a second one", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 300 }),
    fc.constantFrom<RequestClass>("read", "entry", "protect"),
    (spent, requestClass) => {
      const bucket = spend(buildBucket(NOW), spent);
      const waitMs = wait(bucket, null, requestClass);
      assertEquals(wait(bucket, null, requestClass, NOW + waitMs), 0);
      if (waitMs > 1) assert(wait(bucket, null, requestClass, NOW + waitMs - 2) > 0);
    },
  ));
});

Deno.test("the budget keeps any minute below the broker's 200, and its reserve from all but protect", () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 700 }),
    requestClass: fc.constantFrom<RequestClass>("read", "read", "entry", "protect"),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
    let nowMs = NOW;
    let bucket = buildBucket(NOW);
    const sent: { atMs: number; requestClass: RequestClass }[] = [];
    for (const { afterMs, requestClass } of steps) {
      nowMs += afterMs;
      if (wait(bucket, null, requestClass, nowMs) > 0) continue;
      bucket = buildSpent(bucket, nowMs);
      sent.push({ atMs: nowMs, requestClass });
      assert(bucket.tokens >= 0);
      if (requestClass !== "protect") assert(bucket.tokens >= PROTECT_RESERVE - 1e-6);
    }
    for (const { atMs } of sent) {
      const inMinute = sent.filter((each) => each.atMs > atMs - 60_000 && each.atMs <= atMs);
      assert(BURST_MAX + REFILL_PER_MINUTE < 200);
      assert(inMinute.length <= BURST_MAX + REFILL_PER_MINUTE, `${inMinute.length} in a minute`);
    }
  }));
});

Deno.test("decideWaitMs() keeps the rest of the broker's own count for protect", () => {
  const window = { limit: 200, remaining: 40, resetAtMs: NOW + 9_000 };
  const full = buildBucket(NOW);
  assertEquals(wait(full, window, "read"), 9_000);
  assertEquals(wait(full, window, "entry"), 9_000);
  assertEquals(wait(full, window, "protect"), 0);
  assertEquals(wait(full, { ...window, remaining: 41 }, "read"), 0);
  assertEquals(wait(full, { ...window, remaining: 0 }, "protect"), 9_000);
  assertEquals(wait(full, { ...window, remaining: 0 }, "protect", NOW + 9_000), 0);
});

const WINDOWS: {
  when: string;
  status: number;
  headers: Record<string, string>;
  window: RateWindow | null;
}[] = [
  {
    when: "all three headers came",
    status: 200,
    headers: {
      "x-ratelimit-limit": "100",
      "x-ratelimit-remaining": "7",
      "x-ratelimit-reset": String(WALL_SECONDS + 5),
    },
    window: { limit: 100, remaining: 7, resetAtMs: NOW + 5_000 },
  },
  { when: "no header came", status: 200, headers: {}, window: null },
  {
    when: "the reset is missing",
    status: 200,
    headers: { "x-ratelimit-remaining": "0" },
    window: null,
  },
  {
    when: "the remaining is not a number",
    status: 200,
    headers: { "x-ratelimit-remaining": "-1", "x-ratelimit-reset": String(WALL_SECONDS) },
    window: null,
  },
  {
    when: "the reset is in milliseconds by mistake",
    status: 200,
    headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "999999999999" },
    window: { limit: 200, remaining: 0, resetAtMs: NOW + WINDOW_MS_MAX },
  },
  {
    when: "a 429 says nothing",
    status: 429,
    headers: {},
    window: { limit: 200, remaining: 0, resetAtMs: NOW + UNTOLD_WINDOW_MS },
  },
  {
    when: "a 429 claims that requests remain",
    status: 429,
    headers: { "x-ratelimit-remaining": "50", "x-ratelimit-reset": String(WALL_SECONDS + 3) },
    window: { limit: 200, remaining: 0, resetAtMs: NOW + 3_000 },
  },
  {
    when: "a 429's reset is past",
    status: 429,
    headers: { "x-ratelimit-reset": String(WALL_SECONDS - 3) },
    window: { limit: 200, remaining: 0, resetAtMs: NOW + UNTOLD_WINDOW_MS },
  },
  {
    when: "a 429 has a Retry-After",
    status: 429,
    headers: { "retry-after": "11" },
    window: { limit: 200, remaining: 0, resetAtMs: NOW + 11_000 },
  },
  {
    when: "a 429's Retry-After is a day",
    status: 429,
    headers: { "retry-after": "86400" },
    window: { limit: 200, remaining: 0, resetAtMs: NOW + WINDOW_MS_MAX },
  },
  {
    when: "a 429's Retry-After is a date",
    status: 429,
    headers: { "retry-after": "Tue, 20 Jan 2026 15:00:00 GMT" },
    window: { limit: 200, remaining: 0, resetAtMs: NOW + UNTOLD_WINDOW_MS },
  },
];
for (const { when, status, headers, window } of WINDOWS) {
  Deno.test(`parseRateWindow() is right when ${when}`, () => {
    assertEquals(parseRateWindow(answer(status, headers), null, BOTH), window);
  });
}

Deno.test("parseRateWindow() keeps what it knew where an answer tells nothing", () => {
  const known = { limit: 200, remaining: 3, resetAtMs: NOW + 1_000 };
  assertEquals(parseRateWindow(answer(200, {}), known, BOTH), known);
});
