import { readTimeMs, type RecordedEvent } from "../domain/day/events.ts";
import { StateError } from "../engine/ports.ts";
import { readEvents } from "../state/event_reader.ts";
import type { FileSystem } from "../state/file_system.ts";

/** What repeats, and how it is found in the audit trail. */
export interface Repeats {
  readonly stateDir: string;
  readonly dateNy: string;
  /** Of those that repeat, the first in so many milliseconds is said. */
  readonly eachMs: number;
  /** `ends`: whatever was said before it is said anew; `null`: it has nothing to do with it. */
  readonly judge: (event: RecordedEvent) => "one of them" | "ends" | null;
}

/** Unix ms. */
export interface Said {
  /** When it was last said. */
  readonly saidMs: number;
  /** When it last happened, said or not. */
  readonly lastMs: number;
}

/**
 * When what a service repeats at each of its starts was last said today: the first of a while is, and the trail has each.
 * @returns `null` where it was not, or where the trail can't be read: nobody knows what was said, so it is said.
 */
export async function readSaid(
  fs: FileSystem,
  { stateDir, dateNy, eachMs, judge }: Repeats,
): Promise<Said | null> {
  let said: Said | null = null;
  try {
    for await (const item of readEvents(fs, { stateDir, dateNy })) {
      if (item.kind === "end") continue;
      const what = judge(item.event);
      if (what === "ends") said = null;
      const lastMs = what === "one of them" ? readTimeMs(item.event) : null;
      if (lastMs !== null) said = { saidMs: findSaidMs(said, lastMs, eachMs), lastMs };
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return null;
  }
  return said;
}

function findSaidMs(before: Said | null, lastMs: number, eachMs: number): number {
  return before === null || lastMs - before.saidMs >= eachMs ? lastMs : before.saidMs;
}
