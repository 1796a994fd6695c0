import { buildOpenOrders, correctList } from "../domain/account/order_book.ts";
import type { MarketClock, Session, Trade } from "../domain/market.ts";
import { dateNyOf, nyToMs } from "../domain/ny_time.ts";
import { type BrokerPosition, flattenOrders, isFinal } from "../domain/orders.ts";
import { listSellGroups, type SellGroup } from "../domain/protection.ts";
import { completeOpen, forgetEnded, learn } from "./asking.ts";
import type { Engine, Observation } from "./engine.ts";

/** Days of calendar that are kept, so that one failed read does not cost the day's close. */
const CALENDAR_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * Reads the broker's clock.
 * @returns `null` where it can't be read, which counts as closed (interface, Gate).
 */
export async function readMarket(engine: Engine): Promise<MarketClock | null> {
  const { clock } = engine.ports;
  const askedMs = clock.monotonicMs();
  const read = await engine.read(() => engine.ports.broker.readClock());
  if (read.kind === "failed") {
    engine.ports.log.warn(`Broker clock unavailable (${read.failure}): ${read.message}`);
    return null;
  }
  engine.setBrokerTime(read.value.timestampMs, clock.monotonicMs() - askedMs);
  return read.value;
}

/**
 * Reads everything that a cycle decides from. What can't be read is part of the observation, never an exception.
 * @param clock Read just before; the moment that "today" is taken from.
 */
export async function observe(engine: Engine, clock: MarketClock): Promise<Observation> {
  const { broker } = engine.ports;
  const skewSeconds = (engine.ports.clock.nowMs() - engine.nowMs()) / 1000;
  const dateNy = dateNyOf(clock.timestampMs);
  const session = await readSession(engine, dateNy);
  const account = await engine.read(() => broker.readAccount());
  if (account.kind === "ok") engine.accountId = account.value.accountId;
  forgetEnded(engine);
  const positions = await engine.read(() => broker.listPositions());
  const open = await readOpenOrders(engine);
  const dayOrders = await readDayOrders(engine, dateNy);
  // What the list of the day knows better is known from now on.
  const openOrders = open.kind === "ok" ? { ...open, value: buildOpenOrders(engine.book) } : open;
  const observation = {
    clock,
    dateNy,
    session,
    skewSeconds,
    account,
    positions,
    openOrders,
    dayOrders,
  };
  engine.observation = observation;
  return observation;
}

async function readOpenOrders(engine: Engine): Promise<Observation["openOrders"]> {
  const { broker } = engine.ports;
  return await completeOpen(
    engine,
    await engine.read(() => broker.listOrders({ status: "open" })),
  );
}

async function readDayOrders(engine: Engine, dateNy: string): Promise<Observation["dayOrders"]> {
  const { broker } = engine.ports;
  const afterMs = nyToMs(dateNy, "00:00");
  const read = await engine.read(() => broker.listOrders({ status: "all", afterMs }));
  if (read.kind === "failed") return read;
  learn(engine, read.value);
  return { ...read, value: correctList(engine.book, read.value) };
}

/** Reads positions and open orders again, after something was sent or when they must be of this instant. */
export async function refresh(engine: Engine): Promise<void> {
  const { observation } = engine;
  if (observation === null) return;
  const { broker } = engine.ports;
  const positions = await engine.read(() => broker.listPositions("protect"));
  const openOrders = await readOpenOrders(engine);
  engine.observation = { ...observation, positions, openOrders };
  engine.isStale = false;
}

/** Today's session, from the calendar kept for a week; the close on a half day comes from nowhere else. */
export async function readSession(engine: Engine, dateNy: string): Promise<Session | null> {
  const known = engine.sessions.find((session) => session.dateNy === dateNy);
  if (known !== undefined) return known;
  const toNy = dateNyOf(nyToMs(dateNy, "12:00") + CALENDAR_DAYS * DAY_MS);
  const read = await engine.read(() => engine.ports.broker.listSessions({ fromNy: dateNy, toNy }));
  if (read.kind === "failed") {
    engine.ports.log.warn(`Broker calendar unavailable (${read.failure}): ${read.message}`);
    return null;
  }
  engine.sessions = read.value;
  return read.value.find((session) => session.dateNy === dateNy) ?? null;
}

/** No exit is decided before the symbol's latest trade is from this session (pipeline 5, "When"). */
export function isOfThisSession(engine: Engine, trade: Trade): boolean {
  const { observation } = engine;
  if (observation === null) return false;
  const { session, clock, dateNy } = observation;
  if (session !== null) return trade.atMs >= session.openMs && trade.atMs < session.closeMs;
  // The calendar is not known: an open market opened at the usual hour, half days included.
  return clock.isOpen && trade.atMs >= nyToMs(dateNy, "09:30") && trade.atMs < clock.nextCloseMs;
}

/** When this session ends: the broker's clock says it while the market is open. */
export function closeMsOf(observation: Pick<Observation, "clock" | "session">): number | null {
  if (observation.clock.isOpen) return observation.clock.nextCloseMs;
  return observation.session?.closeMs ?? null;
}

/** Whether the account says that no order of ours would be taken now; one that can't be read does not say so. */
export function isTradingBlocked(engine: Engine): boolean {
  const account = engine.observation?.account;
  return account?.kind === "ok" && account.value.isBlocked;
}

/** Whether the market was open at the last look at the broker's clock, and its close has not come since. */
export function isMarketOpen(engine: Engine): boolean {
  const clock = engine.observation?.clock;
  return clock !== undefined && clock.isOpen && engine.nowMs() < clock.nextCloseMs;
}

/** The symbol's position as last read, fractions included: `undefined` where there is none, `null` where positions can't be read. */
export function findShown(engine: Engine, symbol: string): BrokerPosition | undefined | null {
  const positions = engine.observation?.positions;
  if (positions === undefined || positions.kind === "failed") return null;
  return positions.value.find((position) => position.symbol === symbol);
}

/** The symbol's position as last read, in whole shares: `undefined` where there is none, `null` where positions can't be read. */
export function findHeld(engine: Engine, symbol: string): BrokerPosition | undefined | null {
  const held = findShown(engine, symbol);
  if (held === null || held === undefined || held.qty <= 0) return held;
  // A fraction of a share can be neither stopped nor sold by us, and is left out.
  const qty = Math.floor(held.qty);
  return qty === 0 ? undefined : { ...held, qty };
}

/** Whether a buy works in the symbol, whoever placed it: the broker takes no new sell beside it (a wash trade). */
export function hasWorkingBuy(engine: Engine, symbol: string): boolean {
  const orders = engine.observation?.openOrders;
  return orders?.kind === "ok" &&
    flattenOrders(orders.value).some((each) =>
      each.symbol === symbol && each.side === "buy" && !isFinal(each)
    );
}

/** The symbol's working sells as the book has them; `null` where open orders can't be read. */
export function findSellGroups(engine: Engine, symbol: string): SellGroup[] | null {
  const orders = engine.observation?.openOrders;
  if (orders === undefined || orders.kind === "failed") return null;
  return listSellGroups(buildOpenOrders(engine.book), symbol);
}
