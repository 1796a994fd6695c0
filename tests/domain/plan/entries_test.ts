import fc from "fast-check";
import { DEFAULT_CAPS } from "../../../src/domain/gate/caps.ts";
import { buildEntryId } from "../../../src/domain/order/client_order_id.ts";
import { buildEntryRecord } from "../../../src/domain/entry/entry_record.ts";
import type { LedgerEntry } from "../../../src/domain/order/ledger.ts";
import { usdToMicros } from "../../../src/domain/order/money.ts";
import type { EntryRequest, SendResult } from "../../../src/domain/order/order_request.ts";
import { planEntries } from "../../../src/domain/plan/entries.ts";
import { assert, assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder, liveDecision, TODAY } from "../fixtures.ts";
import { heldPosition } from "../position_fixtures.ts";
import {
  accept,
  bracketOf,
  dueIntent,
  EntryPlanWorld,
  NOW_MS,
  type Outside,
} from "./entry_plan_world.ts";

const SPY = dueIntent({ symbol: "SPY" });
const QQQ = dueIntent({ symbol: "QQQ", scheduledAtMs: NOW_MS - 500 });
const LOST = { kind: "unknown", why: "timeout", httpStatus: null, body: "" } as const;
const DUPLICATE = { kind: "duplicate", body: "" } as const;

function refusal(why: "other" | "rate_limited"): SendResult {
  return { kind: "rejected", why, httpStatus: 403, code: null, message: "no", body: "" };
}

/** The record of an entry in SPY that was proven absent. */
function absentEntry(facts: Partial<LedgerEntry> = {}): LedgerEntry {
  const record = buildEntryRecord(SPY, {
    notionalMicros: usdToMicros(200),
    nowMs: NOW_MS - 200_000,
    deadlineAtMs: NOW_MS - 185_000,
  });
  return { ...record, status: "unknown", notFoundSinceMs: NOW_MS - 100_000, ...facts };
}

function statusOf(world: EntryPlanWorld, symbol = "SPY"): string | undefined {
  return world.records.ledger?.entries.find((entry) => entry.symbol === symbol)?.status;
}

Deno.test("planEntries() asks prices of all that is due, then corporate actions, then what the entry leaves by, and sends", () => {
  const world = new EntryPlanWorld({ intents: [SPY, QQQ] });
  const steps = world.run();
  assertEquals(
    steps.map((step) => step.do === "read" ? step.questions.map(({ ask }) => ask) : step.do),
    [
      ["prices"],
      ["corporate_actions"],
      ["positions", "open_orders", "day_loss", "gate"],
      "send",
      ["gate"],
      "send",
      "rest",
    ],
  );
  assertEquals(world.sent.map(({ request }) => request.symbol), ["SPY", "QQQ"]);
  assertEquals(world.records.intents, []);
  assertEquals(world.records.positions.map(({ symbol }) => symbol), ["SPY", "QQQ"]);
  assertObjectMatch(world.sent[0] ?? {}, {
    request: { qty: 2, takeProfitUsd: 110, stopUsd: 95 },
    earlier: null,
  });
});

Deno.test("planEntries() puts the record of an entry, and the end of its intent, in one change before its request", () => {
  const world = new EntryPlanWorld({ intents: [SPY] });
  while (world.step.do !== "send") world.carryOut();
  assertObjectMatch(world.step, {
    change: [
      { kind: "orders", entries: [{ clientOrderId: SPY.clientOrderId, status: "pending" }] },
      { kind: "off_list", intents: [SPY] },
    ],
  });
});

Deno.test("planEntries() looks at the account, the price and the lists anew where they are older than 5 s", () => {
  const world = new EntryPlanWorld({ intents: [SPY] });
  world.carryOut();
  world.carryOut();
  world.pass(6_000);
  assertObjectMatch(world.step, {
    questions: [
      { ask: "prices", symbols: ["SPY"] },
      { ask: "account" },
      { ask: "positions" },
      { ask: "open_orders" },
      { ask: "day_loss" },
      { ask: "gate", clientOrderId: SPY.clientOrderId },
    ],
  });
});

Deno.test("planEntries() sends after one look of an entry's own, however slow the broker is", () => {
  const world = new EntryPlanWorld({ intents: [SPY, QQQ], outside: { answerMs: 9_000 } });
  world.run();
  assertEquals(world.sent.length, 2);
});

const denied: readonly {
  readonly when: string;
  readonly outside?: Partial<Outside>;
  readonly desk?: ConstructorParameters<typeof EntryPlanWorld>[0]["desk"];
  readonly said: string;
}[] = [
  { when: "entries are paused", desk: { areEntriesPaused: true }, said: "verdict" },
  {
    when: "the day's loss is not known",
    desk: { loss: { kind: "unknown", why: "no trail" } },
    said: "verdict",
  },
  { when: "the price is none", outside: { price: { kind: "ok", value: null } }, said: "verdict" },
  {
    when: "the price has reached the target",
    outside: { price: { kind: "ok", value: { priceUsd: 110, atMs: NOW_MS } } },
    said: "verdict",
  },
  {
    when: "the allowlist lacks it",
    outside: {
      gate: { ...liveDecision(), allowlist: { kind: "list", symbols: ["AAPL"] } },
    },
    said: "verdict",
  },
  { when: "the hosts' clocks are apart", desk: { clockSkewSeconds: 31 }, said: "verdict" },
  {
    when: "somebody holds the symbol",
    outside: { positions: { kind: "ok", value: [heldPosition()] } },
    said: "skipped",
  },
  {
    when: "somebody's order works in it",
    outside: { openOrders: [brokerOrder({ clientOrderId: "hand" })] },
    said: "skipped",
  },
];

for (const { when, outside = {}, desk = {}, said } of denied) {
  Deno.test(`planEntries() lets an intent go, and asks the broker nothing more, when ${when}`, () => {
    const world = new EntryPlanWorld({ intents: [SPY], outside, desk });
    const steps = world.run();
    assertEquals(steps.map((step) => step.do), ["read", "record", "rest"]);
    assertEquals(world.saidOf("SPY"), [said]);
    assertEquals([world.records.intents, world.sent], [[], []]);
  });
}

const waiting: readonly {
  readonly when: string;
  readonly outside?: Partial<Outside>;
  readonly desk?: ConstructorParameters<typeof EntryPlanWorld>[0]["desk"];
  readonly cause: string;
}[] = [
  {
    when: "positions can't be read",
    outside: { positions: { kind: "failed", failure: "http" } },
    cause: "positions unavailable (http)",
  },
  {
    when: "the account can't be read",
    outside: { account: { kind: "failed", failure: "timeout" } },
    cause: "account unavailable (timeout)",
  },
  {
    when: "the price is not answered",
    outside: { price: { kind: "failed", failure: "network" } },
    cause: "latest trades unavailable (network)",
  },
  { when: "the disk is full", desk: { diskFault: "full" }, cause: "the disk is full" },
  {
    when: "the ledger is not to be counted from",
    outside: {
      gate: {
        mode: "DRY_RUN",
        reason: { code: "ledger_unavailable", problem: "ledger invalid" },
      },
    },
    cause: "ledger unavailable (ledger invalid)",
  },
];

for (const { when, outside = {}, desk = {}, cause } of waiting) {
  Deno.test(`planEntries() keeps a due intent on its list, says why, and looks again, when ${when}`, () => {
    const world = new EntryPlanWorld({ intents: [SPY, QQQ], outside, desk });
    const rest = world.run().at(-1);
    assertEquals(world.records.intents, [SPY, QQQ]);
    assertEquals(world.sent, []);
    assertObjectMatch(world.said.at(-1) ?? {}, {
      scope: "day",
      value: { kind: "entries_wait", cause, symbols: ["SPY", "QQQ"] },
    });
    assertObjectMatch(rest ?? {}, { do: "rest", wakeAtMs: world.now.brokerMs + 15_000 });
  });
}

Deno.test("planEntries() decides by what a look right before the request says, not by the cycle's view", () => {
  const world = new EntryPlanWorld({ intents: [SPY] });
  world.carryOut();
  world.outside = { ...world.outside, positions: { kind: "ok", value: [heldPosition()] } };
  world.run();
  assertEquals(world.sent, []);
  assertEquals(world.saidOf("SPY"), ["skipped"]);
});

Deno.test("planEntries() counts anew after each submission: the position cap holds within one cycle", () => {
  const gate = liveDecision({ positions: 1 });
  const world = new EntryPlanWorld({ intents: [SPY, QQQ], outside: { gate } });
  world.run();
  assertEquals(world.sent.map(({ request }) => request.symbol), ["SPY"]);
  assertObjectMatch(world.said.find(({ symbol }) => symbol === "QQQ")?.value ?? {}, {
    checked: { verdict: { kind: "denied", reason: "max positions reached" } },
  });
});

Deno.test("planEntries() looks a lost answer up at once, and what it finds is the engine's", () => {
  let sent: EntryRequest | null = null;
  const world = new EntryPlanWorld({
    intents: [SPY],
    outside: {
      send: (request) => {
        sent = request;
        return LOST;
      },
      lookUp: () =>
        sent === null ? { kind: "not_found" } : { kind: "found", order: bracketOf(sent) },
    },
  });
  world.run();
  assertEquals(statusOf(world), "accepted");
  assertEquals(world.records.positions.map(({ positionId }) => positionId), [SPY.clientOrderId]);
  assertEquals(world.saidOf("SPY"), ["verdict", "submitted"]);
});

Deno.test("planEntries() leaves a lost answer that no look-up finds unknown, says so, and looks again in 15 s", () => {
  const world = new EntryPlanWorld({ intents: [SPY], outside: { send: () => LOST } });
  const rest = world.run().at(-1);
  assertEquals(statusOf(world), "unknown");
  assertEquals(world.sent.length, 1);
  assertEquals(world.saidOf("SPY"), ["verdict", "entry_open"]);
  const sentAtMs = world.entryTurn.sent.get(SPY.clientOrderId)?.atMs ?? 0;
  assertObjectMatch(rest ?? {}, { wakeAtMs: sentAtMs + 15_000 });
});

Deno.test("planEntries() takes another engine's order under the first sending of an id over, with its quantity, and counts a mismatch", () => {
  let sent: EntryRequest | null = null;
  const world = new EntryPlanWorld({
    intents: [SPY],
    outside: {
      send: (request) => {
        sent = request;
        return DUPLICATE;
      },
      lookUp: () =>
        sent === null
          ? { kind: "not_found" }
          : { kind: "found", order: { ...bracketOf(sent), qty: 5 } },
    },
  });
  world.run();
  const [entry] = world.records.ledger?.entries ?? [];
  assertObjectMatch(entry ?? {}, { status: "accepted", qty: 5, notionalUsd: 500 });
  assertEquals(world.records.ledger?.mismatches, 1);
  assertEquals(world.saidOf("SPY"), ["verdict", "mismatch"]);
  assertEquals(world.records.positions.length, 1);
});

Deno.test("planEntries() sends what was proven absent again under its id, and takes a duplicate for its own", () => {
  const world = new EntryPlanWorld({
    entries: [absentEntry()],
    absent: [SPY.clientOrderId],
    outside: {
      send: () => DUPLICATE,
      lookUp: (clientOrderId) => ({
        kind: "found",
        order: brokerOrder({ clientOrderId, submittedAtMs: NOW_MS }),
      }),
    },
  });
  world.run();
  assertObjectMatch(world.sent, [{
    request: { clientOrderId: SPY.clientOrderId },
    earlier: { notFoundSinceMs: NOW_MS - 100_000 },
  }]);
  assertEquals(world.records.ledger?.mismatches, 0);
  assertEquals(world.saidOf("SPY"), ["verdict", "submitted"]);
});

Deno.test("planEntries() settles what was proven absent, and is denied, as not sent", () => {
  const world = new EntryPlanWorld({
    entries: [absentEntry()],
    absent: [SPY.clientOrderId],
    desk: { areEntriesPaused: true },
  });
  world.run();
  assertEquals(world.sent, []);
  assertObjectMatch(world.records.ledger?.entries[0] ?? {}, {
    status: "rejected",
    reason: "not sent",
    notFoundSinceMs: NOW_MS - 100_000,
  });
  assertEquals(world.saidOf("SPY"), ["verdict", "entry_unsent"]);
});

Deno.test("planEntries() lets what was proven absent count on while the broker shows shares that may be its fill", () => {
  const held = { ...heldPosition(), qty: 2 };
  for (const isTaking of [true, false]) {
    const world = new EntryPlanWorld({
      entries: [absentEntry()],
      absent: [SPY.clientOrderId],
      outside: { positions: { kind: "ok", value: [held] } },
      desk: { isTaking },
    });
    world.run();
    assertEquals([world.sent, statusOf(world)], [[], "unknown"]);
  }
});

Deno.test("planEntries() tries an entry once in a run whose record can't be written, and lets its intent go", () => {
  const repeat = { entries: [absentEntry()], absent: [SPY.clientOrderId] };
  for (const facts of [{ intents: [SPY] }, repeat]) {
    const world = new EntryPlanWorld({ ...facts, outside: { isWritable: false } });
    world.run();
    assertEquals([world.sent, world.records.intents], [[], []]);
    assertEquals(world.saidOf("SPY").slice(0, 3), ["verdict", "unrecorded", "skipped"]);
  }
});

Deno.test("planEntries() counts a refusal against the symbol, and too many requests against nobody", () => {
  const cases = [["other", "no"], ["rate_limited", "not sent"]] as const;
  for (const [why, reason] of cases) {
    const outside = { send: () => refusal(why) };
    const world = new EntryPlanWorld({ intents: [SPY], outside });
    world.run();
    assertObjectMatch(world.records.ledger?.entries[0] ?? {}, { status: "rejected", reason });
  }
});

Deno.test("planEntries() begins nothing while the engine stops, or a run has less than 12 s left", () => {
  const stopping = new EntryPlanWorld({ intents: [SPY], desk: { isStopping: true } });
  const late = new EntryPlanWorld({ intents: [SPY] });
  late.now = { ...late.now, budgetMs: 11_999, isRunOnce: true };
  for (const world of [stopping, late]) {
    world.run();
    assertEquals([world.sent, world.records.intents], [[], [SPY]]);
  }
});

Deno.test("planEntries() simulates in DRY_RUN once, all that is due together, and says it once it is on record", () => {
  const gate = { mode: "DRY_RUN", reason: { code: "dry_run_enabled" } } as const;
  const world = new EntryPlanWorld({ intents: [SPY, QQQ], outside: { gate } });
  const steps = world.run();
  assertEquals(steps.map((step) => step.do), ["read", "record", "record", "rest"]);
  assertObjectMatch(steps[1] ?? {}, {
    change: [{ kind: "simulated", orders: [{ symbol: "SPY", qty: 2 }, { symbol: "QQQ" }] }],
  });
  assertEquals([world.saidOf("SPY"), world.records.intents], [["simulated"], []]);
  const again = new EntryPlanWorld({
    intents: [SPY],
    outside: { gate, simulation: { kind: "before" } },
  });
  again.run();
  assertEquals(again.saidOf("SPY"), ["simulated_before"]);
});

Deno.test("planEntries() names an entry by the broker's rejections so far, whatever its intent was called", () => {
  const rejected = absentEntry({
    clientOrderId: SPY.clientOrderId,
    status: "rejected",
    reason: "no",
    notFoundSinceMs: null,
  });
  const world = new EntryPlanWorld({ intents: [dueIntent({ symbol: "SPY", qty: 1 })] });
  world.records = {
    ...world.records,
    intents: [{
      ...SPY,
      clientOrderId: buildEntryId({
        accountId: "other",
        dateNy: TODAY,
        symbol: "SPY",
        attempt: 1,
      }),
    }],
    ledger: world.records.ledger === null ? null : {
      ...world.records.ledger,
      entries: [rejected],
    },
  };
  world.run();
  assertEquals(world.sent.map(({ request }) => request.clientOrderId), [
    buildEntryId({ accountId: "acc-1", dateNy: TODAY, symbol: "SPY", attempt: 2 }),
  ]);
});

/** An intent whose moment is in 400 ms. */
const SOON = dueIntent({ symbol: "SPY", scheduledAtMs: NOW_MS + 400 });

Deno.test("planEntries() judges an entry before its moment, says its verdict, and records and sends nothing before it", () => {
  const world = new EntryPlanWorld({ intents: [SOON] });
  const asks: unknown[] = [];
  while (world.step.do !== "send") {
    const step = world.carryOut();
    asks.push(step.do === "read" ? step.questions.at(-1)?.ask : step.do);
  }
  assertEquals(asks, ["prices", "corporate_actions", "gate"]);
  const { change, request } = world.step;
  const atMs = SOON.scheduledAtMs;
  assertEquals([world.now.brokerMs < atMs, request.notBeforeMs], [true, atMs]);
  assertEquals([world.saidOf("SPY"), world.records.ledger?.entries], [[], []]);
  // As of its moment, and no longer than what it is judged by is good for from there on.
  assertObjectMatch(change[0] ?? {}, { entries: [{ timestamp: new Date(atMs).toISOString() }] });
  assert(request.notAfterMs > atMs && request.notAfterMs <= world.now.brokerMs + 5_000);
  world.run();
  assertEquals(world.now.brokerMs >= atMs, true);
  assertEquals([world.sent.length, world.saidOf("SPY")], [1, ["verdict", "submitted"]]);
});

Deno.test("planEntries() asks before an entry's moment for what would be older than 5 s at it", () => {
  const world = new EntryPlanWorld({ intents: [SOON] });
  world.carryOut();
  world.carryOut();
  world.seen = {
    ...world.seen,
    account: world.seen.account === null ? null : { ...world.seen.account, atMs: -4_700 },
  };
  assertObjectMatch(world.step, { questions: [{ ask: "account" }, {}, {}, {}, {}] });
});

const undue: readonly {
  readonly when: string;
  readonly facts: Omit<ConstructorParameters<typeof EntryPlanWorld>[0], "intents">;
}[] = [
  { when: "something ends the wait for its moment", facts: { outside: { isDisturbing: true } } },
  { when: "the cycle may not last until its moment", facts: { desk: { pauseEndMs: NOW_MS } } },
  { when: "its moment lies beyond the lead", facts: { desk: { leadMs: 300 } } },
  {
    when: "the gate simulates, which prepares nothing",
    facts: { outside: { gate: { mode: "DRY_RUN", reason: { code: "dry_run_enabled" } } } },
  },
];
for (const { when, facts } of undue) {
  Deno.test(`planEntries() leaves an intent on its list, and says nothing of its wait, when ${when}`, () => {
    const world = new EntryPlanWorld({ intents: [SOON], ...facts });
    const rest = world.run().at(-1);
    assertEquals([world.sent, world.records.intents], [[], [SOON]]);
    assertEquals(world.saidOf("SPY").filter((kind) => kind !== "verdict"), []);
    assertObjectMatch(rest ?? {}, { wakeAtMs: null });
  });
}

/** What the world may say at any time. */
const outsides: fc.Arbitrary<Partial<Outside>> = fc.record({
  gate: fc.constantFrom<Outside["gate"]>(
    liveDecision(),
    liveDecision({ positions: 1 }),
    { mode: "DRY_RUN", reason: { code: "dry_run_enabled" } },
    { mode: "DRY_RUN", reason: { code: "positions_unavailable", failure: "http" } },
  ),
  positions: fc.constantFrom<Outside["positions"]>(
    { kind: "ok", value: [] },
    { kind: "ok", value: [heldPosition()] },
    { kind: "failed", failure: "http" },
  ),
  account: fc.constantFrom<Outside["account"]>(
    { kind: "failed", failure: "http" },
    { kind: "ok", value: { accountId: "acc-1", status: "ACTIVE", equityUsd: 1, blockFlags: [] } },
  ),
  price: fc.constantFrom<Outside["price"]>(
    { kind: "ok", value: { priceUsd: 100, atMs: NOW_MS } },
    { kind: "ok", value: null },
    { kind: "failed", failure: "http" },
  ),
  isWritable: fc.boolean(),
  send: fc.constantFrom<Outside["send"]>(
    accept,
    () => LOST,
    () => DUPLICATE,
    () => refusal("other"),
    () => ({ kind: "stopped", reason: "kill switch" }),
  ),
  lookUp: fc.constantFrom<Outside["lookUp"]>(
    () => ({ kind: "not_found" }),
    () => ({ kind: "unknown", why: "http" }),
    (clientOrderId) => ({ kind: "found", order: brokerOrder({ clientOrderId }) }),
  ),
  answerMs: fc.constantFrom(0, 10, 6_000),
  isDisturbing: fc.boolean(),
}, { requiredKeys: [] });

Deno.test("planEntries() comes to rest whatever the world says, changes the world with each step, and sends no id twice", () => {
  fc.assert(
    fc.property(
      fc.array(outsides, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      fc.boolean(),
      (answers, hasAbsent, isTaking) => {
        const world = new EntryPlanWorld({
          intents: [SPY, QQQ, dueIntent({ symbol: "IWM", scheduledAtMs: NOW_MS + 450 })],
          ...hasAbsent ? { entries: [absentEntry()], absent: [SPY.clientOrderId] } : {},
          desk: { isTaking },
        });
        for (const answer of [...answers, {}]) {
          world.outside = { ...world.outside, ...answer };
          const before = JSON.stringify(planEntries(world.world));
          if (world.carryOut().do === "rest") break;
          assert(JSON.stringify(planEntries(world.world)) !== before, before);
        }
        world.run();
        const ids = world.sent.map(({ request }) => request.clientOrderId);
        assertEquals(ids.length, new Set(ids).size);
        assert(ids.length <= DEFAULT_CAPS.ordersPerDay);
        const recorded = world.records.ledger?.entries.map((entry) => entry.clientOrderId) ?? [];
        assertEquals(ids.filter((id) => !recorded.includes(id)), []);
        assert(isTaking || ids.length === 0);
      },
    ),
  );
});
