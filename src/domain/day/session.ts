import { readTimeMs, type RecordedEvent } from "./events.ts";
import { nyToMs } from "../time/ny_time.ts";

/** A day's session, Unix ms. */
export interface DaySession {
  readonly openMs: number;
  readonly closeMs: number;
}

/** The session as the broker's clock named it, else the ordinary one. */
export function readDaySession(events: readonly RecordedEvent[], dateNy: string): DaySession {
  let openMs = nyToMs(dateNy, "09:30");
  let closeMs = nyToMs(dateNy, "16:00");
  const dayEndMs = nyToMs(dateNy, "23:59");
  const isToday = (ms: number) => ms >= nyToMs(dateNy, "00:00") && ms <= dayEndMs;
  for (const event of events) {
    if (event.type !== "market") continue;
    const nextOpenMs = readTimeMs(event, "next_open");
    const nextCloseMs = readTimeMs(event, "next_close");
    if (nextOpenMs !== null && isToday(nextOpenMs)) openMs = nextOpenMs;
    if (nextCloseMs !== null && isToday(nextCloseMs)) closeMs = nextCloseMs;
  }
  return { openMs, closeMs: Math.max(closeMs, openMs + 60_000) };
}
