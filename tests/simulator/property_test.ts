import fc from "fast-check";
import { assert, assertEquals, assertLessOrEqual } from "../assert.ts";
import type { Behaviour } from "./behaviour.ts";
import { BRACKET, buildMarket, type Market, SELL, STOP, TEN_MS } from "./harness.ts";
import { isDone } from "./order.ts";
import { PathScript } from "./price_path.ts";
import { buildSampleSessions } from "./scenario.ts";

const MINUTE_MS = 60_000;

/** One thing that happens to the market. */
type Step =
  | { readonly kind: "post"; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: "cancel" | "replace"; readonly at: number; readonly qty: number }
  | { readonly kind: "close"; readonly query: string }
  | { readonly kind: "pass"; readonly ms: number };

const qty = fc.integer({ min: 1, max: 12 }).map(String);
const price = fc.integer({ min: 9000, max: 11_000 }).map((cents) => (cents / 100).toFixed(2));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("post" as const), body: qty.map((q) => ({ ...BRACKET, qty: q })) }),
  fc.record({ kind: fc.constant("post" as const), body: qty.map((q) => ({ ...SELL, qty: q })) }),
  fc.record({
    kind: fc.constant("post" as const),
    body: fc.tuple(qty, price).map(([q, p]) => ({ ...STOP, qty: q, stop_price: p })),
  }),
  fc.record({
    kind: fc.constant("post" as const),
    body: fc.tuple(qty, price, fc.constantFrom("buy", "sell")).map(([q, p, side]) => ({
      ...SELL,
      type: "limit",
      limit_price: p,
      side,
      qty: q,
    })),
  }),
  fc.record({
    kind: fc.constantFrom("cancel" as const, "replace" as const),
    at: fc.nat(40),
    qty: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant("close" as const),
    query: fc.constantFrom("cancel_orders=true", ""),
  }),
  fc.record({
    kind: fc.constant("pass" as const),
    ms: fc.integer({ min: 1, max: 40 * MINUTE_MS }),
  }),
);

/** A saw between 92 and 112 USD, so that stops and targets are reached within hours. */
function buildSaw(behaviour: Partial<Behaviour>): Market {
  const sessions = buildSampleSessions();
  const knots = Array.from({ length: 400 }, (_, at) => ({
    atMs: TEN_MS + at * 17 * MINUTE_MS,
    priceUsd: at % 2 === 0 ? 100 - at % 9 : 100 + at % 13,
  }));
  return buildMarket(behaviour, { sessions, script: new PathScript({ NVDA: knots }, sessions) });
}

function apply(market: Market, each: Step): void {
  const { exchange } = market;
  const order = "at" in each ? exchange.orders[each.at] : undefined;
  switch (each.kind) {
    case "post":
      market.call("POST", "/v2/orders", "", each.body);
      break;
    case "cancel":
      market.call("DELETE", `/v2/orders/${order?.id ?? "none"}`);
      break;
    case "replace":
      market.call("PATCH", `/v2/orders/${order?.id ?? "none"}`, "", { qty: String(each.qty) });
      break;
    case "close":
      market.call("DELETE", "/v2/positions", each.query);
      break;
    case "pass":
      market.pass(each.ms);
      break;
  }
}

/** What must hold at every moment, whatever was asked. */
function assertSound({ exchange, call }: Market): void {
  // Asked first: an order without latency fills when the next request comes.
  const shown = call("GET", "/v2/positions").list[0];
  let heldQty = 0;
  let cashUsd = 100_000;
  for (const order of exchange.orders) {
    const own = order.fills.reduce((sum, fill) => sum + fill.qty, 0);
    assertLessOrEqual(own, order.filledQty);
    assertLessOrEqual(order.filledQty, order.qty);
    assertEquals(order.status === "filled", order.filledQty === order.qty && isDone(order));
    const sign = order.side === "buy" ? 1 : -1;
    heldQty += sign * own;
    for (const fill of order.fills) cashUsd -= sign * fill.qty * fill.priceUsd;
  }
  assertEquals(exchange.position("NVDA")?.qty ?? 0, heldQty);
  assert(heldQty >= 0, "the account went short");
  assert(Math.abs(cashUsd - exchange.portfolio.cashUsd) < 0.001, "cash and fills disagree");
  const freeQty = Number(shown?.["qty_available"] ?? 0);
  assert(freeQty >= 0 && freeQty <= heldQty);
  const ids = exchange.orders.map((order) => order.clientOrderId);
  assertEquals(new Set(ids).size, ids.length);
}

const moods: fc.Arbitrary<Partial<Behaviour>> = fc.record({
  cancelDelayMs: fc.constantFrom(0, 80, 90_000),
  replaceDelayMs: fc.constantFrom(0, 500),
  fillLatencyMs: fc.constantFrom(0, 150, 30_000),
  acknowledgeMs: fc.constantFrom(0, 10),
  partialFills: fc.constantFrom(
    null,
    () => [{ afterMs: 0, qty: 1 }, { afterMs: 40_000, qty: Infinity }],
    () => [{ afterMs: 1000, qty: 3 }],
  ),
  cancelOutcome: fc.constantFrom(() => "canceled", () => "filled", () => "stuck"),
});

Deno.test("shares and cash are conserved and never short, whatever is asked", () => {
  fc.assert(
    fc.property(moods, fc.array(step, { maxLength: 40 }), (mood, steps) => {
      const market = buildSaw(mood);
      for (const each of steps) {
        apply(market, each);
        assertSound(market);
      }
    }),
    { numRuns: 300 },
  );
});

/** Fields that hold other orders, or what the last answer said. */
const WITHOUT = { parent: null, legs: null, text: null };

/** The story of every order, without what only the answers know. */
function listStories({ exchange }: Market): unknown[] {
  return exchange.orders.map((order) => ({ ...order, ...WITHOUT }));
}

Deno.test("the outcome does not depend on how often anyone asks", () => {
  fc.assert(
    fc.property(
      moods,
      fc.array(step, { maxLength: 25 }),
      fc.oneof(fc.constantFrom(1000, 17_000, 60_000), fc.integer({ min: 100, max: 50_000 })),
      (mood, steps, strideMs) => {
        const leaping = buildSaw(mood);
        const walking = buildSaw(mood);
        for (const each of steps) {
          apply(leaping, each);
          if (each.kind !== "pass") {
            apply(walking, each);
            continue;
          }
          const untilMs = walking.exchange.nowMs + each.ms;
          while (walking.exchange.nowMs < untilMs) {
            walking.exchange.advanceTo(Math.min(untilMs, walking.exchange.nowMs + strideMs));
          }
        }
        assertEquals(listStories(walking), listStories(leaping));
      },
    ),
    { numRuns: 120 },
  );
});

Deno.test("the same requests give the same answers", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const texts = [0, 1].map(() => {
        const market = buildSaw({});
        for (const each of steps) apply(market, each);
        return JSON.stringify(market.call("GET", "/v2/orders", "status=all&nested=true").list);
      });
      assertEquals(texts[0], texts[1]);
    }),
    { numRuns: 50 },
  );
});
