import { sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { cutSection, fits, listRows, readCode } from "./page.ts";
import { readText } from "./texts.ts";

const ONCE = ["run", "--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];

/** Names of the reference with what varies in them as such. */
async function listShapes(): Promise<string[]> {
  const rows = listRows(cutSection(await readText("deploy/REFERENCE.md"), "Files"));
  return rows.map(([cell = ""]) =>
    readCode(cell).replaceAll(/YYYY-MM-DD|TIME|NAME|SYM|FROM|TO\b/g, "…")
  );
}

async function listNames(dir: string, base = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    names.push(`${base}${name}`);
    if (isDirectory) names.push(...await listNames(`${dir}/${name}`, `${base}${name}/`));
  }
  return names.sort();
}

/** A rehearsed entry, a live one, the operator's switches, both reports, a rebuilt ledger and a damaged state. */
async function fillStateDir({ run, stateDir }: SimulatedProgram): Promise<void> {
  const { lines } = await run(["token"]);
  const token = /LIVE_CONFIRM_TOKEN=(\S+)/.exec(lines.join("\n"))?.[1] ?? "";
  await run(ONCE, { DRY_RUN: "1" });
  const live = { LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: token };
  const { lines: said } = await run(ONCE, live);
  assertStringIncludes(said.join("\n"), "SUBMITTED NVDA: qty=7 order_id=");
  await run(["ledger", "rebuild", "--yes"], live);
  await Deno.writeTextFile(`${stateDir}/execution_state.json`, "{");
  await run(ONCE, live);
  await run(["report"]);
  await run(["report", "--from", "2026-11-01"]);
  await run(["pause"]);
  await run(["kill"]);
}

Deno.test("each file that a day leaves in the state directory is in the reference", () =>
  withSimulatedProgram({ startMs: sampleOpenMs() + 40 * 60_000, speed: 20 }, async (program) => {
    await fillStateDir(program);
    const names = await listNames(program.stateDir);
    assert(names.length > 10, names.join(" "));
    const shapes = await listShapes();
    assertEquals(names.filter((name) => !shapes.some((shape) => fits(name, shape))), []);
  }));
