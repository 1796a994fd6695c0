import {
  buildLedgerEntry,
  type LedgerEntry,
  type LiveLedger,
} from "../../../src/domain/order/ledger.ts";
import {
  listBrokerFindings,
  listRuleFindings,
} from "../../../src/domain/account/ledger_findings.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { buildEmptyLedger } from "../../../src/domain/order/reconcile.ts";
import { assertEquals, assertStringIncludes } from "../../assert.ts";

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
