import type { AlarmContext } from "../account/standing_alarms.ts";
import { isOfOperator } from "../gate/gate.ts";
import type { MarketClock, Trade } from "../time/market.ts";
import { type Calendar, findDay, findSessionAt } from "../time/market_clock.ts";
import { dateNyOf } from "../time/ny_time.ts";
import type { BrokerLook } from "./broker_look.ts";
import type { World } from "./world.ts";

/** What standings are taken from, beside what every decision is: the cycle that ends. */
export interface CycleEnd {
  /** When it began, Unix ms by the broker's clock. */
  readonly beganMs: number;
  /** Its clock; `null` where the broker's could not be read. */
  readonly market: MarketClock | null;
  /** Why that can't be used, in words; `null` where it can. */
  readonly clockProblem: string | null;
  readonly calendar: Calendar | null;
  /** The last look at the broker; `null` where this process has not looked yet. */
  readonly look: BrokerLook | null;
  /** Last prices as this cycle read them, and what was answered at all; `null` where it did not ask. */
  readonly prices: {
    readonly rows: ReadonlyMap<string, Trade>;
    readonly answered: ReadonlySet<string>;
  } | null;
  /** What last kept a sell, a stop or a cancel from being done, in words, by symbol. */
  readonly hindrances: ReadonlyMap<string, string>;
  /** Order ids of stops that the broker took since standings were taken last, and of those that worked when a cancel of ours left. */
  readonly stopsPlaced: ReadonlySet<string>;
  readonly stopsTakenDown: ReadonlySet<string>;
}

/** The world at the end of a cycle. */
export interface EndWorld extends World {
  readonly end: CycleEnd;
}

/** Whether the stored calendar says that no session is under way, where the clock can't be read. */
export function isKnownClosed({ now, end: { calendar } }: EndWorld): boolean {
  return isDayKnown(calendar, now.brokerMs) && findSessionAt(calendar, now.brokerMs) === null;
}

/** The same; where the calendar does not know the day, whether the close that was seen last has passed. */
function isClosedByCalendar(world: EndWorld): boolean {
  const { now, end } = world;
  return isDayKnown(end.calendar, now.brokerMs) ? isKnownClosed(world) : now.untilCloseMs <= 0;
}

function isDayKnown(calendar: Calendar | null, nowMs: number): boolean {
  return findDay(calendar, dateNyOf(nowMs)) !== "unknown";
}

/** By the stored calendar, where the clock can't be read. */
function findNextOpen(calendar: Calendar | null, nowMs: number): number | null {
  return calendar?.sessions.find(({ openMs }) => openMs > nowMs)?.openMs ?? null;
}

/** The moment and the rules under which a cycle's standings are judged, but for what the teller knows. */
export function buildAlarmContext(
  world: EndWorld,
): Omit<AlarmContext, "toldSymbols" | "isForgetful"> {
  const { now, operator: { objection }, end: { market, calendar } } = world;
  return {
    nowMs: now.brokerMs,
    isLive: objection === null,
    isOperatorStopped: objection !== null && isOfOperator(objection),
    isClosed: market === null ? isClosedByCalendar(world) : !market.isOpen,
    untilCloseMs: now.untilCloseMs,
    nextOpenMs: market?.nextOpenMs ?? findNextOpen(calendar, now.brokerMs),
  };
}
