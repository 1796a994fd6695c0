import type { LedgerEntry } from "../order/ledger.ts";

/** A record of ours: it has a name, and says how many shares. */
export type NamedEntry = LedgerEntry & { readonly clientOrderId: string; readonly qty: number };

/** Whether it is one; what a hand or another program wrote need not be. */
export function isNamed(entry: LedgerEntry): entry is NamedEntry {
  return entry.clientOrderId !== null && entry.qty !== null;
}
