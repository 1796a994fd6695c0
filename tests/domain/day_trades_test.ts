import { listClosedTrades, type TradeSubject } from "../../src/domain/day_trades.ts";
import { nyToMs } from "../../src/domain/ny_time.ts";
import type { BrokerOrder } from "../../src/domain/orders.ts";
import { assertEquals } from "../assert.ts";

const DATE_NY = "2026-11-23";
const OPENED_MS = nyToMs(DATE_NY, "10:00");

const BUY: BrokerOrder = {
  orderId: "b",
  clientOrderId: "avwap-1",
  symbol: "NVDA",
  side: "buy",
  type: "market",
  orderClass: "bracket",
  timeInForce: "day",
  status: "filled",
  qty: 7,
  filledQty: 7,
  filledAvgPriceUsd: 100,
  limitPriceUsd: null,
  stopPriceUsd: null,
  submittedAtMs: OPENED_MS,
  updatedAtMs: OPENED_MS + 1000,
  filledAtMs: OPENED_MS + 1000,
  replacedBy: null,
  replaces: null,
  legs: [],
};

function sell(qty: number, usd: number | null, change: Partial<BrokerOrder> = {}): BrokerOrder {
  const atMs = nyToMs(DATE_NY, "14:00");
  return {
    ...BUY,
    orderId: `s${qty}`,
    side: "sell",
    qty,
    filledQty: qty,
    filledAvgPriceUsd: usd,
    filledAtMs: atMs,
    updatedAtMs: atMs,
    ...change,
  };
}

const SUBJECT: TradeSubject = {
  symbol: "NVDA",
  adoptedQty: 0,
  adoptedCostUsd: null,
  initialStopUsd: null,
  openedAtMs: OPENED_MS,
};

const cases: {
  when: string;
  subject?: Partial<TradeSubject>;
  orders: BrokerOrder[];
  trades: { qty: number; resultUsd: number | null }[];
}[] = [
  { when: "all was sold", orders: [BUY, sell(7, 103)], trades: [{ qty: 7, resultUsd: 21 }] },
  {
    when: "it was sold in parts",
    orders: [BUY, sell(3, 110), sell(4, 90)],
    trades: [{ qty: 7, resultUsd: -10 }],
  },
  { when: "some is still held", orders: [BUY, sell(3, 110)], trades: [] },
  { when: "nothing was sold", orders: [BUY], trades: [] },
  { when: "nothing is known of it", orders: [], trades: [] },
  {
    when: "a price is missing",
    orders: [BUY, sell(7, null)],
    trades: [{ qty: 7, resultUsd: null }],
  },
  {
    when: "it ended on another day",
    orders: [BUY, sell(7, 103, { filledAtMs: nyToMs("2026-11-24", "10:00") })],
    trades: [],
  },
  {
    when: "the orders of an earlier trade in the symbol are there too",
    orders: [
      { ...BUY, orderId: "old", filledAtMs: OPENED_MS - 9e6, filledAvgPriceUsd: 50 },
      sell(7, 60, { orderId: "old sell", filledAtMs: OPENED_MS - 8e6 }),
      BUY,
      sell(7, 103),
    ],
    trades: [{ qty: 7, resultUsd: 21 }],
  },
  {
    when: "another symbol sold as many",
    orders: [BUY, sell(7, 103, { symbol: "AAPL" })],
    trades: [],
  },
  {
    when: "a replaced stop had sold some, counted again in its replacement",
    orders: [BUY, sell(3, 90, { orderId: "a" }), sell(7, 90, { orderId: "b2", replaces: "a" })],
    trades: [{ qty: 7, resultUsd: -70 }],
  },
  {
    when: "a replaced stop had sold some, not counted again in its replacement",
    orders: [BUY, sell(3, 90, { orderId: "a" }), sell(4, 90, { orderId: "b2", replaces: "a" })],
    trades: [{ qty: 7, resultUsd: -70 }],
  },
  {
    when: "an adopted position was sold, its cost known",
    subject: { adoptedQty: 5, adoptedCostUsd: 400 },
    orders: [sell(5, 90)],
    trades: [{ qty: 5, resultUsd: 50 }],
  },
  {
    when: "an adopted position was sold, its cost unknown",
    subject: { adoptedQty: 5 },
    orders: [sell(5, 90)],
    trades: [{ qty: 5, resultUsd: null }],
  },
];
for (const { when, subject, orders, trades } of cases) {
  Deno.test(`listClosedTrades() counts what ended that day when ${when}`, () => {
    const found = listClosedTrades([{ ...SUBJECT, ...subject }], orders, DATE_NY);
    assertEquals(found, trades.map((trade) => ({ symbol: "NVDA", resultR: null, ...trade })));
  });
}
