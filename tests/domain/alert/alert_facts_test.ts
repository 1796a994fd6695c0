import fc from "fast-check";
import { formatCents, formatPriceUsd } from "../../../src/domain/order/money.ts";
import {
  formatCapUse,
  formatList,
  formatMarket,
  formatPosition,
  formatSignedUsd,
  formatWatchlist,
  LIST_LINES_MAX,
  type PositionFact,
  sortPositions,
  unprotectedQty,
  type WatchlistFact,
} from "../../../src/domain/alert/alert_facts.ts";
import { assertEquals } from "../../assert.ts";
import { AT_MS, gtc, NAKED, SAFE, USE } from "../alert_fixtures.ts";

const positions: { when: string; position: PositionFact; line: string; missingQty: number }[] = [
  {
    when: "a good-till-canceled stop covers it",
    position: SAFE,
    line: "AAPL 37 shares: stop 12.34 for 37, good till canceled",
    missingQty: 0,
  },
  {
    when: "there is no stop",
    position: NAKED,
    line: "MSFT 5 shares: NO STOP at the broker",
    missingQty: 5,
  },
  {
    when: "a stop covers a part",
    position: { ...SAFE, stops: [gtc(20)] },
    line: "AAPL 37 shares: stop 12.34 for 20, good till canceled; 17 WITHOUT STOP",
    missingQty: 17,
  },
  {
    when: "two stops cover it, one ends with the day",
    position: { ...SAFE, stops: [gtc(20), { qty: 17, stopUsd: 0.5, timeInForce: "day" }] },
    line: "AAPL 37 shares: stop 12.34 for 20, good till canceled; " +
      "stop 0.5000 for 17, DAY ORDER, ends at the close",
    missingQty: 0,
  },
  {
    when: "the stop's time in force is a new word",
    position: { ...SAFE, stops: [{ ...gtc(37), timeInForce: "gtd" }] },
    line: "AAPL 37 shares: stop 12.34 for 37, gtd",
    missingQty: 0,
  },
  {
    when: "the broker could not be asked for its stops",
    position: { ...SAFE, stops: null },
    line: "AAPL 37 shares: protection can't be seen now",
    missingQty: 0,
  },
  {
    when: "neither shares nor stops can be seen now, and were seen before",
    position: {
      ...SAFE,
      qty: null,
      stops: null,
      lastSeen: { heldQty: 37, coveredQty: 37, gtcQty: 12 },
    },
    line: "AAPL (37 shares when last seen): protection can't be seen now; " +
      "when last seen 37 of 37 shares had a stop, 12 of them good till canceled",
    missingQty: 0,
  },
  {
    when: "a part of it is being sold",
    position: { ...SAFE, sellingQty: 12, stops: [gtc(25)] },
    line: "AAPL 37 shares: stop 12.34 for 25, good till canceled; 12 being sold",
    missingQty: 0,
  },
  {
    when: "more is bare than is being sold",
    position: { ...NAKED, sellingQty: 2 },
    line: "MSFT 5 shares: 2 being sold; 3 WITHOUT STOP",
    missingQty: 3,
  },
  {
    when: "nothing of it is held any more",
    position: { ...NAKED, qty: 0 },
    line: "MSFT 0 shares",
    missingQty: 0,
  },
  {
    when: "the broker could not be asked for its shares",
    position: { ...SAFE, qty: null },
    line: "AAPL (shares unknown): stop 12.34 for 37, good till canceled",
    missingQty: 0,
  },
  {
    when: "more is protected than is held",
    position: { ...SAFE, qty: 30 },
    line: "AAPL 30 shares: stop 12.34 for 37, good till canceled",
    missingQty: 0,
  },
];
for (const { when, position, line, missingQty } of positions) {
  Deno.test(`formatPosition() says so when ${when}`, () => {
    assertEquals(formatPosition(position), line);
    assertEquals(unprotectedQty(position), missingQty);
  });
}

Deno.test("sortPositions() puts what needs the operator first and keeps the order otherwise", () => {
  const part = { ...SAFE, symbol: "PART", stops: [gtc(1)] };
  const unknown = { ...SAFE, symbol: "UNKN", stops: null };
  const sorted = sortPositions([SAFE, NAKED, { ...SAFE, symbol: "ZZ" }, part, unknown]);
  assertEquals(sorted.map((each) => each.symbol), ["MSFT", "PART", "UNKN", "AAPL", "ZZ"]);
});

const watchlists: { fact: WatchlistFact; line: string }[] = [
  {
    fact: { kind: "fresh", modifiedAtMs: AT_MS, candidates: 12, dropped: 1, doubts: [] },
    line: "fresh, 12 candidates, 1 row dropped, written 2026-01-20 09:45:00 EST",
  },
  {
    fact: { kind: "stale", modifiedAtMs: AT_MS, listOfNy: null },
    line: "STALE, written 2026-01-20 09:45:00 EST: no entries",
  },
  { fact: { kind: "missing" }, line: "MISSING: no entries" },
  { fact: { kind: "unreadable", reason: "no access" }, line: "UNREADABLE (no access): no entries" },
  { fact: { kind: "refused", reason: "no Price" }, line: "REFUSED (no Price): no entries" },
];
for (const { fact, line } of watchlists) {
  Deno.test(`formatWatchlist() of a watchlist that is ${fact.kind}`, () => {
    assertEquals(formatWatchlist(fact), line);
  });
}

Deno.test("formatMarket() says until when, in New York, and that unknown counts as closed", () => {
  assertEquals(
    formatMarket({ kind: "open", nextCloseMs: AT_MS }),
    "open until 2026-01-20 09:45:00 EST",
  );
  assertEquals(
    formatMarket({ kind: "closed", nextOpenMs: AT_MS }),
    "closed until 2026-01-20 09:45:00 EST",
  );
  assertEquals(
    formatMarket({ kind: "unknown", reason: "timeout" }),
    "unknown, counts as closed (timeout)",
  );
});

Deno.test("formatCapUse() sets use against caps, and says what is not known", () => {
  assertEquals(formatCapUse(USE), "2 of 5 orders, 499.90 of 5000.00 USD, 1 of 5 positions");
  assertEquals(
    formatCapUse({ ...USE, openSymbols: null }),
    "2 of 5 orders, 499.90 of 5000.00 USD, unknown of 5 positions",
  );
  assertEquals(
    formatCapUse({ ...USE, caps: null }),
    "2 orders, 499.90 USD, 1 position (caps not valid)",
  );
  assertEquals(formatCapUse(null), "unknown, the ledger can't be counted from");
});

Deno.test("formatPriceUsd() keeps the broker's increments and formatSignedUsd() the sign", () => {
  assertEquals([1, 0.9999, 290.126].map(formatPriceUsd), ["1.00", "0.9999", "290.13"]);
  const signed = [12.3, -4, 0, -0.001, 0.004, -0.006].map(formatSignedUsd);
  assertEquals(signed, ["+12.30", "-4.00", "0.00", "0.00", "0.00", "-0.01"]);
});

Deno.test("formatSignedUsd() shows a loss with the digits of a gain of the same size", () => {
  fc.assert(fc.property(fc.integer({ min: 5_000, max: 1e12 }), (micros) => {
    const usd = micros / 1e6;
    assertEquals(formatSignedUsd(-usd), formatSignedUsd(usd).replace("+", "-"));
    assertEquals(formatSignedUsd(usd), `+${formatCents(usd)}`);
  }));
});

Deno.test("formatList() shows its bound and counts the rest", () => {
  const items = Array.from({ length: LIST_LINES_MAX }, (_, index) => `i${index}`);
  assertEquals(formatList("L", []), ["L: none"]);
  assertEquals(formatList("L", items).length, LIST_LINES_MAX + 1);
  const lines = formatList("L", [...items, "more", "more"]);
  assertEquals([lines[0], lines.at(-1), lines.length], ["L: 22", "  and 2 more", 22]);
});
