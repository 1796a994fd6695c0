import { listForeignOrders } from "../../../src/domain/plan/foreign.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";

const NONE: ReadonlySet<string> = new Set();
const THEIRS = brokerOrder({ orderId: "f-1", clientOrderId: "a-hand", orderClass: "" });

Deno.test("a working order in a symbol that is not managed, named by somebody else, is foreign", () => {
  assertEquals(listForeignOrders([THEIRS], NONE), [THEIRS]);
});

Deno.test("an order of ours, a leg of one, one that has ended and one in a managed symbol are not", () => {
  const leg = { ...THEIRS, orderId: "l-1", clientOrderId: "the-brokers" };
  assertEquals(listForeignOrders([brokerOrder({ legs: [leg] })], NONE), []);
  assertEquals(listForeignOrders([{ ...THEIRS, status: "filled" }], NONE), []);
  assertEquals(listForeignOrders([THEIRS], new Set(["SPY"])), []);
});

Deno.test("a leg of somebody else's order is foreign with it", () => {
  const leg = { ...THEIRS, orderId: "l-1", clientOrderId: "the-brokers" };
  const parent = { ...THEIRS, legs: [leg] };
  assertEquals(listForeignOrders([parent], NONE).map(({ orderId }) => orderId), ["f-1", "l-1"]);
});
