import { EMPTY_STATE } from "../../../src/domain/account/engine_state.ts";
import type { LedgerEntry } from "../../../src/domain/order/ledger.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";
import { NOW_MS, OWNER, RecordsPlanWorld } from "./records_plan_world.ts";

/** An entry of unknown fate, whose deadline is over. */
function open(facts: Partial<LedgerEntry> = {}): LedgerEntry {
  return ledgerEntry({ status: "unknown", deadlineAtMs: NOW_MS, ...facts });
}

const ID = open().clientOrderId ?? "";
const HERS = brokerOrder({ clientOrderId: `avwap-${TODAY}-QQQ-other`, symbol: "QQQ" });

/** Buys of unknown fate in so many symbols. */
function openMany(count: number): LedgerEntry[] {
  return Array.from(
    { length: count },
    (_, at) => open({ symbol: `S${at}`, clientOrderId: `avwap-${TODAY}-S${at}-mk0000` }),
  );
}

function kindsOf(steps: ReturnType<RecordsPlanWorld["run"]>): string[] {
  return steps.map((step) => {
    if (step.do === "read") return step.questions.map(({ ask }) => ask).join(" ");
    return step.do === "record" ? step.change.map(({ kind }) => kind).join(" ") : step.do;
  });
}

Deno.test("a ledger that says what the broker shows is held against it without a record", () => {
  const order = brokerOrder({ status: "filled", filledQty: 10, filledAvgPriceUsd: 10 });
  const first = new RecordsPlanWorld({
    entries: [ledgerEntry()],
    outside: { dayOrders: { kind: "ok", value: [order] } },
  });
  assertEquals(kindsOf(first.run()), ["past_records", "ledger", "rest"]);
  assertEquals(first.saidKinds, ["order_updated"]);
  const second = new RecordsPlanWorld({ records: first.records, outside: first.outside });
  assertEquals(kindsOf(second.run()), ["past_records", "rest"]);
  assertEquals(second.held, { problem: null, wait: null, absent: [] });
});

Deno.test("what no list shows is looked up four at a time, thirty in a run, and its evidence goes on record", () => {
  const world = new RecordsPlanWorld({ entries: openMany(40) });
  const steps = kindsOf(world.run());
  const looks = steps.filter((step) => step.startsWith("record_look_up"));
  assertEquals(looks.map((step) => step.split(" ").length), [4, 4, 4, 4, 4, 4, 4, 2]);
  assertEquals(world.records.absences.length, 30);
  assertObjectMatch(world.records.absences[0] ?? {}, {
    what: "order",
    id: `avwap-${TODAY}-S0-mk0000`,
    processId: "p1",
    firstMs: 0,
    lastMs: 0,
  });
});

Deno.test("an entry is absent after 70 s of not found by one process, and is looked up again until then", () => {
  let records = new RecordsPlanWorld({ entries: [open()] }).records;
  for (let atMs = 0; atMs < 70_000; atMs += 10_000) {
    const world = new RecordsPlanWorld({ records, atMs });
    const rest = world.run().at(-1);
    assertEquals(world.held.absent, []);
    assertEquals(rest?.do === "rest" ? rest.wakeAtMs : null, NOW_MS + atMs + 10_000);
    records = world.records;
  }
  const last = new RecordsPlanWorld({ records, atMs: 70_000 });
  last.run();
  assertEquals(last.held.absent.map(({ clientOrderId }) => clientOrderId), [ID]);
  const other = new RecordsPlanWorld({ records, atMs: 70_000, now: { processId: "p2" } });
  other.run();
  assertEquals(other.held.absent, []);
  assertEquals(other.records.absences.map(({ processId }) => processId), ["p2"]);
});

Deno.test("what a look-up finds settles the order, ends the evidence, and is told once it is durable", () => {
  const absence = { what: "order", id: ID, processId: "p1", firstMs: 0, lastMs: 0 } as const;
  const before = new RecordsPlanWorld({ entries: [open()] }).records;
  const records = { ...before, absences: [absence] };
  const order = brokerOrder();
  const lookUp = () => ({ kind: "found", order }) as const;
  const world = new RecordsPlanWorld({ records, outside: { lookUp } });
  world.run();
  assertObjectMatch(world.records.ledger?.entries[0] ?? {}, { status: "accepted", orderId: "b-1" });
  assertEquals(world.records.absences, []);
  assertEquals(world.saidKinds, ["order_updated", "submitted"]);

  const unwritten = { message: "no room", isByAnotherHand: false };
  const full = new RecordsPlanWorld({ records, outside: { lookUp, store: () => unwritten } });
  full.run();
  assertEquals(full.saidKinds, []);
  assertEquals(full.held, {
    problem: null,
    wait: { kind: "ledger disk", message: "no room" },
    absent: [],
  });
});

Deno.test("a ledger that another hand has written meanwhile blocks the cycle, and is looked at again soon", () => {
  const unwritten = { message: "changed", isByAnotherHand: true };
  const dayOrders = { kind: "ok", value: [brokerOrder({ status: "filled" })] } as const;
  const outside = { dayOrders, store: () => unwritten };
  const world = new RecordsPlanWorld({ entries: [ledgerEntry()], outside });
  const rest = world.run().at(-1);
  assertEquals(rest?.do === "rest" ? rest.wakeAtMs : null, NOW_MS + 10_000);
  assertEquals([world.held.problem, world.saidKinds], ["ledger invalid", ["changed_meanwhile"]]);
});

Deno.test("another engine's order is recorded, counted once and blocks its cycle alone; the second locks", () => {
  const outside = { dayOrders: { kind: "ok", value: [HERS] } } as const;
  const first = new RecordsPlanWorld({ outside });
  assertEquals(kindsOf(first.run()), ["past_records", "ledger mismatch", "rest"]);
  assertEquals([first.held.problem, first.records.ledger?.mismatches], ["broker mismatch", 1]);
  assertEquals(first.saidKinds, ["order_updated", "lacked"]);
  const second = new RecordsPlanWorld({ records: first.records, outside });
  second.run();
  assertEquals([second.held.problem, second.saidKinds], [null, []]);
  const other = brokerOrder({ orderId: "b-2", clientOrderId: `avwap-${TODAY}-IWM-other` });
  const third = new RecordsPlanWorld({
    records: first.records,
    outside: { dayOrders: { kind: "ok", value: [HERS, other] } },
  });
  third.run();
  assertEquals(third.records.ledger?.mismatches, 2);
  assertEquals(third.saidKinds, ["order_updated", "lacked", "locked"]);
});

Deno.test("without the account or the day's orders nothing is held against nothing", () => {
  const dayOrders = { kind: "failed", failure: "timeout" } as const;
  const world = new RecordsPlanWorld({ entries: [open()], outside: { dayOrders } });
  assertEquals(kindsOf(world.run()), ["rest"]);
  assertEquals(world.held.problem, "broker unreachable");
});

Deno.test("records of the last days of another account are waited for", () => {
  const wait = { kind: "foreign", message: "archive" } as const;
  const world = new RecordsPlanWorld({ outside: { past: { kind: "waits", wait } } });
  assertEquals(kindsOf(world.run()), ["past_records", "rest"]);
  assertEquals(world.held.wait, wait);
});

for (const isObjected of [true, false]) {
  Deno.test(`a ledger of nobody's is ${isObjected ? "left to its writer in" : "made ours without"} the operator's objection`, () => {
    const records = { ...EMPTY_STATE, dateSeenNy: TODAY, ledger: liveLedger([]) };
    const world = new RecordsPlanWorld({ records, outside: { isObjected } });
    const steps = kindsOf(world.run());
    assertEquals(steps, ["past_records", "objection", ...isObjected ? [] : ["ledger"], "rest"]);
    const { host, accountId } = world.records.ledger ?? { host: null, accountId: null };
    assertEquals({ host, accountId }, isObjected ? { host: null, accountId: null } : OWNER);
  });
}

Deno.test("a chain of replacements is followed over six orders of earlier days, each read once, until one has no answer", () => {
  const link = (at: number) =>
    brokerOrder({ orderId: `o-${at}`, clientOrderId: `hand-${at}`, replaces: `o-${at + 1}` });
  const entries = [ledgerEntry({ orderId: "o-99" })];
  const dayOrders = { kind: "ok", value: [link(0)] } as const;
  const readOrder = (orderId: string) =>
    ({ kind: "found", order: link(Number(orderId.slice(2))) }) as const;
  const endless = new RecordsPlanWorld({ entries, outside: { dayOrders, readOrder } });
  endless.run();
  const ancestors = endless.asked.filter(({ ask }) => ask === "ancestor");
  assertEquals(ancestors.length, 6);
  const silent = new RecordsPlanWorld({
    entries,
    outside: { dayOrders, readOrder: () => ({ kind: "unknown", why: "timeout" }) },
  });
  silent.run();
  assertEquals(silent.asked.filter(({ ask }) => ask === "ancestor").length, 1);
});

/** Records of the day before, in which an entry is still open. */
const YESTERDAY = {
  ...EMPTY_STATE,
  dateSeenNy: "2026-01-04",
  ledger: { ...liveLedger([open({ timestamp: "2026-01-04T20:00:00Z" })], "2026-01-04"), ...OWNER },
};

Deno.test("a ledger of an earlier day is turned before it is held against today's orders", () => {
  const world = new RecordsPlanWorld({ records: YESTERDAY });
  const steps = kindsOf(world.run());
  assertEquals(steps.slice(0, 3), ["date_seen", "day_turned", "past_records"]);
  const { ledger, dateSeenNy } = world.records;
  assertEquals([ledger?.dateNy, ledger?.entries.length, dateSeenNy], [TODAY, 1, TODAY]);
});

Deno.test("where the two clocks differ one answer does not end the day, of whichever process; the second does", () => {
  const first = new RecordsPlanWorld({ records: YESTERDAY, skewSeconds: 31 });
  const rest = first.run().at(-1);
  assertEquals(first.records.ledger?.dateNy, YESTERDAY.ledger.dateNy);
  assertEquals(first.held.wait?.kind, "clock");
  assertEquals(rest?.do === "rest" ? rest.wakeAtMs : null, NOW_MS + 10_000);
  const { records } = first;
  const second = new RecordsPlanWorld({ records, skewSeconds: 31, now: { processId: "p2" } });
  second.run();
  assertEquals([second.records.ledger?.dateNy, second.held.wait], [TODAY, null]);
});

Deno.test("a ledger of a day still to come is left as it is", () => {
  const ledger = { ...liveLedger([], "2099-01-01"), ...OWNER };
  const world = new RecordsPlanWorld({ records: { ...YESTERDAY, ledger } });
  world.run();
  assertEquals([world.records.ledger, world.held.wait?.kind], [ledger, "ledger invalid"]);
});
