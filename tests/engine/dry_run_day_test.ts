import { assert, assertEquals, assertMatch } from "../assert.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { cutTimes, withProgramDay } from "./program_day.ts";

Deno.test("a whole day in DRY_RUN sends nothing but GET, and rehearses each symbol once", () =>
  withProgramDay({ startNy: "09:20", strideMs: 15_000 }, async (day) => {
    // A position that the engine could adopt: in DRY_RUN it only says what it would do.
    day.exchange.setPosition("NVDA", 10, 120);
    const program = day.start(["run", "--dry-run"], {
      ALLOWLIST_SYMBOLS: "BRK.B,MSFT,NVDA",
      LIVE_TRADING: "1",
    });
    await program.untilMs(nyMoment(SAMPLE_DAY_NY, "16:12"));
    assertEquals(await program.stop(), 0);
    const { requests } = day.exchange;
    assertEquals(new Set(requests.map((request) => request.method)), new Set(["GET"]));
    assert(requests.length > 500, `${requests.length} requests are no day`);
    assertEquals(day.exchange.orders.length, 0);
    const lines = cutTimes(program.lines);
    assertEquals(program.errors, []);
    assertEquals(lines.filter((line) => line.startsWith("ERROR")), []);
    assertEquals(
      lines.filter((line) => line.startsWith("SUBMITTED")).sort(),
      [
        "SUBMITTED BRK.B: qty=1 order_id=dry-run",
        "SUBMITTED MSFT: qty=1 order_id=dry-run",
        "SUBMITTED TSLA: qty=3 order_id=dry-run",
      ],
    );
    assertDay(lines);
    // It was closed before the open and after the close; in between each cycle has its gate lines.
    assertEquals(lines.findIndex((line) => line === "Market closed; skipping cycle."), 2);
    assertEquals(lines.at(-2), "Market closed; skipping cycle.");
    assertEquals(lines.at(-1), "SIGTERM received; stopping after the current step");
  }));

function assertDay(lines: readonly string[]): void {
  for (
    const text of [
      "Gate DRY_RUN allowlist would block TSLA",
      "DRY_RUN: would submit TSLA qty=3 SL=151.6 TP=178.5",
      "DRY_RUN: already submitted today -> TSLA; skipping",
      "SKIP NVDA: open order/position exists",
      "DRY_RUN: would trim NVDA qty=5 reason=r1_trim",
    ]
  ) assert(lines.includes(text), `no line ${text}`);
  const modes = lines.filter((line) => line.startsWith("Gate mode="));
  assertEquals(new Set(modes), new Set(["Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled"]));
  assertEquals(
    lines.filter((line) => line === "Gate allowlist=BRK.B,MSFT,NVDA").length,
    modes.length,
  );
  for (const line of lines.filter((line) => line.startsWith("Gate caps"))) {
    assertMatch(line, /^Gate caps\(orders\/day=5, positions=5, gross_notional=5000\.0, per_/);
  }
}

Deno.test("with --ignore-market-hours cycles run while the market is closed, and send nothing", () =>
  withProgramDay({ startNy: "20:00" }, async (day) => {
    const args = ["run", "--run-once", "--ignore-market-hours"];
    const { status, lines } = await day.runToEnd(args);
    assertEquals(status, 0);
    const texts = cutTimes(lines);
    assert(texts.includes("Gate mode=DRY_RUN status=FAIL reason=LIVE_TRADING disabled"));
    assert(!texts.includes("Market closed; skipping cycle."));
    assertEquals(day.exchange.requests.filter((each) => each.method !== "GET"), []);
  }));

Deno.test("while the market is closed the program asks for nothing but the clock, every five minutes", () =>
  withProgramDay({ startNy: "17:00", strideMs: 5_000 }, async (day) => {
    const program = day.start(["run", "--poll-seconds", "1"]);
    await program.untilMs(nyMoment(SAMPLE_DAY_NY, "18:00"));
    assertEquals(await program.stop(), 0);
    const { requests } = day.exchange;
    assertEquals(new Set(requests.map((each) => each.path)), new Set(["/v2/clock"]));
    assert(requests.length >= 12 && requests.length <= 13, `${requests.length} requests an hour`);
    const lines = cutTimes(program.lines);
    assertEquals(
      lines.slice(2, -1),
      requests.map(() => "Market closed; skipping cycle."),
    );
  }));

Deno.test("a broker's clock that can't be read counts as closed", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    day.simulator.setFaults(({ path }) =>
      path === "/v2/clock" ? { kind: "status", status: 503 } : null
    );
    const { status, lines } = await day.runToEnd(["run", "--run-once"]);
    assertEquals(status, 0);
    const texts = cutTimes(lines);
    assert(texts.includes("Market closed; skipping cycle."), texts.join("\n"));
    assert(!texts.some((line) => line.startsWith("Gate ")));
    // Whether a session is missed, the calendar alone tells.
    assertEquals(day.exchange.requests.map(({ path }) => path), ["/v2/calendar"]);
    assert(texts.some((line) => line.includes("the calendar says the market is open until")));
  }));
