import { HOLDING_EVENTS } from "../domain/day/day_holdings.ts";
import type { DayTrail } from "../domain/day/day_trail.ts";
import { EARLIER_DAYS_MAX, readEarlier } from "../domain/day/unopened.ts";
import type { EventType } from "../domain/events.ts";
import { dateNyOf, nyToMs } from "../domain/ny_time.ts";
import { sayOnceADay } from "./daily_errors.ts";
import type { Engine } from "./engine.ts";
import { StateError } from "./ports.ts";

/** Types of events that day and trade results are made of. */
export const RESULT_EVENTS: readonly EventType[] = [
  ...HOLDING_EVENTS,
  "order_recorded",
  "intent",
];

/** A day as the audit trail has it, and the days before it back to where its trades began, oldest first. */
export interface DayTrails {
  readonly day: DayTrail;
  readonly earlier: readonly DayTrail[];
}

/**
 * Reads a day back from the audit trail, with what its results need of the days before.
 * @param types Types of the day's own events, those of `RESULT_EVENTS` among them.
 * @returns `null` where the day's events can't be read: said as an error once a day.
 */
export async function readTrails(
  engine: Engine,
  dateNy: string,
  types: readonly EventType[],
): Promise<DayTrails | null> {
  const { events } = engine.ports;
  try {
    const day = { dateNy, events: await events.listDay({ dateNy, types }) };
    const earlier = await readEarlier([day], listDatesBefore(dateNy), async (each) => ({
      dateNy: each,
      events: await events.listDay({ dateNy: each, types: RESULT_EVENTS }),
    }));
    return { day, earlier };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    const message = `Cannot read the day's events for its results: ${error.message}`;
    sayOnceADay(engine, "trail unread", message);
    return null;
  }
}

const DAY_MS = 86_400_000;

function* listDatesBefore(dateNy: string): Generator<string> {
  for (let back = 1; back <= EARLIER_DAYS_MAX; back++) {
    yield dateNyOf(nyToMs(dateNy, "12:00") - back * DAY_MS);
  }
}
