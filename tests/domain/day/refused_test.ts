import { listRefusedEntries, type WouldHave } from "../../../src/domain/day/refused.ts";
import type { RecordedEvent } from "../../../src/domain/day/events.ts";
import { assertEquals } from "../../assert.ts";
import { at, DATE_NY, fill } from "./trail_fixtures.ts";

const INTENT = at("10:00", "intent", {
  symbol: "NVDA",
  client_order_id: "x",
  qty: 5,
  ref_price_usd: 100,
  stop_usd: 95,
  r2_usd: 110,
});

function denied(timeNy: string, lastUsd: number | null): RecordedEvent {
  return at(timeNy, "verdict", {
    symbol: "NVDA",
    is_allowed: false,
    reason: "max positions reached",
    b2_start: timeNy,
    last_price_usd: lastUsd,
  });
}

const cases: {
  when: string;
  events: RecordedEvent[];
  outcome: { how: WouldHave["how"]; resultUsd: number; resultR: number | null } | null;
}[] = [
  {
    when: "later prices lie between stop and target",
    events: [INTENT, denied("10:02", 101), denied("10:10", 104)],
    outcome: { how: "last price", resultUsd: 20, resultR: 0.8 },
  },
  {
    when: "the stop was reached before a higher price",
    events: [INTENT, denied("10:02", 101), denied("10:10", 94), denied("10:20", 108)],
    outcome: { how: "stop", resultUsd: -30, resultR: -1.2 },
  },
  {
    when: "the target was reached",
    events: [INTENT, denied("10:02", 101), denied("10:10", 111), denied("10:20", 90)],
    outcome: { how: "target", resultUsd: 55, resultR: 2.2 },
  },
  { when: "no later price is known", events: [INTENT, denied("10:02", 101)], outcome: null },
  {
    when: "no intent is known",
    events: [denied("10:02", 101), denied("10:10", 104)],
    outcome: null,
  },
  {
    when: "it was entered after all",
    events: [INTENT, denied("10:02", 101), denied("10:10", 104), fill("11:00", "entry", 5, 104)],
    outcome: null,
  },
];
for (const { when, events, outcome } of cases) {
  Deno.test(`listRefusedEntries() says what a refused entry would have made when ${when}`, () => {
    const [row, ...more] = listRefusedEntries({ dateNy: DATE_NY, events });
    assertEquals(more, []);
    const found = row?.outcome ?? null;
    const words = found === null
      ? null
      : { how: found.how, resultUsd: found.resultUsd, resultR: found.resultR };
    assertEquals(words, outcome);
  });
}

Deno.test("listRefusedEntries() leaves out a rule that says not again of a symbol that was entered", () => {
  const skip = (symbol: string, reason: string) =>
    at("12:00", "skip", { symbol, reason, mode: "LIVE" });
  const rows = listRefusedEntries({
    dateNy: DATE_NY,
    events: [
      fill("11:00", "entry", 5, 104),
      skip("NVDA", "open order/position exists"),
      skip("AAPL", "intent expired"),
    ],
  });
  assertEquals(rows.map(({ symbol, reason }) => [symbol, reason]), [["AAPL", "intent expired"]]);
});
