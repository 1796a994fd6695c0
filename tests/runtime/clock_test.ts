import { createClock } from "../../src/runtime/clock.ts";
import { createAcceleratedClock } from "../support/accelerated_clock.ts";
import type { ClockPort } from "../../src/engine/ports.ts";
import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "../assert.ts";

const HOUR_MS = 3_600_000;

Deno.test("createClock().sleep() ends at once, leaving no timer, when the signal aborts", async () => {
  const { sleep, monotonicMs } = createClock();
  const controller = new AbortController();
  const beganMs = monotonicMs();
  const asleep = sleep(HOUR_MS, controller.signal);
  controller.abort();
  await asleep; // The test's own leak check fails where the timer of an hour is left.
  assertLess(monotonicMs() - beganMs, HOUR_MS);
});

Deno.test("createClock().sleep() ends at once when the signal was aborted before", async () => {
  await createClock().sleep(HOUR_MS, AbortSignal.abort());
});

Deno.test("createClock().sleep() ends, without an error, for every wait that is none", async () => {
  const { sleep } = createClock();
  for (const ms of [0, -1, NaN, -Infinity]) await sleep(ms);
});

Deno.test("createClock().sleep() holds a wait that is longer than a timer can be", async () => {
  const controller = new AbortController();
  let isOver = false;
  const asleep = createClock().sleep(Infinity, controller.signal).then(() => isOver = true);
  await createClock().sleep(5); // A timer past its range would have ended after one millisecond.
  assertEquals(isOver, false);
  controller.abort();
  await asleep;
});

Deno.test("createClock().sleep() lasts at least as long as asked", async () => {
  const { sleep, monotonicMs } = createClock();
  const beganMs = monotonicMs();
  await sleep(3);
  assertGreaterOrEqual(monotonicMs() - beganMs, 2);
});

Deno.test("createClock().sleep() takes its listener off the signal again", async () => {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const counted = new Proxy(signal, {
    get(target, key) {
      if (key === "aborted") return target.aborted;
      return (...args: [string, () => void]) => {
        listeners += key === "addEventListener" ? 1 : -1;
        if (key === "addEventListener") target.addEventListener(...args);
        else target.removeEventListener(...args);
      };
    },
  });
  await createClock().sleep(0, counted);
  assertEquals(listeners, 0);
});

Deno.test("createAcceleratedClock() runs time and sleeps faster by its factor", async () => {
  let realMs = 1000;
  const slept: number[] = [];
  const real: ClockPort = {
    nowMs: () => 5,
    monotonicMs: () => realMs,
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  };
  const clock = createAcceleratedClock(real, { startMs: 1_700_000_000_000, speed: 60 });
  realMs += 1000;
  assertEquals(clock.nowMs(), 1_700_000_060_000);
  assertEquals(clock.monotonicMs(), 60_000);
  await clock.sleep(120);
  assertEquals(slept, [2]);
});

Deno.test("createClock() tells the host's time in milliseconds, and one that never goes back", () => {
  const clock = createClock();
  const first = clock.monotonicMs();
  assert(Number.isInteger(clock.nowMs()) && clock.nowMs() > 1_700_000_000_000);
  assertGreaterOrEqual(clock.monotonicMs(), first);
});
