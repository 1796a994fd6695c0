import { listDayHoldings } from "../../../src/domain/day/day_holdings.ts";
import { buildDayResult } from "../../../src/domain/account/day_result.ts";
import { listFillSteps } from "../../../src/domain/day/day_trail.ts";
import { readDaySession } from "../../../src/domain/day/session.ts";
import type { RecordedEvent } from "../../../src/domain/day/events.ts";
import { readDayResult } from "../../../src/domain/day/period.ts";
import { assertAlmostEquals, assertEquals } from "../../assert.ts";
import { at, DATE_NY, fill, look, NEXT_NY, price } from "./trail_fixtures.ts";

function readResult(events: readonly RecordedEvent[]) {
  const day = { dateNy: DATE_NY, events };
  const holdings = listDayHoldings(day, readDaySession(events, DATE_NY), listFillSteps([day]));
  const { resultUsd, knownUsd, unknown } = buildDayResult(holdings);
  return { resultUsd, knownUsd, why: unknown.map((each) => each.why) };
}

const EXPLAINED = { is_explained: true };

/** What became of the position, as the trail has it. */
function change(timeNy: string, change: string, fields: Record<string, unknown> = {}) {
  return at(timeNy, "position", { symbol: "NVDA", change, qty: null, ...fields });
}

function adopted(timeNy: string, qty: number, bought: Record<string, unknown>) {
  return change(timeNy, "adopted", { qty, adopted_qty: qty, ...bought });
}

const cases: { when: string; events: RecordedEvent[]; resultUsd: number | null }[] = [
  {
    when: "a position was held through it",
    events: [look("09:00", 7, 100), price("10:00", 101), price("15:57", 103)],
    resultUsd: 21,
  },
  {
    when: "yesterday's was stopped out",
    events: [look("09:00", 7, 100), fill("11:00", "stop", 7, 98), look("11:01", 0, 0)],
    resultUsd: -14,
  },
  {
    when: "the first look came just after a trim, and shows what was before it",
    events: [fill("09:40", "r1_trim", 3, 104), look("09:40", 7, 104), look("09:45", 4, 104)],
    resultUsd: 28,
  },
  {
    when: "the first look came long after a sale",
    events: [fill("09:40", "r1_trim", 3, 104), look("10:30", 4, 102)],
    resultUsd: 20,
  },
  {
    when: "it was bought and sold before anybody looked",
    events: [fill("10:00", "entry", 7, 100), fill("10:00", "stop", 7, 99)],
    resultUsd: -7,
  },
  {
    when: "prices after the close differ",
    events: [look("09:00", 7, 100), price("15:59", 103), look("16:30", 7, 90)],
    resultUsd: 21,
  },
  {
    when: "prices before the open differ",
    events: [look("09:00", 7, 90)],
    resultUsd: 0,
  },
  {
    when: "the previous close was still the one before overnight",
    events: [
      look("00:05", 7, 100, { last_close_usd: 90 }),
      look("09:31", 7, 101),
      price("15:00", 103),
    ],
    resultUsd: 21,
  },
  {
    when: "a hand sold its own shares beside the engine's",
    events: [
      look("09:00", 10, 100, { managed_qty: 7 }),
      fill("11:00", "other", 3, 50),
      price("15:00", 101),
    ],
    resultUsd: 7,
  },
  {
    when: "a hand sold its own shares in two orders, and some of the engine's",
    events: [
      look("09:00", 10, 100, { managed_qty: 7 }),
      fill("11:00", "other", 2, 50),
      fill("11:01", "other", 2, 102),
      price("15:00", 101),
    ],
    resultUsd: 2 + 6,
  },
  {
    when: "a hand sold its own shares, was seen without them, and sold the last of them",
    events: [
      look("09:00", 10, 100, { managed_qty: 7 }),
      fill("11:00", "other", 2, 50),
      look("11:10", 8, 100, { managed_qty: 7 }),
      fill("12:00", "other", 1, 50),
      price("15:00", 101),
    ],
    resultUsd: 7,
  },
  {
    when: "a hand sold a symbol that the engine never had",
    events: [
      look("09:00", 7, 100),
      fill("11:00", "other", 5, 1, { symbol: "TSLA" }),
      price("15:00", 101),
    ],
    resultUsd: 7,
  },
  {
    when: "a hand's position was adopted in its course",
    events: [
      look("09:00", 5, 100, { is_managed: false, managed_qty: 0 }),
      look("10:00", 5, 101),
      price("15:00", 102),
    ],
    resultUsd: 10,
  },
  {
    when: "the operator flattened it with a hand's own shares beside the engine's",
    events: [look("09:00", 10, 100, { managed_qty: 7 }), fill("11:00", "flatten", 10, 98)],
    resultUsd: -14,
  },
  {
    when: "the operator flattened the whole account, with what the engine never had",
    events: [
      look("09:00", 7, 100),
      look("09:05", 5, 50, { symbol: "TSLA", is_managed: false, managed_qty: 0 }),
      fill("11:00", "flatten", 7, 98),
      fill("11:00", "flatten", 5, 40, { symbol: "TSLA", order_id: "foreign" }),
    ],
    resultUsd: -14,
  },
  {
    when: "what was flattened is in no look",
    events: [fill("09:31", "flatten", 7, 98), look("10:00", 0, 0)],
    resultUsd: null,
  },
  {
    when: "a hand's position was adopted, some of it bought today",
    events: [
      look("09:00", 4, 100, { is_managed: false, managed_qty: 0 }),
      fill("09:50", "other", 2, 1),
      adopted("10:00", 10, { bought_today_qty: 8, bought_today_usd: 105 }),
      fill("11:00", "stop", 5, 103),
      price("15:00", 104),
    ],
    resultUsd: 5 * 103 + 5 * 104 - 2 * 100 - 8 * 105,
  },
  {
    when: "a hand's position was adopted, and nobody can say what of it was bought today",
    events: [adopted("10:00", 10, { bought_today_qty: null, bought_today_usd: null })],
    resultUsd: null,
  },
  {
    when: "the engine's own shares were released and adopted again",
    events: [
      fill("09:50", "entry", 10, 105),
      look("09:55", 10, 105),
      look("10:00", 10, 105, { is_managed: false, managed_qty: 0 }),
      adopted("10:10", 10, { bought_today_qty: 10, bought_today_usd: 105 }),
      price("15:00", 104),
    ],
    resultUsd: -10,
  },
  {
    when: "it was absent, and came back",
    events: [look("09:00", 7, 100), change("10:00", "absent"), look("10:05", 7, 99, EXPLAINED)],
    resultUsd: -7,
  },
  {
    when: "it was absent, and its sale was seen later",
    events: [
      look("09:00", 7, 100),
      change("10:00", "absent"),
      fill("09:59", "stop", 7, 98),
      change("10:01", "gone"),
    ],
    resultUsd: -14,
  },
  { when: "it is absent", events: [change("09:31", "absent")], resultUsd: null },
  {
    when: "it was split, and sold in the end",
    events: [
      look("09:00", 7, 100, EXPLAINED),
      change("09:31", "unexplained"),
      look("09:31", 14, 50, { is_explained: false }),
      fill("10:00", "flatten", 14, 50),
      change("10:01", "gone"),
    ],
    resultUsd: null,
  },
  {
    when: "it was split, and released",
    events: [
      look("09:00", 14, 50, { is_explained: false }),
      change("09:31", "released"),
      look("09:35", 14, 50, { is_managed: false, managed_qty: 0, is_explained: true }),
    ],
    resultUsd: null,
  },
  {
    when: "orders explained its quantity after all",
    events: [
      change("09:31", "unexplained"),
      look("09:31", 9, 100, { is_explained: false }),
      look("09:32", 7, 99, EXPLAINED),
    ],
    resultUsd: -7,
  },
  {
    when: "shares changed that no order explains",
    events: [
      look("09:00", 7, 100),
      at("10:00", "position", { symbol: "NVDA", change: "unexplained", qty: 14 }),
    ],
    resultUsd: null,
  },
  {
    when: "the trail is of a release that kept no previous close",
    events: [look("09:00", 7, 100, { last_close_usd: null }), price("10:00", 101)],
    resultUsd: null,
  },
  { when: "nothing was managed", events: [at("10:00", "cycle")], resultUsd: 0 },
];
for (const { when, events, resultUsd } of cases) {
  Deno.test(`the day result is read from the day's own trail when ${when}`, () => {
    const result = readResult(events);
    assertEquals(result.resultUsd, resultUsd);
    assertEquals(result.why.length, resultUsd === null ? 1 : 0);
  });
}

Deno.test("an order that had filled in part the day before moves today only what it filled today", () => {
  const yesterday = {
    dateNy: DATE_NY,
    events: [look("09:31", 7, 100), fill("15:59", "stop", 3, 96, { order_id: "s" })],
  };
  const today = [
    look("09:31", 4, 97, { last_close_usd: 96 }, NEXT_NY),
    fill("10:00", "stop", 7, (3 * 96 + 4 * 95) / 7, { order_id: "s" }, NEXT_NY),
    look("10:01", 0, 0, {}, NEXT_NY),
  ];
  const { resultUsd } = readDayResult(today, NEXT_NY, [yesterday]);
  assertAlmostEquals(resultUsd ?? NaN, 4 * (95 - 96), 1e-6);
});

Deno.test("a sale of the day before that was seen only today moved nothing today", () => {
  const today = [
    look("09:31", 0, 0, {}, NEXT_NY),
    { ...fill("15:59", "stop", 7, 96), at: at("09:31", "fill", {}, NEXT_NY).at },
  ];
  assertEquals(readDayResult(today, NEXT_NY).resultUsd, 0);
});
