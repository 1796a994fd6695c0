import * as fc from "fast-check";
import { InvariantError } from "../../src/domain/assert.ts";
import {
  applyBrokerOrder,
  buildLedgerEntry,
  type LedgerEntry,
  type LiveLedger,
} from "../../src/domain/order/ledger.ts";
import { buildLedgerText, parseLedger } from "../../src/state/ledger_format.ts";
import { assertLedger, checkLedger } from "../../src/state/ledger_rules.ts";
import { isDate, parseIsoTime } from "../../src/state/ledger_schema.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertObjectMatch,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";
import { brokerOrder } from "../domain/fixtures.ts";
import { ledgers, SIMPLE_LEDGER } from "./support.ts";

const OLD_ENTRY = {
  order_id: "o-1",
  symbol: "NVDA",
  notional: 250.5,
  timestamp: "2026-11-23T15:00:00+00:00",
};

function parseOk(text: string): LiveLedger {
  const parsed = parseLedger(text);
  if (parsed.kind !== "ok") throw new Error(`${parsed.kind}: ${parsed.message}`);
  return parsed.ledger;
}

function withEntry(change: Record<string, unknown>): string {
  return JSON.stringify({ date_ny: "2026-11-23", entries: [{ ...OLD_ENTRY, ...change }] });
}

Deno.test("parseLedger() loads the old pipeline's four-field entries as accepted buys", () => {
  const ledger = parseOk(JSON.stringify({ date_ny: "2026-11-20", entries: [OLD_ENTRY] }));
  assertEquals(ledger, {
    dateNy: "2026-11-20",
    host: null,
    accountId: null,
    mismatches: 0,
    unknownFields: {},
    entries: [buildLedgerEntry({
      orderId: "o-1",
      symbol: "NVDA",
      notionalUsd: 250.5,
      timestamp: "2026-11-23T15:00:00+00:00",
      side: "buy",
      status: "accepted",
    })],
  });
});

Deno.test("parseLedger() gives back every ledger that buildLedgerText() wrote", () => {
  fc.assert(
    fc.property(ledgers, (ledger) => assertEquals(parseOk(buildLedgerText(ledger)), ledger)),
    { numRuns: 500 },
  );
});

Deno.test("buildLedgerText() lays a ledger out as JSON with two blanks, entries that were written before too", () => {
  fc.assert(fc.property(ledgers, fc.nat(9), (ledger, mismatches) => {
    for (const each of [ledger, { ...ledger, mismatches }]) {
      const text = buildLedgerText(each);
      assertEquals(text, `${JSON.stringify(JSON.parse(text), null, 2)}\n`);
      assertEquals(parseOk(text), each);
    }
  }));
});

Deno.test("parseLedger() refuses every truncation of a ledger", () => {
  fc.assert(
    fc.property(ledgers, fc.nat(), (ledger, at) => {
      const text = buildLedgerText(ledger);
      const cut = text.slice(0, at % (text.length - 1));
      assertEquals(parseLedger(cut).kind, "unreadable");
    }),
    { numRuns: 300 },
  );
});

Deno.test("parseLedger() refuses a changed character or reads every entry, which a rewrite keeps", () => {
  const change = fc.record({
    at: fc.nat(),
    to: fc.constantFrom(...'0123456789-+.eE"{}[]:,nulltrufaseX \\'),
  });
  fc.assert(
    fc.property(ledgers, change, (ledger, { at, to }) => {
      const text = buildLedgerText(ledger);
      const index = at % text.length;
      const parsed = parseLedger(text.slice(0, index) + to + text.slice(index + 1));
      if (parsed.kind !== "ok") return;
      assertEquals(parsed.ledger.entries.length, ledger.entries.length);
      const rewritten = buildLedgerText(parsed.ledger);
      assertEquals(buildLedgerText(parseOk(rewritten)), rewritten);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("parseLedger() keeps unknown fields of file and entry, and buildLedgerText() writes them back", () => {
  const text =
    `{"date_ny":"2026-11-23","note":{"a":[1]},"__proto__":{"x":1},"entries":[{"order_id":null,
    "symbol":"F","notional":1,"timestamp":"2026-11-23T15:00:00Z","__proto__":7,"comment":"by hand"}]}`;
  const written: unknown = JSON.parse(buildLedgerText(parseOk(text)));
  assertObjectMatch(Object(written), { note: { a: [1] }, entries: [{ comment: "by hand" }] });
  assert(buildLedgerText(parseOk(text)).includes(`"__proto__": 7`));
  assertEquals(parseOk(text).entries[0]?.unknownFields["comment"], "by hand");
});

Deno.test("unknown fields within a leg and the broker's view outlive what the broker says later", () => {
  const leg = { order_id: "l-1", client_order_id: "c-1", type: "stop", note: { a: 1 } };
  const broker = {
    status: "new",
    filled_qty: 0,
    filled_avg_price: null,
    updated_at: "2026-11-23T15:00:00Z",
    venue: "X",
  };
  const text = JSON.stringify({
    date_ny: "2026-11-23",
    entries: [{
      order_id: "o-1",
      symbol: "F",
      notional: 1,
      timestamp: "2026-11-23T15:00:00Z",
      legs: [{ ...leg, order_id: "l-0", note: undefined }, leg],
      broker,
    }],
  });
  const ledger = parseOk(text);
  const entries = ledger.entries.map((entry) =>
    applyBrokerOrder(entry, brokerOrder({ orderId: "o-1", status: "filled" }))
  );
  const written: unknown = JSON.parse(buildLedgerText({ ...ledger, entries }));
  assertObjectMatch(Object(written), {
    entries: [{
      legs: [{ order_id: "l-0" }, { order_id: "l-1", note: { a: 1 } }],
      broker: { status: "filled", venue: "X" },
    }],
  });
});

const MISSING_STATUS: { when: string; fields: object; status: string }[] = [
  { when: "only an order id", fields: {}, status: "accepted" },
  { when: "neither id", fields: { order_id: null }, status: "accepted" },
  { when: "both ids", fields: { client_order_id: "avwap-1" }, status: "accepted" },
  {
    when: "only our id",
    fields: { order_id: null, client_order_id: "avwap-1" },
    status: "unknown",
  },
];
for (const { when, fields, status } of MISSING_STATUS) {
  Deno.test(`parseLedger() takes an entry without status and with ${when} as ${status}`, () => {
    assertEquals(parseOk(withEntry({ ...fields })).entries[0]?.status, status);
  });
}

Deno.test("parseLedger() takes null for every field but the old ones as absent", () => {
  const keys = Object.keys(Object(JSON.parse(buildLedgerText(SIMPLE_LEDGER))).entries[0]);
  const nulls = Object.fromEntries(
    keys.filter((key) => !["symbol", "notional", "timestamp"].includes(key))
      .map((key) => [key, null]),
  );
  assertEquals(parseOk(withEntry({ ...nulls, order_id: "o-1" })), parseOk(withEntry({})));
});

const UNREADABLE = [
  "",
  " ",
  "{",
  "nonsense",
  "\u0000\u0001",
  "{'a':1}",
  "\uFEFF{}",
  '{"a":NaN}',
  "[1,]",
];
for (const text of UNREADABLE) {
  Deno.test(`parseLedger() calls ${JSON.stringify(text)} unreadable`, () => {
    assertEquals(parseLedger(text), {
      kind: "unreadable",
      message: "it is not JSON",
      isRead: true,
    });
  });
}

const INVALID_FILES = [
  "3",
  "null",
  "[]",
  '"x"',
  "{}",
  '{"date_ny": "2026-11-23", "entries": {}}',
  '{"date_ny": "2026-11-23", "entries": 7}',
  '{"date_ny": "2026-11-23", "entries": null}',
  '{"date_ny": "2026-11-23", "entries": [7]}',
  '{"date_ny": "2026-11-23", "entries": [[]]}',
  '{"date_ny": "2026-11-23"}',
  '{"entries": []}',
  '{"date_ny": null, "entries": []}',
  '{"date_ny": "", "entries": []}',
  '{"date_ny": "2026-11-31", "entries": []}',
  '{"date_ny": "2026-1-2", "entries": []}',
  '{"date_ny": "23.11.2026", "entries": []}',
  '{"date_ny": "2026-11-23T00:00:00Z", "entries": []}',
  '{"date_ny": "2026-11-23", "entries": [], "schema": 2}',
  '{"date_ny": "2026-11-23", "entries": [], "schema": "1"}',
  '{"date_ny": "2026-11-23", "entries": [], "mismatches": -1}',
  '{"date_ny": "2026-11-23", "entries": [], "mismatches": 0.5}',
  '{"date_ny": "2026-11-23", "entries": [], "host": 5}',
];
for (const text of INVALID_FILES) {
  Deno.test(`parseLedger() calls ${text} invalid`, () => {
    assertEquals(parseLedger(text).kind, "invalid");
  });
}

const INVALID_ENTRIES: { change: string; words: string }[] = [
  { change: '"notional": -0.01', words: "entry 2: notional is negative" },
  { change: '"notional": 1e999', words: "entry 2: notional is not a finite number" },
  { change: '"notional": "250"', words: "entry 2: notional is not a finite number" },
  { change: '"notional": null', words: "entry 2: notional is not a finite number" },
  { change: '"notional": true', words: "notional" },
  { change: '"symbol": 5', words: "entry 2: symbol is not text" },
  { change: '"symbol": ""', words: "symbol is empty" },
  { change: '"symbol": " "', words: "symbol is empty" },
  { change: '"symbol": "nvda"', words: "upper case" },
  { change: '"symbol": " NVDA"', words: "without blanks" },
  { change: `"symbol": "${"A".repeat(65)}"`, words: "too long" },
  { change: '"timestamp": 1700000000', words: "timestamp" },
  { change: '"timestamp": "yesterday"', words: "timestamp is not an ISO 8601 time" },
  { change: '"timestamp": "2026-11-23"', words: "timestamp" },
  { change: '"timestamp": "2026-13-23T00:00:00Z"', words: "timestamp" },
  { change: '"order_id": 5', words: "order_id is not text" },
  { change: '"order_id": ""', words: "order_id is empty" },
  { change: '"client_order_id": ""', words: "client_order_id is empty" },
  { change: '"side": "hold"', words: "side is neither buy nor sell" },
  { change: '"side": "BUY"', words: "side is neither buy nor sell" },
  { change: '"status": "open"', words: "status is not a status of this ledger" },
  { change: '"status": ""', words: "status" },
  { change: '"qty": 0', words: "qty is not above 0" },
  { change: '"qty": -1', words: "qty is not above 0" },
  { change: '"qty": 1.5', words: "qty is not a whole number" },
  { change: '"qty": "1"', words: "qty" },
  { change: '"qty": 1e999', words: "qty" },
  { change: '"pivot": -1', words: "pivot is not above 0" },
  { change: '"stop": 0', words: "stop is not above 0" },
  { change: '"stop": "115"', words: "stop is not a finite number" },
  { change: '"r1": 1e999', words: "r1" },
  { change: '"attempt": 1.5', words: "attempt is not a whole number" },
  { change: '"expires_at": "soon"', words: "expires_at is not an ISO 8601 time" },
  { change: '"deadline_at": 5', words: "deadline_at" },
  { change: '"legs": {}', words: "legs is not a list" },
  { change: '"legs": [{"order_id": "x"}]', words: "entry 2: legs 1 client_order_id" },
  { change: '"broker": {"status": "new"}', words: "broker filled_qty" },
  {
    change: '"broker": {"status": "new", "filled_qty": -1, "updated_at": "2026-11-23T15:00:00Z"}',
    words: "broker filled_qty is negative",
  },
];
for (const { change, words } of INVALID_ENTRIES) {
  Deno.test(`parseLedger() refuses an entry with ${change}`, () => {
    const good = JSON.stringify(OLD_ENTRY);
    const bad = `${good.slice(0, -1)}, ${change}}`; // the later of two equal keys counts
    const parsed = parseLedger(`{"date_ny": "2026-11-23", "entries": [${good}, ${bad}]}`);
    assert(parsed.kind === "invalid", parsed.kind);
    assertStringIncludes(parsed.message, words);
    assertFalse(parsed.message.includes("\n"));
  });
}

for (const key of Object.keys(OLD_ENTRY)) {
  Deno.test(`parseLedger() refuses an entry without ${key}`, () => {
    const parsed = parseLedger(withEntry({ [key]: undefined }));
    assert(parsed.kind === "invalid", parsed.kind);
    assertStringIncludes(parsed.message, `entry 1: ${key}`);
  });
}

Deno.test("parseLedger() refuses a client_order_id that is there twice", () => {
  const entries = [{ ...OLD_ENTRY, client_order_id: "avwap-1" }, { ...OLD_ENTRY }, {
    ...OLD_ENTRY,
    client_order_id: "avwap-1",
  }];
  const parsed = parseLedger(JSON.stringify({ date_ny: "2026-11-23", entries }));
  assertEquals(parsed, {
    kind: "invalid",
    message: 'entry 3: client_order_id "avwap-1" is there twice',
  });
});

Deno.test("parseLedger() takes a fraction of a share from the operator's flatten alone", () => {
  const flatten = withEntry({ client_order_id: "avwap-flatten-1", side: "sell", qty: 0.5 });
  assertEquals(parseOk(flatten).entries[0]?.qty, 0.5);
  assertEquals(
    parseLedger(withEntry({ client_order_id: "avwap-1", side: "sell", qty: 0.5 })).kind,
    "invalid",
  );
});

const FAULTS: { when: string; change: Partial<LedgerEntry> }[] = [
  { when: "a notional is not a number", change: { notionalUsd: NaN } },
  { when: "a notional is infinite", change: { notionalUsd: Infinity } },
  { when: "a price is not a number", change: { stopUsd: NaN } },
  { when: "a time is not a number", change: { deadlineAtMs: NaN } },
  { when: "a time is beyond the calendar", change: { expiresAtMs: 8.65e15 } },
  { when: "a quantity is a fraction", change: { qty: 1.5 } },
  { when: "an attempt is negative", change: { attempt: -1 } },
  { when: "a known field is among the unknown", change: { unknownFields: { notional: 0 } } },
  {
    when: "a fill is not a number",
    change: {
      broker: { status: "new", filledQty: NaN, filledAvgPriceUsd: null, updatedAtMs: 0 },
    },
  },
  {
    when: "a fill price is negative",
    change: { broker: { status: "new", filledQty: 0, filledAvgPriceUsd: -1, updatedAtMs: 0 } },
  },
  {
    when: "an update has no time",
    change: { broker: { status: "new", filledQty: 0, filledAvgPriceUsd: 1, updatedAtMs: NaN } },
  },
];
for (const { when, change } of FAULTS) {
  Deno.test(`assertLedger() calls it a bug when ${when}`, () => {
    const entries = SIMPLE_LEDGER.entries.map((entry) => ({ ...entry, ...change }));
    assertThrows(() => assertLedger({ ...SIMPLE_LEDGER, entries }), InvariantError, "entry 1");
  });
}

Deno.test("checkLedger() finds faults of the file itself", () => {
  assertEquals(checkLedger(SIMPLE_LEDGER), null);
  assert(checkLedger({ ...SIMPLE_LEDGER, dateNy: "2026-02-30" }) !== null);
  assert(checkLedger({ ...SIMPLE_LEDGER, mismatches: NaN }) !== null);
  assert(checkLedger({ ...SIMPLE_LEDGER, unknownFields: { entries: [] } }) !== null);
});

Deno.test("parseLedger() makes a time without a zone one of UTC, which no host's zone can move", () => {
  for (
    const [written, read] of [
      ["2026-11-23T14:59:00", "2026-11-23T14:59:00Z"],
      ["2026-11-23 14:59", "2026-11-23 14:59Z"],
      ["2026-11-23T14:59:00.125", "2026-11-23T14:59:00.125Z"],
      ["2026-11-23T14:59:00Z", "2026-11-23T14:59:00Z"],
      ["2026-11-23T09:59:00-05:00", "2026-11-23T09:59:00-05:00"],
    ]
  ) {
    const entry = { order_id: null, symbol: "F", notional: 1, timestamp: written };
    const ledger = parseOk(JSON.stringify({ date_ny: "2026-11-23", entries: [entry] }));
    assertEquals(ledger.entries[0]?.timestamp, read);
  }
});

Deno.test("parseIsoTime() takes ISO 8601 alone, without a zone as UTC", () => {
  const at = Date.UTC(2026, 10, 23, 15);
  const good = [
    "2026-11-23T15:00:00Z",
    "2026-11-23T15:00:00.000Z",
    "2026-11-23T15:00:00.000000+00:00",
    "2026-11-23T10:00:00-05:00",
    "2026-11-23T15:00Z",
    "2026-11-23T15:00:00",
    "2026-11-23 15:00:00",
  ];
  for (const text of good) assertEquals(parseIsoTime(text), at, text);
  const bad = [
    "",
    "now",
    "2026-11-23",
    "Nov 23, 2026",
    "1700000000",
    "2026-11-23T25:00:00Z",
    "2026-11-23T15:00:00Z ",
  ];
  for (const text of bad) assertEquals(parseIsoTime(text), null, text);
});

Deno.test("isDate() takes dates that the calendar has", () => {
  for (const text of ["2026-11-23", "2024-02-29"]) assert(isDate(text), text);
  for (const text of ["2025-02-29", "2026-00-01", "2026-11-23 ", "26-11-23", ""]) {
    assertFalse(isDate(text), text);
  }
});
