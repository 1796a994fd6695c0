import { readSince } from "../../src/cli/log.ts";
import { UsageError } from "../../src/cli/options.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { dateNyOf } from "../../src/domain/time/ny_time.ts";
import { runOperator, withStateDir } from "../support/operator_run.ts";
import { spawnProgram } from "../support/real_program.ts";

const DATE_NY = "2026-11-23";
const FILE = `events-${DATE_NY}.jsonl`;
const NOW_MS = Date.parse("2026-11-23T18:00:00Z");

function line(at: string, type: string, fields: Record<string, unknown> = {}): string {
  return `${JSON.stringify({ v: 1, at, type, ...fields })}\n`;
}

const DENIED = line("2026-11-23T14:52:10.000Z", "verdict", {
  symbol: "NVDA",
  is_allowed: false,
  reason: "max symbol notional reached",
  detail: "1000.00 of 1000.00 used, 249.95 asked",
});
const LATER = line("2026-11-23T15:30:00.000Z", "position", { symbol: "AAPL", change: "gone" });
const EARLIER = line("2026-11-20T15:30:00.000Z", "engine_stopped");
const ERROR = line("2026-11-23T15:31:00.000Z", "error", { message: "first\nsecond\u001b[31m" });
const ALL = DENIED + LATER + ERROR;

const SAID = {
  denied: "09:52:10 EST  NVDA entry denied: max symbol notional reached " +
    "(1000.00 of 1000.00 used, 249.95 asked)\n",
  later: "10:30:00 EST  AAPL position closed\n",
  error: "10:31:00 EST  ERROR first\\nsecond\\x1b[31m\n",
};

Deno.test("log says how many lines of a day it could not read, beside those that it could", () =>
  withStateDir({ [FILE]: `garbage\n${DENIED}{"a":1}\n` }, async (dir) => {
    const run = await runOperator(["log"], dir, { nowMs: NOW_MS });
    assertEquals([run.status, run.out], [0, SAID.denied]);
    assertStringIncludes(run.error, `2 lines of ${FILE} could not be read`);
  }));

const cases: { args: string[]; out: string }[] = [
  { args: [], out: SAID.denied + SAID.later + SAID.error },
  { args: ["--symbol", "aapl"], out: SAID.later },
  { args: ["--since", "10:30"], out: SAID.later + SAID.error },
  { args: ["--since", "10:30:01"], out: SAID.error },
  { args: ["--since", "2026-11-23T15:31:00Z"], out: SAID.error },
  { args: ["--symbol", "NVDA", "--date", DATE_NY], out: SAID.denied },
  {
    args: ["--since", "2026-11-20T00:00:00-05:00", "--symbol", "AAPL"],
    out: `${DATE_NY} ${SAID.later}`,
  },
  { args: ["--date", "2026-11-20"], out: "10:30:00 EST  engine stopped\n" },
];
for (const { args, out } of cases) {
  Deno.test(`log ${args.join(" ")} prints what was asked for`, () =>
    withStateDir({ [FILE]: ALL, "events-2026-11-20.jsonl": EARLIER }, async (dir) => {
      const run = await runOperator(["log", ...args], dir, { nowMs: NOW_MS });
      assertEquals([run.status, run.out, run.error], [0, out, ""]);
    }));
}

/** A denial at a minute after 10:00. */
function denyAt(minute: number, b2Start: string): string {
  return line(
    new Date(Date.parse("2026-11-23T15:00:00Z") + minute * 60_000).toISOString(),
    "verdict",
    {
      symbol: "NVDA",
      is_allowed: false,
      reason: "allowlist blocked",
      b2_start: b2Start,
    },
  );
}

Deno.test("log prints a denial once an hour with its count, the same pair of bars once, and all with --all", () => {
  const first = "2026-11-23T14:40:00.000Z";
  const pairs = [10, 20, 30, 40, 50, 60, 70].map((minute) => denyAt(minute, `pair ${minute}`));
  const text = denyAt(0, first) + denyAt(1, first) + pairs.join("");
  return withStateDir({ [FILE]: text }, async (dir) => {
    const said = "NVDA entry denied: allowlist blocked";
    const counted = await runOperator(["log"], dir, { nowMs: NOW_MS });
    assertEquals(
      counted.out,
      `10:00:00 EST  ${said}\n` +
        `11:00:00 EST  ${said} (7 times since 10:00)\n` +
        `11:10:00 EST  ${said} (8 times since 10:00, last at 11:10)\n`,
    );
    const all = await runOperator(["log", "--all"], dir, { nowMs: NOW_MS });
    assertEquals(all.out.trimEnd().split("\n").length, 9);
  });
});

Deno.test("log prints each alarm about shares without a stop", () => {
  const alarm = (minute: number, shares: number) =>
    line(`2026-11-23T15:0${minute}:00.000Z`, "error", {
      message: `Position without stop NVDA: ${shares} of 30 shares`,
    });
  return withStateDir({ [FILE]: alarm(0, 3) + alarm(5, 30) }, async (dir) => {
    const { out } = await runOperator(["log"], dir, { nowMs: NOW_MS });
    assertEquals(
      out,
      "10:00:00 EST  ERROR Position without stop NVDA: 3 of 30 shares\n" +
        "10:05:00 EST  ERROR Position without stop NVDA: 30 of 30 shares\n",
    );
  });
});

Deno.test("log prints each exit, stop and error that differs in its shares, or in its id where that is what tells it apart", () => {
  const at = (minute: number) => `2026-11-23T15:0${minute}:00.000Z`;
  const exit = (minute: number, qty: number) =>
    line(at(minute), "exit", {
      symbol: "NVDA",
      reason: "stop_exit",
      qty,
      price_usd: 117 - minute,
      stop_usd: 117.1,
      mode: "LIVE",
    });
  const stop = (minute: number, qty: number) =>
    line(at(minute), "protection", { symbol: "NVDA", step: "place", qty, stop_usd: 117 });
  const error = (minute: number, order: number) =>
    line(at(minute), "error", { message: `NVDA: stop ${order} ends`, is_distinct: true });
  const text = exit(0, 4) + exit(1, 2) + exit(2, 2) + stop(3, 4) + stop(4, 1) + stop(5, 1) +
    error(6, 1) + error(7, 2) + error(8, 2);
  return withStateDir({ [FILE]: text }, async (dir) => {
    const { out } = await runOperator(["log"], dir, { nowMs: NOW_MS });
    assertEquals(out.trimEnd().split("\n").map((each) => each.slice(0, 5) + each.slice(14)), [
      "10:00NVDA stop exit due: 4 shares at 117.00, stop 117.10 (LIVE)",
      "10:01NVDA stop exit due: 2 shares at 116.00, stop 117.10 (LIVE)",
      "10:02NVDA stop exit due: 2 shares at 115.00, stop 117.10 (LIVE) (2 times since 10:01, last at 10:02)",
      "10:03NVDA protection: placing a stop, 4 shares at 117.00",
      "10:04NVDA protection: placing a stop, 1 share at 117.00",
      "10:05NVDA protection: placing a stop, 1 share at 117.00 (2 times since 10:04, last at 10:05)",
      "10:06ERROR NVDA: stop 1 ends",
      "10:07ERROR NVDA: stop 2 ends",
      "10:08ERROR NVDA: stop 2 ends (2 times since 10:07, last at 10:08)",
    ]);
  });
});

Deno.test("log prints how things stand once an hour and counted, in its place, and what happened each time", () => {
  const at = (minute: number) =>
    new Date(Date.parse("2026-11-23T15:00:00Z") + minute * 60_000).toISOString();
  const price = (minute: number) =>
    line(at(minute), "price", { symbol: "NVDA", price_usd: 120 + minute, stop_usd: 117, qty: 7 });
  const raised = (minute: number) =>
    line(at(minute), "position", { symbol: "NVDA", change: "stop raised", stop_usd: 120 + minute });
  const fill = line(at(3), "fill", { symbol: "NVDA", order_id: "o", filled_qty: 7, side: "buy" });
  const text = price(0) + raised(1) + price(2) + fill + raised(4) + fill + price(5) +
    line(at(30), "engine_stopped");
  return withStateDir({ [FILE]: text }, async (dir) => {
    const { out } = await runOperator(["log"], dir, { nowMs: NOW_MS });
    const lines = out.trimEnd().split("\n").map((each) => each.slice(0, 5) + each.slice(14));
    assertEquals(lines, [
      "10:00NVDA at 120.00: stop 117.00, high an unknown price, 7 shares",
      "10:01NVDA stop raised to 121.00",
      "10:03NVDA bought 7 of ? at an unknown price (unknown), filled an unknown time",
      "10:04NVDA stop raised to 124.00",
      "10:05NVDA at 125.00: stop 117.00, high an unknown price, 7 shares (3 times since 10:00, last at 10:05)",
      "10:30engine stopped",
    ]);
  });
});

Deno.test("log --trades tells each raise of a stop with its price, however soon one follows the other", () => {
  const raised = (minute: number) =>
    line(`2026-11-23T15:${minute}:00Z`, "position", {
      symbol: "NVDA",
      change: "stop raised",
      stop_usd: 100 + minute,
    });
  const text = [11, 12, 13, 51].map(raised).join("");
  return withStateDir({ [FILE]: text }, async (dir) => {
    const { out } = await runOperator(["log", "--trades"], dir, { nowMs: NOW_MS });
    assertEquals(out.trimEnd().split("\n").map((each) => each.slice(0, 5) + each.slice(14)), [
      "10:11NVDA stop raised to 111.00",
      "10:12NVDA stop raised to 112.00",
      "10:13NVDA stop raised to 113.00",
      "10:51NVDA stop raised to 151.00",
    ]);
  });
});

const refused: { when: string; args: string[]; status: number; words: string }[] = [
  { when: "nothing matches", args: ["--symbol", "TSLA"], status: 1, words: "no events of" },
  { when: "the symbol is none", args: ["--symbol", "N/A"], status: 64, words: "--symbol" },
  { when: "the time is none", args: ["--since", "24:00"], status: 64, words: "--since" },
  { when: "the day is none", args: ["--date", "yesterday"], status: 64, words: "--date" },
  {
    when: "a past day is followed",
    args: ["--follow", "--date", DATE_NY],
    status: 64,
    words: "exclude each other",
  },
];
for (const { when, args, status, words } of refused) {
  Deno.test(`log ends with ${status} and one line when ${when}`, () =>
    withStateDir({ [FILE]: ALL }, async (dir) => {
      const run = await runOperator(["log", ...args], dir, { nowMs: NOW_MS });
      assertEquals([run.status, run.out], [status, ""]);
      assertStringIncludes(run.error, words);
      assertEquals(run.error.trimEnd().split("\n").length, 1);
    }));
}

Deno.test("log --follow prints what comes, half lines when they are whole, into the next day", () =>
  withStateDir({ [FILE]: DENIED }, async (dir) => {
    const nextFile = `${dir}/events-2026-11-24.jsonl`;
    const append = (path: string, text: string) => Deno.writeTextFile(path, text, { append: true });
    const half = Math.floor(LATER.length / 2);
    const steps = [
      () => append(`${dir}/${FILE}`, LATER.slice(0, half)),
      () => append(`${dir}/${FILE}`, LATER.slice(half)),
      () => append(nextFile, line("2026-11-24T05:00:01.000Z", "engine_stopped")),
    ];
    const run = await runOperator(["log", "--follow"], dir, {
      nowMs: Date.parse("2026-11-24T04:59:58Z"),
      onSleep: async (count, raise) => {
        await steps[count - 1]?.();
        if (count === 6) raise("SIGTERM");
      },
    });
    assertEquals([run.status, run.error], [0, ""]);
    assertEquals(run.out, `${SAID.denied}${SAID.later}00:00:01 EST  engine stopped\n`);
  }));

Deno.test("log --follow of a day without a file waits for it", () =>
  withStateDir({}, async (dir) => {
    const run = await runOperator(["log", "--follow"], dir, {
      nowMs: NOW_MS,
      onSleep: async (count, raise) => {
        if (count === 1) await Deno.writeTextFile(`${dir}/${FILE}`, DENIED);
        if (count === 3) raise("SIGINT");
      },
    });
    assertEquals([run.status, run.out], [0, SAID.denied]);
  }));

Deno.test("log --follow ends when its reader has ended", () =>
  withStateDir({ [FILE]: DENIED }, async (dir) => {
    let isReaderGone = false;
    let looks = 0;
    const run = await runOperator(["log", "--follow"], dir, {
      nowMs: NOW_MS,
      isReaderGone: () => isReaderGone,
      onSleep: (count) => {
        looks = count;
        isReaderGone = count === 2;
        return Promise.resolve();
      },
    });
    assertEquals([run.status, run.out, looks], [0, SAID.denied, 2]);
  }));

/** What `log --follow` prints in so many seconds, and when the reader is found gone by what was written. */
async function followSilent(
  dir: string,
  { seconds, isTerminal, onSecond }: {
    readonly seconds: number;
    readonly isTerminal: boolean;
    readonly onSecond?: (second: number) => Promise<void>;
  },
): Promise<{ readonly status: number; readonly out: string }> {
  return await runOperator(["log", "--follow"], dir, {
    nowMs: NOW_MS,
    isTerminal,
    onSleep: async (second, raise) => {
      await onSecond?.(second);
      if (second === seconds) raise("SIGTERM");
    },
  });
}

Deno.test("log --follow without a terminal writes an empty line where 30 s brought none", () =>
  withStateDir({ [FILE]: DENIED }, async (dir) => {
    const silent = await followSilent(dir, { seconds: 62, isTerminal: false });
    assertEquals([silent.status, silent.out], [0, `${SAID.denied}\n\n`]);
    const terminal = await followSilent(dir, { seconds: 62, isTerminal: true });
    assertEquals(terminal.out, SAID.denied);
  }));

Deno.test("what log --follow prints counts as the look for its reader", () =>
  withStateDir({ [FILE]: DENIED }, async (dir) => {
    const run = await followSilent(dir, {
      seconds: 50,
      isTerminal: false,
      onSecond: async (second) => {
        if (second === 25) await Deno.writeTextFile(`${dir}/${FILE}`, LATER, { append: true });
      },
    });
    assertEquals(run.out, SAID.denied + SAID.later);
  }));

Deno.test("log --follow ends within 30 s of a reader's end, though nothing is recorded", () =>
  withStateDir({ [FILE]: DENIED }, async (dir) => {
    let looks = 0;
    let isProbed = false;
    const run = await runOperator(["log", "--follow"], dir, {
      nowMs: NOW_MS,
      isReaderGone: () => isProbed,
      onWrite: (text) => isProbed ||= text === "\n",
      onSleep: (count) => {
        looks = count;
        return count > 40 ? Promise.reject(new Error("it goes on")) : Promise.resolve();
      },
    });
    assertEquals([run.status, looks], [0, 30]);
  }));

Deno.test("the real log --follow ends at the first line that nobody takes any more, without a word", async () => {
  const dir = await Deno.makeTempDir({ prefix: "avwap-follow-" });
  try {
    const nowMs = Date.now();
    const file = `${dir}/events-${dateNyOf(nowMs)}.jsonl`;
    const event = line(new Date(nowMs).toISOString(), "engine_stopped");
    await Deno.writeTextFile(file, event);
    const child = spawnProgram({
      args: ["log", "--follow"],
      env: { AVWAP_STATE_DIR: dir },
      writeDir: dir,
    });
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.getReader();
    assertStringIncludes(new TextDecoder().decode((await reader.read()).value), "engine stopped");
    await reader.cancel();
    await Deno.writeTextFile(file, event, { append: true });
    const { code } = await child.status;
    assertEquals([code, await errors], [0, ""]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("readSince() takes New York times and ISO times with a zone, and nothing else", () => {
  const ms = Date.parse("2026-07-01T13:30:05Z");
  assertEquals(readSince("09:30:05", "2026-07-01"), ms);
  assertEquals(readSince("2026-07-01T13:30:05Z", DATE_NY), ms);
  assertEquals(readSince("2026-07-01T09:30:05-04:00", DATE_NY), ms);
  for (
    const text of [
      "",
      "9:30",
      "09:60",
      "25:00",
      "09:30:60",
      "now",
      "2026-07-01",
      "2026-07-01T09:30",
    ]
  ) assertThrows(() => readSince(text, DATE_NY), UsageError);
});

Deno.test("log --trades prints what was bought and sold alone", () => {
  const fill = line("2026-11-23T15:03:00.000Z", "fill", {
    symbol: "NVDA",
    side: "buy",
    reason: "entry",
    filled_qty: 7,
    qty: 7,
    filled_avg_price_usd: 126.29,
    filled_at: "2026-11-23T15:02:59.000Z",
  });
  return withStateDir({ [FILE]: ALL + fill }, async (dir) => {
    const { out } = await runOperator(["log", "--trades"], dir, { nowMs: NOW_MS });
    const [closed, bought, ...others] = out.trimEnd().split("\n");
    assertEquals([`${closed}\n`, others], [SAID.later, []]);
    assertStringIncludes(bought ?? "", "10:03:00 EST  NVDA bought 7 of 7 at 126.29 (entry)");
  });
});
