import {
  ABSENT,
  decideStanding,
  formatTrouble,
  listTroubles,
  type Standing,
  type StandingInputs,
} from "../../../src/domain/account/standing.ts";
import { assertEquals } from "../../assert.ts";
import { managedPosition } from "../position_fixtures.ts";

const NOW_MS = Date.parse("2026-11-23T15:10:00Z");
const EARLIER_MS = NOW_MS - 60_000;

/** Ten held for sure, under a stop for the day. */
function inputs(change: Partial<StandingInputs> = {}): StandingInputs {
  return {
    position: managedPosition(),
    count: { sureQty: 10, doubtfulQty: 0, mostHeldQty: 10, isExplained: true },
    cover: { coveredQty: 10, gtcQty: 0 },
    hasLooked: true,
    shownQty: null,
    isBeforeTrusted: true,
    isOpen: true,
    isGtcNeeded: false,
    price: { kind: "read", priceUsd: 100 },
    blind: null,
    reasons: [],
    stops: null,
    before: undefined,
    nowMs: NOW_MS,
    ...change,
  };
}

function shortOf({ bareQty, due, bareSinceMs, dueSinceMs }: Standing) {
  return { bareQty, due, bareSinceMs, dueSinceMs };
}

const QUIET = { bareQty: 0, due: null, bareSinceMs: null, dueSinceMs: null };

Deno.test("decideStanding() of a covered position with nothing due says nothing", () => {
  const standing = decideStanding(inputs({ reasons: [{ code: "gate", text: "dry run" }] }));
  assertEquals(shortOf(standing), QUIET);
  assertEquals([standing.cause, standing.why, formatTrouble(standing)], ["", "", null]);
});

Deno.test("decideStanding() of what no order explains goes on waiting where an answer lacks it", () => {
  const changed = {
    position: managedPosition({ unexplainedQty: 153 }),
    blind: { code: "split", text: "a split?" },
  };
  const soldOut = { sureQty: 0, doubtfulQty: 0, mostHeldQty: 0, isExplained: false };
  const before = decideStanding(inputs({
    ...changed,
    shownQty: 153,
    count: { ...soldOut, mostHeldQty: 153 },
    nowMs: EARLIER_MS,
  }));
  const after = decideStanding(inputs({ ...changed, count: soldOut, before }));
  assertEquals(shortOf(after), {
    bareQty: 153,
    due: "unknown",
    bareSinceMs: EARLIER_MS,
    dueSinceMs: EARLIER_MS,
  });
  assertEquals(decideStanding(inputs({ ...changed, count: soldOut })).bareQty, 153, "restarted");
});

Deno.test("decideStanding() of a short position waits for its operator, open or closed, and has no share to be stopped", () => {
  const short = {
    position: managedPosition({ unexplainedQty: -5 }),
    shownQty: -5,
    blind: { code: "short", text: "it is SHORT" },
  };
  const count = { sureQty: 0, doubtfulQty: 0, mostHeldQty: 5, isExplained: false };
  const before = decideStanding(inputs({ ...short, count, nowMs: EARLIER_MS }));
  const waiting = { ...QUIET, due: "unknown" as const, dueSinceMs: EARLIER_MS };
  assertEquals(shortOf(before), waiting);
  const soldOut = { ...count, mostHeldQty: 0 };
  const closed = { isOpen: false, isGtcNeeded: true, price: { kind: "not_asked" as const } };
  const after = decideStanding(inputs({ ...short, ...closed, count: soldOut, before }));
  assertEquals(shortOf(after), waiting);
  assertEquals(after.cause, "short");
});

const BARE: { when: string; change: Partial<StandingInputs>; bareQty: number }[] = [
  { when: "a part is covered", change: { cover: { coveredQty: 7, gtcQty: 0 } }, bareQty: 3 },
  { when: "its cover can't be read", change: { cover: null }, bareQty: 10 },
  {
    when: "a good-till-canceled stop is needed and a day order rests",
    change: { isGtcNeeded: true },
    bareQty: 10,
  },
  {
    when: "a good-till-canceled stop is needed and covers a part",
    change: { isGtcNeeded: true, cover: { coveredQty: 10, gtcQty: 4 } },
    bareQty: 6,
  },
  {
    when: "more may be held than is sure",
    change: { count: { sureQty: 5, doubtfulQty: 5, mostHeldQty: 12, isExplained: true } },
    bareQty: 2,
  },
  {
    when: "its quantity is unexplained: the old stop protects nobody knows what",
    change: {
      position: managedPosition({ unexplainedQty: 20 }),
      shownQty: 20,
      blind: { code: "split", text: "a split?" },
    },
    bareQty: 20,
  },
  {
    when: "no order explains what is left, and orders say that ours are sold",
    change: {
      position: managedPosition({ unexplainedQty: 3.8 }),
      shownQty: 3.8,
      count: { sureQty: 0, doubtfulQty: 0, mostHeldQty: 0, isExplained: false },
      blind: { code: "split", text: "a split?" },
    },
    bareQty: 3,
  },
  { when: "its past can't be read", change: { count: null, cover: null }, bareQty: 10 },
];
for (const { when, change, bareQty } of BARE) {
  Deno.test(`decideStanding() counts ${bareQty} bare where ${when}`, () => {
    const standing = decideStanding(inputs(change));
    assertEquals([standing.bareQty, standing.bareSinceMs], [bareQty, NOW_MS]);
    assertEquals(standing.why === "", false);
  });
}

const DUE: { when: string; change: Partial<StandingInputs>; due: Standing["due"] }[] = [
  { when: "p is at R1", change: { price: { kind: "read", priceUsd: 105 } }, due: "r1_trim" },
  { when: "p is at the stop", change: { price: { kind: "read", priceUsd: 95 } }, due: "stop_exit" },
  { when: "no price can be read", change: { price: { kind: "unread" } }, due: "unknown" },
  { when: "the session has no trade yet", change: { price: { kind: "none" } }, due: null },
  { when: "shares are bare alone", change: { cover: { coveredQty: 0, gtcQty: 0 } }, due: "stop" },
  {
    when: "half of one share is nothing to sell",
    change: {
      count: { sureQty: 1, doubtfulQty: 0, mostHeldQty: 1, isExplained: true },
      price: { kind: "read", priceUsd: 105 },
    },
    due: null,
  },
  {
    when: "positions can't be read, whatever the price",
    change: { blind: { code: "positions", text: "positions can't be read (http)" } },
    due: "unknown",
  },
  {
    when: "nothing may be held",
    change: {
      count: { sureQty: 0, doubtfulQty: 0, mostHeldQty: 0, isExplained: true },
      price: { kind: "read", priceUsd: 90 },
    },
    due: null,
  },
];
for (const { when, change, due } of DUE) {
  Deno.test(`decideStanding() has ${due} due where ${when}`, () => {
    assertEquals(decideStanding(inputs(change)).due, due);
  });
}

Deno.test("decideStanding() goes on with a since, and ends it with what it stood for", () => {
  const bare = inputs({
    cover: { coveredQty: 0, gtcQty: 0 },
    price: { kind: "read", priceUsd: 94 },
    nowMs: EARLIER_MS,
  });
  const before = decideStanding(bare);
  const after = decideStanding({ ...bare, nowMs: NOW_MS, before });
  assertEquals([after.bareSinceMs, after.dueSinceMs], [EARLIER_MS, EARLIER_MS]);
  assertEquals(shortOf(decideStanding(inputs({ before }))), QUIET);
});

Deno.test("decideStanding() keeps what was due while the market is closed, and drops what only could not be decided", () => {
  const closed = { price: { kind: "not_asked" as const }, isOpen: false };
  const due = decideStanding(inputs({ price: { kind: "read", priceUsd: 94 }, nowMs: EARLIER_MS }));
  const kept = decideStanding(inputs({ ...closed, before: due }));
  assertEquals([kept.due, kept.dueSinceMs], ["stop_exit", EARLIER_MS]);
  const unknown = decideStanding(inputs({ price: { kind: "unread" } }));
  assertEquals(decideStanding(inputs({ ...closed, before: unknown })).due, null);
});

Deno.test("decideStanding() of a process that has not looked yet goes by the standing before it", () => {
  const before = decideStanding(inputs({ cover: { coveredQty: 10, gtcQty: 10 } }));
  const unseen = { hasLooked: false, cover: null, price: { kind: "not_asked" } } as const;
  assertEquals(shortOf(decideStanding(inputs({ ...unseen, isGtcNeeded: true, before }))), QUIET);
  const blind = decideStanding(inputs(unseen));
  assertEquals([blind.bareQty, blind.isCoverRead], [10, false]);
});

Deno.test("decideStanding() trusts no cover that this process can't see, unless the market is known to be closed", () => {
  const before = decideStanding(inputs({ cover: { coveredQty: 10, gtcQty: 10 } }));
  const unseen = { hasLooked: false, cover: null, price: { kind: "not_asked" }, before } as const;
  const blind = decideStanding(inputs({ ...unseen, isBeforeTrusted: false }));
  assertEquals([blind.bareQty, blind.isCoverRead, blind.due], [10, false, "stop"]);
});

Deno.test("decideStanding() takes what positions show for held where the past can't be read", () => {
  const fresh = { count: null, cover: null, shownQty: 7, before: undefined } as const;
  const standing = decideStanding(inputs({ ...fresh, position: managedPosition({ qty: null }) }));
  assertEquals([standing.mostHeldQty, standing.bareQty], [7, 7]);
});

Deno.test("decideStanding() counts a stop that sleeps until the next session for the night alone", () => {
  const cover = { coveredQty: 0, gtcQty: 10 };
  const open = decideStanding(inputs({ cover, isGtcNeeded: true }));
  const closed = decideStanding(inputs({ cover, isGtcNeeded: true, isOpen: false }));
  assertEquals([open.bareQty, closed.bareQty], [10, 0]);
});

Deno.test("formatTrouble() says how many shares, since when, what is due and why", () => {
  const standing = decideStanding(inputs({
    count: { sureQty: 8, doubtfulQty: 2, mostHeldQty: 10, isExplained: true },
    cover: { coveredQty: 4, gtcQty: 4 },
    price: { kind: "read", priceUsd: 105 },
    reasons: [{ code: "refused", text: "broker refused its stop: no" }],
  }));
  assertEquals(
    formatTrouble(standing),
    "6 of 10 shares without a stop since 2026-11-23 10:10:00 EST, r1_trim due since 2026-11-23 10:10:00 EST, " +
      "2 that a sell of unknown fate may have sold: broker refused its stop: no",
  );
  assertEquals(listTroubles([standing, decideStanding(inputs())]).length, 1);
});

Deno.test("decideStanding() of an absent position waits while the market is closed, under its stop too", () => {
  const absent = {
    blind: ABSENT,
    cover: { coveredQty: 10, gtcQty: 10 },
    isGtcNeeded: true,
  };
  const before = decideStanding(inputs({ ...absent, nowMs: EARLIER_MS }));
  const night = { ...absent, isOpen: false, price: { kind: "not_asked" as const } };
  for (const each of [before, undefined]) {
    assertEquals(shortOf(decideStanding(inputs({ ...night, before: each }))), {
      ...QUIET,
      due: "unknown",
      dueSinceMs: each === undefined ? NOW_MS : EARLIER_MS,
    });
  }
});

Deno.test("decideStanding() of an absent position waits until a look shows it, also where none can be made, or was", () => {
  const night = { isOpen: false, isGtcNeeded: true, price: { kind: "not_asked" as const } };
  const cover = { coveredQty: 10, gtcQty: 10 };
  const absent = decideStanding(inputs({ ...night, cover, blind: ABSENT, nowMs: EARLIER_MS }));
  const clock = { code: "clock", text: "the broker's clock can't be read" };
  const unlooked: Partial<StandingInputs>[] = [
    { blind: clock },
    { blind: { code: "positions", text: "positions can't be read (http)" } },
    { hasLooked: false, count: null, cover: null },
  ];
  for (const change of unlooked) {
    const standing = decideStanding(inputs({ ...night, cover, before: absent, ...change }));
    assertEquals([standing.due, standing.dueSinceMs], ["unknown", EARLIER_MS]);
    assertEquals(standing.cause, ABSENT.code);
  }
  const back = decideStanding(inputs({ ...night, cover, before: absent }));
  assertEquals(shortOf(back), QUIET);
});

Deno.test("decideStanding() goes on waiting for exits of a session that could not be decided while the clock can't be read", () => {
  const before = decideStanding(inputs({ price: { kind: "unread" }, nowMs: EARLIER_MS }));
  const price = { kind: "not_asked" as const };
  const blind = { code: "clock", text: "the broker's clock can't be read" };
  const dueSince = (isOpen: boolean) =>
    decideStanding(inputs({ price, blind, before, isOpen })).dueSinceMs;
  assertEquals([dueSince(true), dueSince(false)], [EARLIER_MS, null]);
});

Deno.test("decideStanding() names the close that is due, though a trim waits before it", () => {
  const position = managedPosition({ stopUsd: 107, highWaterUsd: 112, isTrimmedR2: true });
  const price = { kind: "read" as const, priceUsd: 106 };
  assertEquals(decideStanding(inputs({ position, price })).due, "stop_exit");
});

Deno.test("decideStanding() counts no share bare for how fractions add up", () => {
  const coveredQty = 5.1 + 0.3 + 0.6;
  assertEquals(coveredQty < 6, true);
  const count = { sureQty: 6, doubtfulQty: 0, mostHeldQty: 6, isExplained: true };
  const standing = decideStanding(inputs({ count, cover: { coveredQty, gtcQty: 0 } }));
  assertEquals(standing.bareQty, 0);
});
