import fc from "fast-check";
import {
  buildThrottleKey,
  decideThrottle,
  EMPTY_THROTTLE,
  THROTTLE_KEYS_MAX,
  THROTTLE_WINDOW_MS,
  type ThrottleState,
} from "../../src/alerts/throttle.ts";
import { assert, assertEquals, assertNotEquals } from "../assert.ts";

const ERROR = { title: "Execution error", text: "AAPL: order rejected" };

/** Sends `alert` at each of `timesMs`; `null` stands for one that was held back. */
function notesAt(timesMs: readonly number[], alert = ERROR): (string | null)[] {
  let state: ThrottleState = EMPTY_THROTTLE;
  return timesMs.map((nowMs) => {
    const decision = decideThrottle(state, alert, nowMs);
    state = decision.state;
    return decision.kind === "send" ? decision.note : null;
  });
}

const cases: { when: string; timesMs: number[]; notes: (string | null)[] }[] = [
  { when: "the first one comes", timesMs: [0], notes: [""] },
  { when: "one repeats at once", timesMs: [0, 0], notes: ["", null] },
  {
    when: "one repeats a millisecond before the window ends",
    timesMs: [0, THROTTLE_WINDOW_MS - 1],
    notes: ["", null],
  },
  {
    when: "one repeats exactly at the window's end with nothing held back",
    timesMs: [0, THROTTLE_WINDOW_MS],
    notes: ["", ""],
  },
  {
    when: "two were held back",
    timesMs: [0, 1, 2, THROTTLE_WINDOW_MS],
    notes: ["", null, null, "(and 2 more in the last 5 minutes)"],
  },
  {
    when: "the next comes an hour later",
    timesMs: [0, 1, 3_600_000],
    notes: ["", null, "(and 1 more in the last 60 minutes)"],
  },
  {
    when: "the count was said already",
    timesMs: [0, 1, THROTTLE_WINDOW_MS, 2 * THROTTLE_WINDOW_MS],
    notes: ["", null, "(and 1 more in the last 5 minutes)", ""],
  },
];
for (const { when, timesMs, notes } of cases) {
  Deno.test(`decideThrottle() answers ${JSON.stringify(notes.at(-1))} when ${when}`, () => {
    assertEquals(notesAt(timesMs), notes);
  });
}

Deno.test("decideThrottle() counts what it holds back", () => {
  const first = decideThrottle(EMPTY_THROTTLE, ERROR, 0);
  const second = decideThrottle(first.state, ERROR, 1);
  const third = decideThrottle(second.state, ERROR, 2);
  assert(second.kind === "suppress" && third.kind === "suppress");
  assertEquals([second.suppressed, third.suppressed], [1, 2]);
});

const differing: { what: string; text: string; title?: string }[] = [
  { what: "the symbol", text: "MSFT: order rejected" },
  { what: "a symbol's digit", text: "AAPL1: order rejected" },
  { what: "the problem", text: "AAPL: order unresolved" },
  { what: "the title", text: ERROR.text, title: "Position without stop" },
];
for (const { what, text, title } of differing) {
  Deno.test(`buildThrottleKey() differs when ${what} differs`, () => {
    assertNotEquals(
      buildThrottleKey({ title: title ?? ERROR.title, text }),
      buildThrottleKey(ERROR),
    );
  });
}

const equal: { what: string; a: string; b: string }[] = [
  { what: "a quantity", a: "AAPL: 37 of 40 filled", b: "AAPL: 8 of 41 filled" },
  { what: "a price", a: "AAPL: stop 12.34 refused", b: "AAPL: stop 9.99 refused" },
  { what: "a time", a: "cycle failed at 10:45:00", b: "cycle failed at 10:50:00" },
  {
    what: "a broker's order id",
    a: "order 61e69015-8549-4bfd-b9c3-01e75843f47d refused",
    b: "order 7AD99F9B-1E43-4B70-A8A4-0E4E3B4F1C11 refused",
  },
  { what: "a later line", a: "AAPL: refused\nbody 1", b: "AAPL: refused\nbody b" },
];
for (const { what, a, b } of equal) {
  Deno.test(`buildThrottleKey() is the same when only ${what} differs`, () => {
    const title = "Execution error";
    assertEquals(buildThrottleKey({ title, text: a }), buildThrottleKey({ title, text: b }));
  });
}

Deno.test("decideThrottle() forgets the oldest past its bound, and only then says one early", () => {
  let state: ThrottleState = EMPTY_THROTTLE;
  const say = (name: string) => {
    const decision = decideThrottle(state, { title: "E", text: `${name}: no` }, 0);
    state = decision.state;
    return decision.kind;
  };
  const names = Array.from({ length: THROTTLE_KEYS_MAX }, (_, index) => `S${index}X`);
  for (const name of names) assertEquals(say(name), "send");
  assertEquals(say("S0X"), "suppress");
  assertEquals(say("NEW"), "send");
  assertEquals(state.size, THROTTLE_KEYS_MAX);
  assertEquals(say("S1X"), "suppress");
  assertEquals(say("S0X"), "send");
});

Deno.test("decideThrottle() counts one said again as the newest", () => {
  let state: ThrottleState = EMPTY_THROTTLE;
  const say = (name: string, nowMs: number) => {
    const decision = decideThrottle(state, { title: "E", text: `${name}: no` }, nowMs);
    state = decision.state;
    return decision.kind;
  };
  for (const name of ["A", "B", "A", "B"]) say(name, 0); // both owe a count, so time alone forgets neither
  assertEquals(say("A", THROTTLE_WINDOW_MS), "send");
  for (let count = 1; count < THROTTLE_KEYS_MAX; count++) say(`S${count}X`, THROTTLE_WINDOW_MS);
  assertEquals(state.size, THROTTLE_KEYS_MAX);
  assertEquals(say("A", THROTTLE_WINDOW_MS), "suppress");
});

Deno.test("buildThrottleKey() looks at a bounded part of a long line", () => {
  const long = "x".repeat(10_000);
  const keys = ["a", "b"].map((end) => buildThrottleKey({ title: "E", text: `${long}${end}` }));
  assertEquals(keys[0], keys[1]);
});

Deno.test("decideThrottle() forgets windows that are over and owe nothing", () => {
  const first = decideThrottle(EMPTY_THROTTLE, ERROR, 0);
  const other = { title: "E", text: "MSFT: no" };
  assertEquals(decideThrottle(first.state, other, THROTTLE_WINDOW_MS).state.size, 1);
  const owing = decideThrottle(first.state, ERROR, 1);
  assertEquals(decideThrottle(owing.state, other, THROTTLE_WINDOW_MS).state.size, 2);
});

Deno.test("decideThrottle() loses no error and spaces them out, whatever the times", () => {
  const gaps = fc.array(fc.nat(THROTTLE_WINDOW_MS * 2), { maxLength: 60 });
  fc.assert(fc.property(gaps, (gapsMs) => {
    let nowMs = 0;
    const timesMs = gapsMs.map((gapMs) => nowMs += gapMs);
    let heldBack = 0;
    let lastSentMs = Number.NEGATIVE_INFINITY;
    notesAt(timesMs).forEach((note, index) => {
      const atMs = timesMs[index] ?? 0;
      if (note === null) {
        heldBack++;
        assert(atMs - lastSentMs < THROTTLE_WINDOW_MS, "held back outside its window");
        return;
      }
      assert(atMs - lastSentMs >= THROTTLE_WINDOW_MS, "said twice in a window");
      assertEquals(Number(/\(and (\d+) more/.exec(note)?.[1] ?? 0), heldBack);
      heldBack = 0;
      lastSentMs = atMs;
    });
  }));
});
