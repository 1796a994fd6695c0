import { parseState } from "../../src/state/state_format.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { LIVE, prepareLive, withProgramDay } from "../engine/program_day.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

const wrong: { args: string[]; says: string }[] = [
  { args: ["adopt"], says: "needs a SYMBOL" },
  { args: ["adopt", "NVDA", "--stop", "x"], says: "--stop is not a price above 0" },
  { args: ["adopt", "NVDA", "--stop", "90", "--r1", "95"], says: "--r1 and --r2 go together" },
  { args: ["adopt", "NVDA", "--r1", "95", "--r2", "99"], says: "need --stop" },
];
for (const { args, says } of wrong) {
  Deno.test(`${args.join(" ")} is no command line: ${says}`, () =>
    inOperatorDir(async (dir) => {
      const { status, error } = await runOperator(args, { AVWAP_STATE_DIR: dir });
      assertEquals(status, 64);
      assertStringIncludes(error, says);
    }));
}

Deno.test("adopt --yes beside a running engine is on record within 10 s, and without one it writes the record itself; status knows what its stop risked", () =>
  withProgramDay({ startNy: "10:05", speed: 15 }, async (day) => {
    await prepareLive(day);
    day.exchange.setPosition("MSFT", 10, 100);
    day.exchange.setPrice("MSFT", 100);
    day.exchange.setPosition("QQQ", 5, 100);
    day.exchange.setPrice("QQQ", 100);
    const program = day.start(["run"], LIVE);
    await program.until(/Gate caps/);
    const args = ["adopt", "MSFT", "--stop", "90", "--yes"];
    const adopt = day.start(args);
    await adopt.untilMs(Infinity);
    assertEquals(await adopt.ended, 0, [...adopt.lines, ...adopt.errors].join("\n"));
    assert(adopt.lines.includes("MSFT is managed from now on."), adopt.lines.join("\n"));
    assertEquals(await program.stop(), 0);
    day.exchange.setPrice("MSFT", 105);
    const { lines } = await day.runToEnd(["status", "--broker", "--json"], LIVE);
    const rows: { symbol: string; open_usd: number; open_r: number }[] =
      JSON.parse(lines.join("\n")).open_positions;
    const row = rows.find(({ symbol }) => symbol === "MSFT");
    assertEquals([row?.open_usd, row?.open_r], [50, 0.5]);
    const alone = await day.runToEnd(["adopt", "QQQ", "--stop", "80", "--yes"]);
    assertEquals([alone.status, alone.errors], [0, []]);
    const refused = await day.runToEnd(["adopt", "MSFT", "--stop", "90"]);
    assertEquals(refused.status, 1);
    const parsed = parseState(await Deno.readTextFile(`${day.stateDir}/execution_state.json`));
    assert(parsed.kind === "ok");
    const managed = parsed.state.positions.map(({ symbol, stopUsd }) => `${symbol} ${stopUsd}`);
    assert(managed.includes("MSFT 90") && managed.includes("QQQ 80"), managed.join(", "));
  }));

Deno.test("adopt takes nothing of another account into the records, and says whose they are", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    await prepareLive(day);
    day.exchange.setPosition("QQQ", 5, 100);
    day.exchange.setPrice("QQQ", 100);
    await day.runToEnd(["run", "--run-once"], LIVE);
    const path = `${day.stateDir}/execution_state.json`;
    const text = await Deno.readTextFile(path);
    const id = /"account_id": "([^"]+)"/.exec(text)?.[1] ?? "";
    const others = text.replaceAll(id, "another-account");
    await Deno.writeTextFile(path, others);
    for (const more of [[], ["--yes"]]) {
      const { status, errors } = await day.runToEnd(["adopt", "QQQ", "--stop", "80", ...more]);
      assertEquals(status, 78);
      assertStringIncludes(errors.join("\n"), "ALPACA_PAPER");
      assertStringIncludes(errors.join("\n"), "account another-account, and the keys of");
    }
    assertEquals(await Deno.readTextFile(path), others);
  }));

Deno.test("adopt shows what its stop risks, and release says nothing of its orders by another account's keys", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    await prepareLive(day);
    day.exchange.setPosition("QQQ", 5, 100);
    day.exchange.setPrice("QQQ", 100);
    await day.runToEnd(["run", "--run-once"], LIVE);
    const mistyped = await day.runToEnd(["adopt", "QQQQ", "--stop", "80"]);
    assertEquals(mistyped.status, 1);
    assertStringIncludes(mistyped.errors.join("\n"), "a share or more in it (it shows QQQ 5,");
    for (const [r1, isSold] of [["100", true], ["101", false]] as const) {
      const args = ["adopt", "QQQ", "--stop", "80", "--r1", r1, "--r2", "120"];
      const { lines } = await day.runToEnd(args);
      assertEquals(
        lines.some((line) => line.includes("half of it is sold as soon as")),
        isSold,
        r1,
      );
    }
    const adopted = await day.runToEnd(["adopt", "QQQ", "--stop", "8", "--yes"]);
    assertEquals(adopted.status, 0);
    assertStringIncludes(adopted.lines.join("\n"), "stop 8.00 (460.00 USD below the price)");
    const path = `${day.stateDir}/execution_state.json`;
    const text = await Deno.readTextFile(path);
    const id = /"account_id": "([^"]+)"/.exec(text)?.[1] ?? "";
    const bare = (await day.runToEnd(["release", "QQQ"])).lines.join("\n");
    assertStringIncludes(bare, "no order works at the broker: nothing will protect it");
    await Deno.writeTextFile(path, text.replaceAll(id, "another-account"));
    const shown = (await day.runToEnd(["release", "QQQ"])).lines.join("\n");
    assertStringIncludes(shown, "its orders can't be read from the broker now");
  }));
