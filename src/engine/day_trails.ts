import { HOLDING_EVENTS } from "../domain/day/day_holdings.ts";
import type { DayTrail, DayTrails } from "../domain/day/day_trail.ts";
import { EARLIER_DAYS_MAX, listUnopened, readEarlier } from "../domain/day/unopened.ts";
import type { EventType } from "../domain/day/events.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import { sayOnceADay } from "./daily_errors.ts";
import type { Engine } from "./engine.ts";
import { StateError } from "./ports.ts";

/** Types of events that day and trade results are made of. */
export const RESULT_EVENTS: readonly EventType[] = [
  ...HOLDING_EVENTS,
  "order_recorded",
  "intent",
];

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
  return await orNull(engine, async () => {
    const day = await readDay(engine, dateNy, types);
    return { day, earlier: await readBefore(engine, day) };
  });
}

/**
 * The same for the day result alone, which is read in each cycle and before each entry leaves: the days before, which change no
 * more, are read once, and only their fills are kept.
 */
export async function readTodayTrails(engine: Engine, dateNy: string): Promise<DayTrails | null> {
  return await orNull(engine, async () => {
    const day = await readDay(engine, dateNy, RESULT_EVENTS);
    const key = [dateNy, ...listUnopened([day], day)].join(" ");
    if (engine.earlierFills?.key !== key) {
      const days = (await readBefore(engine, day)).map((each) => ({
        dateNy: each.dateNy,
        events: each.events.filter(({ type }) => type === "fill"),
      }));
      engine.earlierFills = { key, days };
    }
    return { day, earlier: engine.earlierFills.days };
  });
}

async function readDay(
  { ports }: Engine,
  dateNy: string,
  types: readonly EventType[],
): Promise<DayTrail> {
  return { dateNy, events: await ports.events.listDay({ dateNy, types }) };
}

async function readBefore(engine: Engine, day: DayTrail): Promise<DayTrail[]> {
  return await readEarlier(
    [day],
    listDatesBefore(day.dateNy),
    (dateNy) => readDay(engine, dateNy, RESULT_EVENTS),
  );
}

async function orNull(
  engine: Engine,
  read: () => Promise<DayTrails>,
): Promise<DayTrails | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    sayOnceADay(engine, "trail unread", {
      problem: `Cannot read the day's events for its results: ${error.message}`,
      remedy: "let the file be read again (permissions, disk); results are unknown until then",
    });
    return null;
  }
}

const DAY_MS = 86_400_000;

function* listDatesBefore(dateNy: string): Generator<string> {
  for (let back = 1; back <= EARLIER_DAYS_MAX; back++) {
    yield dateNyOf(nyToMs(dateNy, "12:00") - back * DAY_MS);
  }
}
