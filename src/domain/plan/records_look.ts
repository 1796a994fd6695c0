import type { EngineState } from "../account/engine_state.ts";
import type { LeftRecords } from "../account/rebuild_records.ts";
import type { ArchiveRead, CopyRead, LedgerRead, StateRead } from "../account/records_read.ts";
import { findForeignFile, isOwn, type KeyOwner } from "../gate/record_owner.ts";
import {
  type RebuildWait,
  waitFor,
  waitForAnswer,
  waitForOwn,
  waitForRow,
  type Waits,
} from "../gate/rebuild_wait.ts";
import { isOurs } from "../order/client_order_id.ts";
import type { LiveLedger } from "../order/ledger.ts";
import type { BrokerOrder } from "../order/orders.ts";
import { formatUnreadable } from "../order/unreadable_row.ts";
import type { Note } from "./note.ts";
import { noteRecords } from "./record_updates.ts";
import type { Read, Shown } from "./shown.ts";

/** What one look at the records has read and done so far; what is absent was not asked for. */
export interface RecordsReads {
  readonly document?: StateRead;
  readonly file?: LedgerRead;
  readonly archive?: ArchiveRead;
  readonly copy?: CopyRead;
  /** Orders of the last 90 days in what is held and no record explains. */
  readonly pastOrders?: Read<readonly BrokerOrder[]>;
  /** Whether the operator keeps the engine from LIVE. */
  readonly isObjected?: boolean;
  /** What turning the records to the day that another hand has begun waits for; `null`: they were turned. */
  readonly turnWait?: RebuildWait | null;
  /** Where another hand's ledger was copied to. */
  readonly asidePath?: string;
}

/** The next thing that a decision about the records needs: it is made once that is there. */
export type Asks =
  | { readonly kind: "asks"; readonly asks: Exclude<keyof RecordsReads, "pastOrders"> }
  | { readonly kind: "asks"; readonly asks: "pastOrders"; readonly symbols: readonly string[] };

/** @returns The question for one thing. */
export function askFor(asks: Exclude<keyof RecordsReads, "pastOrders">): Asks {
  return { kind: "asks", asks };
}

/** Everything that a decision about the records may know beside what the broker showed. */
export interface RecordsLook {
  /** As they are in memory; empty until they were read. */
  readonly records: EngineState;
  readonly isLoaded: boolean;
  readonly keys: KeyOwner;
  /** The New York date of now. */
  readonly todayNy: string;
  /** Digests that the ledger's file may have by our own hand. */
  readonly versions: readonly string[];
  readonly reads: RecordsReads;
}

/** What is left of lost records, all of this account, and what the broker shows, all of it read. */
export interface Left extends LeftRecords {
  readonly kind: "left";
  readonly dayOrders: readonly BrokerOrder[];
  readonly account: { readonly host: string; readonly accountId: string };
}

/**
 * Finds what lost records are made from: the newest copy of the document, the ledgers of its day and since, and what the broker
 * shows. What is there and can't be read, or is another account's, is waited for: nothing is made meanwhile (pipeline 6).
 */
export function findLeft({ records, keys, reads }: RecordsLook, shown: Shown): Asks | Waits | Left {
  const { file, archive, copy } = reads;
  if (file === undefined) return askFor("file");
  if (file.kind === "unreadable" || file.kind === "invalid") {
    return waitFor({ kind: `ledger ${file.kind}`, message: file.message });
  }
  if (archive === undefined) return askFor("archive");
  const past = findPast(keys, archive);
  if (past.kind === "waits") return past;
  if (copy === undefined) return askFor("copy");
  if (copy.kind === "unreadable") {
    return waitFor({ kind: "archive unreadable", message: copy.message });
  }
  const today = file.kind === "ok" ? [file.ledger] : [];
  const sinceNy = copy.state?.ledger?.dateNy ?? "";
  const foreign = findForeignFile(keys, records, today[0] ?? null) ??
    (copy.state === null || isOwn(copy.state, keys)
      ? null
      : `archive/execution_state_${sinceNy}.json`);
  if (foreign !== null) return waitFor(waitForOwn(foreign));
  const ledgers = [...today, ...past.ledgers, ...(copy.state?.ledger ? [copy.state.ledger] : [])]
    .filter(({ dateNy }) => dateNy >= sinceNy)
    .toSorted((a, b) => b.dateNy.localeCompare(a.dateNy));
  return addShown({ copy: copy.state, ledgers }, keys, shown);
}

function addShown(
  left: Pick<Left, "copy" | "ledgers">,
  { host }: KeyOwner,
  { account, positions, openOrders, dayOrders, unreadable }: Shown,
): Waits | Left {
  // Whose it is stands in a record from its first write on.
  if (account.kind === "failed") return waitFor(waitForAnswer("account", account));
  if (positions.kind === "failed") return waitFor(waitForAnswer("positions", positions));
  if (openOrders.kind === "failed") return waitFor(waitForAnswer("open orders", openOrders));
  if (dayOrders.kind === "failed") return waitFor(waitForAnswer("orders of the day", dayOrders));
  const known = new Set(left.ledgers.flatMap(({ entries }) => entries.map(({ symbol }) => symbol)));
  // A foreign row costs itself; one that may be of ours is not forgotten because it can't be read.
  const gap = Object.values(unreadable).flat().find(({ symbol, clientOrderId }) =>
    isOurs(clientOrderId ?? "") || known.has(symbol ?? "")
  );
  if (gap !== undefined) return waitFor(waitForRow(formatUnreadable(gap)));
  return {
    ...left,
    kind: "left",
    held: positions.value,
    orders: [...openOrders.value, ...dayOrders.value],
    dayOrders: dayOrders.value,
    account: { host, accountId: account.value.accountId },
  };
}

/** The archived ledgers, all of this account; or what stands against counting with them. */
export function findPast(
  keys: KeyOwner,
  archive: ArchiveRead,
): Waits | { readonly kind: "ok"; readonly ledgers: readonly LiveLedger[] } {
  if (archive.kind === "unreadable") {
    return waitFor({ kind: "archive unreadable", message: archive.message });
  }
  const foreign = archive.ledgers.filter((ledger) => !isOwn(ledger, keys));
  if (foreign.length === 0) return { kind: "ok", ledgers: archive.ledgers };
  return waitFor(waitForOwn(nameArchived(foreign)));
}

/** All of them are in the way, and moving them one a cycle would take the day. */
function nameArchived([newest, ...others]: readonly LiveLedger[]): string {
  const file = `archive/live_orders_${newest?.dateNy}.json`;
  return others.length === 0 ? file : `${file}, with ${others.length} more of the archive`;
}

/** What was read of the archive and is of no use, each once a NY day. */
export function noteUnusable(...reads: readonly (ArchiveRead | CopyRead | undefined)[]): Note[] {
  return reads.flatMap((read) => read?.kind === "ok" ? read.unusable : [])
    .map(({ message }) => noteRecords(null, { kind: "unusable", message }, `unusable:${message}`));
}

/** Releases came back into records that lacked them. */
export function noteRestored({ released }: EngineState): Note {
  const symbols = released.map(({ symbol }) => symbol);
  return noteRecords(null, { kind: "released_again", symbols });
}
