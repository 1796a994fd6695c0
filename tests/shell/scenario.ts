import type { Behaviour } from "../simulator/behaviour.ts";
import { nyMoment } from "../simulator/sessions.ts";

/** The days that scenarios play on; the first one only has yesterday's prices. */
export const DATES_NY = ["2026-06-16", "2026-06-17", "2026-06-18"] as const;
/** The day of the entry. */
const TODAY_NY = "2026-06-17";

/** From then on the one symbol trades at another price. */
export interface Price {
  /** Unix ms. */
  readonly atMs: number;
  readonly priceUsd: number;
}

/** A short act of the engine's in a world in which nothing goes wrong but what a tape places in it. */
export interface Scenario {
  readonly name: string;
  readonly prices: readonly Price[];
  /** Processes that ran undisturbed before, Unix ms each. */
  readonly opening: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** When the process of the act starts, Unix ms. */
  readonly fromMs: number;
  /** From when on something may go wrong, where until then the act is that of another scenario. Absent: from its start. */
  readonly faultsFromMs?: number;
  /** Until when. */
  readonly toMs: number;
  /** When it is judged, at the earliest. */
  readonly endMs: number;
  /** How the broker behaves besides. */
  readonly behaviour?: Partial<Behaviour>;
  /** The reasons of the engine's sells that are filled where nothing goes wrong, oldest first; `entry` and `leg` for the bracket's. */
  readonly fills: readonly string[];
}

/** Unix ms of a wall-clock time of the day of the entry. */
export function at(timeNy: string, dateNy: string = TODAY_NY): number {
  return nyMoment(dateNy, timeNy);
}
