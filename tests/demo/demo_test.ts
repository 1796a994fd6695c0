import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { buildCast, buildLimits } from "./cast.ts";
import { foldKey, Printer, wrapWords } from "./printer.ts";

const ROOT = new URL("../../", import.meta.url);

/** Runs the task as a reader does, with the permissions that deno.json gives it. */
async function runDemo(args: readonly string[]) {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "demo", ...args],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    status: output.code,
    out: decoder.decode(output.stdout),
    error: decoder.decode(output.stderr),
  };
}

async function withFile(text: string, act: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "avwap-demo-test-", suffix: ".csv" });
  try {
    await Deno.writeTextFile(path, text);
    await act(path);
  } finally {
    await Deno.remove(path);
  }
}

function findDir(out: string): string {
  return /^STATE_DIR is (\S+)\/state\.$/m.exec(out)?.[1] ?? "";
}

/** What stands where a text has a space: a line may end there, behind the bar too. */
const BREAK = "\\s+(?:│\\s+)?";

/** Asserts that the texts come in this sequence, others between them. */
function assertSequence(out: string, milestones: readonly (string | RegExp)[]): void {
  let rest = out;
  for (const milestone of milestones) {
    const pattern = typeof milestone === "string"
      ? new RegExp(milestone.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(" ", BREAK))
      : milestone;
    const found = pattern.exec(rest);
    assert(
      found !== null,
      `${milestone} is not in what is left of the story:\n${rest.slice(0, 800)}`,
    );
    rest = rest.slice(found.index + found[0].length);
  }
}

/** The story as the issue asks for it; the program's own lines are exact. */
const MILESTONES: readonly (string | RegExp)[] = [
  "DRY_RUN=1 avwap-execution run",
  "] Broker endpoint=custom host=127.0.0.1:",
  "] Market closed; skipping cycle.",
  "] Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled",
  "] Gate allowlist=ALL",
  "] Gate caps(orders/day=5, positions=5, gross_notional=5000.0,",
  "META",
  "dropped: direction short",
  "] DRY_RUN: would submit NVDA qty=7 SL=117.1 TP=136.6",
  "] SUBMITTED NVDA: qty=7 order_id=dry-run",
  "all of them GET",
  "] SIGTERM received; stopping after the current step",
  "status 0.",
  "] Gate mode=DRY_RUN status=FAIL reason=LIVE_CONFIRM_TOKEN missing",
  "openssl rand -hex 16",
  "live_confirm_token.txt",
  "] Gate mode=LIVE status=PASS reason=live trading confirmed",
  "] Gate allowlist=AAPL,BRK.B,MSFT,NVDA",
  "] Gate PASS NVDA: caps ok",
  /\] SUBMITTED NVDA: qty=7[\s│]+order_id=[0-9a-f-]{36}/,
  "] Position NVDA: qty=7",
  /\] SUBMITTED BRK\.B: qty=1[\s│]+order_id=[0-9a-f-]{36}/,
  "] Gate FAIL TSLA: allowlist blocked",
  /\] EXIT NVDA: r1_trim qty=3 of 7 at[\s│]+129\.\d+/,
  "] STOP NVDA: qty=4 at 124.2",
  "] Gate FAIL MSFT: max gross notional reached",
  /\] EXIT NVDA: r2_trim qty=2 of 4 at[\s│]+136\.\d+/,
  /\] STOP NVDA: qty=2 at 132\.\d+/,
  /\] STOP NVDA: qty=2 at 13[34]/,
  "] Position NVDA: closed",
  "KILL_SWITCH",
  "] WARNING Kill switch active (file)",
  "] Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)",
  "] Market closed; skipping cycle.",
  "exit status 0",
  /\d\d:\d\d:\d\d +buy +NVDA +7\n/,
  /buy +NVDA +7 +\d+\.\d\d +entry +filled 7 at 126\.\d\d/,
  /buy +BRK\.B +1 +\d+\.\d\d +entry +filled 1/,
  /sell +NVDA +3 +\d+\.\d\d +r1_trim +filled 3 at 129\.\d\d/,
  /sell +NVDA +2 +\d+\.\d\d +r2_trim +filled 2/,
  /sell +NVDA +2 +\d+\.\d\d +stop at 13\d\.\d\d +filled 2/,
  /counts (\d+) orders of ours, the ledger \1;/,
  "0 positions are left",
  "avwap-execution report --date 2026-11-23 --out report.html",
  /: 2 entries, 2 trims, 2 exits, day[\s\S]{1,6}result \+\d+\.\d\d USD/,
  "avwap-execution log --date 2026-11-23 --trades",
  /EST {2}NVDA bought 7 of 7 at 126\.\d\d \(entry\)/,
  /EST {2}NVDA position closed/,
  "xdg-open report.html",
  "less log.txt",
];

Deno.test("the demo plays its day to the end, in this sequence", async () => {
  const { status, out, error } = await runDemo(["--speed", "2000"]);
  const dir = findDir(out);
  try {
    assertEquals([status, error], [0, ""], out);
    assertSequence(out, MILESTONES);
    assertFalse(out.includes("\x1b["), "colours where there is no terminal");
    assertEquals(out.split("\n").filter((line) => line.length > 80), []);
    assertStringIncludes(await Deno.readTextFile(`${dir}/report.html`), "day result +");
    assertMatch(await Deno.readTextFile(`${dir}/log.txt`), /^09:28:\d\d EST {2}engine started/m);
    assertFalse(/ERROR |^\s+at |internal error/m.test(out), out);
    const names = [...Deno.readDirSync(`${dir}/state`)].map((entry) => entry.name).sort();
    assertEquals(names.filter((name) => !name.startsWith("execution")), [
      "KILL_SWITCH",
      "archive",
      "disk_reserve.bin",
      "dry_run_ledger.json",
      "events-2026-11-23.jsonl",
      "live_confirm_token.txt",
      "live_orders_today.json",
    ]);
    const token = await Deno.readTextFile(`${dir}/state/live_confirm_token.txt`);
    assertMatch(token, /^[0-9a-f]{32}$/);
    const mode = Deno.statSync(`${dir}/state/live_confirm_token.txt`).mode ?? 0;
    assertEquals(mode & 0o777, 0o600);
    const log = await Deno.readTextFile(`${dir}/program.log`);
    assertFalse(`${out}${log}`.includes(token), "the token is printed");
  } finally {
    if (dir !== "") await Deno.remove(dir, { recursive: true });
  }
});

const HEADER = "Symbol,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2";

Deno.test("demo --watchlist rehearses the reader's own file and leaves it as it is", async () => {
  // No R1, one share costs more than the account's usual order, and only two of the rows have a part.
  const text =
    `${HEADER}\nODD,10,5,1,8,,9\nHIGH,2000,2040,5.5,1900,,2200\nLOW,0.5,0.52,4,0.45,,0.6\n`;
  await withFile(text, async (path) => {
    await Deno.utime(path, 1_000_000_000, 1_000_000_000);
    const { status, out, error } = await runDemo(["--watchlist", path, "--speed", "5000"]);
    const dir = findDir(out);
    try {
      assertEquals([status, error], [0, ""], out);
      assertSequence(out, [
        "3 stocks",
        "] SUBMITTED HIGH: qty=4 order_id=dry-run",
        "] Gate PASS HIGH: caps ok",
        "] EXIT HIGH: r1_trim qty=2 of 4",
        "] Gate FAIL LOW: allowlist blocked",
        "] EXIT HIGH: r2_trim qty=1 of 2",
        "] Position HIGH: closed",
        "] WARNING Kill switch active (file)",
        "0 positions are left",
      ]);
      assertEquals(await Deno.readTextFile(path), text);
      assertEquals(Deno.statSync(path).mtime?.getTime(), 1_000_000_000_000);
      assertEquals(await Deno.readTextFile(`${dir}/daily_candidates.csv`), text);
    } finally {
      if (dir !== "") await Deno.remove(dir, { recursive: true });
    }
  });
});

const WRONG: { args: string[]; status: number; says: string }[] = [
  { args: ["--sped", "5"], status: 64, says: '"--sped"; did you mean --speed? Try deno task demo' },
  { args: ["--speed", "fast"], status: 64, says: 'Option --speed is "fast": give a number from 1' },
  { args: ["--speed", "0"], status: 64, says: 'Option --speed is "0"' },
  { args: ["--speed", "1e3"], status: 64, says: 'Option --speed is "1e3"' },
  { args: ["--speed"], status: 64, says: "Option --speed needs a value" },
  { args: ["--watchlist"], status: 64, says: "Option --watchlist needs a value" },
  { args: ["--watchlist="], status: 64, says: "Option --watchlist needs a file" },
  { args: ["today.csv"], status: 64, says: 'Unexpected argument "today.csv"' },
  { args: ["--watchlist", "no/such.csv"], status: 1, says: '"no/such.csv" does not exist' },
  { args: ["--watchlist", "tests"], status: 1, says: '"tests"' },
];

for (const { args, status, says } of WRONG) {
  Deno.test(`demo ${args.join(" ")} exits ${status} with one line`, async () => {
    const ended = await runDemo(args);
    assertEquals([ended.status, ended.out], [status, ""]);
    assertStringIncludes(ended.error, says);
    assertMatch(ended.error, /^demo: [^\n]+\n$/);
  });
}

Deno.test("demo says why a watchlist has nothing to play", async () => {
  await withFile("Symbol,Price\nA,1\n", async (path) => {
    const { status, error } = await runDemo(["--watchlist", path]);
    assertEquals(status, 1);
    assertMatch(error, /^demo: watchlist "[^"]+" is refused: line 1: missing columns [^\n]+\n$/);
  });
  await withFile(`${HEADER}\nODD,10,5,1,8,,9\nBAD,x,5,1,4,,9\n`, async (path) => {
    const { status, error } = await runDemo(["--watchlist", path]);
    assertEquals(status, 1);
    assertMatch(error, /^demo: [^\n]+no row whose levels rise [^\n]+line 3: Price "x"[^\n]+\n$/);
  });
});

Deno.test("demo --help prints its options and plays nothing", async () => {
  const { status, out, error } = await runDemo(["--help"]);
  assertEquals([status, error], [0, ""]);
  for (const word of ["--watchlist FILE", "--speed N", "--help"]) assertStringIncludes(out, word);
  assertEquals(out.split("\n").filter((line) => line.length > 80), []);
  assertFalse(out.includes("STATE_DIR"));
});

function buildTestRow(symbol: string, r1Usd: number | null, scale = 1) {
  const levels = { stopUsd: 90 * scale, pivotUsd: 100 * scale, r2Usd: 120 * scale };
  const more = { priceUsd: 99 * scale, distancePct: -1, anchor: "", direction: "Long" as const };
  return { symbol, ...levels, ...more, r1Usd: r1Usd === null ? null : r1Usd * scale };
}

Deno.test("buildCast() gives the parts in the order of the file, the lead to a row with R1", () => {
  const rows = ["A", "B", "C", "D", "E"].map((symbol) =>
    buildTestRow(symbol, symbol === "A" ? null : 110)
  );
  const cast = buildCast(rows);
  const parts = [cast?.lead, cast?.unlisted, cast?.capped, cast?.stopped, ...cast?.others ?? []];
  assertEquals(parts.map((row) => row?.symbol), ["B", "A", "C", "D", "E"]);
  assertEquals(buildCast([]), null);
  assertEquals(buildCast([{ ...buildTestRow("A", null), stopUsd: 100 }]), null);
  assertEquals(buildCast([{ ...buildTestRow("A", 99) }]), null);
  assertEquals(buildCast([{ ...buildTestRow("A", 120) }]), null);
});

Deno.test("buildLimits() leaves room for what is bought and none for the capped row", () => {
  for (const scale of [0.01, 1, 40]) {
    const rows = ["A", "B", "C", "D"].map((symbol) => buildTestRow(symbol, 110, scale));
    const cast = buildCast(rows);
    assert(cast !== null);
    const limits = buildLimits(cast);
    assertEquals(limits.allowlist, "A,C,D");
    const eachUsd = limits.equityUsd * 0.02 * 5 / 6;
    assert(limits.grossUsd > 2 * eachUsd && limits.grossUsd < 3 * eachUsd, `${scale}`);
    assert(limits.perSymbolUsd > eachUsd);
    assert(eachUsd / cast.lead.priceUsd >= 4);
  }
});

Deno.test("wrapWords() breaks between words only, and loses none", () => {
  assertEquals(wrapWords("aa bb cc", 5), ["aa bb", "cc"]);
  assertEquals(wrapWords("a very-long-word b", 6), ["a", "very-long-word", "b"]);
  assertEquals(wrapWords("", 6), [""]);
});

Deno.test("Printer shows a line once, counts the rest, and shows a changed gate whole", () => {
  let text = "";
  const printer = new Printer((part) => void (text += part), false);
  const gate = (mode: string) => [`[t] Gate mode=${mode}`, "[t] Gate allowlist=ALL"];
  for (const line of [...gate("LIVE"), ...gate("LIVE"), ...gate("DRY_RUN"), ...gate("LIVE")]) {
    printer.program(line);
  }
  printer.flush();
  assertEquals(text.match(/mode=LIVE/g)?.length, 2);
  assertEquals(text.match(/mode=DRY_RUN/g)?.length, 1);
  assertEquals(text.match(/allowlist=ALL/g)?.length, 3);
  assertStringIncludes(text, "(and 2 lines that say the same as before)");
});

Deno.test("foldKey() leaves out the time, and of an intent what changes with it", () => {
  assertEquals(foldKey("[2026-11-23 10:00:00 EST] SKIP A: x"), foldKey("[t] SKIP A: x"));
  assertEquals(foldKey("[t] INTENT A: qty=1 due 1"), foldKey("[t] INTENT A: qty=2 due 2"));
  assertFalse(foldKey("[t] SKIP A: x") === foldKey("[t] SKIP B: x"));
});
