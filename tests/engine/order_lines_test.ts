import type { Environment } from "../../src/runtime/environment.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { buildRefusal } from "../simulator/wire.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import {
  cutTimes,
  LIVE,
  prepareLive,
  type ProgramDay,
  withProgramDay,
  writeLedger,
} from "./program_day.ts";

// At 10:05 NVDA alone has broken out of the sample list, and entries are due at once: a single cycle of the real program
// says everything about one order.

const ONLY_NVDA = (line: string) => line.includes("NVDA") && !line.includes("Watchlist");

interface Row {
  readonly when: string;
  /** Lines that name the symbol, in their sequence. */
  readonly lines: readonly (string | RegExp)[];
  readonly environment?: Environment;
  readonly before?: (day: ProgramDay) => Promise<void> | void;
}

const INTENT = /^INTENT NVDA: qty=7 pivot=124\.2 ref=126\.\d+ due 2026-11-23 10:05:\d\d EST$/;
const deny = (reason: string) => [INTENT, `Gate FAIL NVDA: ${reason}`];
const entry = (symbol: string, notional: number) => ({
  order_id: `old-${symbol}-${notional}`,
  symbol,
  notional,
  timestamp: "2026-11-23T14:40:00.000Z",
});

const ROWS: readonly Row[] = [
  {
    when: "the allowlist lacks it",
    environment: { ALLOWLIST_SYMBOLS: "AAPL" },
    lines: deny("allowlist blocked"),
  },
  {
    when: "as many positions are open as may be",
    environment: { MAX_LIVE_POSITIONS: "1" },
    before: ({ exchange }) => exchange.setPosition("F", 3, 10),
    lines: deny("max positions reached"),
  },
  {
    when: "a working buy takes the last position",
    environment: { MAX_LIVE_POSITIONS: "1" },
    before({ exchange }) {
      const body = { symbol: "F", qty: "1", side: "buy", type: "limit", limit_price: "1" };
      assertEquals(exchange.placeByHand({ ...body, time_in_force: "day" }).status, 200);
    },
    lines: deny("max positions reached"),
  },
  {
    when: "the day's orders are used up by what the old pipeline recorded",
    environment: { MAX_LIVE_ORDERS_PER_DAY: "1" },
    before: (day) => writeLedger(day, [entry("MSFT", 1)]),
    lines: deny("max orders/day reached"),
  },
  {
    when: "it would pass the day's notional",
    before: (day) => writeLedger(day, [entry("MSFT", 4500)]),
    lines: deny("max gross notional reached"),
  },
  {
    when: "it would pass the symbol's notional",
    environment: { MAX_LIVE_NOTIONAL_PER_SYMBOL: "800" },
    lines: deny("max symbol notional reached"),
  },
  {
    when: "it was entered today",
    before: (day) => writeLedger(day, [entry("NVDA", 1)]),
    lines: [
      "WARNING Live ledger has NVDA old-NVDA-1, which the broker does not show: kept and counted",
      "SKIP NVDA: already entered today",
    ],
  },
  {
    when: "the host's clock is 40 s off",
    before: ({ exchange }) => void (exchange.behaviour.clockSkewMs = 40_000),
    lines: deny("system clock"),
  },
  {
    when: "there is no last price",
    before: ({ simulator }) =>
      simulator.setFaults(({ path }) =>
        path === "/v2/stocks/trades/latest"
          ? { kind: "status", status: 200, body: '{"trades":{}}' }
          : null
      ),
    lines: deny("notional invalid"),
  },
  {
    when: "the last price can't be read",
    before: ({ simulator }) =>
      simulator.setFaults(({ path }) =>
        path === "/v2/stocks/trades/latest" ? { kind: "status", status: 500 } : null
      ),
    lines: [
      INTENT,
      "WARNING Due entries wait (NVDA): latest trades unavailable (http). They are decided once that " +
      "is answered, and expire 15 minutes after their time",
    ],
  },
  {
    when: "the account may not trade",
    before: ({ exchange }) => void (exchange.behaviour.isTradingBlocked = true),
    lines: deny("account blocked"),
  },
  {
    when: "its price is above the target",
    before: ({ exchange }) => exchange.setPrice("NVDA", 137),
    lines: deny("price outside bracket"),
  },
  {
    when: "someone holds it",
    before: ({ exchange }) => exchange.setPosition("NVDA", -1, 120),
    lines: [
      "ERROR SHORT position NVDA qty=-1 at the broker: the engine does not touch it. Do: buy it back by hand",
      "WARNING Foreign position NVDA qty=-1: reported, never touched, no entry in it",
      "SKIP NVDA: open order/position exists",
    ],
  },
  {
    when: "someone has an order in it",
    before({ exchange }) {
      const body = { symbol: "NVDA", qty: "1", side: "buy", type: "limit", limit_price: "1" };
      assertEquals(exchange.placeByHand({ ...body, time_in_force: "gtc" }).status, 200);
    },
    lines: [
      /^WARNING Foreign order NVDA buy qty=1 \S+: reported, never touched$/,
      "SKIP NVDA: open order/position exists",
    ],
  },
  {
    when: "all is well",
    lines: [
      INTENT,
      "Gate PASS NVDA: caps ok",
      /^SUBMITTED NVDA: qty=7 order_id=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    ],
  },
  {
    when: "all is well in DRY_RUN",
    environment: { DRY_RUN: "1" },
    lines: [
      INTENT,
      "DRY_RUN: would submit NVDA qty=7 SL=117.1 TP=136.6",
      "SUBMITTED NVDA: qty=7 order_id=dry-run",
    ],
  },
  {
    when: "DRY_RUN has an allowlist without it",
    environment: { DRY_RUN: "1", ALLOWLIST_SYMBOLS: "AAPL" },
    lines: [
      INTENT,
      "Gate DRY_RUN allowlist would block NVDA",
      "DRY_RUN: would submit NVDA qty=7 SL=117.1 TP=136.6",
      "SUBMITTED NVDA: qty=7 order_id=dry-run",
    ],
  },
  {
    when: "DRY_RUN submitted it today",
    environment: { DRY_RUN: "1" },
    before: (day) =>
      Deno.writeTextFile(
        `${day.stateDir}/dry_run_ledger.json`,
        JSON.stringify({ [`${SAMPLE_DAY_NY}:NVDA`]: { symbol: "NVDA", qty: 7, ts: "x" } }),
      ),
    lines: [INTENT, "DRY_RUN: already submitted today -> NVDA; skipping"],
  },
];

/** Asserts that the lines about NVDA are these and no others. */
function assertLines(lines: readonly string[], expected: readonly (string | RegExp)[]): void {
  const found = lines.filter(ONLY_NVDA);
  assertEquals(found.length, expected.length, lines.join("\n"));
  expected.forEach((each, at) => {
    if (typeof each === "string") assertEquals(found[at], each);
    else assertMatch(found[at] ?? "", each);
  });
}

for (const { when, lines, environment, before } of ROWS) {
  const last = lines.at(-1);
  const says = typeof last === "string" ? last.slice(0, 60) : "SUBMITTED NVDA";
  Deno.test(`the running program says "${says}" when ${when}`, () =>
    withProgramDay({ startNy: "10:05" }, async (day) => {
      await prepareLive(day);
      await before?.(day);
      const ended = await day.runToEnd(["run", "--run-once"], { ...LIVE, ...environment });
      assertEquals([ended.status, ended.errors], [0, []]);
      assertLines(cutTimes(ended.lines), lines);
      const sent = day.exchange.requests.filter((each) => each.method !== "GET");
      const isSent = typeof last !== "string";
      assertEquals(
        sent.map(({ method, path }) => `${method} ${path}`),
        isSent ? ["POST /v2/orders"] : [],
      );
    }));
}

Deno.test("the running program stops asking for a symbol that the broker rejected twice today", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    await prepareLive(day);
    day.exchange.behaviour.refuseOrder = () =>
      buildRefusal(403, 40310000, "account not authorized");
    const runs: string[][] = [];
    for (let turn = 0; turn < 3; turn++) {
      const { lines } = await day.runToEnd(["run", "--run-once"], LIVE);
      runs.push(
        cutTimes(lines).filter((line) => /^(Gate PASS|Gate FAIL|SUBMITTED|ERROR)/.test(line)),
      );
    }
    const rejected = "ERROR NVDA entry rejected by the broker (403): account not authorized. " +
      "Do: look at the account and the symbol in the broker's dashboard";
    assertEquals(runs, [
      ["Gate PASS NVDA: caps ok", rejected],
      [
        "Gate PASS NVDA: caps ok",
        rejected,
        "ERROR NVDA was rejected twice today: no further entry in it today. " +
        "Do: read the broker's reasons: avwap-execution log --symbol NVDA",
      ],
      ["Gate FAIL NVDA: rejected twice today"],
    ]);
  }));

Deno.test("the running program enters nothing after five rejections in a row", () =>
  withProgramDay({ startNy: "11:45" }, async (day) => {
    // Four have broken out by then.
    await prepareLive(day);
    day.exchange.behaviour.refuseOrder = () =>
      buildRefusal(403, 40310000, "account not authorized");
    const first = cutTimes((await day.runToEnd(["run", "--run-once"], LIVE)).lines);
    assertEquals(first.filter((line) => line.startsWith("Gate PASS")).length, 4, first.join("\n"));
    const second = cutTimes((await day.runToEnd(["run", "--run-once"], LIVE)).lines);
    assertEquals(
      second.filter((line) => line.startsWith("Gate PASS")).length,
      1,
      second.join("\n"),
    );
    const five = "ERROR 5 rejections in a row: no entries for the rest of the day. Do: read ";
    assert(second.some((line) => line.startsWith(five)), second.join("\n"));
    const refused = second.filter((line) => line.startsWith("Gate FAIL"));
    assertEquals(refused.length, 3);
    for (const line of refused) assertMatch(line, /^Gate FAIL \S+: rejections in a row$/);
  }));

Deno.test("the running program drops an intent that its clock has left behind", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    await prepareLive(day);
    const program = day.start(["run"], { ...LIVE, ENTRY_DELAY_MAX_SECONDS: "200" });
    await program.until(/INTENT NVDA/);
    if (program.lines.some((line) => line.includes("SUBMITTED"))) return;
    day.keeper.jumpTo(nyMoment(SAMPLE_DAY_NY, "10:30"));
    await program.until(/\] SKIP NVDA: intent expired$/);
    assertEquals(await program.stop(), 0);
    assertEquals(day.exchange.orders.length, 0);
  }));
