import { isEntryWorking } from "../domain/account/sight.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { markTrimmed } from "../domain/exit_plan.ts";
import type { Engine } from "./engine.ts";
import type { ExitRecord } from "../domain/plan/exit_record.ts";
import { readExitRecord, readTrimRecord } from "./exit_history.ts";
import { StateError } from "./ports.ts";
import { isActionable } from "./positions.ts";
import { sightOf } from "./sight.ts";
import { isUnreadableIn } from "./unreadable.ts";

/**
 * Brings the trim flags to what the records show: a trim whose order the broker took and then ended without a share sold is
 * due again (pipeline 5, "When"); one whose lost answer was found later, or that a crash kept from being noted, is done,
 * wherever the price is by now, and whether or not there is one. LIVE only.
 * @param fresh Positions adopted in this cycle, which it only protects.
 * @param readRecord Of today alone where the days before have been looked at in this cycle.
 */
export async function reviseTrims(
  engine: Engine,
  fresh: ReadonlySet<string>,
  readRecord: typeof readExitRecord | typeof readTrimRecord = readTrimRecord,
): Promise<void> {
  for (const position of engine.state.positions) {
    if (fresh.has(position.positionId) || isUnreadableIn(engine, position.symbol)) continue;
    if (!isActionable(engine, position) || isEntryWorking(sightOf(engine), position)) continue;
    try {
      await revise(engine, position, readRecord);
    } catch (error) {
      // Without a ledger nothing is known of its sells: the flags stay.
      if (!(error instanceof StateError)) throw error;
    }
  }
}

async function revise(
  engine: Engine,
  position: ManagedPosition,
  readRecord: typeof readExitRecord | typeof readTrimRecord,
): Promise<void> {
  const records = {
    r1_trim: await readRecord(engine, position, "r1_trim"),
    r2_trim: await readRecord(engine, position, "r2_trim"),
  };
  let next = position;
  if (!next.isTrimmedR1 && records.r1_trim === "done") next = markTrimmed(next, "r1_trim");
  if (!next.isTrimmedR2 && records.r2_trim === "done") next = markTrimmed(next, "r2_trim");
  const isUndone = (isTrimmed: boolean, record: ExitRecord) => isTrimmed && record === "unfilled";
  const isR1Undone = isUndone(next.isTrimmedR1, records.r1_trim);
  const isR2Undone = isUndone(next.isTrimmedR2, records.r2_trim);
  if (isR1Undone || isR2Undone) {
    next = {
      ...next,
      isTrimmedR1: next.isTrimmedR1 && !isR1Undone,
      isTrimmedR2: next.isTrimmedR2 && !isR2Undone,
    };
    engine.ports.log.warn(`${position.symbol}: a trim ended without a share sold; it is due again`);
  }
  if (next !== position) engine.putPosition(next);
}
