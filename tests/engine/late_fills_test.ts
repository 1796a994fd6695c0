import { formatDayResult } from "../../src/domain/alert/alert_summary.ts";
import { listClosed, readDayResult } from "../../src/domain/day/period.ts";
import { findLastFillNy, listTrades } from "../../src/domain/day/trades.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const NEXT_NY = "2026-11-24";
const ONE = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "BRK.B" };
const LIST_PATH = "/scan/daily_candidates.csv";

Deno.test("a stop that filled while nothing ran ends its trade in the trail of the day that saw it, once", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: nyMoment(SAMPLE_DAY_NY, "09:20"), slack });
  try {
    const stops = () =>
      day.exchange.orders.filter(({ symbol, side, filledQty }) =>
        symbol === "BRK.B" && side === "sell" && filledQty > 0
      );
    const bought = () => day.exchange.portfolio.qty("BRK.B") > 0;
    // The process ends with the share in its hands; its bracket goes on at the broker.
    for (let ms = nyMoment(SAMPLE_DAY_NY, "10:00"); !bought(); ms += 60_000) {
      await day.run(ONE, { untilMs: ms });
    }
    const list = day.disk.textOf(LIST_PATH) ?? "";
    const morningMs = nyMoment(NEXT_NY, "09:31");
    await day.time.driver().sleep(morningMs - day.time.nowMs());
    day.exchange.advanceTo(morningMs);
    assertEquals(stops().length, 1);
    const next = list.split("\n").filter((line) => !line.includes("META")).join("\n");
    day.disk.put(LIST_PATH, next, { modifiedAtMs: morningMs });
    const today = { ...ONE, ALLOWLIST_SYMBOLS: "ZZZ", SLACK_DAILY_SUMMARY_TIME: "10:00" };
    await day.run(today, { untilMs: nyMoment(NEXT_NY, "09:50") });
    await day.run(today, { untilMs: nyMoment(NEXT_NY, "10:10") });
    const days = [
      { dateNy: SAMPLE_DAY_NY, events: await day.listEvents() },
      { dateNy: NEXT_NY, events: await day.listEvents(NEXT_NY) },
    ];
    const [trade, ...more] = listClosed(listTrades(days));
    assertEquals(more, []);
    assertEquals(trade === undefined ? null : findLastFillNy(trade), NEXT_NY);
    const [summary = ""] = slack.of("Daily execution summary").slice(-1);
    assertStringIncludes(summary, "BRK.B 1 share: -35.40 USD (-1.0 R)");
    assertStringIncludes(summary, "Trade results, against the entries: -35.40 USD");
    const result = readDayResult(days[1]?.events ?? [], NEXT_NY, days.slice(0, 1));
    assertStringIncludes(summary, formatDayResult(result));
    assertEquals(slack.of("BRK.B stopped out: sold 1").length, 1);
  } finally {
    await slack.stop();
  }
});
