import { CLOCK_RETRY_MS, decideNextWake } from "../../src/domain/plan/wake.ts";
import { assert, assertEquals } from "../assert.ts";
import type { FaultRule } from "../simulator/faults.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const TUESDAY = "2026-11-24";

/** The broker's clock with these fields changed. */
function rewriteClock(change: Readonly<Record<string, unknown>>): FaultRule {
  const rewrite = (body: string) => JSON.stringify({ ...JSON.parse(body), ...change });
  return { path: "/v2/clock", fault: { kind: "rewritten", rewrite } };
}

/** `is_open` without `next_close` between now and `next_open`. */
const NO_CLOSE_AHEAD = rewriteClock({ is_open: true, next_close: "2026-11-20T16:00:00-05:00" });

function refuse(status: number, message: string): FaultRule {
  return {
    path: "/v2/clock",
    fault: { kind: "status", status, body: JSON.stringify({ message }) },
  };
}

Deno.test("a clock that says open in the night counts as closed: no entry, though the list is fresh and bars confirm", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.goTo(at("22:00:00"));
  const open = { is_open: true, next_close: "2026-11-24T16:00:00-05:00" };
  world.setFaults([rewriteClock({ ...open, next_open: "2026-11-25T09:30:00-05:00" })]);
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
  assertEquals(world.said("Gate mode"), []);
  assertEquals(world.said("Market closed; skipping cycle.").length, 3);
  assertEquals(world.said("Broker clock contradicts itself: it says open").length, 1);
});

Deno.test("the calendar of the day is asked where it is not known, so that a first look in the night is not believed", async () => {
  const world = new World();
  world.goTo(at("22:00:00"));
  world.list([NVDA]);
  await world.restart();
  const open = { is_open: true, next_close: "2026-11-24T16:00:00-05:00" };
  world.setFaults([rewriteClock({ ...open, next_open: "2026-11-25T09:30:00-05:00" })]);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.changes, world.said("Gate mode")], [[], []]);
});

for (
  const { why, rule } of [
    {
      why: "can't be read",
      rule: { path: "/v2/calendar", fault: { kind: "status", status: 502 } },
    },
    {
      why: "has no row of the day that can be read",
      rule: rewriteCalendar((days) => days.map((day) => ({ ...day, close: "" })), { times: 99 }),
    },
  ] satisfies { why: string; rule: FaultRule }[]
) {
  Deno.test(`a process that starts in the evening while the calendar ${why} does not believe a clock that says open: no exit leaves`, async () => {
    const world = new World();
    await world.buy();
    world.exchange.setPrice("NVDA", 106);
    world.goTo(at("20:16:00"));
    await world.restart();
    const open = { is_open: true, next_close: "2026-11-24T09:00:00-05:00" };
    world.setFaults([rule, rewriteClock({ ...open, next_open: "2026-11-24T09:30:00-05:00" })]);
    world.forget();
    await world.cycles(3, MINUTE_MS);
    assertEquals([world.changes, world.said("Gate mode"), world.held()], [[], [], 10]);
    const said = world.said(
      "Broker clock contradicts itself: it says open, no session is at that time",
    );
    assertEquals(said.length, 1);
  });
}

Deno.test("a market that is open at night by its own calendar is believed: the time of day is for days of which nothing is known", async () => {
  const world = new World();
  world.goTo(at("20:16:00"));
  await world.restart();
  const open = { is_open: true, next_close: "2026-11-23T23:58:00-05:00" };
  const hours = { open: "00:01", close: "23:58" };
  world.setFaults([
    rewriteCalendar((days) => days.map((day) => ({ ...day, ...hours })), { times: 99 }),
    rewriteClock({ ...open, next_open: "2026-11-24T00:01:00-05:00" }),
  ]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Broker clock contradicts itself"), []);
  assertEquals(world.said("Gate mode").length, 2);
});

Deno.test("a clock that says open without a close ahead counts as closed, is said once, and is asked again after 60 s", async () => {
  const world = new World();
  await world.buy();
  world.list([NVDA, AAPL]);
  world.setFaults([NO_CLOSE_AHEAD]);
  world.exchange.setPrice("NVDA", 106);
  world.forget();
  const { market } = await world.cycle();
  assertEquals(market, null);
  const wake = decideNextWake({
    nowMs: world.nowMs,
    pollSeconds: 300,
    intents: [],
    isTakingEntries: true,
    cycleBeganMs: world.nowMs,
    leadMs: 0,
    pausedMs: 0,
    market,
    isMarketHoursIgnored: false,
    extraMs: [],
  });
  assertEquals([wake.atMs - world.nowMs, wake.why], [CLOCK_RETRY_MS, "clock retry"]);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
  assertEquals([world.held(), world.buys("AAPL").length], [10, 0]);
  assertEquals(world.said("Broker clock contradicts itself").length, 1);
  world.setFaults([]);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.buys("AAPL").length], [5, 1]);
});

Deno.test("the time of a clock that contradicts itself is not taken over", async () => {
  const world = new World();
  await world.buy();
  const before = world.engine.nowMs() - world.nowMs;
  world.setFaults([rewriteClock({
    timestamp: "2031-01-02T11:00:00-05:00",
    is_open: true,
    next_close: "2030-11-23T16:00:00-05:00",
  })]);
  await world.cycle();
  assertEquals(world.engine.nowMs() - world.nowMs, before);
});

Deno.test("what an exit laid bare gets its stop, though the clock contradicts itself by then", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  const refused: FaultRule = {
    method: "POST",
    contains: '"stop"',
    times: 1,
    fault: { kind: "status", status: 403 },
  };
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "stop" && event.outcome !== "accepted") {
      world.setFaults([NO_CLOSE_AHEAD]);
    }
  };
  world.setFaults([refused]);
  await world.cycles(1, MINUTE_MS);
  world.onEvent = () => {};
  await world.cycles(2, MINUTE_MS);
  const covered = world.stops().reduce((sum, text) => sum + Number(text.split("@")[0]), 0);
  assertEquals([world.held(), covered], [5, 5]);
});

Deno.test("a clock that says closed in a session of the calendar is said as that", async () => {
  const world = new World();
  await world.buy();
  world.setFaults([rewriteClock({ is_open: false })]);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Broker clock contradicts itself: it says closed").length, 1);
});

type Day = Readonly<Record<string, string>>;

/** The first answers of the broker's calendar with their rows changed. */
function rewriteCalendar(
  change: (days: readonly Day[]) => readonly Day[],
  { times = 1 } = {},
): FaultRule {
  const rewrite = (body: string) => JSON.stringify(change(JSON.parse(body)));
  return { path: "/v2/calendar", times, fault: { kind: "rewritten", rewrite } };
}

const WRONG_CALENDARS: { what: string; rule: FaultRule }[] = [
  { what: "has no session at all", rule: rewriteCalendar(() => []) },
  {
    what: "is of other days",
    rule: rewriteCalendar((days) =>
      days.map((day) => ({ ...day, date: day["date"]?.replace("-11-", "-10-") ?? "" }))
    ),
  },
  {
    what: "lacks today",
    rule: rewriteCalendar((days) => days.filter(({ date }) => date !== "2026-11-23")),
  },
  {
    what: "ends today's session before now",
    rule: rewriteCalendar((days) =>
      days.map((day) => day["date"] === "2026-11-23" ? { ...day, close: "09:45" } : day)
    ),
  },
];
for (const { what, rule } of WRONG_CALENDARS) {
  Deno.test(`one answer of the calendar that ${what} costs itself, not the week that a calendar is kept`, async () => {
    const world = new World();
    await world.restart();
    world.setFaults([rule]);
    await world.cycle();
    await world.cycles(3, MINUTE_MS);
    assertEquals(world.buys().length, 1);
  });
}

Deno.test("a day whose row the calendar spoils costs no other: today's half day still ends early", async () => {
  const friday = "2026-11-27";
  const world = new World({ startMs: at("10:00:30", friday) });
  const spoil = (days: readonly Day[]) => [...days, { date: "2026-11-28", open: "", close: "" }];
  world.setFaults([
    rewriteCalendar(spoil, { times: 99 }),
    rewriteClock({ next_close: `${friday}T16:00:00-05:00` }),
  ]);
  await world.buy();
  world.goTo(at("12:51:00", friday));
  await world.cycles(2, SECOND_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("a spoiled row of today leaves the day to the broker's clock, and is said once a day over restarts", async () => {
  const world = new World();
  const spoil = (days: readonly Day[]) =>
    days.map((day) => day["date"] === "2026-11-23" ? { ...day, close: "" } : day);
  world.setFaults([rewriteCalendar(spoil, { times: 99 })]);
  await world.restart();
  await world.cycle();
  await world.cycles(2, MINUTE_MS);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.buys().length, 1);
  const [line = "", ...more] = world.said("Broker calendar");
  assertEquals(more, []);
  assert(line.includes("the row of 2026-11-23 can't be read (close is missing"), line);
});

Deno.test("on a half day the calendar's close holds where the clock says a later one", async () => {
  const world = new World({ startMs: at("10:00:30", "2026-11-27") });
  await world.buy();
  assertEquals(world.held(), 10);
  world.setFaults([rewriteClock({ next_close: "2026-11-27T16:00:00-05:00" })]);
  world.goTo(at("12:51:00", "2026-11-27"));
  await world.cycles(2, SECOND_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

for (
  const { what, rule, causes } of [
    { what: "is down", rule: refuse(503, "down"), causes: ["HTTP 503"] },
    {
      what: "refuses the keys",
      rule: refuse(401, "unauthorized."),
      causes: ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"],
    },
    {
      what: "forbids the keys",
      rule: refuse(403, "forbidden."),
      causes: ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"],
    },
    { what: "contradicts itself", rule: NO_CLOSE_AHEAD, causes: ["it contradicts itself"] },
  ]
) {
  Deno.test(`a clock that ${what} in a session of the calendar is said as that, and after two minutes as an error with its cause and each cover`, async () => {
    const world = new World();
    await world.buy();
    world.setFaults([rule]);
    world.forget();
    await world.cycle();
    const said = world.said("Broker clock unreadable since");
    assertEquals(said.length, 1);
    assert(said[0]?.includes("the calendar says the market is open until"), said[0]);
    await world.cycles(1, MINUTE_MS);
    assertEquals(world.alerted("Broker clock unreadable"), []);
    await world.cycles(2, MINUTE_MS);
    const alerts = world.alerted("Broker clock unreadable since");
    assertEquals(alerts.map(({ level, title }) => [level, title]), [["ERROR", "Execution error"]]);
    const text = alerts[0]?.text ?? "";
    for (const part of [...causes, "NVDA 10 shares", "stop 95.00 for 10, DAY ORDER"]) {
      assert(text.includes(part), `${part}: ${text}`);
    }
    assertEquals(world.said("Broker clock unreadable since").length, 2);
    // One message per cause: the next comes with the hour.
    await world.cycles(10, MINUTE_MS);
    assertEquals(world.alerted("Broker clock unreadable since").length, 1);
    await world.cycles(60, MINUTE_MS);
    assertEquals(world.alerted("Broker clock unreadable since").length >= 2, true);
    world.setFaults([]);
    world.forget();
    await world.cycles(3, MINUTE_MS);
    const again = world.alerted("Broker clock unreadable since");
    assertEquals(again.map(({ title }) => title), ["Execution recovered"]);
    assertEquals(
      Object.keys(world.state.alerted).filter((key) => key.startsWith("clock_unusable_s")),
      [
        "clock_unusable_said",
      ],
    );
  });
}

Deno.test("the two minutes of an unreadable clock go on over a restart", async () => {
  const world = new World();
  await world.buy();
  world.setFaults([refuse(503, "down")]);
  await world.cycle();
  await world.restart();
  world.forget();
  world.pass(2 * MINUTE_MS);
  await world.cycle();
  assertEquals(world.alerted("Broker clock unreadable since").length, 1);
});

Deno.test("a process that never read the clock says the session and each managed position, not the whole broker as unreachable", async () => {
  const world = new World();
  await world.buy();
  world.setFaults([refuse(503, "down")]);
  await world.restart();
  await world.cycle();
  assertEquals(world.alerted("Execution error"), []);
  await world.cycles(3, MINUTE_MS);
  const [alert, ...more] = world.alerted("Execution error");
  assertEquals(more, []);
  assert(alert?.text.includes("the calendar says the market is open until"), alert?.text);
  // What an earlier process saw last.
  assert(alert?.text.includes("NVDA (10 shares when last seen)"), alert?.text);
  assert(alert?.text.includes("when last seen 10 of 10 shares had a stop"), alert?.text);
});

Deno.test("a clock that can't be read in the night is no trouble, and needs nobody", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("22:00:00"));
  world.setFaults([refuse(503, "down")]);
  world.forget();
  await world.cycles(5, MINUTE_MS);
  assertEquals([world.alerted("Execution error"), world.said("calendar says")], [[], []]);
  world.goTo(at("09:31:00", TUESDAY));
  await world.cycles(1, MINUTE_MS);
  assert(world.said("the calendar says the market is open").length > 0);
});
