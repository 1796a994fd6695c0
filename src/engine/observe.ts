import { buildOpenOrders, correctList } from "../domain/account/order_book.ts";
import * as sight from "../domain/account/sight.ts";
import type { MarketClock, Session, Trade } from "../domain/time/market.ts";
import { findDay, isOfSession, isOpenAt, type UnknownDay } from "../domain/time/market_clock.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import type { BrokerOrder, BrokerPosition } from "../domain/order/orders.ts";
import type { SellGroup } from "../domain/order/protection.ts";
import { PAST_CALENDAR_DAYS } from "../domain/entry/watchlist_days.ts";
import { completeOpen, forgetEnded } from "./asking.ts";
import type { Read } from "../domain/plan/shown.ts";
import type { Asked, Engine, Observation } from "./engine.ts";
import { readPositions, type SplitListing, takeListing, toLook } from "./listing.ts";
import type { Listing } from "./ports.ts";
import { buildQuestions } from "./questions.ts";
import { sightOf } from "./sight.ts";

/** Days of calendar that are kept, so that one failed read does not cost the day's close. */
const CALENDAR_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * Reads everything that a cycle decides from. What can't be read is part of the observation, never an exception.
 * @param clock Read just before; the moment that "today" is taken from.
 */
export async function observe(
  engine: Engine,
  clock: MarketClock,
  questions = buildQuestions(engine),
): Promise<Observation> {
  const skewSeconds = (engine.ports.clock.nowMs() - engine.nowMs()) / 1000;
  const dateNy = dateNyOf(clock.timestampMs);
  const session = await readSession(engine, dateNy);
  const account = await questions.account();
  if (account.kind === "ok") engine.accountId = account.value.accountId;
  forgetEnded(engine);
  const asked = engine.markAsked();
  engine.learn([{ to: "account", look: account }], asked);
  const positions = await takeListing(engine, await questions.positions());
  engine.learn([{ to: "positions", look: toLook(positions) }], asked);
  const open = await takeOpenOrders(engine, await questions.openOrders(), asked);
  const dayOrders = await takeDayOrders(engine, await questions.dayOrders(dateNy), asked);
  // What the list of the day knows better is known from now on.
  const openOrders = open.read.kind === "ok"
    ? { ...open, read: { ...open.read, value: buildOpenOrders(engine.book) } }
    : open;
  const observation = {
    clock,
    dateNy,
    session,
    skewSeconds,
    account,
    positions: positions.read,
    openOrders: openOrders.read,
    dayOrders: dayOrders.read,
    unreadable: {
      positions: positions.unreadable,
      openOrders: openOrders.unreadable,
      dayOrders: dayOrders.unreadable,
    },
  };
  engine.observation = observation;
  engine.seen = { ...engine.seen, clock };
  return observation;
}

async function takeOpenOrders(
  engine: Engine,
  read: Read<Listing<BrokerOrder>>,
  asked: Asked,
): Promise<SplitListing<BrokerOrder>> {
  const listing = await takeListing(engine, read);
  engine.learn([{ to: "open_orders", look: toLook(listing) }], asked);
  return { ...listing, read: await completeOpen(engine, listing) };
}

async function takeDayOrders(
  engine: Engine,
  answer: Read<Listing<BrokerOrder>>,
  asked: Asked,
): Promise<SplitListing<BrokerOrder>> {
  const listing = await takeListing(engine, answer);
  engine.learn([{ to: "day_orders", look: toLook(listing) }], asked);
  const { read } = listing;
  if (read.kind === "failed") return listing;
  return { ...listing, read: { ...read, value: correctList(engine.book, read.value) } };
}

/** Reads positions and open orders again, after something was sent or when they must be of this instant. */
export async function refresh(engine: Engine): Promise<void> {
  const { observation } = engine;
  if (observation === null) return;
  const asked = engine.markAsked();
  // Together, and both awaited: where one of them ends the process, nobody is left with the other's end.
  const [seen, open] = await Promise.all([
    readPositions(engine, observation, "protect"),
    buildQuestions(engine).openOrders(),
  ]);
  const { read: openOrders, unreadable } = await takeOpenOrders(engine, open, asked);
  engine.observation = {
    ...seen,
    openOrders,
    unreadable: { ...seen.unreadable, openOrders: unreadable },
  };
}

/** So soon after a calendar that could not be read it is not asked again: a cycle wants it twice. */
const CALENDAR_AGAIN_MS = 5_000;

/** A day's session, from the calendar kept for a week; the close on a half day comes from nowhere else. */
export async function readSession(engine: Engine, dateNy: string): Promise<Session | null> {
  if (findDay(engine.calendar, dateNy) === "unknown") await renewCalendar(engine, dateNy);
  const day = findDay(engine.calendar, dateNy);
  return typeof day === "string" ? null : day;
}

/** Reads the calendar around a day anew; one that can't be read leaves what is known. */
export async function renewCalendar(engine: Engine, dateNy: string): Promise<void> {
  const { broker, clock, log } = engine.ports;
  const failedMs = engine.calendarFailedMs;
  if (failedMs !== null && clock.monotonicMs() - failedMs < CALENDAR_AGAIN_MS) return;
  const noonMs = nyToMs(dateNy, "12:00");
  const fromNy = dateNyOf(noonMs - PAST_CALENDAR_DAYS * DAY_MS);
  const toNy = dateNyOf(noonMs + CALENDAR_DAYS * DAY_MS);
  const read = await engine.read(() => broker.readCalendar({ fromNy, toNy }));
  if (read.kind === "ok") {
    engine.calendar = read.value;
    sayUnknownDays(engine, read.value.unknownDays);
  } else {
    log.warn(`Broker calendar unavailable (${read.failure}): ${read.message}`);
  }
  const isKnown = findDay(engine.calendar, dateNy) !== "unknown";
  engine.calendarFailedMs = isKnown ? null : clock.monotonicMs();
}

/** A row of the calendar's that can't be read costs its own day, and is said once a NY day. */
function sayUnknownDays(engine: Engine, days: readonly UnknownDay[]): void {
  for (const { dateNy, problem } of days) {
    if (!engine.isNews(`calendar unknown ${dateNy}:${problem}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `Broker calendar: the row of ${dateNy} can't be read (${problem}): that day's hours are not known, the broker's clock ` +
        "alone says when it closes; a half day may end at 13:00 New York",
    );
  }
}

/** Whether a trade is of this session; where nothing was looked at yet, none is. */
export function isOfThisSession({ observation }: Engine, trade: Trade): boolean {
  return observation !== null && isOfSession(observation, trade);
}

/** Whether the market was open at the last look at the broker's clock, and its close has not come since. */
export function isMarketOpen(engine: Engine): boolean {
  const { observation } = engine;
  return observation !== null && isOpenAt(observation.clock, engine.nowMs());
}

/** The symbol's position as last read, fractions included (`Sight`). */
export function findShown(engine: Engine, symbol: string): BrokerPosition | undefined | null {
  return sight.findShown(sightOf(engine), symbol);
}

/** The same in whole shares. */
export function findHeld(engine: Engine, symbol: string): BrokerPosition | undefined | null {
  return sight.findHeld(sightOf(engine), symbol);
}

/** The symbol's working sells as the book has them; `null` where open orders, or one of this symbol, can't be read. */
export function findSellGroups(engine: Engine, symbol: string): SellGroup[] | null {
  return sight.findSellGroups(sightOf(engine), symbol);
}
