import { readText, readTimeMs, type RecordedEvent } from "../domain/day/events.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { type EventLogPort, StateError } from "./ports.ts";

/** A message of a Friday's evening is remembered over the longest weekend. */
const DAYS_MAX = 4;
const DAY_MS = 86_400_000;

/** What was delivered, and when; Unix ms. */
export interface Told {
  readonly value: string;
  readonly atMs: number;
}

/**
 * The values under which Slack took messages of this key on the last day that has one, oldest first, by the audit trail: what
 * a start without records has to remember by (interface, Slack: "once a session day and reason").
 * @param nowMs Unix ms.
 * @returns Nothing where the last days' trails have none, or can't be read.
 */
export async function listTold(
  events: Pick<EventLogPort, "listDay">,
  key: string,
  nowMs: number,
): Promise<Told[]> {
  try {
    for (let back = 0; back < DAYS_MAX; back++) {
      const dateNy = dateNyOf(nowMs - back * DAY_MS);
      const told = (await events.listDay({ dateNy, types: ["alert"] })).flatMap(readAlert(key));
      if (told.length > 0) return told;
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
  return [];
}

function readAlert(key: string): (event: RecordedEvent) => Told[] {
  return (event) => {
    const value = readText(event, "state_value");
    const atMs = readTimeMs(event);
    const isIt = readText(event, "outcome") === "delivered" &&
      readText(event, "state_key") === key;
    return isIt && value !== null && atMs !== null ? [{ value, atMs }] : [];
  };
}
