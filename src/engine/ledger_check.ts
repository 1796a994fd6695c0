import { compareLedgerFile, describeChange, digestLedger } from "../domain/order/ledger_file.ts";
import type { LedgerProblem, LiveLedger } from "../domain/order/ledger.ts";
import { restoreReleases } from "../domain/account/released.ts";
import { LEDGER_FILE } from "../domain/gate/rebuild_wait.ts";
import type { Engine } from "./engine.ts";
import { readOperatorObjection } from "./gate_reader.ts";
import { take } from "./plan_records.ts";
import type { LedgerRead } from "./ports.ts";
import { sayRestored } from "./releasing.ts";
import { waitFor, type Waits } from "./waiting.ts";

/**
 * What the file is beside the records: `problem` blocks LIVE for this cycle (runbook 4.4). `later`: another hand has begun
 * the next day, and the records turn to it before they are held against it.
 */
export type FileCheck =
  | { readonly kind: "checked"; readonly problem: LedgerProblem | null }
  | { readonly kind: "later" }
  | Waits;

/** What another hand's file leads to, and what ends it. */
const BLOCKED = "written anew from the records, LIVE is blocked for this cycle";
const BLOCKED_REMEDY =
  "find what else writes in this state directory; what the records have is dropped by nothing but, " +
  "with the service stopped: avwap-execution ledger rebuild --yes";

/**
 * Holds `live_orders_today.json` against the records, from which it was written (pipeline 6):
 *
 * | the file                        | LIVE in this cycle         | the file then                    |
 * | ------------------------------- | -------------------------- | -------------------------------- |
 * | says the same                   |                            |                                  |
 * | one write behind (crash, disk)  |                            | written anew                     |
 * | missing                         | blocked, ledger missing    | written anew                     |
 * | not parsable, or wrong          | blocked, that as reason    | set aside, written anew          |
 * | can't be read                   | blocked, ledger unreadable | left, until it can               |
 * | changed by another hand         | blocked, ledger invalid    | taken in, set aside, written anew |
 * | added to, the operator in DRY_RUN | (the operator's reason)  | taken in, left                   |
 *
 * @throws {StateError} Where it can't be set aside or written.
 */
export async function checkLedgerFile(
  engine: Engine,
  records: LiveLedger,
  read: LedgerRead,
): Promise<FileCheck> {
  if (read.kind === "missing") {
    await engine.rewriteLedger();
    engine.ports.log.warn(
      `Live ledger was missing: written anew from the records, ${records.entries.length} recorded; ` +
        "LIVE is blocked for this cycle",
    );
    return { kind: "checked", problem: "ledger missing" };
  }
  if (read.kind === "unreadable" && !read.isRead) {
    return waitFor({ kind: "ledger unreadable", message: read.message });
  }
  if (read.kind !== "ok") {
    // What is of no use is copied aside by the write itself.
    await engine.rewriteLedger();
    engine.sayError(
      `Live ledger was of no use, and is kept in archive/: ${read.message}; ${BLOCKED}`,
      BLOCKED_REMEDY,
    );
    return { kind: "checked", problem: `ledger ${read.kind}` };
  }
  return await checkContent(engine, records, read.ledger);
}

async function checkContent(
  engine: Engine,
  records: LiveLedger,
  file: LiveLedger,
): Promise<FileCheck> {
  const { versions } = engine.store;
  const found = compareLedgerFile(records, file, { versions, todayNy: engine.dateNy() });
  switch (found.kind) {
    case "later":
      return { kind: "later" };
    case "same":
      engine.store.noteFile(records);
      return { kind: "checked", problem: null };
    case "behind":
      await engine.rewriteLedger();
      engine.ports.log.info(`${LEDGER_FILE} was one write behind the records: written`);
      return { kind: "checked", problem: null };
    case "changed": {
      const isLeft = digestLedger(found.merged) === digestLedger(file) &&
        await readOperatorObjection(engine) !== null;
      if (isLeft) {
        // The old pipeline may still be writing it (runbook 4): what it adds counts, and the file is its own.
        takeIn(engine, file);
        engine.store.noteFile(file);
        engine.ports.log.info(`${LEDGER_FILE} has grown by another hand: ${describeChange(found)}`);
        return { kind: "checked", problem: null };
      }
      const path = await engine.ports.ledger.setAside();
      takeIn(engine, found.merged);
      await engine.rewriteLedger();
      engine.sayError(
        `Live ledger was changed by another hand (${
          describeChange(found)
        }), and is kept as ${path}; ${BLOCKED}`,
        BLOCKED_REMEDY,
      );
      return { kind: "checked", problem: "ledger invalid" };
    }
  }
}

/**
 * The records with a ledger that another hand's file has completed. What was released stands in the ledger too: a document of
 * before, put back, does not take it away from the operator again (pipeline 5, "The operator deals with").
 */
function takeIn(engine: Engine, ledger: LiveLedger): void {
  engine.updateState({ ledger });
  const restored = restoreReleases(engine.state, [ledger]);
  if (restored === engine.state) return;
  const lasts = restored.released.filter((each) => !engine.state.released.includes(each));
  take(engine, lasts.map((release) => ({ kind: "released", release })));
  sayRestored(engine, restored);
}
