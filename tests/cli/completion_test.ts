import { EMPTY_STATE } from "../../src/domain/account/engine_state.ts";
import { COMMANDS } from "../../src/cli/program.ts";
import { buildStateText } from "../../src/state/state_format.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, NOW_MS, runOperator } from "./operator_host.ts";

const POSITION = {
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

for (const shell of ["bash", "zsh", "fish"]) {
  Deno.test(`completion ${shell} knows every command and option`, async () => {
    const { status, out, error } = await runOperator(["completion", shell], {});
    assertEquals([status, error], [0, ""]);
    for (const { name, options } of COMMANDS) {
      for (const word of name.split(" ")) assertStringIncludes(out, word);
      for (const option of options) {
        assertStringIncludes(out, shell === "fish" ? `-l ${option.name}` : `--${option.name}`);
      }
    }
    for (const kind of ["symbols", "adoptable"]) {
      assertStringIncludes(out, `avwap-execution completion ${kind} 2>/dev/null`);
    }
  });
}

Deno.test("completion exits 64 without a shell that it knows", async () => {
  for (const args of [["completion"], ["completion", "powershell"]]) {
    const { status, out, error } = await runOperator(args, {});
    assertEquals([status, out], [64, ""]);
    assertStringIncludes(error, "bash, zsh, fish");
  }
});

Deno.test("completion symbols prints the managed symbols, and nothing where there is no state", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    assertEquals(await runOperator(["completion", "symbols"], env), {
      status: 0,
      out: "",
      error: "",
    });
    const aapl = { ...POSITION, symbol: "AAPL", positionId: "avwap-2026-11-23-AAPL-abc" };
    const text = buildStateText({ ...EMPTY_STATE, positions: [POSITION, aapl] });
    await Deno.writeTextFile(`${dir}/execution_state.json`, text);
    const { out } = await runOperator(["completion", "symbols"], env);
    assertEquals(out, "AAPL\nNVDA\n");
    assert(!out.includes("avwap-"));
  }));

Deno.test("completion adoptable prints what was released and what the account held at the last look, but nothing managed", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    assertEquals((await runOperator(["completion", "adoptable"], env)).out, "");
    const released = [{ symbol: "TSLA", positionId: "a", releasedAtMs: 1e12 }];
    await Deno.writeTextFile(
      `${dir}/execution_state.json`,
      buildStateText({ ...EMPTY_STATE, released, positions: [POSITION] }),
    );
    const look = (symbols: readonly string[]) =>
      JSON.stringify({
        v: 1,
        at: new Date(NOW_MS).toISOString(),
        type: "equity",
        equity_usd: 1,
        positions: symbols.map((symbol) => ({ symbol, qty: 1, is_managed: false })),
      });
    const lines = [look(["GONE"]), look(["NVDA", "QQQ", "TSLA"]), ""];
    await Deno.writeTextFile(`${dir}/events-2026-11-23.jsonl`, lines.join("\n"));
    assertEquals((await runOperator(["completion", "adoptable"], env)).out, "QQQ\nTSLA\n");
  }));
