import { sampleOpenMs } from "../simulator/scenario.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;
const WHY = "account not authorized to trade";

Deno.test("a refused stop is one error, whichever step tried it, and its alarm when the shares stay bare", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: OPEN_MS + 20 * MINUTE_MS, slack });
  try {
    const body = JSON.stringify({ code: 40310000, message: WHY });
    // The bracket itself is taken; the stop for what R1 leaves is not.
    day.faults = ({ method, body: asked }) =>
      method === "POST" && /"type":"stop"/.test(asked ?? "")
        ? { kind: "status", status: 403, body }
        : null;
    const environment = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "NVDA" };
    await day.run(environment, { untilMs: OPEN_MS + 140 * MINUTE_MS });
    const lines = slack.of("[ERROR]").map((text) => text.split("\n").slice(0, 2));
    assertEquals(lines.map(([title = ""]) => title), [
      "[AVWAP][EXECUTION][ERROR] Execution error",
      "[AVWAP][EXECUTION][ERROR] Position without stop",
    ]);
    assertStringIncludes(lines[0]?.[1] ?? "", `NVDA: stop not put back yet: ${WHY}`);
    assertStringIncludes(lines[1]?.[1] ?? "", "NVDA 4 shares: NO STOP at the broker");
  } finally {
    await slack.stop();
  }
});

Deno.test("an exit and its stop whose records can't be written are one error, and their alarm", async () => {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: OPEN_MS + 20 * MINUTE_MS, slack });
  try {
    const failing = new Set(["write", "open", "create", "sync", "rename"]);
    day.disk.fault = ({ op, path }) => {
      const isFull = day.time.nowMs() > OPEN_MS + 90 * MINUTE_MS;
      return isFull && failing.has(op) && !path.includes("reserve") ? "ENOSPC" : null;
    };
    const environment = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "NVDA" };
    await day.run(environment, { untilMs: OPEN_MS + 105 * MINUTE_MS });
    const lines = slack.of("Execution error").map((text) => text.split("\n")[1] ?? "");
    assertEquals(lines.filter((line) => /NVDA.*(not sent|no stop sent)/.test(line)).length, 1);
    const [alarm = ""] = slack.of("Position without stop");
    assertStringIncludes(alarm, "its stop rests at 117.10, below the engine's 124.20");
  } finally {
    await slack.stop();
  }
});
