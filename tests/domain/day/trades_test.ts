import { findHeldMs, listTrades, type Trade } from "../../../src/domain/day/trades.ts";
import type { RecordedEvent } from "../../../src/domain/day/events.ts";
import { listClosed } from "../../../src/domain/day/period.ts";
import { nyToMs } from "../../../src/domain/time/ny_time.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { at, DATE_NY, fill, look, NEXT_NY, price } from "./trail_fixtures.ts";

const INTENT = at("09:50", "intent", {
  symbol: "NVDA",
  client_order_id: "avwap-1-entry",
  ref_price_usd: 99.9,
  stop_usd: 95,
});
const ENTRY = fill("10:00", "entry", 7, 100);

function listOf(events: readonly RecordedEvent[], next: readonly RecordedEvent[] = []): Trade[] {
  return listTrades([{ dateNy: DATE_NY, events }, { dateNy: NEXT_NY, events: next }]);
}

Deno.test("a trade has its result, R, slippage, best and worst price, and the time that it was held", () => {
  const [trade, ...more] = listOf([
    INTENT,
    price("09:55", 80),
    ENTRY,
    price("10:30", 98),
    price("11:00", 104),
    at("11:00", "exit", { symbol: "NVDA", reason: "r1_trim", price_usd: 104 }),
    fill("11:01", "r1_trim", 3, 103.9),
    fill("14:00", "stop", 4, 101.6),
    price("15:00", 300),
  ]);
  assertEquals(more, []);
  assertObjectMatch({ ...trade }, {
    symbol: "NVDA",
    initialStopUsd: 95,
    openedAtMs: nyToMs(DATE_NY, "10:00"),
    closedAtMs: nyToMs(DATE_NY, "14:00"),
    isAdopted: false,
    result: { boughtQty: 7, leftQty: 0, resultUsd: 18.1, riskUsd: 35 },
    excursion: { bestUsd: 104, worstUsd: 98, bestR: 0.8, worstR: -0.4 },
  });
  assertEquals(trade === undefined ? 0 : findHeldMs(trade, Infinity), 4 * 3_600_000);
  assertEquals(trade?.result.resultR?.toFixed(4), "0.5171");
  assertEquals(trade?.slippage.entryUsd?.toFixed(4), "0.7000");
  // The trim missed its price by 0.10 a share; the stop was filled 6.60 above where it was first put.
  assertEquals(trade?.slippage.exitUsd?.toFixed(4), (0.3 - 4 * 6.6).toFixed(4));
});

Deno.test("a trade that ends on a later day is one trade, and each day has its own fills", () => {
  const [trade, ...more] = listOf(
    [INTENT, ENTRY, fill("15:00", "stop", 3, 96, { order_id: "s" })],
    [fill("10:00", "stop", 7, 94.5, { order_id: "s" }, NEXT_NY)],
  );
  assertEquals(more, []);
  assertEquals(trade?.fills.map(({ dateNy, qty }) => [dateNy, qty]), [
    [DATE_NY, 7],
    [DATE_NY, 3],
    [NEXT_NY, 4],
  ]);
  assertEquals(trade?.result.resultUsd, 7 * 94.5 - 700);
  assertEquals(trade?.closedAtMs, nyToMs(NEXT_NY, "10:00"));
});

Deno.test("a trade that is open is marked at the last price that was seen", () => {
  const [trade] = listOf([INTENT, ENTRY, price("15:00", 103)]);
  assertObjectMatch({ ...trade }, {
    closedAtMs: null,
    lastPriceUsd: 103,
    result: { leftQty: 7, openUsd: 21, resultUsd: 21, resultR: 0.6 },
  });
});

Deno.test("a symbol's second trade begins after its first has ended", () => {
  const trades = listOf(
    [ENTRY, fill("11:00", "stop", 7, 99)],
    [
      fill("10:00", "entry", 5, 50, { order_id: "e2", client_order_id: "avwap-2" }, NEXT_NY),
      fill("11:00", "stop", 5, 51, { order_id: "s2" }, NEXT_NY),
    ],
  );
  assertEquals(trades.map(({ result }) => [result.boughtQty, result.resultUsd]), [[7, -7], [5, 5]]);
});

Deno.test("a hand's sale ends a trade where it sells the engine's shares, and leaves one that is not the engine's", () => {
  const sale = (symbol: string, qty: number) =>
    fill("11:00", "other", qty, 99, { symbol, order_id: symbol });
  const trades = listOf([
    look("09:00", 2, 100, { managed_qty: 0 }),
    ENTRY,
    look("10:01", 9, 100, { managed_qty: 7 }),
    sale("TSLA", 4),
    sale("NVDA", 9),
  ]);
  assertEquals(trades.map(({ symbol, result }) => [symbol, result.soldQty, result.resultUsd]), [
    ["NVDA", 7, -7],
  ]);
});

Deno.test("an adopted position is a trade from its adoption on, with its cost and its stop of then", () => {
  const adopted = at("10:00", "position", {
    symbol: "NVDA",
    change: "adopted",
    adopted_qty: 5,
    cost_basis_usd: 400,
    stop_usd: 70,
  });
  const [trade] = listOf([adopted, fill("12:00", "stop_exit", 5, 90)]);
  assertObjectMatch({ ...trade }, {
    isAdopted: true,
    result: { boughtQty: 5, resultUsd: 50, resultR: 1 },
  });
});

Deno.test("a trade's initial stop, R and excursion are by the stop that the broker took", () => {
  const entry = at("09:50", "order_recorded", {
    symbol: "NVDA",
    client_order_id: "avwap-1-entry",
    stop_usd: 99.5051,
  });
  const [trade] = listOf([entry, ENTRY, fill("12:00", "stop", 7, 99.51)]);
  assertObjectMatch({ ...trade }, {
    initialStopUsd: 99.51,
    result: { riskUsd: 3.43, resultR: -1 },
    excursion: { worstR: -1 },
  });
  const adopted = at("10:00", "position", {
    symbol: "NVDA",
    change: "adopted",
    adopted_qty: 5,
    cost_basis_usd: 400,
    stop_usd: 70.0049,
  });
  const [taken] = listOf([adopted, fill("12:00", "stop_exit", 5, 70)]);
  assertObjectMatch({ ...taken }, { initialStopUsd: 70, result: { riskUsd: 50, resultR: -1 } });
});

Deno.test("an entry filled in the cycle that found the position before it gone is a trade of its own", () => {
  const adoption = { symbol: "NVDA", position_id: "avwap-0-adopted" };
  const costs = { adopted_qty: 4, cost_basis_usd: 400, stop_usd: 95 };
  const trades = listOf([
    at("09:40", "position", { ...adoption, ...costs, change: "adopted" }),
    fill("09:50", "other", 4, 99),
    at("10:00", "position", { ...adoption, change: "gone" }),
    ENTRY,
    fill("12:00", "stop_exit", 7, 98),
  ]);
  assertEquals(trades.map((trade) => [trade.leftWhy, trade.result.resultUsd]), [
    [null, -4],
    [null, -14],
  ]);
  const unsold = listOf([
    at("09:40", "position", { ...adoption, ...costs, change: "adopted" }),
    at("10:00", "position", { ...adoption, change: "gone" }),
    ENTRY,
    fill("12:00", "stop_exit", 7, 98),
  ]);
  assertEquals(unsold.map(({ leftWhy, result }) => [leftWhy, result.leftQty, result.boughtQty]), [
    ["gone", 4, 4],
    [null, 0, 7],
  ]);
});

for (const change of ["released", "gone"] as const) {
  Deno.test(`a trade whose position is ${change} with shares left is over, and no closed trade`, () => {
    const end = at("12:00", "position", { symbol: "NVDA", change });
    const trades = listOf([ENTRY, price("11:00", 101), end, price("15:00", 300)]);
    assertEquals(trades.map((trade) => [trade.leftWhy, trade.closedAtMs, trade.result.openUsd]), [
      [change, nyToMs(DATE_NY, "12:00"), 7],
    ]);
    assertEquals(listClosed(trades), []);
  });
}

Deno.test("an entry of a later day is a trade of its own, also where no trail has the end of the one before", () => {
  const ids = { order_id: "second", client_order_id: "avwap-2-entry" };
  const next = fill("10:00", "entry", 5, 200, ids, NEXT_NY);
  const trades = listTrades([
    { dateNy: DATE_NY, events: [ENTRY] },
    { dateNy: NEXT_NY, events: [next, fill("11:00", "stop", 5, 210, {}, NEXT_NY)] },
  ]);
  assertEquals(trades.map((trade) => [trade.leftWhy, trade.result.leftQty, trade.closedAtMs]), [
    ["gone", 7, nyToMs(NEXT_NY, "10:00")],
    [null, 0, nyToMs(NEXT_NY, "11:00")],
  ]);
  assertEquals(trades[1]?.result.resultUsd, 50);
});

Deno.test("fills of one entry on two days are of one trade", () => {
  const rest = fill("09:30", "entry", 12, 100, { order_id: "entry-10:00", qty: 12 }, NEXT_NY);
  const trades = listTrades([
    { dateNy: DATE_NY, events: [ENTRY] },
    { dateNy: NEXT_NY, events: [{ ...rest, order_id: ENTRY["order_id"] }] },
  ]);
  assertEquals(trades.map((trade) => trade.result.boughtQty), [12]);
});

Deno.test("a position that is gone after its last sale ended with that sale", () => {
  const gone = at("12:00", "position", { symbol: "NVDA", change: "gone" });
  const [trade] = listOf([ENTRY, gone, fill("12:00", "stop", 7, 99)]);
  assertEquals([trade?.leftWhy, trade?.result.resultUsd], [null, -7]);
});

Deno.test("what was sold of a trade whose beginning is in no trail is shown, its result not known", () => {
  const [trade] = listOf([fill("12:00", "stop", 5, 90)]);
  assertObjectMatch({ ...trade }, {
    openedAtMs: null,
    result: { soldQty: 5, exitPriceUsd: 90, resultUsd: null },
  });
  assertEquals(trade === undefined ? 0 : findHeldMs(trade, Infinity), null);
});

const replacements: { when: string; old: number; next: [qty: number, filledQty: number] }[] = [
  { when: "what was filled before is counted again in its place", old: 3, next: [7, 7] },
  { when: "what was filled before is not counted again in its place", old: 3, next: [4, 4] },
  { when: "most of it was filled before, and is not counted again", old: 5, next: [2, 2] },
];
for (const { when, old, next: [qty, filledQty] } of replacements) {
  for (const isOvernight of [false, true]) {
    Deno.test(`a stop that was replaced ${isOvernight ? "over night" : "within the day"} sells no share twice when ${when}`, () => {
      const dateNy = isOvernight ? NEXT_NY : DATE_NY;
      const before = fill("15:00", "stop", old, 96, { order_id: "a", qty: 7 });
      const after = fill("15:30", "stop", filledQty, 96, {
        order_id: "b",
        qty,
        replaces: "a",
      }, dateNy);
      const trades = isOvernight
        ? listOf([ENTRY, before], [after])
        : listOf([ENTRY, before, after]);
      assertEquals(
        trades.map(({ fills, result }) => [fills.map((each) => each.qty), result.resultUsd]),
        [
          [[7, old, 7 - old], 7 * 96 - 700],
        ],
      );
    });
  }
}

Deno.test("what a stop sold before it was replaced keeps its own price", () => {
  const [trade] = listOf([
    ENTRY,
    fill("15:00", "stop", 3, 98, { order_id: "a", qty: 7 }),
    fill("15:30", "stop", 7, (3 * 98 + 4 * 91) / 7, { order_id: "b", qty: 7, replaces: "a" }),
  ]);
  const prices = trade?.fills.map(({ priceUsd }) => priceUsd?.toFixed(6));
  assertEquals(prices, ["100.000000", "98.000000", "91.000000"]);
});

Deno.test("a sale that was seen a day late ends its trade on the day that saw it", () => {
  const late = {
    ...fill("15:59", "stop", 7, 96, { order_id: "s" }),
    at: at("09:00", "fill", {}, NEXT_NY).at,
  };
  const [trade] = listOf([INTENT, ENTRY], [late]);
  assertEquals([trade?.closedAtMs, trade?.fills.at(-1)?.dateNy], [
    nyToMs(DATE_NY, "15:59"),
    NEXT_NY,
  ]);
});

Deno.test("of what the operator flattened only the engine's shares are of its trades", () => {
  const [trade, ...more] = listOf([
    ENTRY,
    look("10:05", 10, 100, { managed_qty: 7 }),
    look("10:06", 5, 50, { symbol: "TSLA", is_managed: false, managed_qty: 0 }),
    fill("11:00", "flatten", 5, 40, { symbol: "TSLA", order_id: "foreign" }),
    look("11:01", 10, 100, { managed_qty: 7 }),
    fill("11:02", "flatten", 10, 98),
  ]);
  assertEquals(more, []);
  assertEquals([trade?.result.resultUsd, trade?.result.leftQty, trade?.fills.length], [-14, 0, 2]);
});
