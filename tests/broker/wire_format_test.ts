import fc from "fast-check";
import { InvariantError } from "../../src/domain/assert.ts";
import { formatPrice, formatQty, formatSymbols } from "../../src/broker/wire_format.ts";
import { assertEquals, assertMatch, assertThrows } from "../assert.ts";

const PRICES: { usd: number; text: string }[] = [
  { usd: 290, text: "290.00" },
  { usd: 290.123, text: "290.12" },
  { usd: 1, text: "1.00" },
  { usd: 0.99996, text: "1.00" },
  { usd: 0.5, text: "0.5000" },
  { usd: 0.00001, text: "0.0001" },
  { usd: 1e6, text: "1000000.00" },
];
for (const { usd, text } of PRICES) {
  Deno.test(`formatPrice() writes ${usd} as ${text}`, () => assertEquals(formatPrice(usd), text));
}

Deno.test("formatPrice() never writes an exponent or a sub-penny part", () => {
  fc.assert(fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (usd) => {
    const text = formatPrice(usd);
    assertMatch(text, Number(text) >= 1 ? /^[1-9]\d*\.\d{2}$/ : /^0\.\d{4}$/);
  }));
});

for (const qty of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
  Deno.test(`formatQty() refuses ${qty} shares`, () => {
    assertThrows(() => formatQty(qty), InvariantError);
  });
}

Deno.test("formatSymbols() encodes each ticker, so that none can add a parameter", () => {
  assertEquals(formatSymbols(["BRK.B", "A&feed=x", "C,D"]), "BRK.B,A%26feed%3Dx,C%2CD");
});
