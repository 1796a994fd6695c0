import { sampleOpenMs } from "../simulator/scenario.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { KILL_PATH, LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

Deno.test("a start that a stale list refuses is told each session day, with what rests for each position", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: OPEN_MS + 20 * MINUTE_MS, slack });
  try {
    await day.run({ ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "NVDA" }, {
      untilMs: OPEN_MS + 110 * MINUTE_MS,
    });
    // The next morning: yesterday's list, and the service manager's tries.
    const tryAt = async (minutes: number) => {
      const toMs = OPEN_MS + minutes * MINUTE_MS;
      await day.time.driver().sleep(toMs - day.time.nowMs());
      return await day.run(LIVE_ENVIRONMENT);
    };
    for (const minutes of [-61, -50, -40, -30, 1, 2, 370]) {
      assertEquals(await tryAt(DAY_MINUTES + minutes), 2);
    }
    const [text = "", ...more] = slack.of("Execution not running");
    assertEquals(more, []);
    assertStringIncludes(text, "Watchlist stale");
    assertStringIncludes(text, "NVDA 4 shares: stop 124.20 for 4, good till canceled");
    assertEquals(slack.of("Execution started").length, 1);
  } finally {
    await slack.stop();
  }
});

Deno.test("a refused start with a position covered for the day only says so at once, and near the close", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: OPEN_MS + 60 * MINUTE_MS, slack });
  try {
    await day.run({ ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "TSLA" }, {
      untilMs: OPEN_MS + 340 * MINUTE_MS,
    });
    day.disk.put(KILL_PATH, "");
    day.disk.remove("/scan/daily_candidates.csv");
    for (const minutes of [341, 342, 361, 362]) {
      await day.time.driver().sleep(OPEN_MS + minutes * MINUTE_MS - day.time.nowMs());
      assertEquals(await day.run(LIVE_ENVIRONMENT), 1);
    }
    const texts = slack.of("Execution not running");
    assertEquals(texts.length, 2);
    for (const text of texts) {
      assertStringIncludes(text, "[ERROR] Execution not running");
      assertStringIncludes(text, "DAY ORDER, ends at the close");
      assertStringIncludes(text, "flatten --close-positions --symbol TSLA --yes");
    }
  } finally {
    await slack.stop();
  }
});

Deno.test("where no records exist yet it is told once a session day, over restarts too", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: OPEN_MS - 90 * MINUTE_MS, slack });
  try {
    day.disk.remove("/scan/daily_candidates.csv");
    const tryEachMinute = async (fromMinute: number, toMinute: number) => {
      for (let minute = fromMinute; minute < toMinute; minute += 7) {
        await day.time.driver().sleep(OPEN_MS + minute * MINUTE_MS - day.time.nowMs());
        assertEquals(await day.run(LIVE_ENVIRONMENT), 1);
      }
    };
    await tryEachMinute(-70, 380);
    assertEquals(await day.disk.lstat("/state/execution_state.json"), null);
    assertEquals(slack.of("Execution not running").length, 1);
    await tryEachMinute(DAY_MINUTES - 70, DAY_MINUTES + 120);
    assertEquals(slack.of("Execution not running").length, 2);
  } finally {
    await slack.stop();
  }
});
