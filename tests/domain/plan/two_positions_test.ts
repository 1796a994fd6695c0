import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import type { SellSideRequest } from "../../../src/domain/order/order_request.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";
import { accept, NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

const OPENED_MS = NOW_MS - 3_600_000;
const OTHER = managedPosition({
  symbol: "QQQ",
  positionId: "avwap-2026-06-15-QQQ-0a1b2c3d-1",
  openedAtMs: OPENED_MS,
});

function stopOf(symbol: string, positionId: string, facts: Partial<BrokerOrder> = {}): BrokerOrder {
  const earlierMs = NOW_MS - 60_000;
  return sellOrder({
    orderId: `stop of ${symbol}`,
    clientOrderId: `${positionId}-stop-1`,
    symbol,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    submittedAtMs: earlierMs,
    updatedAtMs: earlierMs,
    ...facts,
  });
}

/** Two positions whose stops hold them, with the price at both stops, so that both are to be closed. */
function buildTwoDue(): PlanWorld {
  const { positionId } = managedPosition();
  const bought = brokerOrder({
    orderId: "bought too",
    clientOrderId: OTHER.positionId,
    symbol: "QQQ",
    status: "filled",
    filledQty: 10,
    filledAvgPriceUsd: 100,
    submittedAtMs: OPENED_MS,
    updatedAtMs: OPENED_MS,
    filledAtMs: OPENED_MS,
  });
  const world = new PlanWorld({
    orders: [stopOf("SPY", positionId), bought, stopOf("QQQ", OTHER.positionId)],
  });
  world.records = { ...world.records, positions: [...world.records.positions, OTHER] };
  world.seen = { ...world.seen, pasts: new Set([positionId, OTHER.positionId]) };
  const rows = [heldPosition(), heldPosition({ symbol: "QQQ" })];
  world.learn({ to: "positions", look: { kind: "ok", value: { rows, unreadable: [] } } });
  for (const symbol of ["SPY", "QQQ"]) {
    world.learn({ to: "trade", symbol, trade: { priceUsd: 95, atMs: NOW_MS } });
  }
  return world;
}

function symbolOfCancel(request: SellSideRequest): string {
  if (request.op !== "cancel") throw new Error(request.op);
  return request.symbol;
}

Deno.test("plan() uncovers no second position while the cancel of the first is younger than a second", () => {
  const world = buildTwoDue();
  const first = symbolOfCancel(world.send(accept));
  const { positionId } = first === "SPY" ? managedPosition() : OTHER;
  const leaving = stopOf(first, positionId, { status: "pending_cancel", updatedAtMs: NOW_MS });
  for (const afterMs of [0, 250, 750]) {
    world.now = { ...world.now, brokerMs: NOW_MS + afterMs, monotonicMs: afterMs };
    assertObjectMatch(world.step, { do: "read", questions: [{ orderId: leaving.orderId }] });
    const { orderId } = leaving;
    world.learn({ to: "order", orderId, outcome: { kind: "found", order: leaving } });
  }
  assertObjectMatch(world.step, { do: "read", notBeforeMs: 1750 });
  world.now = { ...world.now, brokerMs: NOW_MS + 1750, monotonicMs: 1750 };
  const { orderId } = leaving;
  world.learn({ to: "order", orderId, outcome: { kind: "found", order: leaving } });
  // A cancel that hangs keeps nobody else from being sold.
  const { step } = world;
  assertObjectMatch(step, { do: "send", request: { op: "cancel" } });
  assertEquals(step.do === "send" && symbolOfCancel(step.request) !== first, true);
});
