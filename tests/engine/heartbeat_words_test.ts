import { sampleOpenMs } from "../simulator/scenario.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;

/** The heartbeats of a morning in which NVDA is held from 33 minutes on. */
async function listBeats(befall: (day: TradingDay) => void): Promise<string[]> {
  const slack = new SlackSink();
  const day = new TradingDay({ startMs: OPEN_MS + 20 * MINUTE_MS, slack });
  befall(day);
  try {
    const environment = {
      ...LIVE_ENVIRONMENT,
      ALLOWLIST_SYMBOLS: "NVDA",
      SLACK_HEARTBEAT_MINUTES: "10",
    };
    await day.run(environment, { untilMs: OPEN_MS + 85 * MINUTE_MS });
  } finally {
    await slack.stop();
  }
  return slack.of("Execution heartbeat");
}

Deno.test("a position that the broker does not show has an unknown open result in the heartbeat", async () => {
  const beats = await listBeats((day) =>
    day.time.plan(OPEN_MS + 50 * MINUTE_MS, () => day.exchange.hidePosition("NVDA", 100_000))
  );
  assert(beats.some((text) => /open result \S+ USD \(NVDA \S+\)/.test(text)));
  assertStringIncludes(beats.at(-1) ?? "", "open result unknown (NVDA unknown)");
});

Deno.test("keys that are refused are no network failure, and what was seen before them is of then", async () => {
  const beats = await listBeats((day) => {
    const fault = { kind: "status", status: 401, body: '{"message":"unauthorized."}' } as const;
    day.faults = () => day.time.nowMs() > OPEN_MS + 50 * MINUTE_MS ? fault : null;
  });
  const last = beats.at(-1) ?? "";
  assertStringIncludes(last, "Market: unknown, counts as closed (the broker's clock can't be read");
  assertStringIncludes(last, 'HTTP 401 "unauthorized."');
  assertStringIncludes(last, "Broker: NO USABLE CLOCK, see the market above\n");
  assertEquals(
    /Last cycle: .* EST, \d+ min ago; gate, equity and positions are of then\n/.test(last),
    true,
    last,
  );
});
