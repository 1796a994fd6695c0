import { NO_STOPS } from "../../src/domain/account/stop_losses.ts";
import { formatTrouble, type Standing } from "../../src/domain/account/standing.ts";
import { EMPTY_STATE } from "../../src/domain/account/engine_state.ts";
import { buildStateText } from "../../src/state/state_format.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { managedPosition } from "../domain/position_fixtures.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

const POSITION = managedPosition({ symbol: "NVDA", positionId: "avwap-2026-11-23-NVDA-abc" });
const STANDING: Standing = {
  symbol: "NVDA",
  positionId: POSITION.positionId,
  sureQty: 10,
  doubtfulQty: 0,
  mostHeldQty: 10,
  coveredQty: 7,
  gtcQty: 7,
  isCoverRead: true,
  isGtcNeeded: false,
  bareQty: 3,
  due: "stop",
  cause: "refused",
  why: "broker refused its stop: price too high",
  bareSinceMs: Date.parse("2026-11-23T15:04:00Z"),
  dueSinceMs: null,
  stops: NO_STOPS,
};
const TEXT =
  "NVDA: 3 of 10 shares without a stop since 2026-11-23 10:04:00 EST: broker refused its stop: price too high";

/** Runs a command beside a state file in which three shares are bare. */
async function runWith(standings: readonly Standing[], args: readonly string[]): Promise<string> {
  let said = "";
  await inOperatorDir(async (dir) => {
    const text = buildStateText({ ...EMPTY_STATE, positions: [POSITION], standings });
    await Deno.writeTextFile(`${dir}/execution_state.json`, text);
    said = (await runOperator(args, { AVWAP_STATE_DIR: dir })).out;
  });
  return said;
}

for (const command of ["kill", "status", "check"]) {
  Deno.test(`${command} says what is bare, since when and why, in the words of the alarm`, async () => {
    assertEquals(`NVDA: ${formatTrouble(STANDING)}`, TEXT);
    const said = (await runWith([STANDING], [command])).replaceAll(/\s+/g, " ");
    assertStringIncludes(said, TEXT);
  });

  Deno.test(`${command} says nothing of a position that is covered`, async () => {
    const quiet = { ...STANDING, bareQty: 0, due: null, bareSinceMs: null, why: "" };
    const said = await runWith([quiet], [command]);
    assertEquals(said.includes("without a stop since"), false);
  });
}

Deno.test("status --json has each standing's numbers and words", async () => {
  const report: unknown = JSON.parse(await runWith([STANDING], ["status", "--json"]));
  assertStringIncludes(JSON.stringify(report), JSON.stringify(TEXT.slice("NVDA: ".length)));
  assertStringIncludes(JSON.stringify(report), '"bare_since":"2026-11-23T15:04:00.000Z"');
});
