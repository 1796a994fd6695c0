import { isOwn, type KeyOwner, type RecordOwner } from "../domain/gate/record_owner.ts";
import { formatOneLine } from "../domain/one_line.ts";

/** @returns In words whose the records are and whose the keys, or `null` where they belong together (pipeline 6). */
export function findOtherOwner(owner: RecordOwner, keys: KeyOwner): string | null {
  if (isOwn(owner, keys)) return null;
  const name = ({ host, accountId }: RecordOwner) =>
    formatOneLine(`${host ?? "?"} account ${accountId ?? "?"}`);
  return `the records in AVWAP_STATE_DIR are of ${name(owner)}, and the keys of ${name(keys)}`;
}
