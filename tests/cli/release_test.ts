import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import { buildStateText, parseState } from "../../src/state/state_format.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { managedPosition } from "../domain/position_fixtures.ts";
import { LIVE, prepareLive, withProgramDay } from "../engine/program_day.ts";
import { inOperatorDir, NOW_MS, readMode, runOperator } from "./operator_host.ts";

const POSITION = managedPosition({ symbol: "NVDA", positionId: "avwap-2026-11-23-NVDA-x-1" });

async function write(dir: string, change: Partial<EngineState> = {}): Promise<void> {
  const text = buildStateText({ ...EMPTY_STATE, positions: [POSITION], ...change });
  await Deno.writeTextFile(`${dir}/execution_state.json`, text);
}

async function read(dir: string): Promise<EngineState> {
  const parsed = parseState(await Deno.readTextFile(`${dir}/execution_state.json`));
  if (parsed.kind !== "ok") throw new Error(parsed.message);
  return parsed.state;
}

Deno.test("release shows the position and what nobody does afterwards, and does nothing without --yes", () =>
  inOperatorDir(async (dir) => {
    await write(dir);
    const { status, out } = await runOperator(["release", "nvda"], { AVWAP_STATE_DIR: dir });
    assertEquals(status, 0);
    assertStringIncludes(out, "NVDA: 10 shares managed by the engine, stop 95.00");
    assertStringIncludes(out, "Nothing was done");
    assertEquals((await read(dir)).positions.length, 1);
    assertEquals([...Deno.readDirSync(dir)].length, 1);
  }));

Deno.test("release --yes without a running engine writes the record itself, in state and ledger", () =>
  inOperatorDir(async (dir) => {
    await write(dir);
    const ledger = { date_ny: "2026-11-23", entries: [] };
    await Deno.writeTextFile(`${dir}/live_orders_today.json`, JSON.stringify(ledger));
    const { status } = await runOperator(["release", "NVDA", "--yes"], { AVWAP_STATE_DIR: dir });
    assertEquals(status, 0);
    const { positions, released } = await read(dir);
    const { positionId } = POSITION;
    assertEquals([positions, released], [[], [{
      symbol: "NVDA",
      positionId,
      releasedAtMs: NOW_MS,
    }]]);
    assertStringIncludes(await Deno.readTextFile(`${dir}/live_orders_today.json`), '"released"');
    const again = await runOperator(["release", "NVDA", "--yes"], { AVWAP_STATE_DIR: dir });
    assertEquals([again.status, again.out], [0, "NVDA is released already.\n"]);
  }));

Deno.test("release takes its symbol behind an option too", () =>
  inOperatorDir(async (dir) => {
    await write(dir);
    const { status } = await runOperator(["release", "--yes", "nvda"], { AVWAP_STATE_DIR: dir });
    assertEquals([status, (await read(dir)).positions], [0, []]);
  }));

for (const args of [["release", "NVDA"], ["adopt", "NVDA", "--stop", "90"]]) {
  Deno.test(`${args[0]} says where it looked in vain for what the engine manages`, () =>
    inOperatorDir(async (dir) => {
      const { status, error } = await runOperator(args, { AVWAP_STATE_DIR: dir });
      assertEquals(status, 78);
      assertStringIncludes(error, `there is no execution_state.json in ${dir}: no engine has run`);
    }));
}

const wrong: { args: string[]; status: number; says: string }[] = [
  { args: ["release"], status: 64, says: "needs a SYMBOL" },
  { args: ["release", "N V"], status: 64, says: "is not a symbol" },
  { args: ["release", "NVDA", "AAPL"], status: 64, says: "Unexpected argument" },
  { args: ["release", "AAPL", "--yes"], status: 1, says: "managed: NVDA" },
];
for (const { args, status, says } of wrong) {
  Deno.test(`${args.join(" ")} ends with ${status}: ${says}`, () =>
    inOperatorDir(async (dir) => {
      await write(dir);
      const ended = await runOperator(args, { AVWAP_STATE_DIR: dir });
      assertEquals([ended.status, ended.out], [status, ""]);
      assertStringIncludes(ended.error, says);
    }));
}

Deno.test("release --yes beside an engine that does not take it up ends with 1, the request left with mode 0600", () =>
  inOperatorDir(async (dir) => {
    await write(dir);
    const holder = await Deno.open(`${dir}/execution.lock`, { create: true, write: true });
    await holder.lock(true);
    let atMs = 0;
    const clock = {
      nowMs: () => NOW_MS,
      monotonicMs: () => atMs,
      sleep: (ms: number) => Promise.resolve(void (atMs += ms)),
    };
    const ended = await runOperator(["release", "NVDA", "--yes"], { AVWAP_STATE_DIR: dir }, {
      clock,
    });
    holder.close();
    assertEquals(ended.status, 1);
    assertStringIncludes(ended.error, "NVDA is NOT released yet");
    assertEquals(await readMode(`${dir}/release-NVDA.json`), 0o600);
    assertEquals((await read(dir)).positions.length, 1);
  }));

Deno.test("release --yes beside a running engine is on record within 10 s, and nothing leaves for it", () =>
  withProgramDay({ startNy: "10:05", speed: 60 }, async (day) => {
    await prepareLive(day);
    const program = day.start(["run"], LIVE);
    await program.until(/\] Position NVDA: qty=7$/);
    const changes = day.exchange.requests.filter((each) => each.method !== "GET").length;
    const release = day.start(["release", "NVDA", "--yes"]);
    await release.untilMs(Infinity);
    assertEquals(await release.ended, 0);
    assert(
      release.lines.some((line) => line.startsWith("NVDA is released.")),
      release.lines.join("\n"),
    );
    assertEquals(await program.stop(), 0);
    const { positions, released } = await read(day.stateDir);
    assertEquals([positions, released.map((each) => each.symbol)], [[], ["NVDA"]]);
    assertEquals(day.exchange.requests.filter((each) => each.method !== "GET").length, changes);
  }));
