import { breakRows, rewriteClock } from "../support/rewritten.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

const START_MS = sampleOpenMs() + 40 * 60_000;
const AT_ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const TOKEN = "token-of-the-ledger-test";
const LIVE = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };

/** A LIVE day with one order in the ledger. */
function withLiveOrder(act: (program: SimulatedProgram, path: string) => Promise<void>) {
  return withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await Deno.mkdir(program.stateDir);
    await Deno.writeTextFile(`${program.stateDir}/live_confirm_token.txt`, TOKEN);
    await program.run(AT_ONCE, LIVE);
    await program.run(AT_ONCE, LIVE);
    program.simulator.advanceTo(program.simulator.nowMs() + 5_000);
    await act(program, `${program.stateDir}/live_orders_today.json`);
  });
}

Deno.test("ledger show prints a table within 80 columns, and the file's own format as JSON", () =>
  withLiveOrder(async (program, path) => {
    const { status, lines, error } = await program.run(["ledger", "show"]);
    assertEquals([status, error], [0, ""]);
    const text = lines.join("\n");
    assertStringIncludes(text, "Live ledger of 2026-11-23, 127.0.0.1:");
    assertMatch(text, /10:\d\d:\d\d +buy +NVDA +7 +\d+\.\d\d +accepted/);
    assert(text.split("\n").every((line) => line.length <= 80), text);
    const json = await program.run(["ledger", "show", "--json"]);
    assertEquals(JSON.parse(json.lines.join("\n")), JSON.parse(await Deno.readTextFile(path)));
  }));

Deno.test("ledger show finds a past day in the archive, and says where there is none", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    const none = await runOperator(["ledger", "show"], env);
    assertEquals([none.status, none.out], [1, ""]);
    assertStringIncludes(none.error, "does not exist");
    await Deno.mkdir(`${dir}/archive`);
    const old = {
      date_ny: "2026-11-20",
      entries: [{ order_id: "1", symbol: "NVDA", notional: 5, timestamp: "2026-11-20T15:00:00Z" }],
    };
    await Deno.writeTextFile(`${dir}/archive/live_orders_2026-11-20.json`, JSON.stringify(old));
    const shown = await runOperator(["ledger", "show", "--date", "2026-11-20"], env);
    assertEquals(shown.status, 0);
    assertMatch(shown.out, /10:00:00 {3}buy +NVDA +\? +5\.00 +accepted/);
    const other = await runOperator(["ledger", "show", "--date=2026-11-19"], env);
    assertEquals(other.status, 1);
    assertStringIncludes(other.error, "no live ledger of 2026-11-19");
    await Deno.writeTextFile(`${dir}/archive/live_orders_2026-11-18.json`, "{");
    const damaged = await runOperator(["ledger", "show", "--date=2026-11-18"], env);
    assertEquals(damaged.status, 1);
    assertStringIncludes(damaged.error, "live_orders_2026-11-18.json");
    for (const text of ["2026-11-31", "yesterday", "../x"]) {
      assertEquals((await runOperator(["ledger", "show", `--date=${text}`], env)).status, 64);
    }
  }));

Deno.test("ledger verify passes what agrees with the broker", () =>
  withLiveOrder(async (program) => {
    const { status, lines } = await program.run(["ledger", "verify"]);
    assertEquals(status, 0, lines.join("\n"));
    assertStringIncludes(lines.join("\n"), "against its rules and the broker");
    assertStringIncludes(lines.join("\n"), "PASS nothing contradicts it");
  }));

const BROKEN: { when: string; change: (path: string) => Promise<void>; says: string }[] = [
  {
    when: "an order of ours is missing from it",
    change: (path) => Deno.writeTextFile(path, '{"date_ny":"2026-11-23","entries":[]}'),
    says: "the ledger lacks it",
  },
  { when: "it is no JSON", change: (path) => Deno.writeTextFile(path, "{"), says: "unreadable" },
  {
    when: "a notional is negative",
    change: async (path) =>
      Deno.writeTextFile(
        path,
        (await Deno.readTextFile(path)).replace(/"notional": /, '"notional": -'),
      ),
    says: "invalid",
  },
  { when: "it is gone", change: (path) => Deno.remove(path), says: "missing" },
  {
    when: "it is of another account",
    change: async (path) =>
      Deno.writeTextFile(
        path,
        (await Deno.readTextFile(path)).replace(/"account_id": "\w/, '"account_id": "x'),
      ),
    says: "ALPACA_PAPER",
  },
  {
    when: "the day had two mismatches",
    change: async (path) =>
      Deno.writeTextFile(
        path,
        (await Deno.readTextFile(path)).replace('"mismatches": 0', '"mismatches": 2'),
      ),
    says: "2 mismatches",
  },
  {
    when: "it holds an order that the broker does not know",
    change: async (path) =>
      Deno.writeTextFile(
        path,
        (await Deno.readTextFile(path)).replace(/"client_order_id": "avwap-/, "$&made-up-")
          .replace(/"order_id": "/, "$&0"),
      ),
    says: "the broker does not show it",
  },
];

for (const { when, change, says } of BROKEN) {
  Deno.test(`ledger verify exits 1 when ${when}`, () =>
    withLiveOrder(async (program, path) => {
      await change(path);
      const { status, lines, error } = await program.run(["ledger", "verify"]);
      assertEquals(status, 1);
      assertStringIncludes(lines.join("\n") + error, says);
      assertStringIncludes(lines.join("\n") + error, "ledger rebuild --yes");
    }));
}

Deno.test("ledger verify --json is one document, also where there is no ledger", () =>
  withLiveOrder(async (program) => {
    const { status, lines } = await program.run(["ledger", "verify", "--json"]);
    const report = JSON.parse(lines.join("\n"));
    assertEquals(status, 0);
    assertEquals(Object.keys(report), [
      "version",
      "at",
      "kind",
      "message",
      "date_ny",
      "entries",
      "is_broker_asked",
      "faults",
      "findings",
    ]);
    assertEquals([report.kind, report.is_broker_asked, report.faults], ["ok", true, 0]);
    await Deno.remove(`${program.stateDir}/live_orders_today.json`);
    const none = await program.run(["ledger", "verify", "--json"]);
    assertEquals([none.status, JSON.parse(none.lines.join("\n")).kind], [1, "missing"]);
  }));

Deno.test("ledger verify takes an order that it can't read neither for missing nor for a fault, and rebuild does not forget it", () =>
  withLiveOrder(async (program, path) => {
    const before = await Deno.readTextFile(path);
    program.simulator.setFaults(breakRows("/v2/orders", "NVDA", { qty: "?" }));
    const verify = await program.run(["ledger", "verify"]);
    assertEquals(verify.status, 0, verify.lines.join("\n"));
    assertStringIncludes(verify.lines.join("\n"), "can't be read (qty is missing");
    const rebuild = await program.run(["ledger", "rebuild", "--yes"]);
    assertEquals(rebuild.status, 69);
    assertStringIncludes(rebuild.error, "Cannot rebuild the live ledger: order");
    assertEquals(await Deno.readTextFile(path), before);
  }));

Deno.test("ledger rebuild does not take its day from a clock that contradicts itself", () =>
  withLiveOrder(async (program, path) => {
    const before = await Deno.readTextFile(path);
    program.simulator.setFaults(rewriteClock({ timestamp: "2031-01-02T11:00:00-05:00" }));
    const { status, error } = await program.run(["ledger", "rebuild", "--yes"]);
    assertEquals(status, 69);
    assertStringIncludes(error, "the broker's clock contradicts itself");
    assertEquals(await Deno.readTextFile(path), before);
  }));

Deno.test("ledger verify says when the broker was not asked, and exits 69 when it can't be", () =>
  withLiveOrder(async (program) => {
    const without = await program.run(["ledger", "verify"], { APCA_API_KEY_ID: "" });
    assertEquals(without.status, 0);
    assertStringIncludes(without.lines.join("\n"), "not asked: the broker");
    program.simulator.setFaults(() => ({ kind: "status", status: 503 }));
    const ended = await program.run(["ledger", "verify"]);
    assertEquals([ended.status, ended.lines], [69, []]);
    assertStringIncludes(ended.error, "broker unreachable: Cannot read account");
  }));

Deno.test("ledger rebuild shows the result, and writes nothing without --yes", () =>
  withLiveOrder(async (program, path) => {
    await Deno.writeTextFile(path, "{");
    const { status, lines } = await program.run(["ledger", "rebuild"]);
    assertEquals(status, 0);
    assertStringIncludes(lines.join("\n"), "NVDA");
    assertStringIncludes(lines.join("\n"), "Nothing was written");
    assertEquals(await Deno.readTextFile(path), "{");
  }));

Deno.test("ledger rebuild --yes makes a ledger that verify passes, and keeps the old file", () =>
  withLiveOrder(async (program, path) => {
    const before = (await Deno.readTextFile(path)).replace('"mismatches": 0', '"mismatches": 2');
    await Deno.writeTextFile(path, before);
    const { status, lines, error } = await program.run(["ledger", "rebuild", "--yes"]);
    assertEquals([status, error], [0, ""]);
    const copy = /The old one is kept: (\S+)/.exec(lines.join("\n"))?.[1] ?? "";
    assertStringIncludes(copy, `${program.stateDir}/archive/`);
    assertEquals(await Deno.readTextFile(copy), before);
    assertEquals((await program.run(["ledger", "verify"])).status, 0);
    const after = JSON.parse(await Deno.readTextFile(path));
    assertEquals([after.mismatches, after.entries.length], [0, 1]);
    assertEquals(after.entries[0].pivot, 124.2);
  }));

Deno.test("ledger verify names what another hand changed since the engine wrote it", () =>
  withLiveOrder(async (program, path) => {
    const ledger = JSON.parse(await Deno.readTextFile(path));
    ledger.entries[0].notional = 1;
    await Deno.writeTextFile(path, JSON.stringify(ledger));
    const { status, lines } = await program.run(["ledger", "verify"]);
    assertEquals(status, 1);
    const said = lines.find((line) => line.includes("another hand has changed it")) ?? "";
    assertStringIncludes(said, "put back: NVDA avwap-");
  }));

Deno.test("ledger rebuild --yes takes the file as the operator corrected it, and names what counts no more", () =>
  withLiveOrder(async (program, path) => {
    const state = `${program.stateDir}/execution_state.json`;
    const before = JSON.parse(await Deno.readTextFile(state));
    const gone = { ...before.ledger.entries[0], client_order_id: null, order_id: "lost-1" };
    before.ledger.entries.push(gone);
    await Deno.writeTextFile(state, JSON.stringify(before));
    const { status, lines } = await program.run(["ledger", "rebuild", "--yes"]);
    assertEquals(status, 0);
    assertStringIncludes(lines.join("\n"), "Dropped, and counted no more: NVDA lost-1");
    const [file, document] = [await Deno.readTextFile(path), await Deno.readTextFile(state)];
    assertEquals(JSON.parse(document).ledger.entries, JSON.parse(file).entries);
    assertEquals(JSON.parse(file).entries.length, 1);
  }));

Deno.test("ledger rebuild --yes makes a missing ledger from the broker's orders", () =>
  withLiveOrder(async (program, path) => {
    await Deno.remove(path);
    assertEquals((await program.run(["ledger", "rebuild", "--yes"])).status, 0);
    const { entries } = JSON.parse(await Deno.readTextFile(path));
    assertEquals([entries.length, entries[0].symbol, entries[0].pivot], [1, "NVDA", 124.2]);
  }));

Deno.test("ledger rebuild --yes exits 75 while a process holds the state directory", () =>
  withLiveOrder(async (program, path) => {
    const before = await Deno.readTextFile(path);
    const lock = await acquireLock({
      path: `${program.stateDir}/execution.lock`,
      pid: 4321,
      clock: createClock(),
    });
    assert(lock.kind === "held");
    const { status, error } = await program.run(["ledger", "rebuild", "--yes"]);
    await lock.release();
    assertEquals(status, 75);
    assertStringIncludes(error, "process 4321 holds the state directory");
    assertEquals(await Deno.readTextFile(path), before);
  }));

Deno.test("ledger rebuild refuses another account's ledger, no credentials, a silent broker", () =>
  withLiveOrder(async (program, path) => {
    const foreign = (await Deno.readTextFile(path)).replace(/"host": "/, '"host": "other.');
    await Deno.writeTextFile(path, foreign);
    const other = await program.run(["ledger", "rebuild", "--yes"]);
    assertEquals(other.status, 78);
    assertStringIncludes(other.error, "ALPACA_PAPER");
    const keyless = await program.run(["ledger", "rebuild", "--yes"], { APCA_API_KEY_ID: "" });
    assertEquals(keyless.status, 78);
    assertStringIncludes(keyless.error, "APCA_API_KEY_ID is not set");
    program.simulator.setFaults(() => ({ kind: "status", status: 500 }));
    assertEquals((await program.run(["ledger", "rebuild", "--yes"])).status, 69);
    assertEquals(await Deno.readTextFile(path), foreign);
    const kept = [...Deno.readDirSync(`${program.stateDir}/archive`)].map(({ name }) => name);
    assertFalse(kept.some((name) => name.startsWith("live_orders")));
  }));

Deno.test("ledger rebuild --yes ends the lock of two mismatches in both records", () =>
  withLiveOrder(async (program, path) => {
    const statePath = `${program.stateDir}/execution_state.json`;
    for (const each of [path, statePath]) {
      const text = await Deno.readTextFile(each);
      await Deno.writeTextFile(each, text.replace(/"mismatches": 0/, '"mismatches": 2'));
    }
    assertEquals((await program.run(["ledger", "rebuild", "--yes"])).status, 0);
    for (const each of [path, statePath]) {
      assertStringIncludes(await Deno.readTextFile(each), '"mismatches": 0');
    }
  }));

Deno.test("ledger rebuild makes nothing of another account's state", () =>
  withLiveOrder(async (program, path) => {
    const statePath = `${program.stateDir}/execution_state.json`;
    const state = await Deno.readTextFile(statePath);
    await Deno.writeTextFile(statePath, state.replace(/"account_id": "/, '"account_id": "other-'));
    await Deno.remove(path);
    const { status, error } = await program.run(["ledger", "rebuild", "--yes"]);
    assertEquals(status, 78);
    assertStringIncludes(error, "execution_state.json");
    assertEquals(
      [...Deno.readDirSync(program.stateDir)].map(({ name }) => name).includes(
        "live_orders_today.json",
      ),
      false,
    );
  }));

Deno.test("ledger needs to be told what, and suggests it", async () => {
  const none = await runOperator(["ledger"], {});
  assertEquals(none.status, 64);
  assertStringIncludes(none.error, "needs one of: show, verify, rebuild");
  const typo = await runOperator(["ledger", "verfy"], {});
  assertStringIncludes(typo.error, "did you mean ledger verify?");
  const help = await runOperator(["ledger", "--help"], {});
  assertEquals(help.status, 0);
  assertStringIncludes(help.out, "ledger rebuild");
  assertStringIncludes(
    (await runOperator(["ledger", "show", "--help"], {})).out,
    "--date YYYY-MM-DD",
  );
});
