import {
  buildLedgerEntry,
  type LedgerEntry,
  type LiveLedger,
} from "../../../src/domain/order/ledger.ts";
import {
  compareLedgerFile,
  describeChange,
  digestLedger,
  listDropped,
} from "../../../src/domain/order/ledger_file.ts";
import { buildLedgerText, parseLedger } from "../../../src/state/ledger_format.ts";
import { assert, assertEquals, assertNotEquals } from "../../assert.ts";
import * as fc from "fast-check";
import { ledgers, SIMPLE_LEDGER } from "../../state/support.ts";

const MONDAY = "2026-11-23";
const TUESDAY = "2026-11-24";

function entry(symbol: string, change: Partial<LedgerEntry> = {}): LedgerEntry {
  return buildLedgerEntry({
    symbol,
    notionalUsd: 700,
    timestamp: `${MONDAY}T14:50:00.000Z`,
    side: "buy",
    qty: 7,
    clientOrderId: `avwap-${MONDAY}-${symbol}-x`,
    orderId: `id-${symbol}`,
    status: "accepted",
    ...change,
  });
}

/** One as the old pipeline writes it: four fields. */
function oldEntry(symbol: string): LedgerEntry {
  return entry(symbol, { clientOrderId: null, qty: null, orderId: `old-${symbol}` });
}

function ledger(entries: readonly LedgerEntry[], change: Partial<LiveLedger> = {}): LiveLedger {
  return {
    dateNy: MONDAY,
    entries,
    host: "paper-api.alpaca.markets",
    accountId: "a-1",
    mismatches: 0,
    unknownFields: {},
    ...change,
  };
}

function compare(records: LiveLedger, file: LiveLedger, versions: readonly string[] = []) {
  return compareLedgerFile(records, file, { versions, todayNy: TUESDAY });
}

function changed(records: LiveLedger, file: LiveLedger) {
  const found = compare(records, file);
  if (found.kind !== "changed") throw new Error(found.kind);
  return found;
}

const RECORDS = ledger([entry("NVDA"), entry("AAPL", { status: "pending", orderId: null })]);

Deno.test("digestLedger() is the same for what the file gives back, and another for each change of an entry", () => {
  fc.assert(fc.property(ledgers, (each) => {
    const parsed = parseLedger(buildLedgerText(each));
    assert(parsed.kind === "ok");
    assertEquals(digestLedger(parsed.ledger), digestLedger(each));
  }));
  const changes: Partial<LedgerEntry>[] = [
    { qty: 8 },
    { status: "unknown" },
    { notionalUsd: 700.01 },
    { notFoundSinceMs: 1 },
    { besideQty: 0 },
    { besideQty: 0.5 },
    { unknownFields: { note: 1 } },
    { stopUsd: 95 },
    { broker: { status: "new", filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: 1 } },
  ];
  const digests = [{}, ...changes].map((each) => digestLedger(ledger([entry("NVDA", each)])));
  assertEquals(new Set(digests).size, digests.length);
  assertNotEquals(digestLedger(ledger([])), digestLedger(ledger([], { mismatches: 1 })));
});

Deno.test("digestLedger() says of a ledger what every release says: documents carry it", () => {
  assertEquals(digestLedger(SIMPLE_LEDGER), "3b20c8aa91aec9be");
  assertEquals(digestLedger({ ...SIMPLE_LEDGER, entries: [] }), "5604402a625e2576");
});

Deno.test("compareLedgerFile() tells what it wrote last, and what it wrote before that, from another hand's", () => {
  const before = ledger([entry("NVDA")]);
  assertEquals(compare(RECORDS, structuredClone(RECORDS)), { kind: "same" });
  assertEquals(compare(RECORDS, before, [digestLedger(before)]), { kind: "behind" });
  assertEquals(compare(RECORDS, before).kind, "changed");
});

Deno.test("compareLedgerFile() takes in what a hand took out of the records, though the file is our own", () => {
  const [kept, ...taken] = RECORDS.entries;
  assert(kept !== undefined);
  const found = compare(ledger([kept]), RECORDS, [digestLedger(RECORDS)]);
  assert(found.kind === "changed");
  assertEquals(found.added.map(({ symbol }) => symbol), taken.map(({ symbol }) => symbol));
  assertEquals(found.merged.entries.length, RECORDS.entries.length);
});

Deno.test("compareLedgerFile() takes in what the records lack, whoever wrote it, and looks up what has our prefix", () => {
  const ours = entry("MSFT");
  const file = ledger([...RECORDS.entries, ours, oldEntry("TSLA")]);
  const { merged, added, putBack } = changed(RECORDS, file);
  assertEquals(added, [{ ...ours, status: "unknown" }, oldEntry("TSLA")]);
  assertEquals([merged.entries, putBack], [[...RECORDS.entries, ...added], []]);
});

Deno.test("compareLedgerFile() keeps a rejection as it was written: it counts toward no cap", () => {
  const no = entry("MSFT", { status: "rejected", orderId: null, reason: "insufficient funds" });
  assertEquals(changed(RECORDS, ledger([...RECORDS.entries, no])).added, [no]);
});

Deno.test("compareLedgerFile() puts back what a hand took out or made less of", () => {
  const file = ledger([entry("NVDA", { status: "rejected" })]);
  const { merged, added, putBack } = changed(RECORDS, file);
  assertEquals([merged, added, putBack], [RECORDS, [], RECORDS.entries]);
  assertEquals(
    describeChange({ kind: "changed", merged, added, putBack }),
    `put back: NVDA avwap-${MONDAY}-NVDA-x, AAPL avwap-${MONDAY}-AAPL-x`,
  );
});

Deno.test("compareLedgerFile() knows its own order in the old pipeline's four fields by the broker's id", () => {
  const file = ledger([{ ...oldEntry("NVDA"), orderId: "id-NVDA" }], {
    host: null,
    accountId: null,
  });
  const { merged, added } = changed(RECORDS, file);
  assertEquals([merged, added], [RECORDS, []]);
});

Deno.test("compareLedgerFile() keeps fields that this release does not know, and the higher count of mismatches", () => {
  const [first, second] = RECORDS.entries;
  assert(first !== undefined && second !== undefined);
  const noted = { ...first, unknownFields: { note: "by hand" } };
  const file = ledger([noted, second], { mismatches: 2, unknownFields: { tool: "x" } });
  const { merged, putBack } = changed({ ...RECORDS, mismatches: 1 }, file);
  assertEquals([merged, putBack], [file, []]);
});

Deno.test("compareLedgerFile() takes nothing in from a day that is over, and waits for the records to turn to a later one", () => {
  const today = { ...RECORDS, dateNy: TUESDAY };
  const old = changed(today, ledger([oldEntry("TSLA")]));
  assertEquals([old.merged, old.added], [today, []]);
  assertEquals(compare(RECORDS, ledger([], { dateNy: TUESDAY })), { kind: "later" });
  // A day that has not come is a hand's slip, and no day to turn to.
  assertEquals(compare(today, ledger([], { dateNy: "2026-11-25" })).kind, "changed");
});

Deno.test("listDropped() names what counted toward a cap and does not any more", () => {
  const rejected = entry("MSFT", { status: "rejected" });
  const sell = entry("NVDA", { side: "sell", clientOrderId: "avwap-x-stop-1", orderId: "s" });
  const records = ledger([...RECORDS.entries, rejected, sell]);
  const next = ledger([entry("NVDA")]);
  assertEquals(listDropped(records, next).map((each) => each.symbol), ["AAPL"]);
  assertEquals(listDropped(records, { ...next, dateNy: TUESDAY }), []);
  assertEquals(listDropped(null, next), []);
});
