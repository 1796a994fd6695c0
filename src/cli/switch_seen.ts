import { dateNyOf, nyToMs } from "../domain/ny_time.ts";
import type { RecordedEvent } from "../domain/events.ts";
import { type ClockPort, StateError } from "../engine/ports.ts";
import { readEvents } from "../state/event_reader.ts";
import type { FileSystem } from "../state/file_system.ts";

/** How long a running engine has to see the kill switch (interface, `kill`). */
export const SEEN_WAIT_MS = 3_000;
const LOOK_MS = 100;
/** The switch may have been on for days, and the engine says a change alone. */
const PAST_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * Waits until the audit trail of a running engine says that it saw the kill switch: the engine records each change and
 * what it finds at its start.
 * @returns Whether it said so in time; a trail that can't be read says nothing.
 */
export async function isKillSwitchSeen(
  { fs, clock, stateDir }: {
    readonly fs: FileSystem;
    readonly clock: ClockPort;
    readonly stateDir: string;
  },
): Promise<boolean> {
  let fromByte = 0;
  let isActive = await readPastDays({ fs, clock, stateDir });
  const startMs = clock.monotonicMs();
  for (let look = 0; look <= SEEN_WAIT_MS / LOOK_MS; look++) {
    const day = { stateDir, dateNy: dateNyOf(clock.nowMs()), fromByte };
    const read = await readDay(fs, day);
    isActive = read.isActive ?? isActive;
    fromByte = read.nextByte;
    if (isActive === true) return true;
    if (clock.monotonicMs() - startMs >= SEEN_WAIT_MS) return false;
    await clock.sleep(LOOK_MS);
  }
  return false;
}

/** The newest word of the days before today; `null` where they have none. */
async function readPastDays(
  { fs, clock, stateDir }: Parameters<typeof isKillSwitchSeen>[0],
): Promise<boolean | null> {
  const noonMs = nyToMs(dateNyOf(clock.nowMs()), "12:00");
  for (let day = 1; day <= PAST_DAYS; day++) {
    const dateNy = dateNyOf(noonMs - day * DAY_MS);
    const { isActive } = await readDay(fs, { stateDir, dateNy, fromByte: 0 });
    if (isActive !== null) return isActive;
  }
  return null;
}

async function readDay(
  fs: FileSystem,
  day: { readonly stateDir: string; readonly dateNy: string; readonly fromByte: number },
): Promise<{ readonly isActive: boolean | null; readonly nextByte: number }> {
  let isActive: boolean | null = null;
  let nextByte = day.fromByte;
  try {
    for await (const item of readEvents(fs, day)) {
      if (item.kind === "end") nextByte = item.nextByte;
      else isActive = readWord(item.event) ?? isActive;
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
  return { isActive, nextByte };
}

/** A process that began after the switch was seen has not seen it yet. */
function readWord(event: RecordedEvent): boolean | null {
  if (event.type === "engine_started" || event.type === "engine_stopped") return false;
  if (event.type !== "kill_switch" || event["by"] === "flatten") return null;
  return event["is_active"] === true;
}
