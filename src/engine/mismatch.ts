import { MISMATCHES_MAX } from "../domain/order/ledger.ts";
import type { Engine } from "./engine.ts";

/**
 * Says what the live ledger lacked, and what follows from it: LIVE stays blocked for this cycle, and with the second of a NY
 * day until `ledger rebuild --yes` (pipeline 6).
 * @param names Symbol and client order id of each. @param mismatches Of the NY day, this one included.
 */
export async function sayMismatch(
  engine: Engine,
  names: readonly string[],
  mismatches: number,
): Promise<void> {
  engine.sayError(
    `Broker mismatch: the live ledger lacked ${
      names.join(", ")
    }; recorded, LIVE is blocked for this cycle` +
      (mismatches >= MISMATCHES_MAX
        ? " and until `ledger rebuild --yes`: another engine trades this account"
        : ""),
    "see whether another engine trades this account; `avwap-execution ledger verify` compares",
  );
  await engine.event({ type: "reconciliation", mismatched: names });
  sayLocked(engine, mismatches);
}

/** Says once a NY day that LIVE is locked, and how it is opened: the mismatch itself may be days ago (pipeline 6). */
function sayLocked(engine: Engine, mismatches: number): void {
  if (mismatches < MISMATCHES_MAX || !engine.isNews("mismatch lock", engine.dateNy())) return;
  sayLockedAgain(engine);
}

/** The same, where it is known to be news. */
export function sayLockedAgain(engine: Engine): void {
  engine.sayError(
    "LIVE is locked: the broker showed orders of ours twice that this engine never sent",
    "stop the other engine on this account; then, with the service stopped: avwap-execution ledger rebuild --yes",
    { isDistinct: true },
  );
}
