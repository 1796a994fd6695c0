import { EMPTY_STATE } from "../../src/domain/engine_state.ts";
import { COMMANDS } from "../../src/cli/program.ts";
import { buildStateText } from "../../src/state/state_format.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

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
    assertStringIncludes(out, "avwap-execution completion symbols 2>/dev/null");
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
    const aapl = { ...position, symbol: "AAPL", positionId: "avwap-2026-11-23-AAPL-abc" };
    const text = buildStateText({ ...EMPTY_STATE, positions: [position, aapl] });
    await Deno.writeTextFile(`${dir}/execution_state.json`, text);
    const { out } = await runOperator(["completion", "symbols"], env);
    assertEquals(out, "AAPL\nNVDA\n");
    assert(!out.includes("avwap-"));
  }));
