import type { Auditor } from "./auditor.ts";
import { FIELD_RULES } from "./families.ts";
import { findLedgerFault, findObjection, isOfAnotherAccount } from "./truth.ts";

/** What one odd thing must not cost: checked after cycles that nothing else disturbed. */
export function checkOddities(auditor: Auditor): void {
  checkRefused(auditor);
  checkLive(auditor);
}

/** A run by a timer that is older than this searches no further: what is left of its 22 s is for entries. */
const SEARCH_MS = 9_500;

/** A symbol that the data API refuses takes no other with it (pipeline 2). */
function checkRefused({ world, shown, startedMs }: Auditor): void {
  const { refusedSymbols, hasRealTimeSip } = world.exchange.behaviour;
  const refused = new Set(refusedSymbols);
  if (refused.size === 0) return;
  // The operator insists on a feed that the plan does not have: nothing of it is answered to anybody.
  if (world.settings["ALPACA_DATA_FEED"] === "sip" && !hasRealTimeSip) return;
  // What was lost before the cycle, to a calendar that hangs, is lost to the search.
  if (world.profile.families.has("once") && world.trueMs - startedMs > SEARCH_MS) return;
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

/** A cycle makes a lost record again, the next one uses it. */
const QUIET_CYCLES_MIN = 3;

/** With files and settings in order and every list answered, LIVE it is: a row of somebody else's is no reason (pipeline 6). */
function checkLive({ world, shown, cycle, quietCycles }: Auditor): void {
  if (cycle.mode !== "DRY_RUN" || findObjection(world) !== null) return;
  // What somebody has his hands in, or what the disk does not give, blocks LIVE for reasons of its own.
  if (world.profile.families.has("files") || world.profile.families.has("disk")) return;
  // A hand that replaces a stop of ours is held against the engine together with the broker that does.
  if (world.profile.families.has("account") && !FIELD_RULES.substitutes.isOn) return;
  if (isOfAnotherAccount(world)) return;
  if (quietCycles < QUIET_CYCLES_MIN || !shown.positions.isUsable) return;
  if (findLedgerFault(world)?.includes("mismatches") === true) return;
  // A ledger that is missing cycle after cycle is no reason: the first one makes it again.
  if (!shown.day.isLedgerMissing && shown.findBlock() !== null) return;
  world.violate(
    "LIVE is off for a reason only",
    "off in a quiet cycle, with files, settings and answers in order",
  );
}
