import { EMPTY_BOOK, learnOrders } from "../../../src/domain/account/order_book.ts";
import {
  countFleeting,
  decideLosses,
  LASTS_MS,
  lookAtStops,
  type StopLosses,
} from "../../../src/domain/account/stop_losses.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";

const START_MS = Date.parse("2026-11-23T15:10:00Z");
const SYMBOL = { symbol: "NVDA" };

/** What a look finds of one stop of ten shares that has come to this. */
function lookAt(
  change: Parameters<typeof brokerOrder>[0],
  { isOpen = true, isTakenDown = false } = {},
) {
  const order = brokerOrder({
    ...SYMBOL,
    orderId: "S",
    side: "sell",
    type: "stop",
    qty: 10,
    ...change,
  });
  const sight = {
    book: learnOrders(EMPTY_BOOK, [order], START_MS),
    areOrdersRead: true,
    unreadableOrders: new Set<string>(),
  };
  const takenDown = new Set(isTakenDown ? ["S"] : []);
  const { restingIds, lostQty } = lookAtStops(sight, SYMBOL, { ids: ["S"], takenDown, isOpen });
  return [restingIds, lostQty];
}

Deno.test("lookAtStops() takes an end that nobody here wanted for a loss of what was not filled", () => {
  assertEquals(lookAt({ status: "canceled" }), [[], 10]);
  assertEquals(lookAt({ status: "canceled", filledQty: 4 }), [[], 6]);
  assertEquals(lookAt({ status: "rejected" }), [[], 10]);
  assertEquals(lookAt({ status: "expired" }), [[], 10]);
  assertEquals(lookAt({ status: "suspended" }), [[], 10]);
});

Deno.test("lookAtStops() takes no fill, replacement or cancel of the engine's for a loss", () => {
  assertEquals(lookAt({ status: "new" }), [["S"], 0]);
  assertEquals(lookAt({ status: "filled", filledQty: 10 }), [[], 0]);
  assertEquals(lookAt({ status: "replaced" }), [[], 0]);
  assertEquals(lookAt({ status: "canceled" }, { isTakenDown: true }), [[], 0]);
  assertEquals(lookAt({ status: "stopped" }), [["S"], 0]);
  // What it was to replace lives on.
  assertEquals(lookAt({ status: "rejected", replaces: "R" }), [[], 0]);
  // A hand's cancel may be too late yet.
  assertEquals(lookAt({ status: "pending_cancel" }), [["S"], 0]);
});

Deno.test("lookAtStops() takes a stop that is done for the day for a loss while the market is open alone", () => {
  const change = { status: "done_for_day", timeInForce: "gtc" };
  assertEquals(lookAt(change), [[], 10]);
  assertEquals(lookAt(change, { isOpen: false }), [["S"], 0]);
});

Deno.test("lookAtStops() knows nothing of another symbol's stops", () => {
  assertEquals(lookAt({ status: "canceled", symbol: "AMD" }), [[], 0]);
});

/** The losses after these looks, each at its second: the shares it found lost, or `unseen`. */
function after(looks: readonly (readonly [number, number | "unseen"])[]): StopLosses | null {
  return looks.reduce<StopLosses | null>((before, [seconds, found]) => {
    const look = found === "unseen"
      ? { lostQty: 0, isIdle: false, isSeen: false }
      : { lostQty: found, isIdle: false, isSeen: true };
    return decideLosses(before, look, START_MS + seconds * 1_000);
  }, null);
}

const LASTS_SECONDS = LASTS_MS / 1_000;

Deno.test("one stop that is lost is no trouble yet, and is forgotten once the next has lasted", () => {
  assertEquals(countFleeting(after([[0, 10]])), 0);
  assertEquals(after([[0, 10], [LASTS_SECONDS - 1, 0]])?.times, 1);
  assertEquals(after([[0, 10], [LASTS_SECONDS, 0]]), null);
});

Deno.test("shares whose next stop is lost too are bare since the first was, until one has lasted", () => {
  const twice = [[0, 10], [300, 10]] as const;
  assertEquals([countFleeting(after(twice)), after(twice)?.sinceMs], [10, START_MS]);
  assertEquals(countFleeting(after([...twice, [300 + LASTS_SECONDS - 1, 0]])), 10);
  assertEquals(after([...twice, [300 + LASTS_SECONDS, 0]]), null);
});

Deno.test("what can't be seen has not lasted", () => {
  const looks = [[0, 10], [30, 10], [600, "unseen"]] as const;
  assertEquals(countFleeting(after(looks)), 10);
});

Deno.test("losses of another hour have nothing to do with each other", () => {
  assertEquals(after([[0, 10], [3_600, 10]]), {
    sinceMs: START_MS + 3_600_000,
    lastMs: START_MS + 3_600_000,
    times: 1,
    qty: 10,
    isIdle: false,
  });
});
