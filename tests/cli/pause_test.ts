import { EMPTY_STATE } from "../../src/domain/account/engine_state.ts";
import { buildEntryId } from "../../src/domain/order/client_order_id.ts";
import { buildStateText } from "../../src/state/state_format.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, NOW_MS, runOperator } from "./operator_host.ts";

const nameOf = (symbol: string) =>
  buildEntryId({ accountId: "account", dateNy: "2026-11-23", symbol, attempt: 1 });

/** The longest path that Linux takes. */
const PATH_CHARS_MAX = 4_095;

async function makeLongDir(dir: string, chars: number): Promise<string> {
  let path = dir;
  while (path.length + 1 < chars) {
    const left = chars - path.length - 1;
    path += `/${"d".repeat(left > 202 ? 200 : left)}`;
  }
  await Deno.mkdir(path, { recursive: true });
  assertEquals(path.length, chars);
  return path;
}

Deno.test("pause makes the file with time and reason, and unpause takes it away", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    const paused = await runOperator(["pause", "--reason", "earnings"], env);
    assertEquals([paused.status, paused.error], [0, ""]);
    assertStringIncludes(paused.out, `Entry pause is on: ${dir}/ENTRIES_PAUSED`);
    assertEquals(
      await Deno.readTextFile(`${dir}/ENTRIES_PAUSED`),
      "2026-11-23T15:10:00.000Z earnings\n",
    );
    assertStringIncludes((await runOperator(["pause"], env)).out, "was on already");
    const unpaused = await runOperator(["unpause"], env);
    assertEquals([unpaused.status, unpaused.error], [0, ""]);
    assertStringIncludes(unpaused.out, "(2026-11-23T15:10:00.000Z earnings)");
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("pause exits 78 and makes nothing where there is no state directory", () =>
  inOperatorDir(async (dir) => {
    const ended = await runOperator(["pause"], { AVWAP_STATE_DIR: `${dir}/none` });
    assertEquals([ended.status, ended.out], [78, ""]);
    assertStringIncludes(ended.error, "There is no directory");
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

for (const command of ["resume", "unpause"] as const) {
  Deno.test(`${command} exits 1 and says nothing of what is off where there is no state directory`, () =>
    inOperatorDir(async (dir) => {
      const ended = await runOperator([command], { AVWAP_STATE_DIR: `${dir}/staet` });
      assertEquals([ended.status, ended.out], [1, ""]);
      assertStringIncludes(ended.error, `there is no state directory ${dir}/staet`);
      assertEquals([...Deno.readDirSync(dir)], []);
    }));
}

Deno.test("pause exits 1 and promises nothing where a loop runs in another directory, and names the line that reaches it", () =>
  inOperatorDir(async (dir) => {
    await Deno.mkdir(`${dir}/own`);
    await Deno.mkdir(`${dir}/own/money`);
    const path = `${dir}/own/money/execution.lock`;
    const lock = await acquireLock({ path, pid: 7, clock: createClock() });
    assert(lock.kind === "held");
    const { status, out } = await runOperator(["pause"], { AVWAP_STATE_DIR: `${dir}/own` });
    await lock.release();
    assertEquals(status, 1);
    assertFalse(out.includes("No entry leaves"), out);
    assertStringIncludes(out, "Entries are NOT paused for sure");
    assertStringIncludes(out, `touch ${dir}/own/money/ENTRIES_PAUSED`);
  }));

for (const [command, file] of [["resume", "KILL_SWITCH"], ["unpause", "ENTRIES_PAUSED"]] as const) {
  Deno.test(`${command} names the ${file} of a loop that runs in another directory, and removes it only with --all`, () =>
    inOperatorDir(async (dir) => {
      const money = `${dir}/own/money`;
      await Deno.mkdir(money, { recursive: true });
      await Deno.writeTextFile(`${dir}/own/${file}`, "");
      await Deno.writeTextFile(`${money}/${file}`, "");
      const path = `${money}/execution.lock`;
      const lock = await acquireLock({ path, pid: 7, clock: createClock() });
      assert(lock.kind === "held");
      const env = { AVWAP_STATE_DIR: `${dir}/own` };
      const kept = await runOperator([command], env);
      const all = await runOperator([command, "--all"], env);
      await lock.release();
      assertEquals(kept.status, 1, kept.out);
      assertStringIncludes(kept.out, `is STILL ON: ${money}/${file}`);
      assertEquals(all.status, 0, all.out);
      assertStringIncludes(all.out, `removed: ${money}/${file}`);
    }));
}

Deno.test("unpause names a pause in the base directory's state, and removes it only with --all", () =>
  inOperatorDir(async (dir) => {
    await Deno.mkdir(`${dir}/own`);
    await Deno.mkdir(`${dir}/state`);
    await Deno.writeTextFile(`${dir}/state/ENTRIES_PAUSED`, "");
    const env = { AVWAP_STATE_DIR: `${dir}/own`, AVWAP_BASE_DIR: dir };
    const kept = await runOperator(["unpause"], env);
    assertEquals(kept.status, 1);
    assertStringIncludes(kept.out, `Entry pause is STILL ON: ${dir}/state/ENTRIES_PAUSED`);
    assertStringIncludes(kept.out, "avwap-execution unpause --all");
    const all = await runOperator(["unpause", "--all"], env);
    assertEquals(all.status, 0, all.out);
    assertEquals([...Deno.readDirSync(`${dir}/state`)], []);
  }));

Deno.test("resume --paused pauses entries before the kill switch goes", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/KILL_SWITCH`, "");
    const { status, out } = await runOperator(["resume", "--paused"], { AVWAP_STATE_DIR: dir });
    assertEquals(status, 0);
    assertStringIncludes(out, "Entry pause is on");
    assertStringIncludes(out, "no entry: entries are paused");
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["ENTRIES_PAUSED"]);
  }));

Deno.test("resume --paused leaves the kill switch where entries can't be paused", () =>
  inOperatorDir(async (dir) => {
    // A path so long that the one name fits behind it and the longer one does not.
    const stateDir = await makeLongDir(dir, PATH_CHARS_MAX - "/KILL_SWITCH".length);
    await Deno.writeTextFile(`${stateDir}/KILL_SWITCH`, "");
    const { status, error } = await runOperator(["resume", "--paused"], {
      AVWAP_STATE_DIR: stateDir,
    });
    assertEquals(status, 78);
    assertStringIncludes(error, "the name is too long");
    assert((await Deno.lstat(`${stateDir}/KILL_SWITCH`)).isFile);
  }));

Deno.test("resume lists what would leave in the next cycle", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/live_confirm_token.txt`, "one");
    const intent = {
      symbol: "NVDA",
      dateNy: "2026-11-23",
      clientOrderId: nameOf("NVDA"),
      qty: 7,
      refPriceUsd: 125,
      pivotUsd: 124,
      r1Usd: 129,
      r2Usd: 136,
      stopUsd: 117,
      distancePct: 0.8,
      confirmedAtMs: NOW_MS - 1,
      b2StartMs: NOW_MS - 600_000,
      scheduledAtMs: NOW_MS + 60_000,
      expiresAtMs: NOW_MS + 900_000,
    };
    const old = {
      ...intent,
      symbol: "AAPL",
      clientOrderId: nameOf("AAPL"),
      expiresAtMs: NOW_MS - 1,
    };
    const text = buildStateText({ ...EMPTY_STATE, intents: [intent, old] });
    await Deno.writeTextFile(`${dir}/execution_state.json`, text);
    const env = { AVWAP_STATE_DIR: dir, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: "one" };
    const { out } = await runOperator(["resume"], env);
    assertStringIncludes(out, "entry NVDA qty=7 due 2026-11-23 10:11:00 EST, until");
    assertStringIncludes(out, "entry AAPL qty=7: does not leave, it expired");
    assert(
      out.indexOf("nothing of the operator's stands against LIVE") < out.indexOf("entry NVDA"),
    );
  }));
