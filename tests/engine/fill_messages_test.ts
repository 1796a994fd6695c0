import { sampleOpenMs } from "../simulator/scenario.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { World } from "./support.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;

/** The day's fills in the simulator's prices. */
const TITLES = [
  "NVDA bought 7 at 126.29, stop 117.10, target 136.60, risk 64 USD",
  "BRK.B bought 1 at 486.60, stop 451.20, target 519.00, risk 35 USD",
  "NVDA R1: sold 3 at 129.44, +9.45; 4 left, stop 124.20",
  "NVDA R2: sold 2 at 136.78, +20.98; 2 left, stop 130.59",
  "BRK.B stopped out: sold 1 at 451.20, -35.40 (-1.0 R)",
  "NVDA stopped out: sold 2 at 133.97, +15.36; whole trade +45.79 (+0.7 R)",
];

function afterOpen(minutes: number): number {
  return OPEN_MS + minutes * MINUTE_MS;
}

/** A whole day in several processes. @param outages Minutes after the open between which Slack answers 500. */
async function runDay(
  restarts: readonly number[],
  outages: readonly (readonly [number, number])[] = [],
): Promise<{ slack: SlackSink; day: TradingDay }> {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: afterOpen(-30), slack });
  for (const [from, until] of outages) {
    day.time.plan(afterOpen(from), () => void (slack.answer = 500));
    day.time.plan(afterOpen(until), () => void (slack.answer = 200));
  }
  try {
    for (const minutes of restarts) {
      await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(minutes) });
    }
  } finally {
    await slack.stop();
  }
  return { slack, day };
}

function listTitles(slack: SlackSink): string[] {
  return slack.of("[TRADE]").map((text) =>
    text.split("\n", 1)[0]?.replace("[AVWAP][EXECUTION][TRADE] ", "") ?? ""
  );
}

Deno.test("each order of ours that filled is one message, verbose or not", async () => {
  const { slack, day } = await runDay([500]);
  assertEquals(listTitles(slack), TITLES);
  for (const text of slack.of("[TRADE]")) {
    assertEquals(/avwap-|[0-9a-f]{8}-/.test(text), false, text);
  }
  // The log has the same sentence, once.
  for (const title of TITLES) {
    assertEquals(day.log.lines.filter((line) => line.includes(title)).length, 1, title);
  }
});

Deno.test("its text says how the position stands, what the trade made so far, and when", async () => {
  const { slack } = await runDay([500]);
  const [bought = "", , trimmed = "", , , closed = ""] = slack.of("[TRADE]");
  assertStringIncludes(
    bought,
    "\nTEST paper: NVDA 7 shares: stop 117.10 for 7, DAY ORDER, ends at the close\n" +
      "884.03 USD, R1 129.40\nFilled 2026-11-23 10:03:",
  );
  assertStringIncludes(
    trimmed,
    "\nTEST paper: NVDA 4 shares: stop 124.20 for 4, good till canceled\n" +
      "Trade so far: bought 7 at 126.29, realised +9.45, held 1 h 4 min, target 136.60\n",
  );
  assertStringIncludes(
    closed,
    "\nTEST paper: NVDA: position closed\n" +
      "Trade: bought 7 at 126.29, sold at 132.83: +45.79 (+0.7 R), held 4 h 18 min\n",
  );
});

Deno.test("a restart tells no fill again, and one that Slack did not take until it did", async () => {
  const { slack } = await runDay([98, 100, 190, 192, 196, 250, 500], [[30, 60], [95, 99], [
    190,
    260,
  ]]);
  // What a restart moves is the moment of a market sell, and with it cents.
  const cut = (title: string) => title.replace(/(bought|sold) (\d+) .*/, "$1 $2");
  assertEquals(listTitles(slack).map(cut).sort(), TITLES.map(cut).sort());
});

Deno.test("an order that fills in parts is told a minute after its first fill, once", async () => {
  const world = new World();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  world.exchange.behaviour.cancelOutcome = () => "stuck";
  await world.buy();
  await world.cycles(3, 10_000);
  const told = () => world.alerted("NVDA bought").filter(({ level }) => level === "TRADE");
  assertEquals(told(), []);
  await world.cycles(5, 10_000);
  const [first, ...others] = told();
  assertEquals(others, []);
  assertStringIncludes(first?.title ?? "", "NVDA bought 3 of 10 at 100.00, ");
  assertStringIncludes(first?.text ?? "", "still at the broker: 7 of its 10 shares");
});

Deno.test("a fill of the operator's flatten is told too, and what a hand buys is not", async () => {
  const world = new World();
  await world.buy();
  for (const order of world.orders((each) => each.parent !== null)) {
    if (order.status === "new") world.exchange.desk.cancel(order);
  }
  world.pass(1_000);
  const market = { type: "market", time_in_force: "day" };
  world.exchange.placeByHand({
    ...market,
    symbol: "NVDA",
    qty: "10",
    side: "sell",
    client_order_id: "avwap-flatten-2026-11-23-NVDA-x1",
  });
  world.exchange.placeByHand({
    ...market,
    symbol: "AAPL",
    qty: "1",
    side: "buy",
    client_order_id: "by-hand",
  });
  await world.cycles(2, 5_000);
  assertEquals(world.alerts.filter(({ level }) => level === "TRADE").map(({ title }) => title), [
    "NVDA flattened: sold 10 at 100.00, 0.00 (0.0 R)",
  ]);
  // It is the operator's own act: told as a fill, not as a stranger's hand too.
  assertEquals(world.alerted("a hand sold"), []);
});

Deno.test("an entry that is told late has the stop that its risk is counted to, and what is left of it", async () => {
  const { slack } = await runDay([100, 250], [[30, 200]]);
  const [bought = "", ...more] = slack.of("NVDA bought 7 at 126.29");
  assertEquals(more, []);
  assertStringIncludes(
    bought,
    "NVDA bought 7 at 126.29, stop 117.10, target 136.60, risk 64 USD\n",
  );
  assertStringIncludes(bought, "NVDA 4 shares: stop 124.20 for 4, good till canceled");
});

Deno.test("the end of an adopted position has its R, the same in its message and in the summary", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: afterOpen(-10), slack });
  day.exchange.setPosition("NVDA", 8, 121);
  try {
    const environment = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "NVDA" };
    await day.run(environment, { untilMs: afterOpen(410) });
  } finally {
    await slack.stop();
  }
  const [ended = ""] = slack.of("NVDA stopped out");
  const [, whole = ""] = /whole trade (\S+ \(\S+ R\))/.exec(ended) ?? [];
  assertEquals(/^\+\d+\.\d\d \(\+\d\.\d R\)$/.test(whole), true, ended);
  const [summary = ""] = slack.of("Daily execution summary (LIVE)");
  assertStringIncludes(summary, `NVDA 8 shares: ${whole.replace(" (", " USD (")}`);
});
