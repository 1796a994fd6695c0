import type { PositionFact } from "../../../src/domain/alert/alert_facts.ts";
import {
  buildTradeMessage,
  type TradeMessageFacts,
} from "../../../src/domain/alert/trade_message.ts";
import { assertEquals, assertStringIncludes } from "../../assert.ts";

const POSITION: PositionFact = {
  symbol: "NVDA",
  qty: 7,
  sellingQty: 0,
  stops: [{ qty: 7, stopUsd: 117.1, timeInForce: "day" }],
  lastSeen: null,
  trouble: null,
};
const BOUGHT: TradeMessageFacts = {
  order: {
    symbol: "NVDA",
    reason: "entry",
    qty: 7,
    askedQty: 7,
    priceUsd: 126.26,
    filledAtMs: Date.parse("2026-01-20T15:03:12Z"),
    isWorking: false,
  },
  trade: {
    adoptedQty: 0,
    adoptedCostUsd: null,
    initialStopUsd: 117.1,
    fills: [{ side: "buy", qty: 7, priceUsd: 126.26 }],
  },
  openedAtMs: Date.parse("2026-01-20T15:03:12Z"),
  position: POSITION,
  r1Usd: 129.4,
  targetUsd: 136.6,
};

function sold(
  reason: TradeMessageFacts["order"]["reason"],
  sales: readonly (readonly [number, number | null])[],
  position: PositionFact | null,
): TradeMessageFacts {
  const [qty, priceUsd] = sales.at(-1) ?? [0, null];
  const fills = sales.map(([qty, priceUsd]) => ({ side: "sell" as const, qty, priceUsd }));
  return {
    ...BOUGHT,
    order: { ...BOUGHT.order, reason, qty, askedQty: qty, priceUsd },
    trade: { ...BOUGHT.trade, fills: [...BOUGHT.trade.fills, ...fills] },
    position,
  };
}

const rows: {
  readonly name: string;
  readonly facts: TradeMessageFacts;
  readonly title: string;
}[] = [
  {
    name: "an entry",
    facts: BOUGHT,
    title: "NVDA bought 7 at 126.26, stop 117.10, target 136.60, risk 64 USD",
  },
  {
    name: "an entry whose stop is not there",
    facts: { ...BOUGHT, position: { ...POSITION, stops: [] } },
    title: "NVDA bought 7 at 126.26, NO STOP, target 136.60, risk 64 USD",
  },
  {
    name: "an entry whose stop covers a part",
    facts: {
      ...BOUGHT,
      position: { ...POSITION, stops: [{ qty: 5, stopUsd: 117.1, timeInForce: "gtc" }] },
    },
    title: "NVDA bought 7 at 126.26, stop 117.10, 2 WITHOUT STOP, target 136.60, risk 64 USD",
  },
  {
    name: "an entry while the broker can't be asked",
    facts: { ...BOUGHT, position: { ...POSITION, stops: null } },
    title: "NVDA bought 7 at 126.26, stop unknown, target 136.60, risk 64 USD",
  },
  {
    name: "an entry without a price",
    facts: {
      ...BOUGHT,
      order: { ...BOUGHT.order, priceUsd: null },
      trade: { ...BOUGHT.trade, fills: [{ side: "buy", qty: 7, priceUsd: null }] },
    },
    title: "NVDA bought 7 at an unknown price, stop 117.10, target 136.60, risk unknown",
  },
  {
    name: "a trim",
    facts: sold("r1_trim", [[3, 129.42]], {
      ...POSITION,
      qty: 4,
      stops: [{ qty: 4, stopUsd: 124.2, timeInForce: "gtc" }],
    }),
    title: "NVDA R1: sold 3 at 129.42, +9.48; 4 left, stop 124.20",
  },
  {
    name: "a stop that sold all",
    facts: sold("stop", [[7, 117.1]], null),
    title: "NVDA stopped out: sold 7 at 117.10, -64.12 (-1.0 R)",
  },
  {
    name: "the last sale after a trim",
    facts: sold("stop_exit", [[3, 129.42], [4, 124.2]], null),
    title: "NVDA stopped out: sold 4 at 124.20, -8.24; whole trade +1.24 (0.0 R)",
  },
  {
    name: "the target",
    facts: sold("take_profit", [[7, 136.6]], null),
    title: "NVDA target reached: sold 7 at 136.60, +72.38 (+1.1 R)",
  },
  {
    name: "a sale without a price",
    facts: sold("stop", [[7, null]], null),
    title: "NVDA stopped out: sold 7 at an unknown price, result unknown",
  },
];
for (const { name, facts, title } of rows) {
  Deno.test(`buildTradeMessage() says ${name} in its title`, () => {
    const message = buildTradeMessage(facts);
    assertEquals([message.level, message.title], ["TRADE", title]);
    assertStringIncludes(message.text.split("\n", 1)[0] ?? "", "NVDA");
  });
}

Deno.test("buildTradeMessage() says what became of shares that an order did not trade", () => {
  const part = { ...BOUGHT.order, qty: 3 };
  const working = buildTradeMessage({ ...BOUGHT, order: { ...part, isWorking: true } });
  assertStringIncludes(working.title, "NVDA bought 3 of 7 at 126.26");
  assertStringIncludes(working.text, "still at the broker: 4 of its 7 shares");
  const ended = buildTradeMessage({ ...BOUGHT, order: part });
  assertStringIncludes(ended.text, "not traded: 4 of its 7 shares");
});
