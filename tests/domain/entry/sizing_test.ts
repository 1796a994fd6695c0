import fc from "fast-check";
import { buildQty } from "../../../src/domain/entry/sizing.ts";
import { assert, assertEquals } from "../../assert.ts";

/** Worked by hand from the pipeline's formula: 2 % of equity, scaled by distance / 6 down to a quarter. */
const sizes: readonly [
  why: string,
  equityUsd: number,
  distancePct: number,
  priceUsd: number,
  qty: number,
][] = [
  ["at the pivot: 2000 USD", 100_000, 0, 100, 20],
  ["1.5 % away: three quarters", 100_000, 1.5, 100, 15],
  ["3 % away: half", 100_000, 3, 100, 10],
  ["3 % below: the same half", 100_000, -3, 100, 10],
  ["4.5 % away: a quarter", 100_000, 4.5, 100, 5],
  ["5 % away: not less than a quarter", 100_000, 5, 100, 5],
  ["6 % away: a quarter", 100_000, 6, 100, 5],
  ["600 % away: a quarter", 100_000, 600, 100, 5],
  ["600 % below: a quarter", 100_000, -600, 100, 5],
  ["rounded down", 100_000, 0, 666.67, 2],
  ["exactly divisible", 100_000, 0, 2000, 1],
  ["a cent too expensive", 100_000, 0, 2000.01, 0],
  ["a price under a dollar", 100_000, 0, 0.5, 4000],
  ["a small account", 1000, 0, 15, 1],
  ["a small account far away", 1000, 6, 15, 0],
  ["-0 % away", 100_000, -0, 100, 20],
];
for (const [why, equityUsd, distancePct, priceUsd, qty] of sizes) {
  Deno.test(`buildQty() gives ${qty} for ${why}`, () => {
    assertEquals(buildQty(equityUsd, { distancePct, priceUsd }), qty);
  });
}

const NOTHING = [NaN, 0, -0, -1, -1e9, -Infinity];
for (const value of NOTHING) {
  Deno.test(`buildQty() gives no shares for an equity of ${value}`, () => {
    assertEquals(buildQty(value, { distancePct: 0, priceUsd: 100 }), 0);
  });
  Deno.test(`buildQty() gives no shares for a price of ${value}`, () => {
    assertEquals(buildQty(100_000, { distancePct: 0, priceUsd: value }), 0);
  });
}

Deno.test("buildQty() gives no shares for what is not a number, or is without end", () => {
  assertEquals(buildQty(100_000, { distancePct: NaN, priceUsd: 100 }), 0);
  assertEquals(buildQty(Infinity, { distancePct: 0, priceUsd: 100 }), 0);
  assertEquals(buildQty(100_000, { distancePct: 0, priceUsd: Infinity }), 0);
  assertEquals(buildQty(1e300, { distancePct: 0, priceUsd: 1e-300 }), 0);
  assertEquals(buildQty(-100_000, { distancePct: 0, priceUsd: -100 }), 0);
});

Deno.test("buildQty() takes an infinite distance for a far one", () => {
  assertEquals(buildQty(100_000, { distancePct: Infinity, priceUsd: 100 }), 5);
});

Deno.test("buildQty() never spends more than 2 % of equity, and always whole shares", () => {
  fc.assert(fc.property(fc.double(), fc.double(), fc.double(), (equity, distancePct, priceUsd) => {
    const qty = buildQty(equity, { distancePct, priceUsd });
    assert(Number.isSafeInteger(qty) && qty >= 0);
    if (qty > 0) assert(qty * priceUsd <= equity * 0.02 * (1 + 1e-9));
  }));
});

Deno.test("buildQty() is the same above and below the pivot, and never larger farther away", () => {
  const distance = fc.double({ min: 0, max: 20, noNaN: true });
  const equity = fc.integer({ min: 1, max: 10_000_000 });
  const price = fc.integer({ min: 1, max: 100_000 }).map((cents) => cents / 100);
  fc.assert(fc.property(equity, price, distance, distance, (equityUsd, priceUsd, a, b) => {
    const near = buildQty(equityUsd, { distancePct: Math.min(a, b), priceUsd });
    const far = buildQty(equityUsd, { distancePct: Math.max(a, b), priceUsd });
    assert(far <= near);
    assertEquals(buildQty(equityUsd, { distancePct: -Math.max(a, b), priceUsd }), far);
  }));
});
