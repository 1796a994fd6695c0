import { EMPTY_STATE } from "../../../src/domain/account/engine_state.ts";
import { NOTHING_UNDER_WAY, type UnderWay } from "../../../src/domain/account/unfinished.ts";
import { buildLedgerEntry, type LedgerEntry } from "../../../src/domain/order/ledger.ts";
import { buildSellRecord, nextAttempt } from "../../../src/domain/plan/sell_record.ts";
import { settle } from "../../../src/domain/plan/settle.ts";
import { NOTHING_SEEN } from "../../../src/domain/plan/seen.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder, liveLedger, TODAY } from "../fixtures.ts";
import { managedPosition } from "../position_fixtures.ts";
import { NOW_MS, PlanWorld } from "./plan_world.ts";

// What the planner makes of records and answers that it never writes or asks for so: no way of one position leads to them.

const POSITION = managedPosition();
const { symbol, positionId } = POSITION;
const NOW = { brokerMs: NOW_MS, monotonicMs: 0 };
const STOP_ID = `${positionId}-stop-1`;
const STOP = {
  op: "stop",
  request: { symbol, qty: 10, clientOrderId: STOP_ID, stopUsd: 95 },
} as const;
const CANCEL = { op: "cancel", symbol, orderId: "resting" } as const;
const REFUSED = {
  kind: "rejected",
  why: "other",
  httpStatus: 422,
  code: null,
  message: "no",
  body: "",
} as const;

function record(facts: Partial<LedgerEntry> = {}): LedgerEntry {
  return buildLedgerEntry({
    symbol,
    side: "sell",
    qty: 10,
    notionalUsd: 950,
    timestamp: `${TODAY}T15:00:00.000Z`,
    clientOrderId: STOP_ID,
    positionId,
    reason: "stop",
    ...facts,
  });
}

function hold(entries: readonly LedgerEntry[], underWay: Partial<UnderWay> = {}) {
  return {
    ...EMPTY_STATE,
    positions: [POSITION],
    ledger: liveLedger(entries),
    unfinished: [{
      positionId,
      isBare: false,
      stopRefusedAtMs: null,
      spentHandStopUsd: null,
      besideBuyAtMs: null,
      sellRefusedAtMs: {},
      underWay: { ...NOTHING_UNDER_WAY, ...underWay },
    }],
  };
}

for (
  const { what, records, request } of [
    { what: "an order that the records lack", records: hold([]), request: STOP },
    {
      what: "an order whose position they lack",
      records: { ...hold([record()]), positions: [] },
      request: STOP,
    },
    { what: "a cancel that nothing begun asks for", records: hold([]), request: CANCEL },
  ]
) {
  Deno.test(`settle() changes and says nothing by an answer about ${what}`, () => {
    assertEquals(settle(records, request, REFUSED, NOW), { change: [], say: [] });
  });
}

Deno.test("settle() takes in what is said to a stop whose price its record lacks", () => {
  const records = hold([record()], { belowStop: { stopUsd: 95, atMs: 0 } });
  const order = brokerOrder({ symbol, side: "sell", type: "stop", clientOrderId: STOP_ID });
  const taken = settle(records, STOP, { kind: "accepted", order, body: "" }, NOW);
  assertObjectMatch(taken.say[0]?.value ?? {}, { kind: "stop_rests", stopUsd: 0, as: "lower" });
  const [refused] = settle(records, STOP, REFUSED, NOW).change;
  assertObjectMatch(refused ?? {}, { kind: "refused", clientOrderId: STOP_ID });
});

Deno.test("an order without an attempt on record is the first, and used up once the broker took it", () => {
  const taken = record({ reason: "r1_trim", orderId: "b-1", status: "accepted" });
  assertEquals(nextAttempt([taken], POSITION, "r1_trim", TODAY), 2);
});

Deno.test("the record of an adopted position's stop has the plan that no entry has", () => {
  const position = { ...POSITION, adoptedQty: 10 };
  const facts = { position, reason: "stop", qty: 10, stopUsd: 95, replaces: null } as const;
  assertObjectMatch(buildSellRecord(facts, 1, NOW_MS), { pivotUsd: POSITION.pivotUsd });
});

Deno.test("plan() begins nothing for a symbol that has had eight requests in its cycle", () => {
  const world = new PlanWorld();
  assertObjectMatch(world.step, { do: "send" });
  world.turn = { ...world.turn, actsBySymbol: new Map([[symbol, 8]]) };
  assertObjectMatch(world.step, { do: "rest", wakeAtMs: NOW_MS + 5_000 });
});

Deno.test("plan() rests where nothing was seen yet, whatever is on record", () => {
  const world = new PlanWorld();
  world.seen = { ...NOTHING_SEEN, clock: world.seen.clock };
  assertEquals(world.step.do, "rest");
});
