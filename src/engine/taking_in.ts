import { LEDGER_FILE, STATE_FILE } from "../domain/gate/rebuild_wait.ts";
import { findForeignFile } from "../domain/gate/record_owner.ts";
import { decideLedger } from "../domain/plan/day_ledger.ts";
import { decideDocument, type DocumentVerdict, leaveUnmade } from "../domain/plan/document.ts";
import { type Held, waitingFor } from "../domain/plan/reconciliation.ts";
import type { Asks, RecordsLook, RecordsReads } from "../domain/plan/records_look.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";
import { ARCHIVE_DAYS_MAX } from "./archive.ts";
import type { Engine, Observation } from "./engine.ts";
import { recordFills } from "./fills.ts";
import { type GateReading, readGate, readOperatorObjection } from "./gate_reader.ts";
import { readPastOrders } from "./listing.ts";
import { sayWait } from "./loading_words.ts";
import { put } from "./plan_records.ts";
import { holdRecords, turnRecords } from "./plan_shell.ts";
import { StateError } from "./ports.ts";
import { trackPositions } from "./positions.ts";
import { keepReleases, takeRequests } from "./releasing.ts";
import { tell } from "./teller.ts";

// What a cycle in an open market and a look at a closed one do alike with what was read, before anything is decided. Of the
// records: reads what a verdict asks for, and carries the verdict out; nothing of them is decided here.

/** What the records came to, held against the broker. */
export interface RecordsStep {
  readonly ledger: Held;
  readonly gate: GateReading;
}

/** Reads the records at the start. A file that is missing or damaged is dealt with once the broker has been asked. */
export async function loadState(engine: Engine): Promise<void> {
  await takeDocument(engine, null);
}

/**
 * Loads the records, holds them against their ledger's file and the broker, turns them to a new day, and asks the gate. Sends
 * nothing.
 */
export async function takeInRecords(
  engine: Engine,
  observation: Observation,
): Promise<RecordsStep> {
  await takeDocument(engine, observation);
  const file = await engine.ports.ledger.read();
  const ledger = await holdLedger(engine, observation, file);
  engine.ledgerProblem = ledger.problem;
  engine.ledgerWait = ledger.wait;
  sayWait(engine, LEDGER_FILE, ledger.wait);
  // The cycle's gate counts from this look at the file, as it was left.
  const left = engine.store.readAfter(file, engine.state.ledger);
  return { ledger, gate: await readGate(engine, left) };
}

async function takeDocument(engine: Engine, shown: Observation | null): Promise<void> {
  const decided = await findOut(engine, shown, (look) => decideDocument(look, shown));
  const verdict = decided.made === null ? decided : await make(engine, decided);
  const { records, read, problem, wait } = verdict;
  if (records !== null) {
    engine.state = records;
    engine.isStateLoaded = true;
  }
  if (read !== null) engine.store.take(read.state, read.file);
  engine.stateProblem = problem;
  engine.stateWait = wait;
  await tell(engine, verdict.say);
  sayWait(engine, STATE_FILE, wait);
  await tell(engine, verdict.done);
}

/** Makes records that were made anew durable: before that they are none, and LIVE stays blocked. */
async function make(engine: Engine, verdict: DocumentVerdict): Promise<DocumentVerdict> {
  const before = engine.state;
  try {
    // A document that is of no use is kept, also one that parses.
    if (verdict.made === "damaged") await engine.ports.state.setAside();
    engine.state = verdict.records ?? before;
    engine.isStateLoaded = true;
    // All that it was made from is this account's, whatever stood there before.
    engine.isForeignState = false;
    await engine.saveState();
    return verdict;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.state = before;
    engine.isStateLoaded = false;
    return leaveUnmade(verdict, error.message);
  }
}

/** The day's ledger in the records, its file as they have it, and both held against the broker. */
async function holdLedger(
  engine: Engine,
  shown: Observation,
  file: LedgerRead,
): Promise<Held> {
  try {
    const decide = (look: RecordsLook) => decideLedger(look, shown);
    const verdict = await findOut(engine, shown, decide, { file });
    put(engine, verdict.records);
    if (verdict.noted !== null) engine.store.noteFile(verdict.noted);
    await tell(engine, verdict.say);
    if (verdict.isWritten) await engine.rewriteLedger();
    await tell(engine, verdict.done);
    return verdict.held ?? await holdRecords(engine, shown);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return waitingFor({ kind: "ledger disk", message: error.message });
  }
}

/** Reads what a verdict asks for, each thing once, until it is there. @param reads What was read already. */
async function findOut<Verdict>(
  engine: Engine,
  shown: Observation | null,
  decide: (look: RecordsLook) => Asks | Verdict,
  reads: RecordsReads = {},
): Promise<Verdict> {
  const decided = decide(buildLook(engine, reads));
  if (!isQuestion(decided)) return decided;
  const known = { ...reads, ...await answer(engine, decided, shown) };
  return await findOut(engine, shown, decide, known);
}

function isQuestion<Verdict>(decided: Asks | Verdict): decided is Asks {
  return typeof decided === "object" && decided !== null && "asks" in decided;
}

function buildLook(engine: Engine, reads: RecordsReads): RecordsLook {
  return {
    records: engine.state,
    isLoaded: engine.isStateLoaded,
    keys: engine.keys,
    todayNy: engine.dateNy(),
    versions: engine.store.versions,
    reads,
  };
}

async function answer(
  engine: Engine,
  question: Asks,
  shown: Observation | null,
): Promise<RecordsReads> {
  const { state, ledger } = engine.ports;
  switch (question.asks) {
    case "document":
      return { document: await state.read() };
    case "file":
      return { file: await ledger.read() };
    case "archive":
      return { archive: await ledger.readArchive(ARCHIVE_DAYS_MAX) };
    case "copy":
      return { copy: await state.readCopy() };
    case "pastOrders":
      return { pastOrders: await readPastOrders(engine, question.symbols) };
    case "isObjected":
      return { isObjected: await readOperatorObjection(engine) !== null };
    case "turnWait":
      return { turnWait: shown === null ? null : await turnRecords(engine, shown) };
    case "asidePath":
      return { asidePath: await ledger.setAside() };
  }
}

/** Finds out, and says, whether the records are another account's: nothing of them is then touched (pipeline 6). */
export function noteForeignState(engine: Engine, { file }: GateReading): boolean {
  const foreignFile = findForeignFile(engine.keys, engine.state, file);
  // One in the archive was said as what a record waits for.
  if (foreignFile !== null) sayForeign(engine, foreignFile);
  engine.isForeignState = foreignFile !== null ||
    [engine.stateWait, engine.ledgerWait].some((wait) => wait?.kind === "foreign");
  return engine.isForeignState;
}

function sayForeign(engine: Engine, file: string): void {
  if (!engine.isNews(`foreign:${file}`, engine.dateNy())) return;
  engine.sayError(
    `Ledger or state in this state directory belong to another broker host or account than ` +
      `${engine.ports.broker.host} (${file}): nothing is looked up, decided or sent`,
    "correct ALPACA_PAPER and the keys, or set AVWAP_STATE_DIR to a directory of its own",
    { isDistinct: true },
  );
}

/** Brings positions and releases up to what the broker shows. */
export async function takeInPositions(engine: Engine): Promise<void> {
  await recordFills(engine);
  await trackPositions(engine);
  await takeRequests(engine);
  await keepReleases(engine);
}
