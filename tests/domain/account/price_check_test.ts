import { checkPrice, type PriceMemory } from "../../../src/domain/account/price_check.ts";
import { assertEquals } from "../../assert.ts";

const OPEN_MS = 1_000_000;
const DAY = { openMs: OPEN_MS, closeUsd: 100 };

function trade(priceUsd: number, second: number, tradeId = 1) {
  return { priceUsd, atMs: OPEN_MS + second * 1000, tradeId };
}

/** The prices that count, one trade after the other. */
function run(
  trades: readonly ReturnType<typeof trade>[],
  day: Parameters<typeof checkPrice>[2] = DAY,
): (number | null)[] {
  let memory: PriceMemory = {};
  return trades.map((each) => {
    const decision = checkPrice(memory, each, day);
    memory = decision.memory;
    return decision.priceUsd;
  });
}

Deno.test("a price within 15 % of the last one of the session counts at once, at the open of the previous close", () => {
  assertEquals(run([trade(115, 1), trade(132, 2), trade(112.5, 3)]), [115, 132, 112.5]);
  assertEquals(run([trade(85, 1)]), [85]);
});

Deno.test("a price further than that counts once a later trade, of another id or time, says it too", () => {
  assertEquals(run([trade(115.1, 1), trade(115.1, 1), trade(115.1, 1, 2)]), [null, null, 115.1]);
  assertEquals(run([trade(84.9, 1), trade(84.9, 2)]), [null, 84.9]);
});

Deno.test("of a jump and what confirms it the price nearer to the last one counts", () => {
  assertEquals(run([trade(200, 1), trade(118, 2), trade(119, 3)]), [null, 118, 119]);
  assertEquals(run([trade(118, 1), trade(300, 2), trade(119, 3)]), [null, 118, 119]);
  assertEquals(run([trade(20, 1), trade(80, 2)]), [null, 80]);
});

Deno.test("one print that nothing follows is forgotten with the next ordinary price", () => {
  assertEquals(run([trade(100, 1), trade(10, 2), trade(101, 3), trade(11, 4)]), [
    100,
    null,
    101,
    null,
  ]);
});

Deno.test("a jump up does not confirm one down, and an older trade confirms none", () => {
  assertEquals(run([trade(200, 5), trade(20, 6), trade(21, 7)]), [null, null, 21]);
  assertEquals(run([trade(200, 5), trade(199, 4), trade(199, 6)]), [null, null, 199]);
});

Deno.test("a doubt of an earlier session confirms nothing, and an earlier session's price is the last one where no close is known", () => {
  const before = { ...trade(200, 0), atMs: OPEN_MS - 60_000 };
  assertEquals(checkPrice({ doubtedTrade: before }, trade(200, 1), DAY).priceUsd, null);
  const day = { ...DAY, closeUsd: null };
  assertEquals(checkPrice({ lastTrade: before }, trade(190, 1), day).priceUsd, 190);
  // Without either, one print alone says what the price is.
  const trades = [trade(190, 1), trade(500, 2), trade(501, 3)];
  assertEquals(run(trades, day), [null, null, 501]);
});
