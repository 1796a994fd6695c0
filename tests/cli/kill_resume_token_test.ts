import { buildStateText } from "../../src/state/state_format.ts";
import { EMPTY_STATE } from "../../src/domain/account/engine_state.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, readMode, runOperator } from "./operator_host.ts";

Deno.test("kill makes the file with time and reason, and says that nothing runs and what is off", () =>
  inOperatorDir(async (dir) => {
    await Deno.mkdir(`${dir}/state`, { mode: 0o700 });
    const env = { AVWAP_STATE_DIR: `${dir}/state` };
    const { status, out, error } = await runOperator(["kill", "--reason", "odd\nquotes"], env);
    assertEquals([status, error], [0, ""]);
    assertStringIncludes(out, `Kill switch is on: ${dir}/state/KILL_SWITCH`);
    assertStringIncludes(out, `No process holds ${dir}/state`);
    assertStringIncludes(out, "no entry and no exit is sent by what uses this directory");
    assertEquals(
      await Deno.readTextFile(`${dir}/state/KILL_SWITCH`),
      "2026-11-23T15:10:00.000Z odd\\nquotes\n",
    );
  }));

Deno.test("kill leaves a kill switch of any kind as it is, and says so", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    await Deno.mkdir(`${dir}/KILL_SWITCH`);
    const { status, out } = await runOperator(["kill"], env);
    assertEquals(status, 0);
    assertStringIncludes(out, "was on already");
    assert((await Deno.lstat(`${dir}/KILL_SWITCH`)).isDirectory);
  }));

Deno.test("kill works whatever else is wrong with the configuration", () =>
  inOperatorDir(async (dir) => {
    const { status } = await runOperator(["kill"], {
      AVWAP_STATE_DIR: dir,
      EXECUTION_POLL_SECONDS: "never",
      APCA_API_BASE_URL: "nonsense",
      SLACK_ALERTS_MIN_LEVEL: "LOUD",
    });
    assertEquals(status, 0);
    assert((await Deno.lstat(`${dir}/KILL_SWITCH`)).isFile);
  }));

Deno.test("kill names the managed positions that now have only their resting stops", () =>
  inOperatorDir(async (dir) => {
    const position = {
      symbol: "NVDA",
      positionId: "avwap-2026-11-23-NVDA-abc",
      adoptedQty: 0,
      besideQty: 0,
      pivotUsd: 124,
      r1Usd: 129,
      r2Usd: 136,
      stopUsd: 117,
      highWaterUsd: 125,
      isTrimmedR1: false,
      isTrimmedR2: false,
      qty: 7,
      costBasisUsd: 870,
      unexplainedQty: null,
      unexplainedSinceMs: null,
      openedAtMs: 1_764_000_000_000,
      partialSinceMs: null,
    };
    const text = buildStateText({ ...EMPTY_STATE, positions: [position] });
    await Deno.writeTextFile(`${dir}/execution_state.json`, text);
    const { out } = await runOperator(["kill"], { AVWAP_STATE_DIR: dir });
    assertStringIncludes(out, "only the stops that rest at the broker: NVDA");
  }));

Deno.test("kill says that nobody knows what is managed where the records can't be read", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/execution_state.json`, "{");
    const { status, out } = await runOperator(["kill"], { AVWAP_STATE_DIR: dir });
    assertEquals(status, 0);
    assertStringIncludes(out, "\nManaged positions are UNKNOWN: ");
  }));

for (const place of ["file", "file/below"]) {
  for (const [command, expected] of [["kill", 1], ["token", 78]] as const) {
    Deno.test(`${command} exits ${expected} with one line naming AVWAP_STATE_DIR for ${place}`, () =>
      inOperatorDir(async (dir) => {
        await Deno.writeTextFile(`${dir}/file`, "");
        const ended = await runOperator([command], { AVWAP_STATE_DIR: `${dir}/${place}` });
        assertEquals([ended.status, ended.out], [expected, ""]);
        assertStringIncludes(ended.error, "AVWAP_STATE_DIR");
        assertEquals(ended.error.indexOf("\n"), ended.error.length - 1);
        if (command === "kill") assertStringIncludes(ended.error, "NOT on");
      }));
  }
}

Deno.test("resume removes the file and says that LIVE is possible again with both keys", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/KILL_SWITCH`, "");
    await Deno.writeTextFile(`${dir}/live_confirm_token.txt`, "secret-token\n");
    const env = { AVWAP_STATE_DIR: dir, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: "secret-token" };
    const { status, out, error } = await runOperator(["resume"], env);
    assertEquals([status, error], [0, ""]);
    assertStringIncludes(out, "Kill switch removed");
    assertStringIncludes(out, "nothing of the operator's stands against LIVE");
    assertFalse(out.includes("secret-token"));
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["live_confirm_token.txt"]);
  }));

const STILL_OFF: { env: Record<string, string>; reason: string }[] = [
  { env: {}, reason: "LIVE_TRADING disabled" },
  { env: { DRY_RUN: "1" }, reason: "DRY_RUN enabled" },
  { env: { DRY_RUN: "maybe", LIVE_TRADING: "1" }, reason: "DRY_RUN enabled" },
  { env: { KILL_SWITCH: "1", LIVE_TRADING: "1" }, reason: "kill switch active (env)" },
  { env: { LIVE_TRADING: "1" }, reason: "LIVE_CONFIRM_TOKEN missing" },
  {
    env: { LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: "another" },
    reason: "LIVE_CONFIRM_TOKEN mismatch",
  },
  ...[{ MAX_LIVE_LOSS_PER_DAY: "-5" }, { ALLOWLIST_SYMBOLS: "AAPL;MSFT" }].map((limit) => ({
    env: { LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: "one", ...limit },
    reason: `invalid configuration (${Object.keys(limit)[0]})`,
  })),
];

for (const { env, reason } of STILL_OFF) {
  Deno.test(`resume says that LIVE stays off: ${reason} ${JSON.stringify(env)}`, () =>
    inOperatorDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/live_confirm_token.txt`, "one");
      const { status, out } = await runOperator(["resume"], { AVWAP_STATE_DIR: dir, ...env });
      assertEquals(status, 0);
      assertStringIncludes(out, "There was no kill switch");
      assertStringIncludes(out, `LIVE stays off: ${reason}.`);
    }));
}

const LEDGER = { date_ny: "2026-11-23", entries: [] };
const BLOCKING: { when: string; files: Record<string, string>; says: string }[] = [
  {
    when: "the ledger is of no use",
    files: { "live_orders_today.json": "{" },
    says: "ledger unavailable (ledger unreadable); after that",
  },
  {
    when: "the document is damaged",
    files: { "live_orders_today.json": JSON.stringify(LEDGER), "execution_state.json": "{" },
    says: "invalid configuration (execution_state.json); after that",
  },
  {
    when: "the ledger is locked by two mismatches",
    files: { "live_orders_today.json": JSON.stringify({ ...LEDGER, mismatches: 2 }) },
    says:
      "ledger unavailable (broker mismatch), until `avwap-execution ledger rebuild --yes`; after",
  },
];
for (const { when, files, says } of BLOCKING) {
  Deno.test(`resume says that nothing leaves while ${when}, before what can leave after that`, () =>
    inOperatorDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/live_confirm_token.txt`, "one");
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(`${dir}/${name}`, text);
      }
      const env = { AVWAP_STATE_DIR: dir, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: "one" };
      const { status, out } = await runOperator(["resume"], env);
      assertEquals(status, 0);
      const at = ["nothing while the records block LIVE: " + says, "entries of breakouts", "exits,"]
        .map((part) => out.indexOf(part));
      assert(at.every((each, index) => each > (at[index - 1] ?? 0)), out);
    }));
}

Deno.test("resume keeps a kill switch that is a directory with files in it", () =>
  inOperatorDir(async (dir) => {
    await Deno.mkdir(`${dir}/KILL_SWITCH/deep`, { recursive: true });
    const { status, error } = await runOperator(["resume"], { AVWAP_STATE_DIR: dir });
    assertEquals(status, 78);
    assertStringIncludes(error, "directory with files in it");
    assert((await Deno.lstat(`${dir}/KILL_SWITCH`)).isDirectory);
  }));

Deno.test("token makes directory and file for their owner alone, and prints the line to paste", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: `${dir}/deep/state/` };
    const { status, out, error } = await runOperator(["token"], env);
    assertEquals([status, error], [0, ""]);
    const path = `${dir}/deep/state/live_confirm_token.txt`;
    const written = await Deno.readTextFile(path);
    assertMatch(written, /^[0-9a-f]{32}$/);
    assertStringIncludes(out, `Confirm token written: ${path} (mode 0600)`);
    assertStringIncludes(out, `\nLIVE_CONFIRM_TOKEN=${written}\n`);
    assertEquals([await readMode(path), await readMode(`${dir}/deep/state`)], [0o600, 0o700]);
    assertFalse(out.includes("old token"));
  }));

Deno.test("token replaces an old one by another, and says that LIVE is blocked until", () =>
  inOperatorDir(async (dir) => {
    const path = `${dir}/live_confirm_token.txt`;
    const seen = new Set<string>();
    for (let turn = 0; turn < 3; turn++) {
      const { out } = await runOperator(["token"], { AVWAP_STATE_DIR: dir });
      assertEquals(out.includes("The old token is void"), turn > 0);
      seen.add(await Deno.readTextFile(path));
    }
    assertEquals(seen.size, 3);
    await Deno.chmod(path, 0o644);
    await runOperator(["token"], { AVWAP_STATE_DIR: dir });
    assertEquals(await readMode(path), 0o600);
  }));

Deno.test("the commands teach: each has a help with examples of its own name", async () => {
  for (const name of ["kill", "resume", "pause", "unpause", "token"]) {
    const { status, out } = await runOperator([name, "--help"], {});
    assertEquals(status, 0);
    assertStringIncludes(out, `Examples:\n  avwap-execution `);
    assertStringIncludes(out, `Usage: avwap-execution ${name} [options]`);
    assert(out.split("\n").every((line) => line.length <= 100), out);
  }
});
