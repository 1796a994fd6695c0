import { type EngineState, isLocked } from "../account/engine_state.ts";
import { rebuildLedger } from "../account/rebuild_records.ts";
import type { LedgerRead } from "../account/records_read.ts";
import { restoreReleases } from "../account/released.ts";
import { findForeignFile } from "../gate/record_owner.ts";
import type { LiveLedger } from "../order/ledger.ts";
import { compareLedgerFile, digestLedger } from "../order/ledger_file.ts";
import { dateNyOf } from "../time/ny_time.ts";
import type { LoadingNote, Note } from "./note.ts";
import { blockedBy, type Held, NOT_HELD, waitingFor } from "./reconciliation.ts";
import { noteRecords } from "./record_updates.ts";
import { apply } from "./records.ts";
import {
  askFor,
  type Asks,
  findLeft,
  noteRestored,
  noteUnusable,
  type RecordsLook,
} from "./records_look.ts";
import type { Shown } from "./shown.ts";

// The day's ledger in the records, and what `live_orders_today.json` is beside it, which was written from it (pipeline 6):
//
// | the file                                  | LIVE in this cycle         | the file then                     |
// | ----------------------------------------- | -------------------------- | --------------------------------- |
// | says the same                             |                            |                                   |
// | one write behind (crash, disk)            |                            | written anew                      |
// | missing                                   | blocked, ledger missing    | written anew                      |
// | not parsable, or wrong                    | blocked, that as reason    | set aside, written anew           |
// | can't be read                             | blocked, ledger unreadable | left, until it can                |
// | changed by another hand                   | blocked, ledger invalid    | taken in, set aside, written anew |
// | added to, the operator in DRY_RUN         | (the operator's reason)    | taken in, left                    |
// | of a later day                            | (as above, once the records have turned to it)                 |
// | another account's, or nobody's yet        | blocked                    | left                              |
//
// A document of 0.1.0 has no ledger: it is its file. Is that missing too, it is made from the newest of copy and archive and the
// broker's orders of the day, never empty, and blocks as a missing file does.

/** What the ledger and its file come to. */
export interface LedgerVerdict {
  readonly kind: "ledger";
  /** As they are to be. */
  readonly records: EngineState;
  /** What the file says, where what is written over it may find it so. */
  readonly noted: LiveLedger | null;
  /** Whether the file is written anew from the records, over whatever is there. */
  readonly isWritten: boolean;
  /** What blocks this cycle; `null` where the ledger may be held against the broker. */
  readonly held: Held | null;
  /** Told in any case, and once the file is written. */
  readonly say: readonly Note[];
  readonly done: readonly Note[];
}

/** Decides what the day's ledger is, and what becomes of its file. Pure and total. */
export function decideLedger(look: RecordsLook, shown: Shown): Asks | LedgerVerdict {
  const { records, keys, isLoaded, reads: { file } } = look;
  if (file === undefined) return askFor("file");
  // What the gate says of lost records is their own reason; nothing is held against none.
  if (!isLoaded) return stay(records, NOT_HELD);
  const found = file.kind === "ok" ? file.ledger : null;
  if (findForeignFile(keys, records, found) !== null) {
    return stay(records, blockedBy("ledger invalid"));
  }
  // Whose account this is, nobody knows yet: a ledger that may be another's is not turned to a new day.
  const isThere = found !== null || records.ledger !== null;
  if (isThere && keys.accountId === null) return stay(records, blockedBy("broker unreachable"));
  if (records.ledger === null) return decideLost(look, shown, file);
  if (file.kind === "ok") return decideFile(look, records.ledger, file.ledger);
  if (file.kind === "missing") {
    const { ledger } = records;
    const done = { kind: "ledger_missing", ledger, isMade: false } as const;
    return rewrite(records, blockedBy("ledger missing"), done);
  }
  const { message } = file;
  if (file.kind === "unreadable" && !file.isRead) {
    return stay(records, waitingFor({ kind: "ledger unreadable", message }));
  }
  // What is of no use is copied aside by the write itself.
  return rewrite(records, blockedBy(`ledger ${file.kind}`), { kind: "ledger_useless", message });
}

function stay(records: EngineState, held: Held | null): LedgerVerdict {
  return { kind: "ledger", records, noted: null, isWritten: false, held, say: [], done: [] };
}

function rewrite(records: EngineState, held: Held | null, done: LoadingNote): LedgerVerdict {
  return { ...stay(records, held), isWritten: true, done: [noteRecords(null, done)] };
}

/** A file that reads, beside the records' ledger. */
function decideFile(look: RecordsLook, ledger: LiveLedger, file: LiveLedger): Asks | LedgerVerdict {
  const { records, versions, todayNy, reads: { turnWait, isObjected, asidePath } } = look;
  const found = compareLedgerFile(ledger, file, { versions, todayNy });
  switch (found.kind) {
    case "same":
      return { ...stay(records, null), noted: ledger };
    case "behind":
      return rewrite(records, null, { kind: "ledger_behind" });
    case "later":
      // Another hand has begun the day before the records have: they turn to it before they are held against it.
      if (turnWait === undefined) return askFor("turnWait");
      return stay(records, turnWait === null ? blockedBy("ledger invalid") : waitingFor(turnWait));
    case "changed": {
      const isAllTakenIn = digestLedger(found.merged) === digestLedger(file);
      if (isAllTakenIn && isObjected === undefined) return askFor("isObjected");
      // The old pipeline may still be writing it (runbook 4): what it adds counts, and the file is its own.
      if (isAllTakenIn && isObjected) {
        const { records: taken, say } = takeIn(records, file);
        const done = [noteRecords(null, { kind: "ledger_changed", change: found, keptAs: null })];
        return { ...stay(taken, null), noted: file, say, done };
      }
      if (asidePath === undefined) return askFor("asidePath");
      const { records: taken, say } = takeIn(records, found.merged);
      const done = { kind: "ledger_changed", change: found, keptAs: asidePath } as const;
      return { ...rewrite(taken, blockedBy("ledger invalid"), done), say };
    }
  }
}

/**
 * The records with a ledger that another hand's file has completed. What was released stands in the ledger too: a document of
 * before, put back, does not take it away from the operator again (pipeline 5, "The operator deals with").
 */
function takeIn(before: EngineState, ledger: LiveLedger): Pick<LedgerVerdict, "records" | "say"> {
  const records = { ...before, ledger };
  const restored = restoreReleases(records, [ledger]);
  const lasts = restored.released.filter((each) => !before.released.includes(each));
  return {
    records: apply(records, lasts.map((release) => ({ kind: "released", release }))),
    say: lasts.length === 0 ? [] : [noteRestored(restored)],
  };
}

/** A ledger that the document lacks: 0.1.0 wrote it, or it was lost and is made anew. */
function decideLost(look: RecordsLook, shown: Shown, file: LedgerRead): Asks | LedgerVerdict {
  const { records, reads } = look;
  const { dateNy: todayNy } = shown;
  const { lastCycleAtMs } = records;
  // A single mismatch counts for its NY day; the lock of two stays, over midnight too.
  const isOfToday = lastCycleAtMs !== null && dateNyOf(lastCycleAtMs) === todayNy;
  const mismatches = isOfToday || isLocked(records) ? records.mismatches : 0;
  if (file.kind === "ok") {
    const isWhole = file.ledger.mismatches >= mismatches;
    const ledger = isWhole ? file.ledger : { ...file.ledger, mismatches };
    return { ...stay({ ...records, ledger, mismatches: 0 }, null), noted: file.ledger };
  }
  const left = findLeft(look, shown);
  if (left.kind === "asks") return left;
  const say = noteUnusable(reads.archive, reads.copy);
  if (left.kind === "waits") return { ...stay(records, waitingFor(left.wait)), say };
  const ledger = rebuildLedger({ ...left, orders: left.dayOrders, todayNy, mismatches });
  const done = { kind: "ledger_missing", ledger, isMade: true } as const;
  const made = rewrite({ ...records, ledger, mismatches: 0 }, blockedBy("ledger missing"), done);
  return { ...made, say };
}
