import { isKnownAccountStatus } from "../domain/account/account_block.ts";
import type { Engine } from "./engine.ts";

/** A status that this release does not know blocks nothing, and is said once a day (pipeline 4). */
export function sayAccountStatus(engine: Engine): void {
  const account = engine.observation?.account;
  if (account?.kind !== "ok") return;
  const { status } = account.value;
  if (isKnownAccountStatus(status)) return;
  if (!engine.isNews(`account_status:${status}`, engine.dateNy())) return;
  engine.ports.log.warn(
    `The account has the status "${status}", which this release does not know: entries go on; ` +
      "look at the account in the broker's dashboard",
  );
}
