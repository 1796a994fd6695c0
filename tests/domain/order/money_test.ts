import fc from "fast-check";
import {
  buildNotional,
  formatCents,
  formatUsd,
  microsToUsd,
  sumUsd,
  usdToMicros,
  ZERO_USD,
} from "../../../src/domain/order/money.ts";
import { assert, assertEquals } from "../../assert.ts";

const LARGEST = Number.MAX_SAFE_INTEGER;

const conversions: readonly [usd: number, micros: number][] = [
  [0, 0],
  [0.000001, 1],
  [0.0000004, 0],
  [0.0000005, 1],
  [0.1 + 0.2, 300_000],
  [1.005, 1_005_000],
  [249.95, 249_950_000],
  [249.95 * 4, 999_800_000],
  [0.07 * 100, 7_000_000],
  [999.99, 999_990_000],
  [5000, 5_000_000_000],
  [1e4, 10_000_000_000],
  [9e9, 9_000_000_000_000_000],
  [1e10, LARGEST],
  [1e300, LARGEST],
  [Infinity, LARGEST],
];
for (const [usd, micros] of conversions) {
  Deno.test(`usdToMicros() makes ${micros} of ${usd}`, () => {
    const actual: number = usdToMicros(usd);
    assertEquals(actual, micros);
  });
}

for (const usd of [NaN, -0.01, -1e300, -Infinity]) {
  Deno.test(`usdToMicros() makes ${usd} a value that compares with nothing`, () => {
    assertEquals(Number.isNaN(usdToMicros(usd)), true);
  });
}

Deno.test("microsToUsd() gives every amount up to a billion USD back exactly", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1_000_000_000_000_000 }), (micros) => {
    const back: number = usdToMicros(microsToUsd(usdToMicros(micros / 1e6)));
    assertEquals(back, micros);
  }));
});

Deno.test("sumUsd() of nothing is no amount", () => assertEquals(sumUsd([]), ZERO_USD));

Deno.test("sumUsd() adds ten dimes to exactly a dollar", () => {
  assertEquals(sumUsd(Array.from({ length: 10 }, () => usdToMicros(0.1))), usdToMicros(1));
});

Deno.test("sumUsd() saturates instead of losing cents or wrapping", () => {
  const largest = usdToMicros(1e300);
  assertEquals(sumUsd([largest, usdToMicros(0.01)]), largest);
  assertEquals(sumUsd([largest, largest, largest]), largest);
});

Deno.test("sumUsd() stays not a number when one amount is not one", () => {
  assertEquals(Number.isNaN(sumUsd([usdToMicros(1), usdToMicros(NaN), usdToMicros(1)])), true);
});

Deno.test("sumUsd() is exact in any order, as whole cents added with big integers are", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 100_000_000 })), (cents) => {
    const exact = Number(cents.reduce((sum, each) => sum + BigInt(each), 0n) * 10_000n);
    const forward: number = sumUsd(cents.map((each) => usdToMicros(each / 100)));
    const backward: number = sumUsd(cents.toReversed().map((each) => usdToMicros(each / 100)));
    assertEquals([forward, backward], [exact, exact]);
  }));
});

const notionals: readonly [qty: number, priceUsd: number, micros: number | null][] = [
  [4, 249.95, 999_800_000],
  [3, 0.1, 300_000],
  [1, 0.0001, 100],
  [1, 0.000001, 1],
  [1, 1.005, 1_005_000],
  [3, 4.35, 13_050_000],
  [10, 333.333333, 3_333_333_330],
  [1_000_000, 1e9, LARGEST],
  [LARGEST, 1, LARGEST],
  [1, 0.0000004, null],
  [0, 100, null],
  [-1, 100, null],
  [1.5, 100, null],
  [NaN, 100, null],
  [Infinity, 100, null],
  [LARGEST + 1, 1, null],
  [1, 0, null],
  [1, -0, null],
  [1, -100, null],
  [1, NaN, null],
  [1, Infinity, null],
  [1, -Infinity, null],
];
for (const [qty, priceUsd, micros] of notionals) {
  Deno.test(`buildNotional() makes ${micros} of ${qty} x ${priceUsd}`, () => {
    const actual: number | null = buildNotional(qty, priceUsd);
    assertEquals(actual, micros);
  });
}

Deno.test("buildNotional() is the exact product for prices in the broker's increments", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 1, max: 10_000_000 }),
    (qty, tenthsOfCents) => {
      const actual: number | null = buildNotional(qty, tenthsOfCents / 10_000);
      assertEquals(actual, qty * tenthsOfCents * 100);
    },
  ));
});

Deno.test("buildNotional() never gives an amount of 0 or less, whatever it is asked", () => {
  fc.assert(fc.property(fc.double(), fc.double(), (qty, priceUsd) => {
    const actual = buildNotional(qty, priceUsd);
    assert(actual === null || (Number.isSafeInteger(actual) && actual > 0));
  }));
});

const printed: readonly [usd: number, text: string][] = [
  [5000, "5000.0"],
  [1e4, "10000.0"],
  [250.5, "250.5"],
  [999.99, "999.99"],
  [0.1, "0.1"],
  [99.5, "99.5"],
  [1, "1.0"],
];
for (const [usd, text] of printed) {
  Deno.test(`formatUsd() prints ${usd} as ${text}`, () => assertEquals(formatUsd(usd), text));
}

const inCents: readonly [usd: number, text: string][] = [
  [249.95, "249.95"],
  [5000, "5000.00"],
  [0.1 + 0.2, "0.30"],
  [1.005, "1.01"],
  [-1.005, "-1.01"],
  [481.215, "481.22"],
  [-481.215, "-481.22"],
  [0.004999, "0.00"],
  [-0.004999, "0.00"],
];
for (const [usd, text] of inCents) {
  Deno.test(`formatCents() prints ${usd} as ${text}`, () => assertEquals(formatCents(usd), text));
}
