import { formatCounted } from "../domain/counted.ts";
import { COMPARE_RECORDS } from "../domain/alert/remedies.ts";
import {
  describeWait,
  isOfBroker,
  LEDGER_FILE,
  type LostRecord,
  type RebuildWait,
  STATE_FILE,
} from "../domain/gate/rebuild_wait.ts";
import { MISMATCHES_MAX } from "../domain/order/ledger.ts";
import { describeChange } from "../domain/order/ledger_file.ts";
import type { LoadingNote } from "../domain/plan/note.ts";
import type { Engine } from "./engine.ts";

/** What another hand's file leads to, and what ends it. */
const BLOCKED = "written anew from the records, LIVE is blocked for this cycle";
const BLOCKED_REMEDY =
  "find what else writes in this state directory; what the records have is dropped by nothing but, " +
  "with the service stopped: avwap-execution ledger rebuild --yes";

/** Tells what reading the records has found: the words are here, and nothing is decided. */
export function tellLoading(engine: Engine, note: LoadingNote): void {
  const { log } = engine.ports;
  switch (note.kind) {
    case "document_damaged":
      return log.error(`${STATE_FILE} is not usable: ${note.message}`);
    case "document_made":
      return engine.sayError(
        `${STATE_FILE} was ${note.lost}: rebuilt from archive, ledger and broker with ` +
          `${formatCounted(note.symbols.length, "position")} (${
            note.symbols.join(", ") || "none"
          }); LIVE is blocked for this cycle`,
        COMPARE_RECORDS,
      );
    case "unusable":
      return log.warn(`Archived file left out: ${note.message}; move it away by hand`);
    case "released_again":
      return log.warn(
        `Released again, by the ledgers: ${note.symbols.join(", ")}; they are yours, not managed`,
      );
    case "ledger_missing":
      return tellMissing(engine, note);
    case "ledger_useless":
      return engine.sayError(
        `Live ledger was of no use, and is kept in archive/: ${note.message}; ${BLOCKED}`,
        BLOCKED_REMEDY,
      );
    case "ledger_behind":
      return log.info(`${LEDGER_FILE} was one write behind the records: written`);
    case "ledger_changed": {
      const { keptAs } = note;
      const change = describeChange(note.change);
      if (keptAs === null) return log.info(`${LEDGER_FILE} has grown by another hand: ${change}`);
      return engine.sayError(
        `Live ledger was changed by another hand (${change}), and is kept as ${keptAs}; ${BLOCKED}`,
        BLOCKED_REMEDY,
      );
    }
  }
}

function tellMissing(
  { ports: { log } }: Engine,
  { ledger, isMade }: Extract<LoadingNote, { readonly kind: "ledger_missing" }>,
): void {
  const { dateNy, entries, mismatches } = ledger;
  if (!isMade) {
    return log.warn(
      `Live ledger was missing: written anew from the records, ${entries.length} recorded; ` +
        "LIVE is blocked for this cycle",
    );
  }
  log.warn(
    `Live ledger was missing: rebuilt from the broker's orders of ${dateNy}, ${entries.length} recorded` +
      (mismatches >= MISMATCHES_MAX
        ? "; it had lacked orders twice: LIVE stays blocked until `ledger rebuild --yes`"
        : ""),
  );
}

/**
 * Says what a lost record waits for: once per cause and NY day, and again when the cause changes or is over (pipeline 6,
 * "Unreadable is not missing").
 * @param wait `null` where nothing is waited for.
 */
export function sayWait(engine: Engine, record: LostRecord, wait: RebuildWait | null): void {
  const past = engine.waitSaid.get(record);
  if (wait === null) {
    if (past === undefined) return;
    engine.waitSaid.delete(record);
    engine.ports.log.info(`${record}: what it waited for is there`);
    return;
  }
  const { cause, remedy } = describeWait(wait);
  // Asked in any case: it remembers the day.
  const isNew = engine.isNews(`waits:${record}:${cause}`, engine.dateNy());
  if (!isNew && past === cause) return;
  engine.waitSaid.set(record, cause);
  const problem = `${record} is not rebuilt, and nothing is written over: ${wait.message}`;
  if (isOfBroker(wait)) engine.ports.log.warn(`${problem}. Do: ${remedy}`);
  else engine.sayError(problem, remedy, { isDistinct: isNew });
}
