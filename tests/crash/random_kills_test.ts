import { assert, assertEquals } from "../assert.ts";
import { formatFailure, formatResults, sumCounts } from "./kills_report.ts";
import { runWorlds } from "./worlds.ts";

const KILLS = 200;
const SEED = 1;
/** Fewer than this, and the kills came where nothing was at stake. */
const UNSETTLED_MIN = 20;
const UNPROTECTED_MIN = 5;
const ENTRIES_MIN = 8;

Deno.test("200 kills at random moments of LIVE days leave no order twice, none forgotten", async () => {
  const results = await runWorlds({ kills: KILLS, seed: SEED });
  for (const result of results) assertEquals(result.violations, [], formatFailure(result));
  const counts = sumCounts(results);
  const what = formatResults(results, 0);
  assertEquals(results.reduce((sum, { kills }) => sum + kills, 0), KILLS, what);
  assert((counts.get("kill with an order unsettled") ?? 0) >= UNSETTLED_MIN, what);
  assert((counts.get("kill with shares unprotected") ?? 0) >= UNPROTECTED_MIN, what);
  assert((counts.get("order entry filled") ?? 0) >= ENTRIES_MIN, what);
});
