import type { PositionFact } from "../../../src/domain/alert/alert_facts.ts";
import {
  buildNotRunning,
  decideNotRunning,
  type NotRunningFacts,
} from "../../../src/domain/alert/not_running.ts";
import { assertEquals, assertStringIncludes } from "../../assert.ts";

const at = (time: string) => Date.parse(`2026-01-20T${time}:00Z`); // New York is 5 h behind.
const OPEN_MS = at("14:30");
const CLOSE_MS = at("21:00");

function market(nowMs: number): NotRunningFacts["market"] {
  const isOpen = nowMs >= OPEN_MS && nowMs < CLOSE_MS;
  return { timestampMs: nowMs, isOpen, nextOpenMs: OPEN_MS, nextCloseMs: CLOSE_MS };
}

const SAFE: PositionFact = {
  symbol: "NVDA",
  qty: 4,
  sellingQty: 0,
  stops: [{ qty: 4, stopUsd: 124.2, timeInForce: "gtc" }],
  lastSeen: null,
  trouble: null,
};
const DAY: PositionFact = { ...SAFE, stops: [{ qty: 4, stopUsd: 124.2, timeInForce: "day" }] };

function facts(time: string, change: Partial<NotRunningFacts> = {}): NotRunningFacts {
  const nowMs = at(time);
  return {
    nowMs,
    market: market(nowMs),
    cause: "watchlist stale",
    reason: "Watchlist stale: /scan/list.csv is of 2026-01-19, today is 2026-01-20",
    remedy: "let the scan write today's list",
    positions: [],
    ...change,
  };
}

/** Starts a minute apart; what each time was said is remembered. @returns The New York minutes at which one was due. */
function listDue(positions: readonly PositionFact[] | null): string[] {
  const due: string[] = [];
  let said: string | undefined;
  for (let minute = 11 * 60; minute < 21 * 60; minute++) {
    const time = [Math.floor(minute / 60), minute % 60].map((n) => String(n).padStart(2, "0"));
    const value = decideNotRunning(facts(time.join(":"), { positions }), said);
    if (value === null) continue;
    said = value;
    due.push(time.join(":"));
  }
  return due;
}

Deno.test("Execution not running is said once a session day, from 60 minutes before the open", () => {
  assertEquals(listDue([]), ["13:30"]);
  assertEquals(listDue([SAFE]), ["13:30"]);
});

Deno.test("with a position not covered it is said at once, at the open and 30 minutes before the close", () => {
  const bare = { ...SAFE, stops: [] };
  const unread = { ...SAFE, stops: null };
  for (const position of [DAY, bare, unread]) {
    assertEquals(listDue([SAFE, position]), ["11:00", "14:30", "20:30"]);
  }
  // Records that can't be read may hold one.
  assertEquals(listDue(null), ["11:00", "14:30", "20:30"]);
});

Deno.test("another cause, and another day, are news", () => {
  const said = decideNotRunning(facts("13:40"), undefined);
  assertEquals(said, "2026-01-20 watchlist stale");
  assertEquals(decideNotRunning(facts("13:41"), "2026-01-20 watchlist stale"), null);
  assertEquals(
    decideNotRunning(facts("13:41"), "2026-01-20 watchlist missing"),
    "2026-01-20 watchlist stale",
  );
  assertEquals(
    decideNotRunning(facts("13:41"), "2026-01-19 watchlist stale"),
    "2026-01-20 watchlist stale",
  );
});

Deno.test("a broker whose clock can't be read silences nothing in the usual hours", () => {
  const unknown = (time: string) => decideNotRunning(facts(time, { market: null }), undefined);
  assertEquals([unknown("13:29"), unknown("13:30"), unknown("21:00")], [
    null,
    "2026-01-20 watchlist stale",
    null,
  ]);
});

Deno.test("a broker whose clock can't be read leaves the open and the time before the close to the usual hours", () => {
  const unknown = (time: string) =>
    decideNotRunning(facts(time, { market: null, positions: [DAY] }), undefined);
  assertEquals(["12:00", "14:30", "20:29", "20:30", "21:00"].map(unknown), [
    "2026-01-20 watchlist stale:before",
    "2026-01-20 watchlist stale:open",
    "2026-01-20 watchlist stale:open",
    "2026-01-20 watchlist stale:late",
    "2026-01-20 watchlist stale:before",
  ]);
});

Deno.test("buildNotRunning() names each position, what rests for it, and the command for what is not covered", () => {
  const { level, title, text } = buildNotRunning(facts("14:30", { positions: [SAFE, DAY] }));
  assertEquals([level, title], ["ERROR", "Execution not running"]);
  assertStringIncludes(text, "Watchlist stale: /scan/list.csv is of 2026-01-19");
  assertStringIncludes(text, "NVDA 4 shares: stop 124.20 for 4, good till canceled");
  assertStringIncludes(text, "NVDA 4 shares: stop 124.20 for 4, DAY ORDER, ends at the close");
  assertStringIncludes(text, "flatten --close-positions --symbol NVDA --yes");
  assertEquals(buildNotRunning(facts("13:30", { positions: [SAFE] })).level, "WARNING");
  assertStringIncludes(buildNotRunning(facts("13:30", { positions: null })).text, "UNKNOWN");
});
