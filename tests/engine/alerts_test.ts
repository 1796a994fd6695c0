import { sampleOpenMs } from "../simulator/scenario.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { KILL_PATH, LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;
const HELD = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "NVDA" };

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

Deno.test("Kill switch active names positions and commands, once, also across restarts", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.time.plan(afterOpen(60), () => day.disk.put(KILL_PATH, ""));
    await day.run(HELD, { untilMs: afterOpen(70) });
    await day.run(HELD, { untilMs: afterOpen(80) });
    await day.run(HELD, { untilMs: afterOpen(90) });
    const [text = "", ...more] = slack.of("Kill switch active");
    assertEquals(more, []);
    assertStringIncludes(text, "[AVWAP][EXECUTION][WARNING] Kill switch active\nTEST paper: ");
    assertStringIncludes(text, "NVDA 7 shares: stop 117.10 for 7, DAY ORDER, ends at the close");
    assertStringIncludes(text, "flatten --close-positions --symbol NVDA --yes");
  }));

Deno.test("Live trading enabled is said once a change, and again after the kill switch is gone", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.time.plan(afterOpen(40), () => day.disk.put(KILL_PATH, ""));
    day.time.plan(afterOpen(60), () => day.disk.remove(KILL_PATH));
    await day.run(HELD, { untilMs: afterOpen(50) });
    assertEquals(slack.of("Live trading enabled").length, 1);
    await day.run(HELD, { untilMs: afterOpen(70) });
    await day.run(HELD, { untilMs: afterOpen(80) });
    assertEquals(slack.of("Live trading enabled").length, 2);
  }));

Deno.test("Position without stop comes at the change and hourly", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.time.plan(afterOpen(60), () => day.disk.put(KILL_PATH, ""));
    await day.run(HELD, { untilMs: afterOpen(195) });
    // 10:30 the change, 11:00, 12:00: the position's stop is a day order, which dies with the day.
    assertEquals(slack.of("Position without stop").length, 3);
    assertStringIncludes(
      slack.of("Position without stop")[0] ?? "",
      "NVDA 7 shares: stop 117.10 for 7, DAY ORDER, ends at the close",
    );
    const errors = (await day.listEvents()).filter((event) =>
      event.type === "error" && `${event["message"]}`.startsWith("Position without stop NVDA: ")
    );
    assertEquals(errors.length, 3);
  }));

Deno.test("Position without stop comes again 20 minutes before the close", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(60), slack });
    const holding = { ...LIVE_ENVIRONMENT, ALLOWLIST_SYMBOLS: "TSLA" };
    day.time.plan(afterOpen(335), () => day.disk.put(KILL_PATH, ""));
    await day.run(holding, { untilMs: afterOpen(368) });
    assertEquals(slack.of("Position without stop").length, 1);
    await day.run(holding, { untilMs: afterOpen(372) });
    assertEquals(slack.of("Position without stop").length, 2);
    assertStringIncludes(
      slack.of("Position without stop")[1] ?? "",
      "The market closes at 2026-11-23 16:00:00 EST",
    );
  }));

Deno.test("Position without stop that Slack refused is offered until it was taken, then no more", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.time.plan(afterOpen(60), () => {
      day.disk.put(KILL_PATH, "");
      slack.answer = 500;
    });
    day.time.plan(afterOpen(75), () => void (slack.answer = 200));
    await day.run(HELD, { untilMs: afterOpen(70) });
    assertEquals(slack.of("Position without stop").length, 0);
    await day.run(HELD, { untilMs: afterOpen(88) });
    assertEquals(slack.of("Position without stop").length, 1);
    await day.run(HELD, { untilMs: afterOpen(89) });
    assertEquals(slack.of("Position without stop").length, 1);
  }));

Deno.test("Position without stop is taken back where it was no longer true before Slack was there", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.time.plan(afterOpen(60), () => {
      slack.answer = 500;
      day.disk.put(KILL_PATH, "");
    });
    day.time.plan(afterOpen(70), () => day.disk.remove(KILL_PATH));
    day.time.plan(afterOpen(80), () => void (slack.answer = 200));
    await day.run(HELD, { untilMs: afterOpen(95) });
    assertEquals(slack.of("Position without stop").length, 0);
    assertEquals(slack.of("Kill switch active").length, 0);
  }));

/** The broker answers nothing but its clock between these minutes after the open. */
function setOutage(day: TradingDay, fromMinutes: number, toMinutes: number): void {
  day.faults = ({ path }) => {
    if (path === "/v2/clock") return null;
    const minutes = (day.time.nowMs() - OPEN_MS) / MINUTE_MS;
    return minutes > fromMinutes && minutes < toMinutes ? { kind: "lost_before" } : null;
  };
}

Deno.test("an unreachable broker is an error once an hour, with a count, then recovered", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    setOutage(day, 60, 134);
    await day.run(HELD, { untilMs: afterOpen(165) });
    const errors = slack.of("Execution error");
    assertEquals(errors.length, 2, errors.join("\n"));
    for (const text of errors) assertStringIncludes(text, "Broker unreachable");
    assertMatch(errors[1] ?? "", /before an answer \(\d+ times since 10:\d\d\)\nDo: /);
    assertEquals(slack.of("Execution recovered").length, 1);
    assertStringIncludes(
      slack.of("Execution recovered")[0] ?? "",
      "Recovered from: Broker unreach",
    );
    const recorded = (await day.listEvents())
      .filter(({ type, message }) => type === "error" && `${message}`.startsWith("Broker"));
    const counts = recorded.map((event) => Number(event["times"] ?? 1));
    assertEquals(counts.length, 3);
    assert((counts[1] ?? 0) > 30 && (counts[2] ?? 0) > (counts[1] ?? 0), counts.join());
  }));

Deno.test("a broker that is away again after it was back is news", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    setOutage(day, 60, 66);
    day.time.plan(afterOpen(70), () => setOutage(day, 72, 78));
    await day.run(HELD, { untilMs: afterOpen(100) });
    assertEquals(slack.of("Execution error").length, 2);
    assertEquals(slack.of("Execution recovered").length, 2);
  }));

Deno.test("each trouble that was said has ended with the recovery, not the last alone", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.faults = ({ path }) => {
      const minutes = (day.time.nowMs() - OPEN_MS) / MINUTE_MS;
      const isAccount = (minutes > 60 && minutes < 63) || minutes > 72;
      const isFailing = isAccount
        ? path === "/v2/account"
        : minutes > 60 && minutes < 67 && path === "/v2/positions";
      return isFailing ? { kind: "lost_before" } : null;
    };
    await day.run(HELD, { untilMs: afterOpen(85) });
    assertEquals(slack.of("Execution recovered").length, 1);
    const errors = slack.of("Execution error").map((text) =>
      /: (account|positions):/.exec(text)?.[1]
    );
    assertEquals(errors, ["account", "positions", "account"]);
  }));

Deno.test("an error that repeats over restarts is said once in the hour", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    setOutage(day, 60, 100);
    for (let minutes = 62; minutes < 98; minutes += 4) {
      await day.run(HELD, { untilMs: afterOpen(minutes) });
    }
    assertEquals(slack.of("Execution error").length, 1);
  }));

Deno.test("an error that Slack did not take is offered until it does, and said once", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    setOutage(day, 60, 100);
    day.time.plan(afterOpen(60), () => void (slack.answer = 500));
    day.time.plan(afterOpen(75), () => void (slack.answer = 200));
    await day.run(HELD, { untilMs: afterOpen(98) });
    assertEquals(slack.of("Execution error").length, 1);
  }));

Deno.test("a broker whose clock can't be read in a session is one error in the hour, and recovered", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.faults = () => {
      const minutes = (day.time.nowMs() - OPEN_MS) / MINUTE_MS;
      return minutes > 61 && minutes < 85 ? { kind: "lost_before" } : null;
    };
    await day.run(HELD, { untilMs: afterOpen(100) });
    const errors = slack.of("Execution error");
    assertEquals(errors.length, 1, errors.join("\n"));
    assertStringIncludes(errors[0] ?? "", "Broker clock unreadable since");
    assertStringIncludes(errors[0] ?? "", "NVDA 7 shares: stop 117.10 for 7, DAY ORDER");
    const [recovered, ...more] = slack.of("Execution recovered");
    assertEquals(more, []);
    assertStringIncludes(recovered ?? "", "Recovered from: Broker clock unreadable since");
  }));

Deno.test("the recovery is said also where the program restarted during the trouble, once", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    day.faults = () => {
      const minutes = (day.time.nowMs() - OPEN_MS) / MINUTE_MS;
      return minutes > 60 && minutes < 74 ? { kind: "lost_before" } : null;
    };
    for (const minutes of [68, 80, 100]) await day.run(HELD, { untilMs: afterOpen(minutes) });
    assertEquals(slack.of("Execution recovered").length, 1);
  }));

Deno.test("a broker that can't be reached in the night is no error", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(300), slack });
    day.faults = () =>
      day.time.nowMs() > afterOpen(500) && day.time.nowMs() < afterOpen(700)
        ? { kind: "lost_before" }
        : null;
    await day.run(HELD, { untilMs: afterOpen(800) });
    assertEquals(slack.of("Execution error"), []);
  }));

Deno.test("an order that the broker rejects is an error that names its symbol", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    const body = '{"code":40310000,"message":"account not authorized to trade"}';
    day.faults = ({ method }) => method === "POST" ? { kind: "status", status: 403, body } : null;
    await day.run(HELD, { untilMs: afterOpen(60) });
    const errors = slack.of("Execution error");
    assertStringIncludes(errors[0] ?? "", "NVDA entry rejected by the broker (403): account not");
    const recorded = await day.listEvents();
    assert(
      recorded.some(({ type, message }) =>
        type === "error" && `${message}`.startsWith("NVDA entry rejected")
      ),
    );
  }));

Deno.test("SLACK_VERBOSE sends a message per submission, trim and close; without it none", () =>
  withSink(async (slack) => {
    const quiet = new TradingDay({ startMs: afterOpen(20), slack });
    await quiet.run(HELD, { untilMs: afterOpen(330) });
    assertEquals([slack.of("Order submitted"), slack.of("Position trimmed")], [[], []]);
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    await day.run({ ...HELD, SLACK_VERBOSE: "1" }, { untilMs: afterOpen(330) });
    assertEquals(slack.of("Order submitted").length, 1);
    assertStringIncludes(slack.of("Order submitted")[0] ?? "", "[TRADE] Order submitted");
    assertStringIncludes(
      slack.of("Position trimmed")[0] ?? "",
      "NVDA: SUBMITTED sell qty=3 reason=r1_trim",
    );
    assertStringIncludes(
      slack.of("Position trimmed")[1] ?? "",
      "NVDA: SUBMITTED sell qty=2 reason=r2_trim",
    );
  }));

Deno.test("SLACK_VERBOSE in DRY_RUN: a simulated submission once, a simulated exit once a day", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    const verbose = { ...HELD, SLACK_VERBOSE: "1" };
    day.time.plan(afterOpen(60), () => day.disk.put(KILL_PATH, ""));
    await day.run(verbose, { untilMs: afterOpen(150) });
    const trims = slack.of("Position trimmed");
    assertEquals(trims.length, 1, trims.join("\n"));
    assertStringIncludes(trims[0] ?? "", "NVDA: SUBMITTED sell qty=3 reason=r1_trim");
  }));

Deno.test("the heartbeat follows the first cycle and its interval; --run-once sends none", () =>
  withSink(async (slack) => {
    const day = new TradingDay({ startMs: afterOpen(20), slack });
    await day.run({ ...HELD, SLACK_HEARTBEAT_MINUTES: "30" }, { untilMs: afterOpen(85) });
    assertEquals(slack.of("Execution heartbeat").length, 3);
    assertStringIncludes(slack.of("Execution heartbeat")[1] ?? "", "Gate mode=LIVE status=PASS");
    await day.run(HELD, { isRunOnce: true });
    assertEquals(slack.of("Execution heartbeat").length, 3);
  }));

for (const answer of [500, "hang"] as const) {
  Deno.test(`the day's orders are the same where Slack answers ${answer}`, () =>
    withSink(async (slack) => {
      const run = async () => {
        const day = new TradingDay({ startMs: afterOpen(20), slack });
        await day.run(HELD, { untilMs: afterOpen(110) });
        return day.exchange.requests.filter(({ method }) => method !== "GET")
          .map(({ atMs, method, path, body }) => [atMs, method, path, body]);
      };
      const well = await run();
      slack.answer = answer;
      assertEquals(await run(), well);
      assert(well.length > 3);
    }));
}
