import fc from "fast-check";
import {
  buildOpenOrders,
  EMPTY_BOOK,
  LAG_MS,
  learnOrders,
  type OrderBook,
} from "../../../src/domain/account/order_book.ts";
import { countShares, type Shown } from "../../../src/domain/account/share_count.ts";
import { listSellGroups } from "../../../src/domain/order/protection.ts";
import { assert, assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";
import { acts, playBroker, START_QTY, STEP_MS, type Version } from "./broker_past.ts";

function count(book: OrderBook, shown: Shown, facts: { nowMs: number; doubtfulQty?: number }) {
  return countShares({
    start: { oursQty: START_QTY, handQty: 0 },
    orders: [...book.values()],
    isOurs: () => true,
    shown,
    doubtfulQty: facts.doubtfulQty ?? 0,
    nowMs: facts.nowMs,
  });
}

/** Every order as it was when it was placed: the answers to the requests. */
function learnAnswers(versions: readonly Version[]): OrderBook {
  return versions.reduce<OrderBook>((book, { orders }, at) => {
    const fresh = orders.filter((order) => order.submittedAtMs === at * STEP_MS);
    return learnOrders(book, fresh, at * STEP_MS);
  }, EMPTY_BOOK);
}

/** A version some steps before the last one. */
function back(versions: readonly Version[], steps: number): Version {
  const found = versions[Math.max(0, versions.length - 1 - steps)];
  if (found === undefined) throw new RangeError("no version");
  return found;
}

const lag = fc.nat({ max: 12 });
const sold = (orderId: string, qty: number, atMs = 0) =>
  brokerOrder({
    orderId,
    clientOrderId: `x-${orderId}`,
    side: "sell",
    orderClass: "",
    status: "filled",
    qty,
    filledQty: qty,
    submittedAtMs: atMs,
    updatedAtMs: atMs,
    legs: [],
  });

Deno.test("countShares() without lag and without unknowns is the truth", () => {
  fc.assert(fc.property(acts, (past) => {
    const versions = playBroker(past);
    const nowMs = versions.length * STEP_MS;
    const { heldQty, orders } = back(versions, 0);
    const book = learnOrders(EMPTY_BOOK, orders, nowMs);
    const shown: Shown = heldQty === 0 ? { kind: "absent" } : { kind: "shown", qty: heldQty };
    assertEquals(count(book, shown, { nowMs }), {
      sureQty: heldQty,
      doubtfulQty: 0,
      mostHeldQty: heldQty,
      isExplained: heldQty > 0,
    });
  }));
});

Deno.test("countShares() never exceeds the truth where orders are of now and positions lag", () => {
  fc.assert(fc.property(acts, lag, (past, steps) => {
    const versions = playBroker(past);
    const nowMs = versions.length * STEP_MS;
    const { heldQty, orders } = back(versions, 0);
    const book = learnOrders(learnAnswers(versions), orders, nowMs);
    const shown: Shown = { kind: "shown", qty: back(versions, steps).heldQty };
    assert(count(book, shown, { nowMs }).sureQty <= heldQty);
  }));
});

Deno.test("countShares() never exceeds the truth where positions are of now and orders lag", () => {
  fc.assert(fc.property(acts, lag, (past, steps) => {
    const versions = playBroker(past);
    const nowMs = versions.length * STEP_MS;
    const { heldQty } = back(versions, 0);
    const book = learnOrders(learnAnswers(versions), back(versions, steps).orders, nowMs);
    const { sureQty, mostHeldQty } = count(book, { kind: "shown", qty: heldQty }, { nowMs });
    assert(sureQty <= heldQty && mostHeldQty >= heldQty);
  }));
});

Deno.test("what is sure and not held by sells is never more than what is free, whatever lags", () => {
  fc.assert(
    fc.property(acts, lag, lag, fc.array(lag, { maxLength: 4 }), (past, positions, list, byId) => {
      const versions = playBroker(past);
      const nowMs = versions.length * STEP_MS;
      let book = learnOrders(learnAnswers(versions), back(versions, list).orders, nowMs);
      for (const steps of byId) {
        const { orders } = back(versions, steps);
        book = learnOrders(book, orders.slice(0, 1), nowMs);
      }
      const shown: Shown = { kind: "shown", qty: back(versions, positions).heldQty };
      const { sureQty } = count(book, shown, { nowMs });
      const reservedQty = listSellGroups(buildOpenOrders(book), "SPY")
        .reduce((sum, group) => sum + group.qty, 0);
      assert(sureQty - reservedQty <= back(versions, 0).freeQty);
    }),
  );
});

Deno.test("countShares() takes what a sell of unknown fate may have sold from what is sure alone", () => {
  const shares = count(EMPTY_BOOK, { kind: "shown", qty: 20 }, { nowMs: 0, doubtfulQty: 8 });
  assertEquals([shares.sureQty, shares.doubtfulQty, shares.mostHeldQty], [12, 8, 20]);
});

for (const kind of ["absent", "unreadable"] as const) {
  Deno.test(`countShares() goes by the orders where the position is ${kind}`, () => {
    const book = learnOrders(EMPTY_BOOK, [sold("s-1", 5)], LAG_MS);
    const { sureQty, mostHeldQty } = count(book, { kind }, { nowMs: 2 * LAG_MS });
    assertEquals([sureQty, mostHeldQty], [15, 15]);
  });
}

Deno.test("countShares() of a short position is nothing", () => {
  assertEquals(count(EMPTY_BOOK, { kind: "shown", qty: -5 }, { nowMs: 0 }).sureQty, 0);
});

Deno.test("countShares() leaves a fraction of a share out", () => {
  assertEquals(count(EMPTY_BOOK, { kind: "shown", qty: 20.9 }, { nowMs: 0 }).sureQty, 20);
});

Deno.test("countShares() calls a position explained that does not show the last fills yet, and no longer than that", () => {
  const book = learnOrders(EMPTY_BOOK, [sold("s-1", 5, 1_000)], 1_000);
  const shown: Shown = { kind: "shown", qty: 20 };
  assertEquals(count(book, shown, { nowMs: 2_000 }), {
    sureQty: 15,
    doubtfulQty: 0,
    mostHeldQty: 15,
    isExplained: true,
  });
  assertEquals(count(book, shown, { nowMs: 1_000 + LAG_MS }), {
    sureQty: 15,
    doubtfulQty: 0,
    mostHeldQty: 20,
    isExplained: false,
  });
});

Deno.test("countShares() lets a settled position decide whether a replaced order's fills were carried over", () => {
  const old = { ...sold("s-1", 10), status: "replaced", filledQty: 3, replacedBy: "s-2" };
  const fresh = { ...sold("s-2", 10), status: "new", filledQty: 3, replaces: "s-1" };
  const book = learnOrders(EMPTY_BOOK, [old, fresh], 0);
  for (const [shownQty, sureQty] of [[17, 17], [14, 14], [20, 14]] as const) {
    const shares = count(book, { kind: "shown", qty: shownQty }, { nowMs: LAG_MS });
    assertEquals(shares.sureQty, sureQty);
  }
});
