import { sampleOpenMs } from "../simulator/scenario.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;

Deno.test("a stop whose answers are lost for half an hour is one message and its alarm, and no word of shares that are sold", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: OPEN_MS + 20 * MINUTE_MS, slack });
  try {
    day.faults = ({ method }) => {
      const minutes = (day.time.nowMs() - OPEN_MS) / MINUTE_MS;
      const isLost = method !== "GET" && minutes > 95 && minutes < 125;
      return isLost ? { kind: "status", status: 503, body: "<html>down</html>" } : null;
    };
    const environment = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "NVDA" };
    await day.run(environment, { untilMs: OPEN_MS + 140 * MINUTE_MS });
    const errors = slack.of("Execution error").map((text) => text.split("\n")[1] ?? "");
    assertEquals(errors.filter((line) => line.includes("its answer was lost")).length, 1);
    assertEquals(errors.filter((line) => line.includes("rejected")), []);
    const [sold = "", ...more] = slack.of("NVDA R1: sold 3 at");
    assertEquals(more, []);
    assertStringIncludes(sold, "4 left, stop 124.20\n");
    assertStringIncludes(sold, "NVDA 4 shares: stop 124.20 for 4, good till canceled");
  } finally {
    await slack.stop();
  }
});
