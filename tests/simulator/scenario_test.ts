import fc from "fast-check";
import { parse } from "csv-parse/sync";
import { assert, assertEquals, assertFalse, assertLess, assertThrows } from "../assert.ts";
import { Exchange } from "./exchange.ts";
import { PathScript } from "./price_path.ts";
import {
  buildDay,
  buildSampleDay,
  buildSampleRows,
  type Fate,
  SAMPLE_DAY_NY,
  SAMPLE_EQUITY_USD,
  SAMPLE_HALF_DAY_NY,
  SAMPLE_SETTINGS,
  type ScenarioDay,
  type ScenarioRow,
} from "./scenario.ts";

const BAR_MS = 600_000;

/** Closes of the session's 10-minute bars. */
function listCloses(day: ScenarioDay, dateNy: string, symbol: string): number[] {
  const session = day.sessions.find((each) => each.dateNy === dateNy);
  assert(session !== undefined);
  const closes: number[] = [];
  for (let ms = session.openMs; ms < session.closeMs; ms += BAR_MS) {
    const close = day.script.priceAtUsd(symbol, ms + BAR_MS - 1);
    assert(close !== null);
    closes.push(close);
  }
  return closes;
}

/** Index of the bar that confirms: the one before it closed above the pivot, it not below; -1 where none does. */
function findConfirmation(closes: readonly number[], pivotUsd: number): number {
  return closes.findIndex((close, at) => (closes[at - 1] ?? 0) > pivotUsd && close >= pivotUsd);
}

function findRow(symbol: string): ScenarioRow {
  const row = buildSampleRows().find((each) => each.symbol === symbol);
  assert(row !== undefined);
  return row;
}

/** Pipeline 3, on its own: what the engine will size. */
function sizeQty(row: ScenarioRow): number {
  const scale = Math.max(0.25, 1 - Math.min(Math.abs(row.distancePct) / 6, 1));
  return Math.floor(SAMPLE_EQUITY_USD * 0.02 * scale / row.priceUsd);
}

for (const dateNy of [SAMPLE_DAY_NY, SAMPLE_HALF_DAY_NY]) {
  Deno.test(`on ${dateNy} each symbol meets the fate of its row`, () => {
    const day = buildSampleDay(dateNy);
    const read = (symbol: string) => {
      const closes = listCloses(day, dateNy, symbol);
      return { closes, at: findConfirmation(closes, findRow(symbol).pivotUsd) };
    };
    const nvda = read("NVDA");
    const row = findRow("NVDA");
    const r1At = nvda.closes.findIndex((close) => close >= (row.r1Usd ?? Infinity));
    const r2At = nvda.closes.findIndex((close) => close >= row.r2Usd);
    assert(nvda.at > 0 && nvda.at < r1At && r1At < r2At, "NVDA confirms, reaches R1, then R2");
    const raisedUsd = Math.max(...nvda.closes) - (row.r2Usd - row.pivotUsd) / 2;
    assertLess(nvda.closes.at(-1) ?? Infinity, raisedUsd);
    assert((nvda.closes.at(-1) ?? 0) > row.stopUsd, "its first stop is never touched");

    const brkb = read("BRK.B");
    const stopAt = brkb.closes.findIndex((close) => close <= findRow("BRK.B").stopUsd);
    assert(brkb.at > 0 && brkb.at < stopAt, "BRK.B confirms, then falls to its stop");
    const tsla = read("TSLA");
    const msft = read("MSFT");
    assert(nvda.at < brkb.at && brkb.at < tsla.at && tsla.at < msft.at, "one after another");
    assertEquals(read("AAPL").at, -1);
  });
}

Deno.test("the sample's sizes fit its caps until MSFT, and TSLA is not on its allowlist", () => {
  const notional = (symbol: string) => sizeQty(findRow(symbol)) * findRow(symbol).pivotUsd;
  assertEquals(["NVDA", "BRK.B", "MSFT"].map((symbol) => sizeQty(findRow(symbol))), [7, 1, 1]);
  for (const symbol of ["NVDA", "BRK.B", "MSFT", "TSLA", "AAPL"]) {
    assert(notional(symbol) > 200 && notional(symbol) < 900, `${symbol} costs too little or much`);
  }
  const grossUsd = Number(SAMPLE_SETTINGS.MAX_LIVE_GROSS_NOTIONAL);
  assertLess((notional("NVDA") + notional("BRK.B")) * 1.03, grossUsd);
  assertLess(grossUsd, notional("NVDA") + notional("BRK.B") + notional("MSFT"));
  assertFalse(SAMPLE_SETTINGS.ALLOWLIST_SYMBOLS.includes("TSLA"));
});

Deno.test("the watchlist file has a row for each symbol, as the scan writes them", () => {
  const records: Record<string, string>[] = parse(buildSampleDay().watchlistCsv, {
    columns: true,
  });
  assertEquals(records.map((record) => record["Symbol"]), [
    "NVDA",
    "BRK.B",
    "AAPL",
    "TSLA",
    "MSFT",
    "META",
  ]);
  assertEquals(records[4]?.["Anchor"], 'the "March" low');
  assertEquals(records[5]?.["Direction"], "Short");
  for (const record of records.slice(0, 5)) {
    const [stop, price, pivot, r1, r2] = [
      "Stop_Loss",
      "Price",
      "Entry_Level",
      "Target_R1",
      "Target_R2",
    ]
      .map((column) => Number(record[column]));
    const levels = [stop, price, pivot, r1, r2];
    assertEquals(levels, [...levels].sort((a, b) => (a ?? 0) - (b ?? 0)));
    assertEquals(record["ScanDate"], "2026-11-22");
  }
});

const rowArbitrary: fc.Arbitrary<ScenarioRow> = fc.record({
  symbol: fc.stringMatching(/^[A-Z][A-Z0-9.]{0,5}$/),
  direction: fc.constant("Long" as const),
  priceUsd: fc.double({ min: 0.5, max: 5000, noNaN: true }),
  pivotUsd: fc.double({ min: 0.5, max: 5000, noNaN: true }),
  distancePct: fc.double({ min: -10, max: 10, noNaN: true }),
  stopUsd: fc.double({ min: 0.1, max: 5000, noNaN: true }),
  r1Usd: fc.option(fc.double({ min: 0.5, max: 5000, noNaN: true })),
  r2Usd: fc.double({ min: 0.5, max: 6000, noNaN: true }),
  anchor: fc.string(),
});

Deno.test("buildDay() prices any watchlist in the session, the same each time", () => {
  const rows = fc.uniqueArray(rowArbitrary, {
    minLength: 1,
    maxLength: 8,
    selector: (r) => r.symbol,
  });
  fc.assert(fc.property(rows, fc.nat(22_000), (watchlist, second) => {
    const day = buildDay(watchlist);
    const session = day.sessions[1];
    assert(session !== undefined);
    const ms = session.openMs + second * 1000;
    for (const { symbol } of watchlist) {
      const priceUsd = day.script.priceAtUsd(symbol, ms);
      assert(priceUsd !== null && priceUsd > 0);
      assertEquals(buildDay(watchlist).script.priceAtUsd(symbol, ms), priceUsd);
      assertEquals(day.script.priceAtUsd(symbol, session.closeMs), null);
      const bounds = day.script.boundsUsd(symbol, session.openMs, session.closeMs);
      assert(bounds !== null && priceUsd >= bounds.lowUsd && priceUsd <= bounds.highUsd);
    }
  }));
});

Deno.test("a row whose levels are in order breaks out, whatever the levels are", () => {
  const levels = fc.record({
    pivotUsd: fc.double({ min: 5, max: 2000, noNaN: true }),
    stopPart: fc.double({ min: 0.02, max: 0.3, noNaN: true }),
    r2Part: fc.double({ min: 0.02, max: 0.5, noNaN: true }),
    fate: fc.constantFrom<Fate>("trends", "holds", "fails"),
    delay: fc.double({ min: 0, max: 0.3, noNaN: true }),
  });
  fc.assert(fc.property(levels, ({ pivotUsd, stopPart, r2Part, fate, delay }) => {
    const row = { ...findRow("NVDA"), pivotUsd, r1Usd: null, r2Usd: pivotUsd * (1 + r2Part) };
    const full = { ...row, stopUsd: pivotUsd * (1 - stopPart) };
    const day = buildDay([full], { fates: { NVDA: fate }, delays: { NVDA: delay } });
    assert(findConfirmation(listCloses(day, SAMPLE_DAY_NY, "NVDA"), pivotUsd) > 0);
  }));
});

Deno.test("a day without a session, a row or an ordered path is refused", () => {
  assertThrows(() => buildDay(buildSampleRows(), { dateNy: "2026-11-26" }), RangeError);
  assertThrows(() => buildDay([]), RangeError);
  const { sessions } = buildSampleDay();
  assertThrows(() => new PathScript({ NVDA: [] }, sessions), RangeError);
  const knots = [{ atMs: 2, priceUsd: 1 }, { atMs: 1, priceUsd: 1 }];
  assertThrows(() => new PathScript({ NVDA: knots }, sessions), RangeError);
  const script = { priceAtUsd: () => null };
  assertThrows(() => new Exchange({ sessions: [], script, startMs: 0 }), RangeError);
  assertThrows(
    () => new Exchange({ sessions: [...sessions].reverse(), script, startMs: 0 }),
    RangeError,
  );
});
