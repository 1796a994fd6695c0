import fc from "fast-check";
import { createLog } from "../../src/runtime/logging.ts";
import type { Heard } from "../../src/domain/alert/repetition.ts";
import { formatOneLine, formatWithoutSecrets } from "../../src/domain/one_line.ts";
import { assert, assertEquals, assertFalse } from "../assert.ts";

const WINTER_MS = Date.parse("2026-01-20T14:45:00Z");
const SUMMER_MS = Date.parse("2026-07-20T13:45:00Z");

function createTestLog({ nowMs = WINTER_MS, secrets = [] as string[], isJournal = false } = {}) {
  const lines: string[] = [];
  const log = createLog({
    clock: { nowMs: () => nowMs },
    secrets,
    write: (text) => void lines.push(text),
    isJournal,
  });
  return { log, lines };
}

Deno.test("createLog() puts the New York time in front of a line, and its mark after it", () => {
  const { log, lines } = createTestLog();
  log.info("Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled");
  log.warn("a");
  log.error("b");
  assertEquals(lines, [
    "[2026-01-20 09:45:00 EST] Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled\n",
    "[2026-01-20 09:45:00 EST] WARNING a\n",
    "[2026-01-20 09:45:00 EST] ERROR b\n",
  ]);
});

Deno.test("createLog() begins a line with its priority where the journal reads it", () => {
  const { log, lines } = createTestLog({ isJournal: true });
  log.info("a");
  log.warn("b");
  log.error("c\n<7>d");
  assertEquals(lines, [
    "<6>[2026-01-20 09:45:00 EST] a\n",
    "<4>[2026-01-20 09:45:00 EST] WARNING b\n",
    "<3>[2026-01-20 09:45:00 EST] ERROR c\\n<7>d\n",
  ]);
});

Deno.test("createLog() knows daylight saving time", () => {
  const { log, lines } = createTestLog({ nowMs: SUMMER_MS });
  log.info("a");
  assertEquals(lines, ["[2026-07-20 09:45:00 EDT] a\n"]);
});

Deno.test("createLog() prints braces and percent signs as they are", () => {
  const { log, lines } = createTestLog();
  log.info('{"a": {b}} {{x}} {} %s %d');
  assertEquals(lines, ['[2026-01-20 09:45:00 EST] {"a": {b}} {{x}} {} %s %d\n']);
});

Deno.test("createLog() prints no secret, wherever it stands", () => {
  const { log, lines } = createTestLog({ secrets: ["s3cret", "s3cret-long"] });
  log.error("key=s3cret s3cret-long,s3crets3cret");
  assertEquals(lines, [
    "[2026-01-20 09:45:00 EST] ERROR key=[redacted] [redacted],[redacted][redacted]\n",
  ]);
});

Deno.test("createLog() writes exactly one line a message, whatever is in it", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const { log, lines } = createTestLog();
    log.info(text);
    assertEquals(lines.length, 1);
    const [line = ""] = lines;
    assert(line.startsWith("[2026-01-20 09:45:00 EST] "));
    assertEquals(line.indexOf("\n"), line.length - 1);
    // deno-lint-ignore no-control-regex -- control characters are what this is about
    assertFalse(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(line.slice(0, -1)));
  }));
});

Deno.test("createLog() forges no second line, no terminal escape and no reversed text", () => {
  assertEquals(
    formatOneLine("a\n[2026-01-20 09:45:00 EST] Gate\r\t\x1b[31m\u202e\u2028"),
    "a\\n[2026-01-20 09:45:00 EST] Gate\\r\\t\\x1b[31m\\u202e\\u2028",
  );
});

Deno.test("formatWithoutSecrets() passes over an empty secret", () => {
  assertEquals(formatWithoutSecrets("abc", ["", "b"]), "a[redacted]c");
});

Deno.test("createLog() goes on when the sink throws", () => {
  let calls = 0;
  const log = createLog({
    clock: { nowMs: () => WINTER_MS },
    secrets: [],
    write: () => {
      calls++;
      throw new Error("the pipe is gone");
    },
  });
  log.info("a");
  log.error("b");
  assertEquals(calls, 2);
});

Deno.test("createLog() says what a cycle repeats once an hour with its count, and the rest when it ended", () => {
  let nowMs = WINTER_MS;
  const lines: string[] = [];
  const log = createLog({
    clock: { nowMs: () => nowMs },
    secrets: [],
    write: (text) => void lines.push(text.slice("[2026-01-20 ".length, -1)),
  });
  for (let minute = 0; minute <= 80; minute += 5) {
    nowMs = WINTER_MS + minute * 60_000;
    log.error(`Broker unreachable (network): attempt ${minute}`);
    log.warn("Bars unavailable (http)");
  }
  nowMs += 20 * 60_000;
  log.info("Gate allowlist=ALL");
  assertEquals(lines, [
    "09:45:00 EST] ERROR Broker unreachable (network): attempt 0",
    "09:45:00 EST] WARNING Bars unavailable (http)",
    "10:45:00 EST] ERROR Broker unreachable (network): attempt 60 (13 times since 09:45)",
    "10:45:00 EST] WARNING Bars unavailable (http) (13 times since 09:45)",
    "11:25:00 EST] Broker unreachable (network): attempt 80 (17 times since 09:45, last at 11:05)",
    "11:25:00 EST] Bars unavailable (http) (17 times since 09:45, last at 11:05)",
    "11:25:00 EST] Gate allowlist=ALL",
  ]);
});

Deno.test("createLog() goes on from what an earlier process said, and leaves no secret to the next", () => {
  let nowMs = WINTER_MS;
  const lines: string[] = [];
  const make = (heard: Heard) =>
    createLog({
      clock: { nowMs: () => nowMs },
      secrets: ["hunter2"],
      write: (text) => void lines.push(text.slice("[2026-01-20 ".length, -1)),
      heard,
    });
  let heard: Heard = [];
  for (let minute = 0; minute <= 60; minute += 5) {
    nowMs = WINTER_MS + minute * 60_000;
    const log = make(heard);
    log.warn("Bars unavailable: key hunter2");
    heard = log.listHeard();
  }
  assertEquals(lines.map((line) => line.replace(/ EST.*key \S+/, "")), [
    "09:45:00",
    "10:45:00 (13 times since 09:45)",
  ]);
  assertFalse(JSON.stringify(heard).includes("hunter2"));
});

Deno.test("createLog() says each of the errors that ids alone tell apart, and each once", () => {
  const { log, lines } = createTestLog();
  for (const order of [1, 2, 1]) {
    log.error(`NVDA: stop order ${order} ends by itself`, { isDistinct: true });
    log.error(`NVDA: sell ${order} waits`);
  }
  assertEquals(lines.map((line) => line.slice(line.indexOf("NVDA"), -1)), [
    "NVDA: stop order 1 ends by itself",
    "NVDA: sell 1 waits",
    "NVDA: stop order 2 ends by itself",
  ]);
});

Deno.test("createLog() says each time what happens each time, and what the interface has in each cycle", () => {
  const { log, lines } = createTestLog();
  const each = [
    "Gate mode=LIVE status=PASS reason=live trading confirmed",
    "Market closed; skipping cycle.",
    "SUBMITTED NVDA: qty=7 order_id=dry-run",
    "SKIP NVDA: intent expired",
    "STOP NVDA: qty=7 at 117.1 (good till canceled)",
  ];
  for (let time = 0; time < 3; time++) {
    for (const line of each) log.info(line);
    log.warn("Watchlist refused: /scan/daily_candidates.csv: line 1: missing columns Symbol");
    for (
      const line of ["INTENT NVDA: qty=7", "DRY_RUN: already submitted today -> NVDA; skipping"]
    ) {
      log.info(line);
    }
  }
  assertEquals(lines.length, 3 * (each.length + 1) + 2);
});

Deno.test("createLog() holds back no alarm about shares without a stop as a repeat", () => {
  const { log, lines } = createTestLog();
  for (const shares of [3, 30, 3]) {
    log.error(`Position without stop NVDA: ${shares} of 30 shares`);
    log.error(`Exit overdue NVDA: ${shares} shares`);
  }
  assertEquals(lines.length, 6);
});
