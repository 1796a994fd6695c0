import type { Engine, Observation } from "./engine.ts";
import { recordFills } from "./fills.ts";
import { findForeignFile, type GateReading, readGate } from "./gate_reader.ts";
import { trackPositions } from "./positions.ts";
import { type LedgerStep, reconcileLedger } from "./reconciling.ts";
import { keepReleases, takeRequests } from "./releasing.ts";
import { ensureState } from "./state_loading.ts";

// What a cycle in an open market and a look at a closed one do alike with what was read, before anything is decided.

/** What the records came to, held against the broker. */
export interface RecordsStep {
  readonly ledger: LedgerStep;
  readonly gate: GateReading;
}

/** Loads and reconciles the records, turns them to a new day, and asks the gate. Sends nothing. */
export async function takeInRecords(
  engine: Engine,
  observation: Observation,
): Promise<RecordsStep> {
  await ensureState(engine, observation);
  const ledger = await reconcileLedger(engine, observation);
  return { ledger, gate: await readGate(engine, ledger.file) };
}

/** Finds out, and says, whether the records are another account's: nothing of them is then touched (pipeline 6). */
export function noteForeignState(engine: Engine, { file }: GateReading): boolean {
  const foreignFile = findForeignFile(engine, file);
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
