import { assertEquals } from "../assert.ts";
import { createBench, ERROR, INFO, runClock, settle } from "./fake_slack.ts";

const DOWN = { status: 500 } as const;
const UP = { status: 200 } as const;
const MINUTE_MS = 60_000;

Deno.test("errorWaitMs() counts from an ERROR that Slack has not taken, given up or not, until it takes one", async () => {
  const bench = createBench([DOWN]);
  bench.alerts.send(INFO);
  await runClock(bench.clock, 10);
  assertEquals(bench.alerts.errorWaitMs?.(), 0);
  bench.alerts.send(ERROR);
  await settle();
  bench.clock.advance(MINUTE_MS);
  await runClock(bench.clock, 10);
  bench.clock.advance(5 * MINUTE_MS);
  assertEquals((bench.alerts.errorWaitMs?.() ?? 0) >= 6 * MINUTE_MS, true);
  bench.slack.state.script = [UP];
  bench.alerts.send(INFO);
  await settle();
  assertEquals(bench.alerts.errorWaitMs?.(), 0);
});

Deno.test("errorWaitMs() does not count what was taken back before Slack was there", async () => {
  const bench = createBench([DOWN]);
  const state = { key: "standing:bare:gate", value: "day" };
  bench.alerts.send({ ...ERROR, state });
  await settle();
  bench.clock.advance(MINUTE_MS);
  bench.alerts.send({ level: "INFO", title: "", text: "", state: { ...state, value: "over" } });
  await settle();
  assertEquals(bench.alerts.errorWaitMs?.(), 0);
});
