import * as fc from "fast-check";
import type { Candidate, Watchlist } from "../../../src/domain/entry/candidate.ts";
import { isTicker } from "../../../src/domain/order/symbol.ts";
import { parseWatchlist } from "../../../src/domain/entry/watchlist.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../../assert.ts";

const HEADER = [
  "SchemaVersion",
  "ScanDate",
  "Symbol",
  "Direction",
  "Price",
  "Entry_Level",
  "Entry_DistPct",
  "Stop_Loss",
  "Target_R1",
  "Target_R2",
  "Anchor",
  "Sector",
];
type Row = Record<string, string>;
const SHIFTED = "more fields than the header has: it is shifted";
const GOOD: Row = {
  SchemaVersion: "1",
  ScanDate: "2026-11-20",
  Symbol: "NVDA",
  Direction: "Long",
  Price: "119.5",
  Entry_Level: "120",
  Entry_DistPct: "0.42",
  Stop_Loss: "115",
  Target_R1: "125",
  Target_R2: "130",
  Anchor: "Earnings",
  Sector: "Tech",
};
const NVDA: Candidate = {
  symbol: "NVDA",
  priceUsd: 119.5,
  pivotUsd: 120,
  distancePct: 0.42,
  stopUsd: 115,
  r1Usd: 125,
  r2Usd: 130,
  anchor: "Earnings",
};

function parse(rows: readonly Row[], header: readonly string[] = HEADER): Watchlist {
  return parseWatchlist([
    { line: 1, fields: header },
    ...rows.map((row, index) => ({
      line: index + 2,
      fields: header.map((column) => row[column] ?? ""),
    })),
  ]);
}

function parseOk(rows: readonly Row[], header: readonly string[] = HEADER) {
  const watchlist = parse(rows, header);
  if (watchlist.kind !== "parsed") throw new Error(watchlist.reason);
  return watchlist;
}

Deno.test("parseWatchlist() reads a row with every column and ignores the others", () => {
  assertEquals(parse([GOOD]), {
    kind: "parsed",
    candidates: [NVDA],
    dropped: [],
    scanDate: { line: 2, dateNy: "2026-11-20" },
    oddScanDate: null,
  });
});

Deno.test("parseWatchlist() needs only the required columns, in any order", () => {
  const header = ["Target_R2", "Stop_Loss", "Entry_DistPct", "Entry_Level", "Price", "Symbol"];
  assertEquals(parseOk([GOOD], header), {
    kind: "parsed",
    candidates: [{ ...NVDA, r1Usd: null, anchor: "" }],
    dropped: [],
    scanDate: null,
    oddScanDate: null,
  });
});

Deno.test("parseWatchlist() takes a short row's missing fields as empty and drops a row with a field too many", () => {
  const header = ["Symbol", "Price", "Entry_Level", "Stop_Loss", "Target_R2", "Entry_DistPct"];
  const watchlist = parseWatchlist([
    { line: 1, fields: header },
    { line: 2, fields: ["F", "10", "10.5", "9", "12"] },
    { line: 3, fields: ["GM", "10", "10.5", "9", "12", "1", "surplus", "more"] },
    { line: 4, fields: ["AA", "10"] },
    // Commas at the end, as spreadsheets write them.
    { line: 5, fields: ["F1", "10", "10.5", "9", "12", "1", "", " "] },
  ]);
  assert(watchlist.kind === "parsed");
  assertEquals(watchlist.candidates.map(({ symbol, distancePct }) => [symbol, distancePct]), [
    ["F", 0],
    ["F1", 1],
  ]);
  assertEquals(watchlist.dropped, [
    { line: 3, symbol: "GM", reason: SHIFTED },
    { line: 4, symbol: "AA", reason: "Entry_Level is empty" },
  ]);
});

const TAKEN: { when: string; change: Row; expect: Partial<Candidate> }[] = [
  {
    when: "Symbol has blanks and lower case",
    change: { Symbol: " brk.b " },
    expect: { symbol: "BRK.B" },
  },
  { when: "Direction is empty", change: { Direction: "" }, expect: {} },
  { when: "Direction is LONG", change: { Direction: " LONG " }, expect: {} },
  { when: "Entry_DistPct is empty", change: { Entry_DistPct: "" }, expect: { distancePct: 0 } },
  {
    when: "Entry_DistPct is negative",
    change: { Entry_DistPct: "-1.5" },
    expect: { distancePct: -1.5 },
  },
  { when: "Entry_DistPct is -0", change: { Entry_DistPct: "-0" }, expect: { distancePct: 0 } },
  { when: "a number has an exponent", change: { Price: "1.195E+2" }, expect: { priceUsd: 119.5 } },
  { when: "a number has a sign", change: { Price: "+119.5" }, expect: { priceUsd: 119.5 } },
  { when: "a number has no whole part", change: { Price: ".5" }, expect: { priceUsd: 0.5 } },
  { when: "a number ends in a point", change: { Price: "119." }, expect: { priceUsd: 119 } },
  { when: "a number has blanks", change: { Price: " 119.5 " }, expect: { priceUsd: 119.5 } },
  { when: "Target_R1 is empty", change: { Target_R1: "" }, expect: { r1Usd: null } },
  { when: "Target_R1 is nan", change: { Target_R1: "nan" }, expect: { r1Usd: null } },
  { when: "Target_R1 is NaN", change: { Target_R1: " NaN " }, expect: { r1Usd: null } },
  { when: "SchemaVersion is empty", change: { SchemaVersion: "" }, expect: {} },
  { when: "SchemaVersion is 1.0", change: { SchemaVersion: "1.0" }, expect: {} },
  {
    when: "Anchor would break a log line",
    change: { Anchor: "a\nb\u202ec\u2028" },
    expect: { anchor: "a b c" },
  },
];
for (const { when, change, expect } of TAKEN) {
  Deno.test(`parseWatchlist() takes a row where ${when}`, () => {
    const { candidates, dropped } = parseOk([{ ...GOOD, ...change }]);
    assertEquals(dropped, []);
    assertEquals(candidates, [{ ...NVDA, ...expect }]);
  });
}

const NUMBERS = ["Price", "Entry_Level", "Entry_DistPct", "Stop_Loss", "Target_R1", "Target_R2"];
const NO_NUMBERS = [
  "abc",
  "NaN",
  "nan",
  "inf",
  "Infinity",
  "-Infinity",
  "1e999",
  "0x10",
  "0b1",
  "1,000",
  "105,00",
  "105%",
  "n/a",
  "None",
  "<NA>",
  "-",
  "1_000",
  "1 000",
  "$5",
  "5$",
  "--5",
  "1e",
  "e5",
  ".",
  "+",
  "1.2.3",
  "5%",
  "\uff15",
  "٥",
  "null",
  "true",
];
for (const column of NUMBERS) {
  Deno.test(`parseWatchlist() drops a row whose ${column} is not a finite number, naming it`, () => {
    // The one column of numbers that may have none, which data frames write as NaN.
    const texts = NO_NUMBERS.filter((text) => column !== "Target_R1" || !/^nan$/i.test(text));
    for (const text of texts) {
      const { candidates, dropped } = parseOk([GOOD, { ...GOOD, Symbol: "F", [column]: text }]);
      assertEquals(candidates.length, 1, text);
      assertEquals(dropped, [
        { line: 3, symbol: "F", reason: `${column} "${text}" is not a number` },
      ]);
    }
  });
}

const DROPPED: { when: string; change: Row; reason: string }[] = [
  { when: "Symbol is empty", change: { Symbol: " " }, reason: "symbol is empty" },
  {
    when: "Symbol begins with a digit",
    change: { Symbol: "1A" },
    reason: "symbol is not a ticker",
  },
  {
    when: "Symbol is too long",
    change: { Symbol: "ABCDEFGHIJK" },
    reason: "symbol is not a ticker",
  },
  { when: "Symbol has a slash", change: { Symbol: "BRK/B" }, reason: "symbol is not a ticker" },
  { when: "Symbol has a blank", change: { Symbol: "A B" }, reason: "symbol is not a ticker" },
  {
    when: "Symbol is a ticker only in upper case",
    change: { Symbol: "aß" },
    reason: "symbol is not a ticker: it holds U+00DF",
  },
  ...[
    { what: "a dotless i", text: "ıbm", code: "0131" },
    { what: "a long s", text: "ſpy", code: "017F" },
    { what: "a Kelvin sign", text: "\u212a", code: "212A" },
    { what: "a Cyrillic A", text: "\u0410APL", code: "0410" },
    { what: "a full-width letter", text: "\uff21", code: "FF21" },
    { what: "a character without width", text: "NV\u200bDA", code: "200B" },
    { what: "a tab within", text: "NV\tDA", code: "0009" },
    { what: "an escape sequence", text: "\u001b[31mNVDA", code: "001B" },
    { what: "a letter outside the first plane", text: "\u{1d400}", code: "1D400" },
  ].map(({ what, text, code }) => ({
    when: `Symbol has ${what}`,
    change: { Symbol: text },
    reason: `symbol is not a ticker: it holds U+${code}`,
  })),
  { when: "Symbol ends in a dot", change: { Symbol: "BRK." }, reason: "symbol is not a ticker" },
  { when: "Symbol has two dots", change: { Symbol: "A.B.C" }, reason: "symbol is not a ticker" },
  { when: "Direction is Short", change: { Direction: "Short" }, reason: "direction short" },
  { when: "Direction is SHORT", change: { Direction: " SHORT" }, reason: "direction short" },
  {
    when: "Direction is unknown",
    change: { Direction: "Both" },
    reason: 'unknown direction "Both"',
  },
  { when: "Price is empty", change: { Price: "" }, reason: "Price is empty" },
  { when: "Price is 0", change: { Price: "0" }, reason: "Price 0 is not above 0" },
  { when: "Price is -0", change: { Price: "-0" }, reason: "Price 0 is not above 0" },
  { when: "Price is negative", change: { Price: "-1" }, reason: "Price -1 is not above 0" },
  { when: "Entry_Level is empty", change: { Entry_Level: "" }, reason: "Entry_Level is empty" },
  {
    when: "Entry_Level is 0",
    change: { Entry_Level: "0.0" },
    reason: "Entry_Level 0 is not above 0",
  },
  {
    when: "Stop_Loss is negative",
    change: { Stop_Loss: "-115" },
    reason: "Stop_Loss -115 is not above 0",
  },
  {
    when: "Stop_Loss is too small to be above 0",
    change: { Stop_Loss: "1e-999" },
    reason: "Stop_Loss 0 is not above 0",
  },
  { when: "Target_R1 is 0", change: { Target_R1: "0" }, reason: "Target_R1 0 is not above 0" },
  {
    when: "Target_R1 is negative",
    change: { Target_R1: "-5" },
    reason: "Target_R1 -5 is not above 0",
  },
  { when: "Target_R2 is empty", change: { Target_R2: "" }, reason: "Target_R2 is empty" },
  { when: "Target_R2 is 0", change: { Target_R2: "0" }, reason: "Target_R2 0 is not above 0" },
  {
    when: "Stop_Loss equals Target_R2",
    change: { Stop_Loss: "130" },
    reason: "Stop_Loss 130 is not below Target_R2 130",
  },
  {
    when: "Stop_Loss is above Target_R2",
    change: { Stop_Loss: "131" },
    reason: "Stop_Loss 131 is not below Target_R2 130",
  },
];
for (const { when, change, reason } of DROPPED) {
  Deno.test(`parseWatchlist() drops a row where ${when}`, () => {
    const { candidates, dropped } = parseOk([{ ...GOOD, ...change }, { ...GOOD, Symbol: "F" }]);
    assertEquals(candidates.map(({ symbol }) => symbol), ["F"]);
    assertEquals(dropped.map((row) => [row.line, row.reason]), [[2, reason]]);
  });
}

Deno.test("parseWatchlist() lets a symbol's first Long row decide, usable or not", () => {
  const { candidates, dropped } = parseOk([
    { ...GOOD, Price: "bad" },
    { ...GOOD, Price: "100" },
    { ...GOOD, Symbol: "F" },
    { ...GOOD, Symbol: " nvda", Price: "101" },
    { ...GOOD, Symbol: "f", Price: "102" },
    { ...GOOD, Symbol: "GM", Direction: "Lnog" },
    { ...GOOD, Symbol: "GM" },
    { ...GOOD, Symbol: "T", Target_R1: "105%" },
    { ...GOOD, Symbol: "T" },
  ]);
  assertEquals(candidates.map(({ symbol, priceUsd }) => [symbol, priceUsd]), [["F", 119.5]]);
  assertEquals(dropped, [
    { line: 2, symbol: "NVDA", reason: 'Price "bad" is not a number' },
    { line: 3, symbol: "NVDA", reason: "duplicate of line 2" },
    { line: 5, symbol: "NVDA", reason: "duplicate of line 2" },
    { line: 6, symbol: "F", reason: "duplicate of line 4" },
    { line: 7, symbol: "GM", reason: 'unknown direction "Lnog"' },
    { line: 8, symbol: "GM", reason: "duplicate of line 7" },
    { line: 9, symbol: "T", reason: 'Target_R1 "105%" is not a number' },
    { line: 10, symbol: "T", reason: "duplicate of line 9" },
  ]);
});

Deno.test("parseWatchlist() lets a Short row decide nothing, before or behind the Long one", () => {
  const short = { ...GOOD, Direction: "Short", Price: "bad" };
  const { candidates, dropped } = parseOk([short, GOOD, short, { ...GOOD, Symbol: "1X" }]);
  assertEquals(candidates.map(({ symbol }) => symbol), ["NVDA"]);
  assertEquals(dropped.map(({ line, reason }) => [line, reason]), [
    [2, "direction short"],
    [4, "direction short"],
    [5, "symbol is not a ticker"],
  ]);
});

Deno.test("parseWatchlist() drops a row that an unquoted thousands separator shifted, and its symbol", () => {
  const shifted = "1,2026-11-20,NVDA,Long,1,234.50,1230,0.4,1180,1270,1320,YTD,Technology".split(
    ",",
  );
  const watchlist = parseWatchlist([
    { line: 1, fields: HEADER },
    { line: 2, fields: shifted },
    { line: 3, fields: HEADER.map((column) => GOOD[column] ?? "") },
  ]);
  assert(watchlist.kind === "parsed");
  assertEquals(watchlist.candidates, []);
  assertEquals(watchlist.dropped, [
    { line: 2, symbol: "NVDA", reason: SHIFTED },
    { line: 3, symbol: "NVDA", reason: "duplicate of line 2" },
  ]);
});

Deno.test("parseWatchlist() sees a row shifted into columns that have no name", () => {
  const watchlist = parseWatchlist([
    {
      line: 1,
      fields: ["", "Symbol", "Price", "Entry_Level", "Entry_DistPct", "Stop_Loss", "Target_R2", ""],
    },
    { line: 2, fields: ["0", "F", "10", "10.5", "", "9", "12", ""] },
    { line: 3, fields: ["1", "GM", "1", "010.00", "10.5", "1", "9", "12"] },
  ]);
  assert(watchlist.kind === "parsed");
  assertEquals(watchlist.candidates.map(({ symbol }) => symbol), ["F"]);
  assertEquals(watchlist.dropped, [{ line: 3, symbol: "GM", reason: SHIFTED }]);
});

Deno.test("parseWatchlist() refuses a file with more than 10,000 rows", () => {
  const row = { line: 2, fields: HEADER.map((column) => GOOD[column] ?? "") };
  const build = (count: number) =>
    parseWatchlist([{ line: 1, fields: HEADER }, ...Array.from({ length: count }, () => row)]);
  assertEquals(build(10_000).kind, "parsed");
  assertEquals(build(10_001), { kind: "refused", reason: "it has more than 10000 rows" });
});

for (
  const column of ["Symbol", "Price", "Entry_Level", "Entry_DistPct", "Stop_Loss", "Target_R2"]
) {
  Deno.test(`parseWatchlist() refuses a file without the column ${column}`, () => {
    const header = HEADER.filter((name) => name !== column);
    assertEquals(parse([GOOD], header), {
      kind: "refused",
      reason: `line 1: missing column ${column}`,
    });
    const renamed = HEADER.map((name) => name === column ? name.toUpperCase() + "X" : name);
    assertEquals(parse([GOOD], renamed).kind, "refused");
  });
}

Deno.test("parseWatchlist() names all missing columns", () => {
  const watchlist = parse([], ["Symbol", "Price"]);
  assertEquals(watchlist, {
    kind: "refused",
    reason: "line 1: missing columns Entry_Level, Entry_DistPct, Stop_Loss, Target_R2",
  });
});

for (const version of ["2", "0", "1.5", "one", "-1", "v1", "01x"]) {
  Deno.test(`parseWatchlist() refuses a file with SchemaVersion ${version} in any row`, () => {
    const watchlist = parse([GOOD, { ...GOOD, Symbol: "F", SchemaVersion: version }]);
    assert(watchlist.kind === "refused");
    assertStringIncludes(watchlist.reason, `line 3: SchemaVersion is "${version}"`);
  });
}

Deno.test("parseWatchlist() refuses one of its columns twice, and lets others be there twice", () => {
  for (const column of HEADER.slice(0, -1)) {
    assertEquals(parse([GOOD], [...HEADER, column]), {
      kind: "refused",
      reason: `line 1: two columns ${column}`,
    });
  }
  assertEquals(parse([GOOD], [...HEADER, "Sector", "", ""]).kind, "parsed");
});

Deno.test("parseWatchlist() refuses a file with nothing in it and takes one with a header alone", () => {
  assertEquals(parseWatchlist([]), { kind: "refused", reason: "it is empty: no header row" });
  assertEquals(parse([]), {
    kind: "parsed",
    candidates: [],
    dropped: [],
    scanDate: null,
    oddScanDate: null,
  });
});

Deno.test("parseWatchlist() takes the oldest scan date, and names the first that is none", () => {
  const dates = ["", "2026-11-20", "2026-11-19", "20.11.2026", "2026-02-30", "2026-11-20"];
  const watchlist = parseOk(
    dates.map((ScanDate, index) => ({ ...GOOD, Symbol: `S${index}`, ScanDate })),
  );
  assertEquals(watchlist.scanDate, { line: 4, dateNy: "2026-11-19" });
  assertEquals(watchlist.oddScanDate, { line: 5, text: "20.11.2026" });
  assertEquals(watchlist.candidates.length, dates.length);
  const other = parseOk([{ ...GOOD, ScanDate: "2026-02-30" }]);
  assertEquals([other.scanDate, other.oddScanDate], [null, { line: 2, text: "2026-02-30" }]);
});

Deno.test("parseWatchlist() takes no field into a reason that breaks a line or fills a screen", () => {
  const { dropped } = parseOk([
    { ...GOOD, Symbol: "A\nGate mode=LIVE", Price: "1" },
    { ...GOOD, Price: `9\u001b[31m${"9".repeat(500)}` },
    { ...GOOD, Direction: "x\r\ny" },
  ]);
  assertEquals(dropped.length, 3);
  for (const { symbol, reason } of dropped) {
    assertFalse(/\p{Cc}/u.test(symbol + reason), reason);
    assert(symbol.length + reason.length < 120, reason);
  }
});

Deno.test("parseWatchlist() accounts for every row and lets only usable ones through", () => {
  const field = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom("1", "0", "-1", "2.5", "1e3", "", "NaN", "Short", "Long"),
    },
    { weight: 2, arbitrary: fc.constantFrom("A", "b", "BRK.B", "aß", "1A") },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  );
  const rows = fc.array(fc.array(field, { maxLength: HEADER.length + 2 }), { maxLength: 12 });
  fc.assert(
    fc.property(rows, (list) => {
      const header = HEADER.filter((name) => name !== "SchemaVersion");
      const watchlist = parseWatchlist([
        { line: 1, fields: header },
        ...list.map((fields, index) => ({ line: index + 2, fields })),
      ]);
      assert(watchlist.kind === "parsed");
      assertEquals(watchlist.candidates.length + watchlist.dropped.length, list.length);
      const symbols = watchlist.candidates.map(({ symbol }) => symbol);
      assertEquals(new Set(symbols).size, symbols.length);
      for (const row of watchlist.candidates) {
        assert(isTicker(row.symbol));
        for (const usd of [row.priceUsd, row.pivotUsd, row.stopUsd, row.r2Usd, row.r1Usd ?? 1]) {
          assert(Number.isFinite(usd) && usd > 0);
        }
        assert(Number.isFinite(row.distancePct) && row.stopUsd < row.r2Usd);
      }
    }),
    { numRuns: 500 },
  );
});
