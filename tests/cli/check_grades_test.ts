import { type CheckItem, decideCheckStatus, fail, pass, warn } from "../../src/cli/check_item.ts";
import {
  checkDiskSpace,
  checkTimeZone,
  formatCheckedTime,
  FREE_BYTES_LOW,
  FREE_BYTES_MIN,
} from "../../src/cli/check_host.ts";
import { quoteForShell } from "../../src/cli/shell_words.ts";
import { checkStateFile } from "../../src/cli/check_files.ts";
import { readConfigFacts } from "../../src/cli/check_config.ts";
import { ENVIRONMENT_VARIABLES } from "../../src/runtime/environment.ts";
import { listMisspelt, MISSPELLINGS } from "../../src/runtime/misspelt.ts";
import { readFreeBytes } from "../../src/state/disk_space.ts";
import { RESERVE_BYTES } from "../../src/state/state_disk.ts";
import { findNearest } from "../../src/cli/suggest.ts";
import fc from "fast-check";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";

const STATUSES: { when: string; items: CheckItem[]; status: number }[] = [
  { when: "nothing is wrong", items: [pass("a", "")], status: 0 },
  { when: "there are only warnings", items: [warn("a", "")], status: 0 },
  {
    when: "the watchlist is missing",
    items: [fail("a", "", null, "watchlist_missing")],
    status: 1,
  },
  { when: "the watchlist is stale", items: [fail("a", "", null, "watchlist_stale")], status: 2 },
  { when: "the broker is away", items: [fail("a", "", null, "broker_unreachable")], status: 69 },
  { when: "anything else fails", items: [fail("a", "")], status: 78 },
  {
    when: "watchlist, broker and more fail",
    items: [
      fail("a", ""),
      fail("b", "", null, "broker_unreachable"),
      fail("c", "", null, "watchlist_stale"),
    ],
    status: 2,
  },
  {
    when: "the broker and more fail",
    items: [fail("a", ""), fail("b", "", null, "broker_unreachable")],
    status: 69,
  },
];

for (const { when, items, status } of STATUSES) {
  Deno.test(`decideCheckStatus() is ${status} when ${when}`, () => {
    assertEquals(decideCheckStatus(items), status);
  });
}

Deno.test("checkTimeZone() fails for a runtime that does not know New York", () => {
  assertEquals(checkTimeZone(formatCheckedTime).grade, "PASS");
  const utc = checkTimeZone((ms) => `${new Date(ms).toISOString().slice(0, 19)} UTC`);
  assertEquals(utc.grade, "FAIL");
  const winterOnly = checkTimeZone((ms) => formatCheckedTime(ms).replace("EDT", "EST"));
  assertEquals(winterOnly.grade, "FAIL");
  const broken = checkTimeZone(() => {
    throw new RangeError("invalid time zone");
  });
  assertStringIncludes(broken.detail, "invalid time zone");
});

Deno.test("checkDiskSpace() grades by what is free, and an unknown as a warning", () => {
  const grade = (freeBytes: number | null) =>
    checkDiskSpace({ freeBytes, reserveBytes: RESERVE_BYTES }, "/x").grade;
  assertEquals(
    [null, 0, FREE_BYTES_MIN - 1, FREE_BYTES_MIN, FREE_BYTES_LOW - 1, FREE_BYTES_LOW, NaN].map(
      grade,
    ),
    ["WARN", "FAIL", "FAIL", "WARN", "WARN", "PASS", "FAIL"],
  );
});

Deno.test("checkDiskSpace() fails while a part of the reserve is given up, however much is free", () => {
  const freeBytes = FREE_BYTES_LOW;
  const item = checkDiskSpace({ freeBytes, reserveBytes: RESERVE_BYTES - 1 }, "/x y");
  assertEquals(item.grade, "FAIL");
  assertStringIncludes(item.detail, "no entries until it is whole again (500 MiB free)");
  assertEquals(item.remedy?.text, "df -h '/x y'");
  assertEquals(checkDiskSpace({ freeBytes, reserveBytes: null }, "/x").grade, "PASS");
});

Deno.test("readFreeBytes() tells, or says that it does not know, and never throws", async () => {
  const free = await readFreeBytes("/");
  assert(free === null || free >= 0);
  assertEquals(await readFreeBytes("/nowhere/at/all"), null);
});

Deno.test("readConfigFacts() names every bad variable, whatever they are", () => {
  const bad = {
    EXECUTION_POLL_SECONDS: "x",
    ENTRY_DELAY_MIN_SECONDS: "x",
    ENTRY_DELAY_MAX_SECONDS: "x",
    APCA_API_BASE_URL: "x",
    APCA_API_DATA_URL: "x",
    ALPACA_DATA_FEED: "x",
    SLACK_ALERTS_MIN_LEVEL: "x",
    SLACK_HEARTBEAT_MINUTES: "x",
    SLACK_DAILY_SUMMARY_TIME: "x",
    AVWAP_STATE_DIR: "\0",
    APCA_API_KEY_ID: "a b",
    APCA_API_SECRET_KEY: "a b",
  };
  const { problems, config } = readConfigFacts(bad);
  assertEquals(problems.map(({ variable }) => variable).sort(), Object.keys(bad).sort());
  assert(config !== null);
});

Deno.test("readConfigFacts() ends for any environment", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("0", "1", "https://api.alpaca.markets"));
  const environment = fc.dictionary(fc.constantFrom(...ENVIRONMENT_VARIABLES), text);
  fc.assert(fc.property(environment, (given) => {
    readConfigFacts(given);
  }));
});

Deno.test("every misspelling means a variable that there is, and is none itself", () => {
  const known: readonly string[] = ENVIRONMENT_VARIABLES;
  const written = MISSPELLINGS.map((each) => each.written);
  assertEquals(new Set(written).size, written.length);
  for (const each of MISSPELLINGS) {
    assert(known.includes(each.meant), each.meant);
    assert(!known.includes(each.written), each.written);
  }
  assertEquals(listMisspelt((name) => name === "DRYRUN" ? "" : undefined), [
    { written: "DRYRUN", meant: "DRY_RUN" },
  ]);
  assertEquals(findNearest("--dryrun", ["--dry-run"]), "--dry-run");
});

Deno.test("a limit by the name that the others suggest is a misspelling, for it limits nothing", () => {
  const slips = ["MAX_LIVE_NOTIONAL_PER_DAY", "MAX_LIVE_DAILY_LOSS", "MAX_NOTIONAL_PER_SYMBOL"];
  assertEquals(
    listMisspelt((name) => slips.includes(name) ? "500" : undefined).map(({ meant }) => meant)
      .sort(),
    ["MAX_LIVE_GROSS_NOTIONAL", "MAX_LIVE_LOSS_PER_DAY", "MAX_LIVE_NOTIONAL_PER_SYMBOL"],
  );
});

Deno.test("quoteForShell() leaves plain words and quotes all others", () => {
  assertEquals(quoteForShell("/root/state-1/x.json"), "/root/state-1/x.json");
  assertEquals(quoteForShell("/a b"), "'/a b'");
  assertEquals(quoteForShell("it's"), `'it'\\''s'`);
  assertEquals(quoteForShell("$(rm)"), "'$(rm)'");
  assertEquals(quoteForShell(""), "''");
});

for (const kind of ["damaged", "missing"] as const) {
  Deno.test(`check names no command that a running service refuses for a state that is ${kind}`, () => {
    const check = (isServiceRunning: boolean) =>
      checkStateFile({ kind, message: "it is not JSON" }, {
        path: "/state/execution_state.json",
        hasTraded: true,
        isServiceRunning,
        isLiveAsked: true,
      });
    assertEquals(check(false).remedy?.name, "rebuild_state");
    assertEquals([check(true).grade, check(true).remedy?.name], ["FAIL", "look_again"]);
  });
}
