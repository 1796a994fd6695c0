import type { EngineState } from "./engine_state.ts";
import { BEFORE_OPEN_MS, CLOSED_LOOK_MS } from "./standing_alarms.ts";
import { dateNyOf } from "../time/ny_time.ts";

/** A wake-up may come by so much early: two clocks carry the time on. */
const EARLY_MS = 1_000;

/** From the close on, and from 30 minutes before the open on: a stop for bare shares leaves once in each. */
export type ClosedStage = "night" | "before the open";

/** A moment of a closed market: which session it comes before, and how near that is. */
export interface ClosedMoment {
  /** Unix ms, by the broker's clock. */
  readonly nowMs: number;
  readonly nextOpenMs: number;
}

/** What is kept of the last look at a closed market, over restarts. */
export interface ClosedLook {
  /** New York date of the session that it came before, `YYYY-MM-DD`. */
  readonly sessionNy: string;
  readonly stage: ClosedStage;
  /** Unix ms. */
  readonly atMs: number;
}

/** The stage that a moment of a closed market lies in. */
export function findClosedStage({ nowMs, nextOpenMs }: ClosedMoment): ClosedStage {
  return nextOpenMs - nowMs <= BEFORE_OPEN_MS ? "before the open" : "night";
}

/** A look at this moment. */
export function buildClosedLook(moment: ClosedMoment): ClosedLook {
  const sessionNy = dateNyOf(moment.nextOpenMs);
  return { sessionNy, stage: findClosedStage(moment), atMs: moment.nowMs };
}

/**
 * Whether positions and orders are looked at (pipeline 5, "While the market is closed"): once in each stage, and in between
 * as long as it is not known that every managed position has its good-till-canceled stop. Never twice within
 * `CLOSED_LOOK_MS`: shortly before the second stage a look waits for it.
 * @param last The look before this one; `null` where there was none.
 * @param isKnown Whether the look before found every managed position covered.
 */
export function isLookDue(
  moment: ClosedMoment,
  { last, isKnown }: { readonly last: ClosedLook | null; readonly isKnown: boolean },
): boolean {
  const { sessionNy, stage } = buildClosedLook(moment);
  if (last === null || last.sessionNy !== sessionNy || last.stage !== stage) return true;
  if (isKnown || moment.nowMs - last.atMs < CLOSED_LOOK_MS - EARLY_MS) return false;
  return stage === "before the open" ||
    moment.nextOpenMs - BEFORE_OPEN_MS - moment.nowMs >= CLOSED_LOOK_MS;
}

const LOOK = /^(\d{4}-\d{2}-\d{2}) (night|before the open) (\d{1,15})$/;

/** For the records. The date comes first, by which what is old is forgotten. */
export function formatClosedLook({ sessionNy, stage, atMs }: ClosedLook): string {
  return `${sessionNy} ${stage} ${atMs}`;
}

/** What the records are kept by. */
const LOOK_KEY = "closed look";

/** The last look at a closed market, as the records have it; `null` where they have none. */
export function readClosedLook({ alerted }: Pick<EngineState, "alerted">): ClosedLook | null {
  return parseClosedLook(alerted[LOOK_KEY]);
}

/** What the records keep from now on, a look at this moment with it. */
export function keepClosedLook(
  { alerted }: Pick<EngineState, "alerted">,
  moment: ClosedMoment,
): EngineState["alerted"] {
  return { ...alerted, [LOOK_KEY]: formatClosedLook(buildClosedLook(moment)) };
}

/** @returns `null` where there is none, or none that this release wrote. */
export function parseClosedLook(text: string | undefined): ClosedLook | null {
  const [, sessionNy, stage, atMs] = LOOK.exec(text ?? "") ?? [];
  if (sessionNy === undefined || atMs === undefined) return null;
  return {
    sessionNy,
    stage: stage === "night" ? "night" : "before the open",
    atMs: Number(atMs),
  };
}
