import type { LiveLedger } from "../domain/order/ledger.ts";
import { formatOneLine } from "../domain/one_line.ts";

/** Whom a record is of; `null` where nobody has written that yet. */
type Owner = Pick<LiveLedger, "host" | "accountId">;

/**
 * Whether a record is of the account that the keys are for: what another account's says is nothing of this one (pipeline 6).
 * @param account `accountId`: `null` where the broker could not say.
 */
export function isOwn(
  owner: Owner,
  account: { readonly host: string; readonly accountId: string | null },
): boolean {
  return (owner.host === null || owner.host === account.host) &&
    (owner.accountId === null || account.accountId === null ||
      owner.accountId === account.accountId);
}

/** @returns In words whose the records are and whose the keys, or `null` where they belong together. */
export function findOtherOwner(
  owner: Owner,
  account: { readonly host: string; readonly accountId: string | null },
): string | null {
  if (isOwn(owner, account)) return null;
  const name = ({ host, accountId }: Owner) =>
    formatOneLine(`${host ?? "?"} account ${accountId ?? "?"}`);
  return `the records in AVWAP_STATE_DIR are of ${name(owner)}, and the keys of ${name(account)}`;
}
