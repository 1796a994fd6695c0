import type { EngineState } from "../account/engine_state.ts";
import type { LiveLedger } from "../order/ledger.ts";
import { LEDGER_FILE, type LostRecord, STATE_FILE } from "./rebuild_wait.ts";

/** Whom a record is of; `null` where nobody has written that yet. */
export type RecordOwner = Pick<LiveLedger, "host" | "accountId">;

/** The broker host and the account that the keys are for; `accountId`: `null` where the broker has not said it. */
export interface KeyOwner {
  readonly host: string;
  readonly accountId: string | null;
}

/** Whether a record may be of the account that the keys are for: what another account's says is nothing of this one (pipeline 6). */
export function isOwn(record: RecordOwner, keys: KeyOwner): boolean {
  return (record.host === null || record.host === keys.host) &&
    (record.accountId === null || keys.accountId === null || record.accountId === keys.accountId);
}

/**
 * The record that is of another host or account than the keys, by its file's name; `null` where none is.
 * @param ledger As its file says; `null` where that can't be read.
 */
export function findForeignFile(
  keys: KeyOwner,
  records: EngineState,
  ledger: LiveLedger | null,
): LostRecord | null {
  if (ledger !== null && !isOwn(ledger, keys)) return LEDGER_FILE;
  return isOwn(records, keys) ? null : STATE_FILE;
}
