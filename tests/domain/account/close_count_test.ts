import fc from "fast-check";
import { countClosable } from "../../../src/domain/account/close_count.ts";
import { EMPTY_BOOK, LAG_MS, learnOrders } from "../../../src/domain/account/order_book.ts";
import { assert, assertEquals } from "../../assert.ts";
import { acts, playBroker, STEP_MS } from "./broker_past.ts";

/** Positions lag by less than `LAG_MS`. */
const lag = fc.nat({ max: LAG_MS / STEP_MS - 1 });

Deno.test("countClosable() never exceeds what is free where positions lag and orders are known", () => {
  fc.assert(fc.property(acts, lag, (past, steps) => {
    const versions = playBroker(past);
    const now = versions.at(-1);
    const shown = versions[Math.max(0, versions.length - 1 - steps)];
    assert(now !== undefined && shown !== undefined);
    const nowMs = versions.length * STEP_MS;
    const qty = countClosable({
      book: learnOrders(EMPTY_BOOK, now.orders, nowMs),
      symbol: "SPY",
      shownQty: shown.heldQty,
      nowMs,
    });
    assert(qty <= now.freeQty);
  }));
});

Deno.test("countClosable() is all that is free once the last fill is old", () => {
  fc.assert(fc.property(acts, (past) => {
    const versions = playBroker(past);
    const now = versions.at(-1);
    assert(now !== undefined);
    const nowMs = versions.length * STEP_MS + LAG_MS;
    const book = learnOrders(EMPTY_BOOK, now.orders, nowMs);
    const { heldQty: shownQty, freeQty } = now;
    assertEquals(countClosable({ book, symbol: "SPY", shownQty, nowMs }), freeQty);
  }));
});
