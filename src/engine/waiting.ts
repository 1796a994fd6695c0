import {
  describeWait,
  isOfBroker,
  type LostRecord,
  type RebuildWait,
} from "../domain/gate/rebuild_wait.ts";
import type { Engine } from "./engine.ts";

/** A record, or an answer, is waited for. */
export interface Waits {
  readonly kind: "waits";
  readonly wait: RebuildWait;
}

/** What stands against making a record anew. */
export function waitFor(wait: RebuildWait): Waits {
  return { kind: "waits", wait };
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
