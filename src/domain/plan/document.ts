import type { EngineState } from "../account/engine_state.ts";
import { isClosedKey } from "../account/managed_position.ts";
import { hasTraces, rebuildState } from "../account/rebuild_records.ts";
import type { LedgerRead } from "../account/records_read.ts";
import { restoreReleases } from "../account/released.ts";
import { isOwn } from "../gate/record_owner.ts";
import { LEDGER_FILE, type RebuildWait, STATE_FILE, waitForAnswer } from "../gate/rebuild_wait.ts";
import type { LiveLedger } from "../order/ledger.ts";
import { isTicker } from "../order/symbol.ts";
import type { Note } from "./note.ts";
import { noteRecords } from "./record_updates.ts";
import {
  askFor,
  type Asks,
  findLeft,
  type Left,
  noteRestored,
  noteUnusable,
  type RecordsLook,
} from "./records_look.ts";
import type { Shown } from "./shown.ts";

// Which records there are. Only what is lost is made anew (pipeline 6):
//
// | the document                 | the records are                                                        | LIVE in that cycle              |
// | ---------------------------- | ---------------------------------------------------------------------- | ------------------------------- |
// | reads                        | that; one of 0.1.0 with the releases that the ledgers beside it have   | (day_ledger.ts)                 |
// | reads, older than its ledger | damaged                                                                | blocked under its name          |
// | damaged                      | kept aside; made from what is left, or waited for                      | blocked under its name          |
// | missing, with traces of ours | the same, and nothing to keep                                          | blocked under its name          |
// | missing, and no trace        | empty: a first start                                                   | blocked by its missing ledger   |
// | can't be read                | waited for, nothing is written over                                    | blocked, `state unreadable`     |
// | of another major version     | left to the release that wrote it                                      | blocked under its name          |
//
// Made from its newest copy, the ledgers since and what the broker shows; without a copy (0.1.0 kept none) from all ledgers; without
// these from our orders of the last 90 days in what is held. What of it can't be read, or is another's, is waited for.

/** What the document comes to. */
export interface DocumentVerdict {
  readonly kind: "document";
  /** As they are to be; `null` where there are none yet. */
  readonly records: EngineState | null;
  /** The document that they were read from, as it stands, and the ledger's file beside it; `null` where not in this look. */
  readonly read: { readonly state: EngineState; readonly file: LedgerRead } | null;
  /**
   * Why they were made anew: then they are none before they are durable, and a damaged document is copied aside first; `null` where
   * they were not.
   */
  readonly made: "missing" | "damaged" | "first start" | null;
  /** Blocks LIVE under its name. */
  readonly problem: typeof STATE_FILE | null;
  readonly wait: RebuildWait | null;
  /** Told in any case, and once made records are durable. */
  readonly say: readonly Note[];
  readonly done: readonly Note[];
}

const NONE: DocumentVerdict = {
  kind: "document",
  records: null,
  read: null,
  made: null,
  problem: null,
  wait: null,
  say: [],
  done: [],
};

/**
 * Decides which records there are. Pure and total.
 * @param shown `null` at a start: what is lost is dealt with once the broker was asked.
 */
export function decideDocument(look: RecordsLook, shown: Shown | null): Asks | DocumentVerdict {
  const { records, isLoaded, reads: { document, file } } = look;
  if (isLoaded) return { ...NONE, records: own(look, records) };
  if (document === undefined) return askFor("document");
  const { kind } = document;
  if (kind === "unreadable") return waits({ kind: "state unreadable", message: document.message });
  if (kind === "newer") return waits({ kind, message: document.message });
  if (kind !== "ok") return decideLost(look, shown, kind, document.message);
  if (file === undefined) return askFor("file");
  const { state } = document;
  const { ledger } = state;
  if (ledger === null) return restoreOlder(look, state, file);
  if (file.kind !== "ok" || !isOlder(ledger, file.ledger)) return take(look, state, state, file);
  const message = `it is of ${ledger.dateNy}, and ${LEDGER_FILE} beside it of ` +
    `${file.ledger.dateNy}: an older copy was put back`;
  return decideLost(look, shown, "damaged", message);
}

/** What it comes to where the records that were made can't be made durable. */
export function leaveUnmade(verdict: DocumentVerdict, message: string): DocumentVerdict {
  return {
    ...NONE,
    problem: verdict.made === "damaged" ? STATE_FILE : null,
    wait: { kind: "state disk", message: `${STATE_FILE}: ${message}` },
    say: verdict.say,
  };
}

function waits(wait: RebuildWait): DocumentVerdict {
  return { ...NONE, wait };
}

function take(
  look: RecordsLook,
  state: EngineState,
  records: EngineState,
  file: LedgerRead,
): DocumentVerdict {
  const say = records === state ? [] : [noteRestored(records)];
  return { ...NONE, records: own(look, records), read: { state, file }, say };
}

/** State carries host and account from its first write on; another account's is left alone. */
function own({ keys: { host, accountId } }: RecordsLook, records: EngineState): EngineState {
  if (accountId === null || !isOwn(records, { host, accountId })) return records;
  const isOwned = records.host === host && records.accountId === accountId;
  return isOwned ? records : { ...records, host, accountId };
}

/** This program writes the document first: one that is older than a ledger of its own is no truth. */
function isOlder(records: LiveLedger, file: LiveLedger): boolean {
  return file.dateNy > records.dateNy && file.host === records.host && file.host !== null &&
    file.accountId === records.accountId;
}

/** A document that has no ledger in it is of a release which knew no releases: those are in the ledgers beside it. */
function restoreOlder(
  look: RecordsLook,
  state: EngineState,
  file: LedgerRead,
): Asks | DocumentVerdict {
  const { archive } = look.reads;
  if (archive === undefined) return askFor("archive");
  if (archive.kind === "unreadable") {
    return waits({ kind: "archive unreadable", message: archive.message });
  }
  const today = file.kind === "ok" ? [file.ledger] : [];
  const ours = [...today, ...archive.ledgers].filter((ledger) =>
    ledger.host === state.host && ledger.accountId === state.accountId
  );
  return take(look, state, restoreReleases(state, ours), file);
}

function decideLost(
  look: RecordsLook,
  shown: Shown | null,
  why: "missing" | "damaged",
  message: string,
): Asks | DocumentVerdict {
  const { records: { alerted }, reads } = look;
  const say = [
    ...why === "damaged"
      ? [noteRecords(null, { kind: "document_damaged", message }, `damaged:${message}`)]
      : [],
    ...noteUnusable(reads.archive, reads.copy),
  ];
  // Only a file that is there and of no use is named as the configuration that is not valid.
  const none = { ...NONE, problem: why === "damaged" ? STATE_FILE : null, say } as const;
  if (shown === null) return none;
  const left = findLeft(look, shown);
  if (left.kind === "asks") return left;
  if (left.kind === "waits") return { ...none, wait: left.wait };
  const { pastOrders } = reads;
  if (pastOrders === undefined) {
    return { kind: "asks", asks: "pastOrders", symbols: listUnexplained(left) };
  }
  if (pastOrders.kind === "failed") {
    return { ...none, wait: waitForAnswer("orders of the last 90 days", pastOrders) };
  }
  const whole = { ...left, orders: [...left.orders, ...pastOrders.value] };
  const made = rebuildState(whole);
  // What was said meanwhile is said; which positions have ended was decided without what is known now.
  const said = Object.entries(alerted).filter(([key]) => !isClosedKey(key));
  const records = {
    ...made,
    ...left.account,
    alerted: { ...made.alerted, ...Object.fromEntries(said) },
  };
  if (why === "missing" && !hasTraces(whole)) return { ...NONE, records, made: "first start", say };
  const symbols = made.positions.map(({ symbol }) => symbol);
  const done = [noteRecords(null, { kind: "document_made", lost: why, symbols })];
  return { ...NONE, records, made: why, problem: STATE_FILE, say, done };
}

/**
 * What is held and no record explains. Nothing but a ticker was ever bought by us, and a name that the broker refuses in a query
 * would block the start for good.
 */
function listUnexplained(left: Left): string[] {
  const { positions, released } = rebuildState(left);
  const explained = new Set([...positions, ...released].map(({ symbol }) => symbol));
  return left.held.map(({ symbol }) => symbol)
    .filter((each) => isTicker(each) && !explained.has(each));
}
