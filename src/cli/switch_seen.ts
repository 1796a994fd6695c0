import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import type { RecordedEvent } from "../domain/day/events.ts";
import { type ClockPort, StateError } from "../engine/ports.ts";
import { readEvents } from "../state/event_reader.ts";
import type { FileSystem } from "../state/file_system.ts";
import {
  countsAsOn,
  KILL_SWITCH_FILE,
  lookForSwitch,
  type SwitchOutcome,
  type SwitchPlaces,
} from "../state/switch_files.ts";

/** How long a running engine has to see the kill switch (interface, `kill`). */
export const SEEN_WAIT_MS = 3_000;
const LOOK_MS = 100;
/** The switch may have been on for days, and the engine says a change alone. */
const PAST_DAYS = 7;
const DAY_MS = 86_400_000;

/** The kill switch that a command has just made, or found on. */
export type MadeSwitch = SwitchOutcome & {
  /** Just before it was made. */
  readonly atMs: number;
};

interface Question {
  readonly fs: FileSystem;
  readonly clock: ClockPort;
  /** Of the engine. */
  readonly stateDir: string;
}

/**
 * Waits until the audit trail of a running engine says that it saw the kill switch: the engine records each change and
 * what it finds at its start. A word from before the switch was made is of another, which was taken away unseen.
 * @param question.places Where else the switch counts.
 * @returns Whether it said so in time; a trail that can't be read says nothing.
 */
export async function isKillSwitchSeen(
  { places, made, ...question }: Question & {
    readonly places: SwitchPlaces;
    readonly made: MadeSwitch;
  },
): Promise<boolean> {
  const { fs, clock, stateDir } = question;
  const wasOn = await wasOnBefore(fs, { ...places, stateDir }, made);
  const sinceMs = wasOn ? -Infinity : made.atMs;
  let fromByte = 0;
  let isActive = await readPastDays(question, sinceMs);
  const startMs = clock.monotonicMs();
  for (let look = 0; look <= SEEN_WAIT_MS / LOOK_MS; look++) {
    const day = { stateDir, dateNy: dateNyOf(clock.nowMs()), fromByte };
    const read = await readDay(fs, day, sinceMs);
    isActive = read.isActive ?? isActive;
    fromByte = read.nextByte;
    if (isActive === true) return true;
    if (clock.monotonicMs() - startMs >= SEEN_WAIT_MS) return false;
    await clock.sleep(LOOK_MS);
  }
  return false;
}

/** Whether the switch was on for an engine, somewhere, before it was made. */
async function wasOnBefore(
  fs: FileSystem,
  places: SwitchPlaces,
  made: MadeSwitch,
): Promise<boolean> {
  const on = (await lookForSwitch(fs, places, KILL_SWITCH_FILE)).filter(countsAsOn);
  return on.some(({ path }) => path !== made.path || made.kind === "already_on");
}

/** The newest word of the days before today; `null` where they have none. */
async function readPastDays(
  { fs, clock, stateDir }: Question,
  sinceMs: number,
): Promise<boolean | null> {
  const noonMs = nyToMs(dateNyOf(clock.nowMs()), "12:00");
  for (let day = 1; day <= PAST_DAYS; day++) {
    const dateNy = dateNyOf(noonMs - day * DAY_MS);
    const { isActive } = await readDay(fs, { stateDir, dateNy, fromByte: 0 }, sinceMs);
    if (isActive !== null) return isActive;
  }
  return null;
}

async function readDay(
  fs: FileSystem,
  day: { readonly stateDir: string; readonly dateNy: string; readonly fromByte: number },
  sinceMs: number,
): Promise<{ readonly isActive: boolean | null; readonly nextByte: number }> {
  let isActive: boolean | null = null;
  let nextByte = day.fromByte;
  try {
    for await (const item of readEvents(fs, day)) {
      if (item.kind === "end") nextByte = item.nextByte;
      else isActive = readWord(item.event, sinceMs) ?? isActive;
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
  return { isActive, nextByte };
}

/** A process that began after the switch was seen has not seen it yet. Its environment it has for as long as it lives. */
function readWord(event: RecordedEvent, sinceMs: number): boolean | null {
  if (event.type === "engine_started" || event.type === "engine_stopped") return false;
  if (event.type !== "kill_switch" || event["by"] === "flatten") return null;
  if (event["is_active"] !== true) return false;
  return event["source"] === "env" || Date.parse(event.at) >= sinceMs;
}
