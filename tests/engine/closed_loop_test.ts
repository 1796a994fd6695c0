import { assert, assertEquals } from "../assert.ts";
import { isDone } from "../simulator/order.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyMoment, nyTimeAt } from "../simulator/sessions.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const TUESDAY = "2026-11-24";

Deno.test("the loop puts back at the close what a hand took in the last seconds, looks once more, sleeps, and looks before the open", async () => {
  const day = new TradingDay({ startMs: nyMoment(SAMPLE_DAY_NY, "09:20") });
  const { exchange, time } = day;
  exchange.setPosition("AAPL", 2, 250);
  let held: string[] = [];
  time.plan(nyMoment(SAMPLE_DAY_NY, "15:59:57"), () => {
    held = [...exchange.portfolio.positions.values()].filter(({ qty }) => qty > 0)
      .map(({ symbol }) => symbol);
    for (const symbol of held) {
      for (const order of [...exchange.desk.active.get(symbol)?.working ?? []]) {
        if (order.side === "sell" && order.isActive && !isDone(order)) exchange.desk.cancel(order);
      }
    }
  });
  let closedAt = 0;
  time.plan(nyMoment(SAMPLE_DAY_NY, "16:00"), () => {
    closedAt = exchange.requests.length;
  });
  await day.run(
    { ...LIVE_ENVIRONMENT, EXECUTION_POLL_SECONDS: "3600" },
    { untilMs: nyMoment(TUESDAY, "09:20") },
  );
  assert(held.length > 0);
  const atNight = exchange.requests.slice(closedAt);
  const timesOf = (isWanted: (request: typeof atNight[number]) => boolean) => [
    ...new Set(atNight.filter(isWanted).map(({ atMs }) => nyTimeAt(atMs))),
  ];
  assertEquals(timesOf(({ method }) => method !== "GET"), ["16:00"]);
  assertEquals(timesOf(({ path }) => path === "/v2/account"), ["16:00", "16:05", "09:00"]);
  for (const symbol of held) {
    const resting = exchange.orders.filter((order) =>
      order.symbol === symbol && order.side === "sell" && !isDone(order)
    );
    assertEquals(resting.map((order) => [order.type, order.timeInForce]), [["stop", "gtc"]]);
  }
});
