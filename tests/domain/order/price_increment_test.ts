import fc from "fast-check";
import { InvariantError } from "../../../src/domain/assert.ts";
import { decimalsOf, roundToIncrement } from "../../../src/domain/order/price_increment.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";

const CASES: { usd: number; rounded: number; when: string }[] = [
  { usd: 290.123, rounded: 290.12, when: "a sub-penny part is cut" },
  { usd: 290.125, rounded: 290.13, when: "a half goes up" },
  { usd: 1.005, rounded: 1.01, when: "the half lies below itself as a double" },
  { usd: 8.575, rounded: 8.58, when: "another such half" },
  { usd: 1, rounded: 1, when: "1 USD is in cents" },
  { usd: 1.0049, rounded: 1, when: "just above 1 USD" },
  { usd: 0.99994, rounded: 0.9999, when: "just below 1 USD has four decimals" },
  { usd: 0.99996, rounded: 1, when: "rounding reaches 1 USD" },
  { usd: 0.12345, rounded: 0.1235, when: "below 1 USD" },
  { usd: 0.1 + 0.2, rounded: 0.3, when: "a sum that is not what it looks like" },
  { usd: 0.00001, rounded: 0.0001, when: "less than one increment stays a price" },
  { usd: 725_000.005, rounded: 725_000.01, when: "the dearest share" },
];
for (const { usd, rounded, when } of CASES) {
  Deno.test(`roundToIncrement() gives ${rounded} for ${usd}: ${when}`, () => {
    assertEquals(roundToIncrement(usd), rounded);
  });
}

for (const usd of [0, -1, NaN, Infinity, -Infinity]) {
  Deno.test(`roundToIncrement() refuses ${usd}, which is no price`, () => {
    assertThrows(() => roundToIncrement(usd), InvariantError);
  });
}

Deno.test("roundToIncrement() is never further off than half an increment, and stays where it is", () => {
  const price = fc.double({ min: 0.0001, max: 1_000_000, noNaN: true });
  fc.assert(fc.property(price, (usd) => {
    const rounded = roundToIncrement(usd);
    const increment = usd >= 1 ? 0.01 : 0.0001;
    assert(Math.abs(rounded - usd) <= increment / 2 + 1e-6, `${usd} -> ${rounded}`);
    assertEquals(roundToIncrement(rounded), rounded);
    assertEquals(Number(rounded.toFixed(decimalsOf(rounded))), rounded);
  }));
});

Deno.test("roundToIncrement() keeps the order of prices, so that no stop passes its target", () => {
  const price = fc.double({ min: 0.0001, max: 1_000, noNaN: true });
  fc.assert(fc.property(price, price, (a, b) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    assert(roundToIncrement(low) <= roundToIncrement(high));
  }));
});
