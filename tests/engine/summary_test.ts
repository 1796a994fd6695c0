import { listAccountLooks } from "../../src/domain/day/account_looks.ts";
import { readDayResult } from "../../src/domain/day/period.ts";
import { SAMPLE_DAY_NY, SAMPLE_HALF_DAY_NY, sampleOpenMs } from "../simulator/scenario.ts";
import { StateError } from "../../src/engine/ports.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { at, World } from "./support.ts";
import { SlackSink } from "./slack_sink.ts";
import { KILL_PATH, LIVE_ENVIRONMENT, STATE_DIR, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;
const TITLE = "Daily execution summary";

async function withSink(act: (sink: SlackSink) => Promise<void>): Promise<void> {
  const sink = new SlackSink();
  try {
    await act(sink);
  } finally {
    await sink.stop();
  }
}

function afterOpen(minutes: number): number {
  return OPEN_MS + minutes * MINUTE_MS;
}

Deno.test("the LIVE summary after the close adds up and names fills, exits, result and night", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(-20), slack });
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(420) });
    const [text = "", ...more] = slack.of(TITLE);
    assertEquals(more, []);
    const [, tried = "", not = "", names = ""] =
      /\n(\d+) confirmed: 2 entered, (\d+) not: (.*)\n/.exec(text) ?? [];
    assertEquals([Number(tried), names.split(", ").length], [2 + Number(not), Number(not)]);
    assert(Number(not) > 0, text);
    for (
      const part of [
        "[AVWAP][EXECUTION][INFO] Daily execution summary (LIVE)\nTEST paper: 2026-11-23, full day",
        "closed at 16:00 New York",
        "Fills: 2\n  NVDA 7 at 126.29\n  BRK.B 1 at 486.60",
        "Caps used: 2 of 5 orders, 1370.63 of 1500.00 USD",
        "NVDA 3 at 129.44 (trim at R1)",
        "NVDA 2 at 136.78 (trim at R2)",
        "NVDA 7 shares: +45.79 USD (+0.7 R)",
        "BRK.B 1 share: -35.40 USD (-1.0 R)",
        "Trade results, against the entries: +10.39 USD",
        "Day result, against the previous close: +10.39 USD",
        "Overnight: none",
      ]
    ) assertStringIncludes(text, part);
  }));

Deno.test("the summary's day result is the one that the day's trail gives for ever after", async () => {
  const day = new TradingDay({ startMs: afterOpen(-20) });
  await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(420) });
  const events = await day.listEvents();
  const summary = events.find((event) => event.type === "summary");
  assertEquals(summary?.["day_result_usd"], 10.39);
  assertEquals(readDayResult(events, SAMPLE_DAY_NY).resultUsd, 10.39);
  const rows = listAccountLooks(events).flatMap((look) => look.rows ?? []);
  const held = rows.filter((row) => row.symbol === "NVDA" && row.isManaged);
  assertEquals([...new Set(held.map((row) => row.managedQty))], [7, 4, 2]);
  assert(held.every((row) => row.lastCloseUsd !== null));
});

Deno.test("the DRY_RUN summary counts its own ledger, largest first", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(-20), slack });
    await day.run({ ...LIVE_ENVIRONMENT, DRY_RUN: "1" }, { untilMs: afterOpen(420) });
    const [text = ""] = slack.of(TITLE);
    assertStringIncludes(text, "Daily execution summary (DRY_RUN)");
    assertStringIncludes(text, "Would have sent: 4 orders in 4 symbols, nothing left this host");
    assertStringIncludes(text, "Largest: 4\n  NVDA 7 shares, 883.61 USD\n  TSLA");
  }));

Deno.test("the summary is sent once, however often the program restarts after the close", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(300), slack });
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(400) });
    for (const untilMinutes of [410, 440, 600]) {
      await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(untilMinutes) });
    }
    assertEquals(slack.of(TITLE).length, 1);
  }));

Deno.test("a summary that Slack refused is offered again after a restart, until it was taken", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(300), slack });
    slack.answer = 503;
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(410) });
    assertEquals(slack.of(TITLE).length, 0);
    slack.answer = 200;
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(430) });
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(450) });
    assertEquals(slack.of(TITLE).length, 1);
  }));

Deno.test("SLACK_DAILY_SUMMARY_TIME sends it then, and none at the close", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(-20), slack });
    let before = -1;
    day.time.plan(afterOpen(324), () => void (before = slack.of(TITLE).length));
    const environment = { ...LIVE_ENVIRONMENT, SLACK_DAILY_SUMMARY_TIME: "14:55" };
    await day.run(environment, { untilMs: afterOpen(330) });
    assertEquals([before, slack.of(TITLE).length], [0, 1]);
    assertStringIncludes(slack.of(TITLE)[0] ?? "", "full day, closes at 16:00 New York");
    await day.run(environment, { untilMs: afterOpen(430) });
    assertEquals(slack.of(TITLE).length, 1);
  }));

Deno.test("no summary for a day that the program saw nothing of", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(400), slack });
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(500) });
    assertEquals(slack.of(TITLE).length, 0);
    assertEquals(slack.of("Execution started").length, 1);
  }));

Deno.test("a half day is said to be one, and what is held overnight with its stop", () =>
  withSink(async (slack) => {
    const openMs = sampleOpenMs(SAMPLE_HALF_DAY_NY);
    const day = new TradingDay({
      startMs: openMs - 20 * MINUTE_MS,
      dateNy: SAMPLE_HALF_DAY_NY,
      slack,
    });
    const environment = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "MSFT" };
    await day.run(environment, { untilMs: openMs + 230 * MINUTE_MS });
    const [text = ""] = slack.of(TITLE);
    assertStringIncludes(text, "2026-11-27, HALF DAY, closed at 13:00 New York");
    assertStringIncludes(
      text,
      "Overnight: 1\n  MSFT 1 share: stop 391.20 for 1, good till canceled",
    );
  }));

Deno.test("a day on which the broker rejected every entry is a WARNING", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(-20), slack });
    const body = '{"code":40310000,"message":"account not authorized to trade"}';
    day.faults = ({ method }) => method === "POST" ? { kind: "status", status: 403, body } : null;
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(420) });
    const [text = ""] = slack.of(TITLE);
    assertStringIncludes(text, "[AVWAP][EXECUTION][WARNING] Daily execution summary (LIVE)");
    assertStringIncludes(text, "WARNING: the broker rejected every entry that reached it");
  }));

Deno.test("an order that the event log has lost makes the summary an ERROR", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(-20), slack });
    day.time.plan(afterOpen(200), () => day.disk.put(`${STATE_DIR}/events-2026-11-23.jsonl`, ""));
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(420) });
    const [text = ""] = slack.of(TITLE);
    assertStringIncludes(text, "[AVWAP][EXECUTION][ERROR] Daily execution summary (LIVE)");
    assertStringIncludes(text, "-2 are not accounted for");
  }));

Deno.test("a LIVE day that a kill switch ended is summed up as LIVE", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(-20), slack });
    day.time.plan(afterOpen(100), () => day.disk.put(KILL_PATH, ""));
    await day.run(LIVE_ENVIRONMENT, { untilMs: afterOpen(420) });
    assertStringIncludes(slack.of(TITLE)[0] ?? "", `${TITLE} (LIVE)`);
  }));

Deno.test("a day whose events can't be read is summed from the ledger, and no entry is called lost", async () => {
  const world = new World();
  await world.buy();
  const { record } = world.engine.ports.events;
  const listDay = () => Promise.reject(new StateError("the disk answers nothing"));
  Object.assign(world.engine.ports, { events: { record, listDay } });
  world.goTo(at("15:51"));
  await world.cycle();
  world.goTo(at("16:00:30"));
  await world.cycle();
  const [summary] = world.alerted("Confirmed not known");
  assert(summary?.level === "INFO");
  assertStringIncludes(
    summary.text,
    "Confirmed not known (the day's events can't be read): 1 entered, 0 not",
  );
  assertEquals(world.alerted("do not add up"), []);
});
