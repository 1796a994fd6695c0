import type { Auditor } from "./auditor.ts";
import { findLedgerFault, findObjection, findOwner } from "./truth.ts";
import { STATE_PATH } from "./world.ts";

/** What one odd thing must not cost: checked after cycles that nothing else disturbed. */
export function checkOddities(auditor: Auditor): void {
  checkRefused(auditor);
  checkLive(auditor);
}

/** A symbol that the data API refuses takes no other with it (pipeline 2). */
function checkRefused({ world, shown }: Auditor): void {
  const refused = new Set(world.exchange.behaviour.refusedSymbols);
  if (refused.size === 0) return;
  world.count("cycles with a refused symbol");
  for (const { asked, answered, what } of [shown.bars, shown.trades]) {
    const missing = [...asked].filter((symbol) => !refused.has(symbol) && !answered.has(symbol));
    if (missing.length === 0) continue;
    world.violate(
      "a refused symbol keeps no other from being decided",
      `${what} of ${missing.join(",")} beside ${[...refused].join(",")}`,
    );
  }
}

/** With files and settings in order and every list answered, LIVE it is: a row of somebody else's is no reason (pipeline 6). */
function checkLive({ world, shown, cycle, hasLostState, openCycles }: Auditor): void {
  if (cycle.mode !== "DRY_RUN" || findObjection(world) !== null) return;
  if (findLedgerFault(world) !== null || shown.findBlock() !== null) return;
  if (findOwner(world) !== world.exchange.accountId || !shown.positions.isUsable) return;
  const isStateWhole = world.readJson(STATE_PATH, "now") !== undefined && !hasLostState;
  // What was rebuilt in this cycle is used in the next; and a file that somebody touched may have been put right since.
  if (!isStateWhole || openCycles <= 1 || world.profile.families.has("files")) return;
  world.violate("one odd row costs itself", `the gate is ${cycle.mode} for no reason of its own`);
}
