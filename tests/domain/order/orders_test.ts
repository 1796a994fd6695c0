import {
  flattenOrders,
  isFinal,
  isKnownStatus,
  remainingQty,
} from "../../../src/domain/order/orders.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";

const FINAL = ["filled", "canceled", "expired", "rejected", "replaced"];
const WORKING = [
  "new",
  "partially_filled",
  "done_for_day",
  "pending_cancel",
  "pending_replace",
  "accepted",
  "pending_new",
  "accepted_for_bidding",
  "stopped",
  "suspended",
  "calculated",
  "held",
];

for (const status of FINAL) {
  Deno.test(`an order that is ${status} is final and trades no more`, () => {
    assertEquals([isFinal({ status }), isKnownStatus(status)], [true, true]);
    assertEquals(remainingQty({ status, qty: 10, filledQty: 4 }), 0);
  });
}

for (const status of WORKING) {
  Deno.test(`an order that is ${status} is known and may still trade`, () => {
    assertEquals([isFinal({ status }), isKnownStatus(status)], [false, true]);
    assertEquals(remainingQty({ status, qty: 10, filledQty: 4 }), 6);
  });
}

for (const status of ["", "FILLED", " filled", "cancelled", "brand_new_status", "__proto__"]) {
  Deno.test(`a status ${JSON.stringify(status)} is unknown, and neither filled nor final`, () => {
    assertEquals([isFinal({ status }), isKnownStatus(status)], [false, false]);
    assertEquals(remainingQty({ status, qty: 10, filledQty: 4 }), 6);
  });
}

Deno.test("remainingQty() is never below 0, and 0 for an order without a quantity", () => {
  assertEquals(remainingQty({ status: "new", qty: 10, filledQty: 10 }), 0);
  assertEquals(remainingQty({ status: "new", qty: 10, filledQty: 11 }), 0);
  assertEquals(remainingQty({ status: "new", qty: null, filledQty: 0 }), 0);
});

Deno.test("flattenOrders() lists parents first and every order once", () => {
  const takeProfit = brokerOrder({ orderId: "tp" });
  const stop = brokerOrder({ orderId: "sl", status: "held" });
  const entry = brokerOrder({ orderId: "entry", legs: [takeProfit, stop] });
  const other = brokerOrder({ orderId: "other" });
  const ids = flattenOrders([entry, stop, other, entry]).map((order) => order.orderId);
  assertEquals(ids, ["entry", "tp", "sl", "other"]);
  assertEquals(flattenOrders([]), []);
});

Deno.test("flattenOrders() keeps the first sight of an order that comes twice", () => {
  const [order] = flattenOrders([
    brokerOrder({ status: "filled", filledQty: 10 }),
    brokerOrder({ status: "new" }),
  ]);
  assertEquals(order?.status, "filled");
});
