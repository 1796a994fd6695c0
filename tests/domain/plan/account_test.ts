import fc from "fast-check";
import { EMPTY_BOOK, learnOrders } from "../../../src/domain/account/order_book.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { decideStanding } from "../../../src/domain/account/standing.ts";
import { putUnfinished } from "../../../src/domain/account/unfinished.ts";
import { closedKey } from "../../../src/domain/account/managed_position.ts";
import { assert, assertEquals } from "../../assert.ts";
import { ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";
import { acts, playBroker, START_QTY, STEP_MS } from "../account/broker_past.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";
import {
  accountDone,
  accountFor,
  buildSight,
  ENTRY,
  lookRecords,
  NOW_MS,
  PAST_MS,
  POSITION,
  soldOrder,
} from "./look.ts";

const { positionId } = POSITION;
const NONE = { kind: "done", change: [], say: [], wakesAtMs: [] } as const;

Deno.test("a look that shows what is remembered changes and says nothing", () => {
  assertEquals(accountFor(buildSight()), NONE);
});

Deno.test("what a sell explains is the position's new quantity, and said", () => {
  const held = heldPosition({ qty: 4, costBasisUsd: 400 });
  const { change, say } = accountDone(
    buildSight([ENTRY, soldOrder(6)], { positions: [held] }),
  );
  assertEquals(apply(lookRecords(), change).positions, [{
    ...POSITION,
    qty: 4,
    costBasisUsd: 400,
  }]);
  assertEquals(say.map(({ value }) => value), [{ kind: "quantity", position: POSITION, qty: 4 }]);
});

Deno.test("an entry that fills in parts has been for as long as its first fill was seen, and is looked at again a minute later", () => {
  const order = { ...ENTRY, status: "partially_filled", filledQty: 4, updatedAtMs: NOW_MS - 5_000 };
  const held = heldPosition({ qty: 4, costBasisUsd: 400 });
  const records = lookRecords();
  const before = { ...POSITION, qty: 4, costBasisUsd: 400 };
  const working = { ...records, positions: [before], lastCycleAtMs: NOW_MS - 20_000 };
  const sight = buildSight([order], { positions: [held] });
  const first = accountDone(sight, { records: working });
  const [after] = apply(working, first.change).positions;
  assertEquals(after?.partialSinceMs, NOW_MS - 20_000);
  assertEquals(first.wakesAtMs, [NOW_MS + 40_000]);
  assertEquals(first.say.map(({ value }) => value.kind), ["partly_filled"]);
  if (after === undefined) return;
  const again = accountDone(sight, {
    records: { ...working, positions: [after], lastCycleAtMs: NOW_MS },
  });
  assertEquals([again.change, again.say, again.wakesAtMs], [[], [], [NOW_MS + 40_000]]);
  const whole = buildSight([{ ...order, status: "filled" }], { positions: [held] });
  const ended = accountDone(whole, { records: { ...working, positions: [after] } });
  const [last] = apply({ ...working, positions: [after] }, ended.change).positions;
  assertEquals([last?.partialSinceMs, ended.wakesAtMs], [null, []]);
});

Deno.test("an entry whose answers have no date has been filling in parts since the look before its first fill, not since it was sent", () => {
  const undated = {
    submittedAtMs: NOW_MS - 55_000,
    updatedAtMs: NOW_MS - 55_000,
    filledAtMs: null,
  };
  const placed = { ...ENTRY, ...undated, status: "new", filledQty: 0 };
  const partly = { ...placed, status: "partially_filled", filledQty: 4 };
  const book = learnOrders(learnOrders(EMPTY_BOOK, [placed], NOW_MS - 50_000), [partly], NOW_MS);
  const before = { ...POSITION, qty: 4, costBasisUsd: 400 };
  const records = lookRecords({ positions: [before], lastCycleAtMs: NOW_MS - 10_000 });
  const held = heldPosition({ qty: 4, costBasisUsd: 400 });
  const { change } = accountDone(buildSight([], { book, positions: [held] }), { records });
  assertEquals(apply(records, change).positions[0]?.partialSinceMs, NOW_MS - 10_000);
});

Deno.test("an adopted position is sold by a stop that worked before it was adopted, though no answer has a date", () => {
  const adopted = { ...POSITION, adoptedQty: 10, qty: 10 };
  const undated = {
    submittedAtMs: PAST_MS - 60_000,
    updatedAtMs: PAST_MS - 60_000,
    filledAtMs: null,
  };
  const filled = soldOrder(10, { ...undated, clientOrderId: "by-hand", type: "stop" });
  const placed = { ...filled, status: "new", filledQty: 0, filledAvgPriceUsd: null };
  const book = learnOrders(learnOrders(EMPTY_BOOK, [placed], PAST_MS), [filled], NOW_MS - 20_000);
  const records = lookRecords({ positions: [adopted] });
  const { change } = accountDone(buildSight([], { book, positions: [] }), { records });
  assertEquals(apply(records, change).positions, []);
});

Deno.test("a position that sells account for has ended, with all that was unfinished, and is not taken in again", () => {
  const { change, say } = accountDone(
    buildSight([ENTRY, soldOrder(10)], { positions: [] }),
  );
  const records = apply(lookRecords(), [
    { kind: "unfinished", positionId, change: { isBare: true } },
    ...change,
  ]);
  assertEquals([records.positions, records.unfinished, records.released], [[], [], []]);
  assertEquals(records.alerted[closedKey(positionId)], TODAY);
  assertEquals(say.map(({ value }) => value), [
    { kind: "ended", position: POSITION, how: "gone", handQty: 0 },
  ]);
});

Deno.test("what a hand bought beside a position that has ended is the operator's, in the ledger too", () => {
  const byHand = { ...ENTRY, orderId: "h-1", clientOrderId: "hand", qty: 5, filledQty: 5 };
  const held = heldPosition({ qty: 5, costBasisUsd: 500 });
  const { change } = accountDone(
    buildSight([ENTRY, byHand, soldOrder(10)], { positions: [held] }),
  );
  const records = apply(lookRecords(), change);
  assertEquals(records.released, [{ symbol: "SPY", positionId, releasedAtMs: NOW_MS }]);
  assertEquals(records.ledger?.entries.map(({ reason }) => reason), ["released"]);
});

Deno.test("a change that no order explains is searched in its past, then at its orders, before it is believed", () => {
  const sight = buildSight([ENTRY], { positions: [heldPosition({ qty: 20 })] });
  const ask = (what: "past" | "orders", isListed: boolean) => ({
    kind: "asks" as const,
    searches: [{ position: POSITION, what, isListed }],
  });
  assertEquals(accountFor(sight), ask("past", false));
  assertEquals(accountFor(sight, { searched: "past" }), ask("orders", true));
  const { change, wakesAtMs } = accountDone(sight, { searched: "orders" });
  const [position] = apply(lookRecords(), change).positions;
  assertEquals(position, { ...POSITION, unexplainedQty: 20, unexplainedSinceMs: NOW_MS });
  assertEquals(wakesAtMs, [NOW_MS + 15_000]);
});

Deno.test("while its past can't be read, a position that is not explained stays as it is", () => {
  const sight = buildSight([ENTRY], { positions: [heldPosition({ qty: 20 })] });
  assertEquals(accountFor(sight, { searched: "unread" }), NONE);
});

Deno.test("an absent position is asked for once more, without another look at the lists, and kept", () => {
  const sight = buildSight([ENTRY], { positions: [] });
  assertEquals(accountFor(sight, { searched: "past" }), {
    kind: "asks",
    searches: [{ position: POSITION, what: "orders", isListed: false }],
  });
  const { change, say } = accountDone(sight, { searched: "orders" });
  assertEquals(change, []);
  assertEquals(say.map(({ value }) => value), [
    { kind: "absent", position: POSITION, renamed: null },
  ]);
});

for (
  const { what, seconds, cause, isEnded } of [
    { what: "absent for a minute", seconds: 60, cause: "absent", isEnded: true },
    { what: "absent for a moment", seconds: 59, cause: "absent", isEnded: false },
    { what: "unreadable for a minute before", seconds: 60, cause: "positions", isEnded: false },
  ]
) {
  Deno.test(`a position that is ${what} has ${isEnded ? "no stop put back" : "its stop put back"} that an exit took down`, () => {
    const standing = decideStanding({
      position: POSITION,
      count: null,
      cover: null,
      shownQty: null,
      hasLooked: true,
      isBeforeTrusted: true,
      isGtcNeeded: false,
      isOpen: true,
      price: { kind: "none" },
      blind: { code: cause, text: cause },
      reasons: [],
      stops: null,
      before: undefined,
      nowMs: NOW_MS - seconds * 1_000,
    });
    const unfinished = putUnfinished([], positionId, { isBare: true });
    const records = lookRecords({ standings: [standing], unfinished });
    const sight = buildSight([ENTRY], { positions: [] });
    const { change } = accountDone(sight, { searched: "orders", records });
    assertEquals(
      change,
      isEnded ? [{ kind: "unfinished", positionId, change: { isBare: false } }] : [],
    );
  });
}

Deno.test("an absent position's alert names the foreign one with as many shares at its cost", () => {
  const renamed = heldPosition({ symbol: "SPYX" });
  const { say } = accountDone(buildSight([ENTRY], { positions: [renamed] }), {
    searched: "orders",
  });
  assertEquals(say.map(({ key, value }) => [key, value]), [[`absent:${positionId}:SPYX`, {
    kind: "absent",
    position: POSITION,
    renamed: { symbols: ["SPYX"], by: "quantity and cost" },
  }]]);
});

Deno.test("a split is called one after a minute, keeps the moment at which it was first seen, and wakes nobody", () => {
  const position = managedPosition({
    openedAtMs: PAST_MS,
    unexplainedQty: 20,
    unexplainedSinceMs: NOW_MS - 60_000,
  });
  const { change, say, wakesAtMs } = accountDone(
    buildSight([ENTRY], { positions: [heldPosition({ qty: 20 })] }),
    { records: lookRecords({ positions: [position] }), searched: "past" },
  );
  assertEquals([change, wakesAtMs], [[], []]);
  assertEquals(say.map(({ key, value }) => [key, value]), [
    [`unexplained:${positionId}:20`, {
      kind: "unexplained",
      position,
      qty: 20,
      isNew: false,
      isSplit: true,
    }],
  ]);
});

Deno.test("a fill that positions do not show yet is counted, and looked for again after 5 s", () => {
  const sold = soldOrder(4, { updatedAtMs: NOW_MS, filledAtMs: NOW_MS });
  const { change, say, wakesAtMs } = accountDone(buildSight([ENTRY, sold]));
  assertEquals(apply(lookRecords(), change).positions, [{ ...POSITION, qty: 6 }]);
  assertEquals([say, wakesAtMs], [[], [NOW_MS + 5_000]]);
});

Deno.test("each number of shares that a hand bought or sold is told once", () => {
  const byHand = { ...ENTRY, orderId: "h-1", clientOrderId: "hand", qty: 5, filledQty: 5 };
  const { say } = accountDone(
    buildSight([ENTRY, byHand], { positions: [heldPosition({ qty: 15, costBasisUsd: 1000 })] }),
  );
  assertEquals(say, [{
    symbol: "SPY",
    positionId,
    scope: { once: "5" },
    key: `hand_bought:${positionId}`,
    value: { kind: "hand_bought", qty: 5 },
  }]);
});

Deno.test("a hand's fractions that add up to nothing are nothing that it bought or sold, and those of a whole share are its own", () => {
  const trade = (at: number, side: "buy" | "sell", qty: number) =>
    soldOrder(qty, {
      orderId: `h-${at}`,
      clientOrderId: `hand-${at}`,
      side,
      filledAtMs: PAST_MS + at,
    });
  // As numbers the first come to 5.6e-17, and the last to a little less than one.
  const even = [trade(1, "buy", 0.1), trade(2, "buy", 0.2), trade(3, "sell", 0.3)];
  assertEquals(accountDone(buildSight([ENTRY, ...even])).say, []);
  const one = [trade(1, "buy", 0.7), trade(2, "buy", 0.2), trade(3, "buy", 0.1)];
  const held = heldPosition({ qty: 1 });
  const { change } = accountDone(buildSight([ENTRY, soldOrder(10), ...one], { positions: [held] }));
  assertEquals(change.map(({ kind }) => kind), ["released", "kept"]);
});

Deno.test("a stop that was on record higher than it is remembered is raised to it", () => {
  const stop = ledgerEntry({
    side: "sell",
    reason: "stop",
    positionId,
    clientOrderId: `${positionId}-s1`,
    stopUsd: 99,
  });
  const records = lookRecords({ ledger: liveLedger([stop]) });
  const { change, say } = accountDone(buildSight(), { records });
  assertEquals(apply(records, change).positions, [{ ...POSITION, stopUsd: 99 }]);
  assertEquals(say.map(({ value }) => value), [
    { kind: "stop_known", highestUsd: 99, stopUsd: 95 },
  ]);
});

for (const unexplainedQty of [null, 20]) {
  const before = unexplainedQty === null ? "" : ", where nobody could explain the one before";
  Deno.test(`a stop that is raised and a quantity that changed in one look are both taken in${before}`, () => {
    const stop = ledgerEntry({
      side: "sell",
      reason: "stop",
      positionId,
      clientOrderId: `${positionId}-s1`,
      stopUsd: 99,
    });
    const unexplainedSinceMs = unexplainedQty === null ? null : NOW_MS - 60_000;
    const records = lookRecords({
      ledger: liveLedger([stop]),
      positions: [{ ...POSITION, unexplainedQty, unexplainedSinceMs }],
    });
    const held = heldPosition({ qty: 4, costBasisUsd: 400 });
    const sight = buildSight([ENTRY, soldOrder(6)], { positions: [held] });
    const { change } = accountDone(sight, { records });
    assertEquals(apply(records, change).positions, [{
      ...POSITION,
      stopUsd: 99,
      qty: 4,
      costBasisUsd: 400,
    }]);
  });
}

Deno.test("a row that can't be read leaves its position as it is", () => {
  const sight = buildSight([ENTRY, soldOrder(10)], {
    positions: [],
    unreadable: new Set(["SPY"]),
  });
  assertEquals(accountFor(sight), NONE);
});

/** Twenty adopted shares after some seconds at the broker, each order known, positions as they were some seconds ago. */
const lookAfterPast = fc.record({ past: acts, lagSteps: fc.nat({ max: 9 }) }).map(
  ({ past, lagSteps }) => {
    const versions = playBroker(past);
    const nowMs = versions.length * STEP_MS;
    const now = versions.at(-1);
    const shown = versions[Math.max(0, versions.length - 1 - lagSteps)];
    const held = heldPosition({ qty: shown?.heldQty ?? 0 });
    const records = lookRecords({
      positions: [managedPosition({ adoptedQty: START_QTY, qty: START_QTY, costBasisUsd: null })],
    });
    const facts = { positions: held.qty === 0 ? [] : [held], nowMs };
    return { heldQty: now?.heldQty ?? 0, records, sight: buildSight(now?.orders, facts) };
  },
);

Deno.test("however far positions lag, a look ends nothing that is held and believes in no share that was sold", () => {
  fc.assert(fc.property(lookAfterPast, ({ heldQty, records, sight }) => {
    const { change } = accountDone(sight, { records, searched: "orders" });
    const [position] = apply(records, change).positions;
    assert(position !== undefined || heldQty === 0, "ended, and held");
    if (position?.unexplainedQty !== null) return;
    assert((position.qty ?? 0) <= heldQty, "sold, and held");
  }));
});

Deno.test("what a look has made of the records, the same look leaves as it is", () => {
  fc.assert(fc.property(lookAfterPast, ({ records, sight }) => {
    const first = apply(records, accountDone(sight, { records, searched: "orders" }).change);
    const again = accountDone(sight, { records: first, searched: "orders" });
    assertEquals(apply(first, again.change), first);
  }));
});
