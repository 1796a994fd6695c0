import { formatTrouble, type Standing } from "../../../src/domain/account/standing.ts";
import { decideStandings } from "../../../src/domain/plan/standings.ts";
import { assert, assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";
import { ACCOUNT, CLOSED, type EndFacts, endWorld, STOP } from "./end_world.ts";
import { NOW_MS, sellOrder } from "./plan_world.ts";

const MINUTE_MS = 60_000;

function decide(facts: EndFacts = {}): Standing {
  const [standing, ...others] = decideStandings(endWorld(facts));
  assert(standing !== undefined);
  assertEquals(others, []);
  return standing;
}

/** The latest trade of SPY as the cycle read it. */
const priced = (priceUsd: number, atMs = NOW_MS) => ({
  rows: new Map([["SPY", { priceUsd, atMs }]]),
  answered: new Set(["SPY"]),
});

const ROW = {
  what: "position",
  symbol: "SPY",
  clientOrderId: null,
  orderId: null,
  mayBeOpen: true,
  problem: "qty",
} as const;

const BLOCKED = {
  kind: "ok",
  value: { ...ACCOUNT, blockFlags: ["trading_blocked"] },
} as const;

const HAND_BUY = brokerOrder({
  orderId: "hand",
  clientOrderId: "hand",
  orderClass: "",
  submittedAtMs: NOW_MS,
  updatedAtMs: NOW_MS,
});

const CASES: readonly {
  readonly when: string;
  readonly facts: EndFacts;
  readonly due: Standing["due"];
  readonly cause: string;
  readonly bareQty: number;
}[] = [
  { when: "nothing is wrong", facts: {}, due: null, cause: "", bareQty: 0 },
  {
    when: "nothing covers it and nothing says why",
    facts: { orders: [] },
    due: "stop",
    cause: "pending",
    bareQty: 10,
  },
  {
    when: "the clock can't be read and nothing covers it",
    facts: { orders: [], end: { market: null, prices: null } },
    due: "stop",
    cause: "clock",
    bareQty: 10,
  },
  {
    when: "the clock can't be read, and a day order covers it hours before the close",
    facts: {
      orders: [{ ...STOP, timeInForce: "day" }],
      end: { market: null, prices: null },
    },
    due: null,
    cause: "",
    bareQty: 0,
  },
  {
    when: "the clock can't be read, and the close is 20 minutes away",
    facts: {
      orders: [{ ...STOP, timeInForce: "day" }],
      end: { market: null, prices: null },
      now: { untilCloseMs: 20 * MINUTE_MS },
    },
    due: "stop",
    cause: "clock",
    bareQty: 10,
  },
  {
    when: "a row of its symbol can't be read",
    facts: { look: { unreadable: { positions: [ROW], openOrders: [], dayOrders: [] } } },
    due: "unknown",
    cause: "row",
    bareQty: 0,
  },
  {
    when: "positions can't be read",
    facts: { look: { positions: { kind: "failed", failure: "timeout" } } },
    due: "unknown",
    cause: "positions",
    bareQty: 0,
  },
  {
    when: "open orders can't be read",
    facts: { look: { openOrders: { kind: "failed", failure: "timeout" } } },
    due: "stop",
    cause: "orders",
    bareQty: 10,
  },
  {
    when: "it is short",
    facts: { position: { unexplainedQty: -5 } },
    due: "unknown",
    cause: "short",
    bareQty: 0,
  },
  {
    when: "no order explains its quantity",
    facts: { position: { unexplainedQty: 20 } },
    due: "unknown",
    cause: "split",
    bareQty: 10,
  },
  {
    when: "the broker shows no such position",
    facts: { look: { positions: { kind: "ok", value: [] } } },
    due: "unknown",
    cause: "absent",
    bareQty: 0,
  },
  {
    when: "a hand has moved its stop below the engine's",
    facts: { orders: [{ ...STOP, stopPriceUsd: 90 }] },
    due: "stop",
    cause: "lowered",
    bareQty: 10,
  },
  {
    when: "the market is closed over a day order",
    facts: {
      orders: [{ ...STOP, timeInForce: "day" }],
      end: { market: CLOSED, prices: null },
      look: { clock: CLOSED },
    },
    due: "stop",
    cause: "closed",
    bareQty: 10,
  },
  {
    when: "the market is closed over a good-till-canceled stop",
    facts: { end: { market: CLOSED, prices: null }, look: { clock: CLOSED } },
    due: null,
    cause: "",
    bareQty: 0,
  },
  {
    when: "the kill switch keeps a day order from being converted",
    facts: {
      orders: [{ ...STOP, timeInForce: "day" }],
      objection: { code: "kill_switch_active", source: "file" },
    },
    due: "stop",
    cause: "gate",
    bareQty: 10,
  },
  {
    when: "a day order covers it 10 minutes before the close",
    facts: {
      orders: [{ ...STOP, timeInForce: "day" }],
      now: { untilCloseMs: 10 * MINUTE_MS },
    },
    due: "stop",
    cause: "pending",
    bareQty: 10,
  },
  {
    when: "the account is blocked",
    facts: {
      orders: [],
      look: { account: BLOCKED },
      end: { hindrances: new Map([["SPY", "403: trading_blocked"]]) },
    },
    due: "stop",
    cause: "account",
    bareQty: 10,
  },
  {
    when: "the broker refused its stop",
    facts: { orders: [], end: { hindrances: new Map([["SPY", "422: no"]]) } },
    due: "stop",
    cause: "refused",
    bareQty: 10,
  },
  {
    when: "its entry still works",
    facts: { orders: [], entry: { status: "partially_filled", qty: 20 } },
    due: "stop",
    cause: "entry",
    bareQty: 10,
  },
  {
    when: "a buy of somebody's rests in the symbol",
    facts: { orders: [HAND_BUY] },
    due: "stop",
    cause: "buy",
    bareQty: 10,
  },
  {
    when: "its stop's trade is guaranteed",
    facts: { orders: [{ ...STOP, status: "stopped" }] },
    due: "stop",
    cause: "bound",
    bareQty: 10,
  },
  {
    when: "its stop has a status that nobody knows",
    facts: { orders: [{ ...STOP, status: "teleported" }] },
    due: "stop",
    cause: "unknown",
    bareQty: 10,
  },
  {
    when: "a stop of somebody's holds its shares too low",
    facts: { orders: [{ ...STOP, clientOrderId: "hand", stopPriceUsd: 50 }] },
    due: "stop",
    cause: "obstacle",
    bareQty: 10,
  },
  {
    when: "its stop is being cancelled",
    facts: { orders: [{ ...STOP, status: "pending_cancel" }] },
    due: "stop",
    cause: "leaving",
    bareQty: 10,
  },
  {
    when: "its sell works and does not fill",
    facts: {
      orders: [
        sellOrder({
          orderId: "sell",
          clientOrderId: "sell",
          type: "market",
          timeInForce: "day",
          qty: 10,
        }),
      ],
      end: { prices: priced(94) },
    },
    due: "stop_exit",
    cause: "selling",
    bareQty: 0,
  },
  {
    when: "its price was not answered",
    facts: { end: { prices: { rows: new Map(), answered: new Set() } } },
    due: "unknown",
    cause: "price",
    bareQty: 0,
  },
  {
    when: "its latest trade is from before the session",
    facts: { end: { prices: priced(90, NOW_MS - 31 * MINUTE_MS) } },
    due: null,
    cause: "",
    bareQty: 0,
  },
  {
    when: "one print alone is at its stop",
    facts: {
      position: { doubtedTrade: { priceUsd: 80, atMs: NOW_MS } },
      end: { prices: { rows: new Map(), answered: new Set(["SPY"]) } },
    },
    due: "stop_exit",
    cause: "print",
    bareQty: 0,
  },
];

for (const { when, facts, due, cause, bareQty } of CASES) {
  Deno.test(`decideStandings() says what is due or bare where ${when}`, () => {
    const standing = decide(facts);
    assertEquals([standing.due, standing.cause, standing.bareQty], [due, cause, bareQty]);
    assertEquals(formatTrouble(standing) === null, due === null, "told where something waits");
  });
}

Deno.test("decideStandings() says the account's block once, though the refusal repeats it", () => {
  const { why } = decide({
    orders: [],
    look: { account: BLOCKED },
    end: { hindrances: new Map([["SPY", "403: trading_blocked"]]) },
  });
  assertEquals(why, "account blocked (trading_blocked)");
});

Deno.test("decideStandings() of a process that has not looked yet keeps what the one before it saw", () => {
  const before = decide();
  const world = endWorld({ end: { market: CLOSED, prices: null, look: null } });
  const records = { ...world.records, standings: [before] };
  const [standing] = decideStandings({ ...world, records });
  assertEquals([standing?.coveredQty, standing?.bareQty, standing?.isCoverRead], [10, 0, true]);
});

Deno.test("decideStandings() names a stop as lost that ended since the cycle before, but not where the engine took it down", () => {
  const gone = { ...STOP, status: "canceled" };
  for (const stopsTakenDown of [new Set<string>(), new Set(["stop"])]) {
    const { stops } = decide({
      orders: [gone],
      end: { stopsPlaced: new Set(["stop"]), stopsTakenDown },
    });
    assertEquals(stops.losses === null, stopsTakenDown.size > 0);
  }
});
