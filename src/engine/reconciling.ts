import { MISMATCHES_MAX } from "../domain/order/ledger.ts";
import { LEDGER_FILE } from "../domain/gate/rebuild_wait.ts";
import { blockedBy, type Held, waitingFor } from "../domain/plan/reconciliation.ts";
import type { Engine, Observation } from "./engine.ts";
import { findIdentityProblem } from "./gate_reader.ts";
import { findLostLedger } from "./rebuilding.ts";
import { checkLedgerFile } from "./ledger_check.ts";
import { readLedger } from "./ledger_store.ts";
import { holdRecords, turnRecords } from "./plan_shell.ts";
import { type LedgerRead, StateError } from "./ports.ts";
import { sayWait } from "./waiting.ts";

/** What the ledger step of a cycle came to. */
export interface LedgerStep extends Held {
  /** The ledger's file as the step leaves it: the cycle's gate counts from this look at it. */
  readonly file: LedgerRead;
}

/**
 * Holds the ledger against the broker's orders of the NY day, turns it to a new day, rebuilds a missing one, and resolves
 * what has no settled answer yet (pipeline 6). Reads only; sends nothing.
 */
export async function reconcileLedger(
  engine: Engine,
  observation: Observation,
): Promise<LedgerStep> {
  const read = await engine.ports.ledger.read();
  const held = await holdLedger(engine, read, observation);
  engine.ledgerProblem = held.problem;
  engine.ledgerWait = held.wait;
  sayWait(engine, LEDGER_FILE, held.wait);
  return { ...held, file: engine.store.readAfter(read, engine.state.ledger) };
}

async function holdLedger(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<Held> {
  // What the gate says of lost records is their own reason; nothing is held against none.
  if (!engine.isStateLoaded) return { problem: null, wait: null, absent: [] };
  const file = read.kind === "ok" ? read.ledger : null;
  if (findIdentityProblem(engine, file) !== null) return blockedBy("ledger invalid");
  // Whose account this is, nobody knows yet: a ledger that may be another's is not turned to a new day.
  const isThere = file !== null || engine.state.ledger !== null;
  if (isThere && engine.accountId === null) return blockedBy("broker unreachable");
  try {
    return await findLedger(engine, read, observation) ?? await holdRecords(engine, observation);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return waitingFor({ kind: "ledger disk", message: error.message });
  }
}

/**
 * The day's ledger in the records, and its file as the records have it.
 * @returns What blocks this cycle; `null` where the ledger may be held against the broker.
 */
async function findLedger(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<Held | null> {
  const records = engine.state.ledger;
  if (records === null) return await takeInLost(engine, read, observation);
  const checked = await checkLedgerFile(engine, records, read);
  if (checked.kind === "waits") return waitingFor(checked.wait);
  if (checked.kind === "checked") {
    return checked.problem === null ? null : blockedBy(checked.problem);
  }
  // Another hand has begun the day before the records have: durable with the file, which takes it in.
  const wait = await turnRecords(engine, observation);
  if (wait !== null) return waitingFor(wait);
  const again = await checkLedgerFile(engine, readLedger(engine), read);
  if (again.kind === "waits") return waitingFor(again.wait);
  return again.kind === "later" || again.problem !== null ? blockedBy("ledger invalid") : null;
}

/** A ledger that the document lacked: 0.1.0 wrote it, or it was lost and is made anew. */
async function takeInLost(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<Held | null> {
  const found = await findLostLedger(engine, read, observation);
  if (found.kind === "waits") return waitingFor(found.wait);
  const { made: ledger, reason } = found;
  if (read.kind === "ok") engine.store.noteFile(read.ledger);
  engine.updateState({ ledger, mismatches: 0 });
  if (reason === "imported") return null;
  await engine.rewriteLedger();
  engine.ports.log.warn(
    `Live ledger was missing: rebuilt from the broker's orders of ${ledger.dateNy}, ` +
      `${ledger.entries.length} recorded` +
      (ledger.mismatches >= MISMATCHES_MAX
        ? "; it had lacked orders twice: LIVE stays blocked until `ledger rebuild --yes`"
        : ""),
  );
  return blockedBy("ledger missing");
}
