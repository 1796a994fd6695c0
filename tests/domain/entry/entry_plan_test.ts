import fc from "fast-check";
import type { Candidate } from "../../../src/domain/entry/candidate.ts";
import {
  buildEntryIntents,
  type EntryPlan,
  type EntryPlanInputs,
  INTENT_LIFE_MS,
  isExpired,
  listDueIntents,
} from "../../../src/domain/entry/entry_plan.ts";
import type { EntryIntent } from "../../../src/domain/account/entry_intent.ts";
import { type Bar, BAR_MS, type Session } from "../../../src/domain/time/market.ts";
import { assert, assertEquals } from "../../assert.ts";
import { TODAY } from "../fixtures.ts";

const NOW = Date.parse(`${TODAY}T15:00:35Z`);
const LAST_CLOSE = Date.parse(`${TODAY}T15:00:00Z`);
const MINUTE_MS = 60_000;

const SESSION: Session = {
  dateNy: TODAY,
  openMs: Date.parse(`${TODAY}T14:30:00Z`),
  closeMs: Date.parse(`${TODAY}T21:00:00Z`),
};

function candidate(facts: Partial<Candidate> = {}): Candidate {
  return {
    symbol: "SPY",
    priceUsd: 100,
    pivotUsd: 101,
    distancePct: -3,
    stopUsd: 95,
    r1Usd: 105,
    r2Usd: 110,
    anchor: "earnings",
    ...facts,
  };
}

const BROKEN_OUT: readonly Bar[] = [
  { startMs: LAST_CLOSE - 2 * BAR_MS, closeUsd: 101.5 },
  { startMs: LAST_CLOSE - BAR_MS, closeUsd: 102.25 },
];
const BELOW: readonly Bar[] = BROKEN_OUT.map((bar) => ({ ...bar, closeUsd: 100 }));
const OLD: readonly Bar[] = BROKEN_OUT.map((bar) => ({ ...bar, startMs: bar.startMs - 3_600_000 }));

function plan(change: Partial<EntryPlanInputs> = {}): EntryPlan {
  return buildEntryIntents({
    candidates: [candidate()],
    bars: new Map([["SPY", BROKEN_OUT]]),
    nowMs: NOW,
    dateNy: TODAY,
    session: SESSION,
    equityUsd: 100_000,
    accountId: "acc-1",
    waiting: new Set(),
    findBar: () => null,
    countRejections: () => 0,
    delayMinSeconds: 60,
    delayMaxSeconds: 240,
    uniform: () => 0.5,
    ...change,
  });
}

function only(entryPlan: EntryPlan): EntryIntent {
  const [intent] = entryPlan.intents;
  assert(intent !== undefined && entryPlan.intents.length === 1);
  return intent;
}

Deno.test("buildEntryIntents() makes a confirmed candidate an intent with all its facts", () => {
  const { intents, signals, stale } = plan();
  assertEquals([...intents], [{
    clientOrderId: only(plan()).clientOrderId,
    dateNy: TODAY,
    symbol: "SPY",
    qty: 10,
    pivotUsd: 101,
    stopUsd: 95,
    r1Usd: 105,
    r2Usd: 110,
    refPriceUsd: 102.25,
    b2StartMs: LAST_CLOSE - BAR_MS,
    distancePct: -3,
    confirmedAtMs: NOW,
    scheduledAtMs: NOW + 150_000,
    expiresAtMs: NOW + 150_000 + 15 * MINUTE_MS,
  }]);
  const [b1, b2] = BROKEN_OUT;
  assert(b1 !== undefined && b2 !== undefined);
  assertEquals([...signals], [
    { outcome: "intent", symbol: "SPY", pivotUsd: 101, b1, b2, qty: 10 },
  ]);
  assertEquals([...stale], []);
});

Deno.test("buildEntryIntents() makes one id for a symbol's day, and another after each rejection of the broker's", () => {
  const id = only(plan()).clientOrderId;
  assertEquals(only(plan({ uniform: () => 0.9, equityUsd: 200_000 })).clientOrderId, id);
  assertEquals(only(plan({ nowMs: NOW + 1 })).clientOrderId, id);
  const again = only(plan({ countRejections: (symbol) => symbol === "SPY" ? 1 : 0 }));
  assertEquals([id, again.clientOrderId].map((each) => each.slice(-2)), ["-1", "-2"]);
  assert(only(plan({ accountId: "acc-2" })).clientOrderId !== id);
});

Deno.test("buildEntryIntents() makes no intent in a barred symbol, and asks for none that did not confirm", () => {
  const asked: string[] = [];
  const findBar = (symbol: string) => {
    asked.push(symbol);
    return symbol === "SPY" ? "already entered today" : null;
  };
  const candidates = ["SPY", "QQQ", "LOW", "WAITS"].map((symbol) => candidate({ symbol }));
  const bars = new Map([["SPY", BROKEN_OUT], ["QQQ", BROKEN_OUT], ["LOW", BELOW], [
    "WAITS",
    BROKEN_OUT,
  ]]);
  const made = plan({ candidates, bars, findBar, waiting: new Set(["WAITS"]) });
  assertEquals(made.intents.map((intent) => intent.symbol), ["QQQ"]);
  assertEquals(asked, ["SPY", "QQQ"]);
  const [signal] = made.signals;
  assertEquals(signal, {
    outcome: "barred",
    symbol: "SPY",
    pivotUsd: 101,
    reason: "already entered today",
  });
});

Deno.test("buildEntryIntents() takes the pivot for the first trim where the row has none", () => {
  assertEquals(only(plan({ candidates: [candidate({ r1Usd: null })] })).r1Usd, 101);
});

const none: readonly {
  when: string;
  change: Partial<EntryPlanInputs>;
  outcome: string;
  stale: number;
}[] = [
  {
    when: "the breakout is not confirmed",
    change: { bars: new Map([["SPY", BELOW]]) },
    outcome: "not_confirmed",
    stale: 0,
  },
  { when: "there are no bars", change: { bars: new Map() }, outcome: "stale", stale: 1 },
  {
    when: "its bars are empty",
    change: { bars: new Map([["SPY", []]]) },
    outcome: "stale",
    stale: 1,
  },
  {
    when: "its bars are old",
    change: { bars: new Map([["SPY", OLD]]) },
    outcome: "stale",
    stale: 1,
  },
  {
    when: "only another symbol has bars",
    change: { bars: new Map([["QQQ", BROKEN_OUT]]) },
    outcome: "stale",
    stale: 1,
  },
  {
    when: "an intent waits already",
    change: { waiting: new Set(["SPY"]) },
    outcome: "waiting",
    stale: 0,
  },
  { when: "the account is too small", change: { equityUsd: 500 }, outcome: "no_shares", stale: 0 },
  { when: "the equity is 0", change: { equityUsd: 0 }, outcome: "no_shares", stale: 0 },
  { when: "the equity is no number", change: { equityUsd: NaN }, outcome: "no_shares", stale: 0 },
  { when: "the equity is negative", change: { equityUsd: -1e6 }, outcome: "no_shares", stale: 0 },
];
for (const { when, change, outcome, stale } of none) {
  Deno.test(`buildEntryIntents() makes no intent and says ${outcome} when ${when}`, () => {
    const actual = plan(change);
    assertEquals(actual.intents.length, 0);
    assertEquals(actual.signals.map((signal) => signal.outcome as string), [outcome]);
    assertEquals(actual.stale.length, stale);
  });
}

Deno.test("buildEntryIntents() names a stale symbol and why in both lists", () => {
  const { signals, stale } = plan({ bars: new Map([["SPY", OLD]]) });
  const reason = "last bar closed over 11 minutes ago";
  assertEquals([...stale], [{ symbol: "SPY", reason }]);
  assertEquals([...signals], [{ outcome: "stale", symbol: "SPY", pivotUsd: 101, reason }]);
});

Deno.test("buildEntryIntents() has nothing to say without candidates", () => {
  const { intents, signals, stale } = plan({ candidates: [] });
  assertEquals([intents.length, signals.length, stale.length], [0, 0, 0]);
});

Deno.test("buildEntryIntents() judges each candidate alone, in the watchlist's order", () => {
  const symbols = ["ZM", "F", "AA", "MU", "BA"];
  const drawn: string[] = [];
  const { intents, signals, stale } = plan({
    candidates: symbols.map((symbol) => candidate({ symbol })),
    bars: new Map([["ZM", BROKEN_OUT], ["AA", BELOW], ["MU", BROKEN_OUT], ["BA", BROKEN_OUT]]),
    waiting: new Set(["MU"]),
    uniform: (symbol, b2StartMs) => drawn.push(`${symbol} ${b2StartMs - LAST_CLOSE}`) / 10,
  });
  assertEquals(intents.map(({ symbol }) => symbol), ["ZM", "BA"]);
  assertEquals(intents.map(({ scheduledAtMs }) => scheduledAtMs - NOW), [78_000, 96_000]);
  assertEquals(drawn, [`ZM ${-BAR_MS}`, `BA ${-BAR_MS}`]);
  assertEquals(signals.map((signal) => `${signal.symbol} ${signal.outcome}`), [
    "ZM intent",
    "F stale",
    "AA not_confirmed",
    "MU waiting",
    "BA intent",
  ]);
  assertEquals(stale.map(({ symbol }) => symbol), ["F"]);
});

Deno.test("buildEntryIntents() makes one intent where a symbol comes twice, which would share one id", () => {
  const waiting = new Set<string>();
  const twice = plan({ candidates: [candidate(), candidate({ pivotUsd: 100 })], waiting });
  assertEquals(only(twice).pivotUsd, 101);
  assertEquals(twice.signals.map((signal) => signal.outcome as string), ["intent", "waiting"]);
  assertEquals(waiting.size, 0);
});

const delays: readonly [min: number, max: number, uniform: number, delayMs: number][] = [
  [60, 240, 0, 60_000],
  [60, 240, 0.5, 150_000],
  [60, 240, 1 - Number.EPSILON / 2, 240_000],
  [240, 60, 0, 60_000],
  [240, 60, 0.25, 105_000],
  [90, 90, 0.7, 90_000],
  [0, 0, 0.7, 0],
  [0.5, 1.5, 0.1, 600],
];
for (const [delayMinSeconds, delayMaxSeconds, uniform, delayMs] of delays) {
  Deno.test(`buildEntryIntents() waits ${delayMs} ms for ${uniform} of ${delayMinSeconds}..${delayMaxSeconds} s`, () => {
    const intent = only(plan({ delayMinSeconds, delayMaxSeconds, uniform: () => uniform }));
    assertEquals(intent.scheduledAtMs, NOW + delayMs);
  });
}

Deno.test("buildEntryIntents() schedules within the range, whatever chance says", () => {
  const seconds = fc.integer({ min: 0, max: 3600 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(seconds, seconds, chance, (a, b, value) => {
    const change = { delayMinSeconds: a, delayMaxSeconds: b, uniform: () => value };
    const delayMs = only(plan(change)).scheduledAtMs - NOW;
    assert(Number.isSafeInteger(delayMs));
    assert(delayMs >= Math.min(a, b) * 1000 && delayMs <= Math.max(a, b) * 1000);
  }));
});

const LATE = SESSION.closeMs - 10 * MINUTE_MS;
const lateBars = new Map([[
  "SPY",
  [{ startMs: LATE - 2 * BAR_MS, closeUsd: 102 }, { startMs: LATE - BAR_MS, closeUsd: 102 }],
]]);

Deno.test("buildEntryIntents() ends an intent with the session that it was made in", () => {
  const intent = only(plan({ nowMs: LATE, bars: lateBars }));
  assertEquals(intent.expiresAtMs, SESSION.closeMs);
});

Deno.test("buildEntryIntents() ends an intent at a half day's close", () => {
  const session = { ...SESSION, closeMs: NOW + 5 * MINUTE_MS };
  assertEquals(only(plan({ session })).expiresAtMs, session.closeMs);
});

const outside: readonly [when: string, session: Session | null][] = [
  ["there is no session", null],
  ["the session has not begun", { ...SESSION, openMs: NOW + 1 }],
  ["the session is over", { ...SESSION, closeMs: NOW }],
  ["the session was yesterday's", { ...SESSION, closeMs: NOW - 18 * 60 * MINUTE_MS }],
];
for (const [when, session] of outside) {
  Deno.test(`buildEntryIntents() gives an intent its 15 minutes when ${when}`, () => {
    const intent = only(plan({ session }));
    assertEquals(intent.expiresAtMs, intent.scheduledAtMs + 15 * MINUTE_MS);
  });
}

Deno.test("buildEntryIntents() counts the session's first moment as inside", () => {
  const session = { ...SESSION, openMs: NOW, closeMs: NOW + 1 };
  assertEquals(only(plan({ session })).expiresAtMs, NOW + 1);
});

function intent(symbol: string, scheduledAtMs: number, expiresAtMs?: number): EntryIntent {
  return {
    ...only(plan()),
    symbol,
    scheduledAtMs,
    expiresAtMs: expiresAtMs ?? scheduledAtMs + INTENT_LIFE_MS,
  };
}

const symbolsOf = (intents: readonly EntryIntent[]) => intents.map(({ symbol }) => symbol);

Deno.test("INTENT_LIFE_MS is the pipeline's 15 minutes", () => {
  assertEquals(INTENT_LIFE_MS, 15 * MINUTE_MS);
});

const moments: readonly [when: string, scheduled: number, expires: number, list: string][] = [
  ["it is due in a millisecond", NOW + 1, NOW + 9, "waiting"],
  ["it is due exactly now", NOW, NOW + 9, "due"],
  ["it is a millisecond overdue", NOW - 1, NOW + 9, "due"],
  ["it has a millisecond left", NOW - 9, NOW + 1, "due"],
  ["it expires exactly now", NOW - 9, NOW, "expired"],
  ["it expired a millisecond ago", NOW - 9, NOW - 1, "expired"],
  ["its session ended before it was due", NOW + 9, NOW, "expired"],
  ["its end is no number", NOW - 9, NaN, "expired"],
  ["its schedule is no number", NaN, NOW + 9, "waiting"],
];
for (const [when, scheduledAtMs, expiresAtMs, list] of moments) {
  Deno.test(`listDueIntents() lists an intent as ${list} when ${when}`, () => {
    const lists = listDueIntents([intent("SPY", scheduledAtMs, expiresAtMs)], NOW);
    const filled = Object.entries(lists).filter(([, intents]) => intents.length > 0);
    assertEquals(filled.map(([name]) => name), [list]);
    assertEquals(isExpired(expiresAtMs, NOW), list === "expired");
  });
}

Deno.test("isExpired() takes a time that is no number for past", () => {
  assertEquals([isExpired(NOW, NaN), isExpired(NaN, NOW), isExpired(Infinity, NOW)], [
    true,
    true,
    false,
  ]);
});

Deno.test("listDueIntents() sorts by scheduled time, then by symbol as the bytes go", () => {
  const given = [
    intent("F", NOW - 1),
    intent("BRK.B", NOW - 5),
    intent("BRK", NOW - 5),
    intent("AA", NOW - 5),
    intent("A", NOW - 9),
    intent("AA", NOW - 5),
  ];
  assertEquals(symbolsOf(listDueIntents(given, NOW).due), ["A", "AA", "AA", "BRK", "BRK.B", "F"]);
  assertEquals(symbolsOf(given), ["F", "BRK.B", "BRK", "AA", "A", "AA"]);
});

Deno.test("listDueIntents() loses no intent and makes none, whatever the times", () => {
  const some = fc.record({
    symbol: fc.constantFrom("A", "B", "C"),
    scheduled: fc.integer({ min: -20, max: 20 }),
    life: fc.integer({ min: -20, max: 20 }),
  });
  fc.assert(fc.property(fc.array(some), (rows) => {
    const given = rows.map(({ symbol, scheduled, life }) =>
      intent(symbol, NOW + scheduled * MINUTE_MS, NOW + (scheduled + life) * MINUTE_MS)
    );
    const { due, expired, waiting } = listDueIntents(given, NOW);
    assertEquals(due.length + expired.length + waiting.length, given.length);
    assertEquals(new Set([...due, ...expired, ...waiting]), new Set(given));
    assert(due.every((each) => each.scheduledAtMs <= NOW && NOW < each.expiresAtMs));
    assert(waiting.every((each) => each.scheduledAtMs > NOW && NOW < each.expiresAtMs));
    assert(expired.every((each) => each.expiresAtMs <= NOW));
    for (const list of [due, expired, waiting]) {
      const times = list.map((each) => each.scheduledAtMs);
      assertEquals(times, times.toSorted((a, b) => a - b));
    }
  }));
});
