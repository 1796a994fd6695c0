import { buildLedgerEntry, type LedgerEntry, type LiveLedger } from "../../src/domain/ledger.ts";
import { listBrokerFindings, listRuleFindings } from "../../src/domain/ledger_findings.ts";
import type { BrokerOrder } from "../../src/domain/orders.ts";
import { buildEmptyLedger } from "../../src/domain/reconcile.ts";
import { rebuildLedger } from "../../src/domain/rebuild_ledger.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";

const TODAY = "2026-11-23";
const AT_MS = Date.parse("2026-11-23T15:00:00Z");
const ID = "avwap-2026-11-23-NVDA-abc";

function order(change: Partial<BrokerOrder> = {}): BrokerOrder {
  return {
    orderId: "order-1",
    clientOrderId: ID,
    symbol: "NVDA",
    side: "buy",
    type: "market",
    orderClass: "",
    timeInForce: "day",
    status: "filled",
    qty: 7,
    filledQty: 7,
    filledAvgPriceUsd: 125,
    limitPriceUsd: null,
    stopPriceUsd: null,
    submittedAtMs: AT_MS,
    updatedAtMs: AT_MS,
    filledAtMs: AT_MS,
    replacedBy: null,
    replaces: null,
    legs: [],
    ...change,
  };
}

function entry(change: Partial<LedgerEntry> = {}): LedgerEntry {
  return buildLedgerEntry({
    symbol: "NVDA",
    notionalUsd: 875,
    timestamp: "2026-11-23T15:00:00.000Z",
    side: "buy",
    orderId: "order-1",
    clientOrderId: ID,
    qty: 7,
    status: "accepted",
    broker: { status: "filled", filledQty: 7, filledAvgPriceUsd: 125, updatedAtMs: AT_MS },
    ...change,
  });
}

function ledger(entries: LedgerEntry[], change: Partial<LiveLedger> = {}): LiveLedger {
  return { ...buildEmptyLedger(TODAY), entries, ...change };
}

Deno.test("a ledger that agrees has no findings", () => {
  assertEquals(listRuleFindings(ledger([entry()]), TODAY), []);
  assertEquals(listBrokerFindings(ledger([entry()]), [order()], []), []);
});

const RULES: { when: string; of: LiveLedger; kind: "fault" | "note"; says: string }[] = [
  {
    when: "it is of tomorrow",
    of: ledger([], { dateNy: "2026-11-24" }),
    kind: "fault",
    says: "is of",
  },
  {
    when: "it is of yesterday",
    of: ledger([], { dateNy: "2026-11-22" }),
    kind: "note",
    says: "next",
  },
  {
    when: "it mismatched twice",
    of: ledger([], { mismatches: 2 }),
    kind: "fault",
    says: "blocked",
  },
  { when: "it mismatched once", of: ledger([], { mismatches: 1 }), kind: "note", says: "second" },
  {
    when: "an id is there twice",
    of: ledger([entry({ side: "sell" }), entry({ side: "sell" })]),
    kind: "fault",
    says: `client order id ${ID}`,
  },
  {
    when: "a symbol was entered twice",
    of: ledger([entry(), entry({ clientOrderId: `${ID}2` })]),
    kind: "fault",
    says: "NVDA was entered twice",
  },
  {
    when: "an order is unsettled",
    of: ledger([entry({ status: "unknown" })]),
    kind: "note",
    says: "is unknown",
  },
];

for (const { when, of, kind, says } of RULES) {
  Deno.test(`listRuleFindings() has one ${kind} when ${when}`, () => {
    const findings = listRuleFindings(of, TODAY);
    assertEquals(findings.map((each) => each.kind), [kind]);
    assertStringIncludes(findings[0]?.text ?? "", says);
  });
}

Deno.test("listRuleFindings() lets a rejected entry be followed by another in its symbol", () => {
  const entries = [entry({ status: "rejected" }), entry({ clientOrderId: `${ID}2` })];
  assertEquals(listRuleFindings(ledger(entries), TODAY), []);
});

const BROKER: {
  when: string;
  entries: LedgerEntry[];
  orders: BrokerOrder[];
  kinds: string[];
  says: string;
}[] = [
  {
    when: "the ledger lacks ours",
    entries: [],
    orders: [order()],
    kinds: ["fault"],
    says: "lacks",
  },
  {
    when: "the ledger lacks flatten's",
    entries: [],
    orders: [order({ clientOrderId: "avwap-flatten-x" })],
    kinds: ["note"],
    says: "flatten's",
  },
  {
    when: "the broker lacks an accepted one",
    entries: [entry()],
    orders: [],
    kinds: ["fault"],
    says: "does not show it",
  },
  {
    when: "the broker lacks a pending one",
    entries: [entry({ status: "pending" })],
    orders: [],
    kinds: ["note"],
    says: "does not show it",
  },
  {
    when: "the broker lacks one of the old format",
    entries: [entry({ clientOrderId: null, orderId: null })],
    orders: [],
    kinds: ["note"],
    says: "does not show it",
  },
  {
    when: "the broker filled more meanwhile",
    entries: [entry({ broker: null })],
    orders: [order()],
    kinds: ["note"],
    says: "filled 7",
  },
];

for (const { when, entries, orders, kinds, says } of BROKER) {
  Deno.test(`listBrokerFindings() says it when ${when}`, () => {
    const findings = listBrokerFindings(ledger(entries), orders, []);
    assertEquals(findings.map((each) => each.kind), kinds);
    assertStringIncludes(findings[0]?.text ?? "", says);
  });
}

Deno.test("listBrokerFindings() has nothing to say of a foreign or a rejected order", () => {
  assertEquals(listBrokerFindings(ledger([]), [order({ clientOrderId: "theirs" })], []), []);
  assertEquals(listBrokerFindings(ledger([entry({ status: "rejected" })]), [], []), []);
});

Deno.test("listBrokerFindings() takes what a look-up found for an earlier day's order", () => {
  assertEquals(listBrokerFindings(ledger([entry()]), [], [order()]), []);
});

const ACCOUNT = { host: "paper", accountId: "a" };

Deno.test("rebuildLedger() keeps, adds, and begins the count of mismatches anew", () => {
  const kept = entry({ clientOrderId: `${ID}-older`, orderId: "gone", pivotUsd: 124 });
  const rebuilt = rebuildLedger({
    present: ledger([kept], { mismatches: 2 }),
    newest: null,
    orders: [order()],
    positions: [],
    todayNy: TODAY,
    account: ACCOUNT,
    mismatches: null,
  });
  assertEquals(rebuilt.mismatches, 0);
  assertEquals(rebuilt.entries[0], kept);
  assertEquals(rebuilt.entries[1]?.clientOrderId, ID);
  assertEquals([rebuilt.host, rebuilt.accountId], ["paper", "a"]);
});

Deno.test("rebuildLedger() carries over only what an earlier day left unsettled", () => {
  const past = ledger(
    [entry({ status: "pending", clientOrderId: `${ID}p` }), entry()],
    { dateNy: "2026-11-20", mismatches: 2 },
  );
  for (const inputs of [{ present: past, newest: null }, { present: null, newest: past }]) {
    const rebuilt = rebuildLedger({
      ...inputs,
      orders: [],
      positions: [],
      todayNy: TODAY,
      account: ACCOUNT,
      mismatches: null,
    });
    assertEquals(rebuilt.dateNy, TODAY);
    assertEquals(rebuilt.entries.map((each) => each.clientOrderId), [`${ID}p`]);
  }
});

Deno.test("rebuildLedger() uses no ledger of a day still to come", () => {
  const rebuilt = rebuildLedger({
    present: ledger([entry()], { dateNy: "2026-11-24" }),
    newest: null,
    orders: [],
    positions: [],
    todayNy: TODAY,
    account: ACCOUNT,
    mismatches: null,
  });
  assertEquals([rebuilt.dateNy, rebuilt.entries.length], [TODAY, 0]);
});

Deno.test("rebuildLedger() gives a rebuilt entry the plan that the state remembers", () => {
  const position = {
    symbol: "NVDA",
    positionId: ID,
    adoptedQty: 0,
    besideQty: 0,
    pivotUsd: 124,
    r1Usd: 129,
    r2Usd: 136,
    stopUsd: 118,
    highWaterUsd: 125,
    isTrimmedR1: false,
    isTrimmedR2: false,
    qty: 7,
    costBasisUsd: 875,
    unexplainedQty: null,
    unexplainedSinceMs: null,
    openedAtMs: AT_MS,
    partialSinceMs: null,
  };
  const [rebuilt] = rebuildLedger({
    present: null,
    newest: null,
    orders: [order()],
    positions: [position],
    todayNy: TODAY,
    account: ACCOUNT,
    mismatches: null,
  }).entries;
  assert(rebuilt !== undefined);
  const { pivotUsd, r1Usd, r2Usd, stopUsd } = rebuilt;
  assertEquals([pivotUsd, r1Usd, r2Usd, stopUsd], [124, 129, 136, 118]);
});
