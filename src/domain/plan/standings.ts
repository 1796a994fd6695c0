import type { ManagedPosition } from "../account/engine_state.ts";
import { findOwnGroups, readShares } from "../account/position_shares.ts";
import { findSellGroups, findShown, isUnseen, type Sight } from "../account/sight.ts";
import { decideStanding, type PriceLook, type Standing } from "../account/standing.ts";
import { LAST_CALL_MS } from "../account/standing_alarms.ts";
import { lookAtStops, NO_STOPS, type StopLook, type StopWatch } from "../account/stop_losses.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import { countCovered, countGtcCovered } from "../order/protection.ts";
import { isOfSession, isOpenAt } from "../time/market_clock.ts";
import { readSight } from "./broker_look.ts";
import { type EndWorld, isKnownClosed } from "./cycle_end.ts";
import { findBlind, listReasons } from "./standing_reasons.ts";
import { CONVERT_BEFORE_CLOSE_MS } from "./time_left.ts";

/** Decides how each managed position stands when a cycle can do nothing more (pipeline 5, "Nothing waits in silence"). Pure and total. */
export function decideStandings(world: EndWorld): Standing[] {
  const { now, seen: { book, pasts }, records, end } = world;
  const sight = readSight(end.look, {
    book,
    pasts,
    records,
    processId: now.processId,
    cycleBeganMs: end.beganMs,
    nowMs: now.brokerMs,
  });
  return records.positions.map((position) => decide(world, sight, position));
}

function decide(world: EndWorld, sight: Sight, position: ManagedPosition): Standing {
  const { now: { brokerMs: nowMs }, records, end: { market, look } } = world;
  const groups = findOwnGroups(sight, position);
  const leastUsd = roundToIncrement(position.stopUsd);
  const before = records.standings.find((each) => each.positionId === position.positionId);
  // A cycle without the broker's clock does not ask the gate either: what kept orders back before it still does.
  const isNeededStill = market === null && before?.isGtcNeeded === true;
  return decideStanding({
    position,
    count: readShares(sight, position),
    cover: groups === null || isUnseen(sight, groups.flatMap(({ orders }) => orders)) ? null : {
      coveredQty: countCovered(groups, leastUsd),
      gtcQty: countGtcCovered(groups, leastUsd),
    },
    shownQty: findShown(sight, position.symbol)?.qty ?? null,
    hasLooked: look !== null,
    isBeforeTrusted: market !== null || isKnownClosed(world),
    isGtcNeeded: isNeededStill || isGtcNeeded(world),
    isOpen: market?.isOpen ?? isOpenByLook(world),
    price: lookAtPrice(world, position),
    blind: findBlind(world, sight, position),
    reasons: listReasons(world, sight, position),
    stops: look === null ? null : readStops(world, sight, { position, before: before?.stops }),
    before,
    nowMs,
  });
}

/** Whether the market was open at the last look at the broker's clock, and its close has not come since. */
function isOpenByLook({ now, end: { look } }: EndWorld): boolean {
  return look !== null && isOpenAt(look.clock, now.brokerMs);
}

/** Day orders die with the close: what must last is asked for as soon as nothing else may take their place in time. */
function isGtcNeeded(world: EndWorld): boolean {
  const { now: { untilCloseMs: leftMs }, operator: { objection }, end: { market } } = world;
  if (market === null) return !isOpenByLook(world) || leftMs <= LAST_CALL_MS;
  return !market.isOpen || objection !== null || leftMs <= CONVERT_BEFORE_CLOSE_MS;
}

function lookAtPrice(
  { end: { prices, look } }: EndWorld,
  { symbol, doubtedTrade }: ManagedPosition,
): PriceLook {
  if (prices === null) return { kind: "not_asked" };
  if (!prices.answered.has(symbol)) return { kind: "unread" };
  const trade = prices.rows.get(symbol);
  if (look === null) return { kind: "none" };
  if (trade !== undefined && isOfSession(look, trade)) {
    return { kind: "read", priceUsd: trade.priceUsd };
  }
  return doubtedTrade !== undefined && isOfSession(look, doubtedTrade)
    ? { kind: "doubted", priceUsd: doubtedTrade.priceUsd }
    : { kind: "none" };
}

/** What became of a position's stops since the cycle before. */
function readStops(
  world: EndWorld,
  sight: Sight,
  { position, before = NO_STOPS }: {
    readonly position: ManagedPosition;
    readonly before: StopWatch | undefined;
  },
): StopLook {
  const { stopsPlaced, stopsTakenDown } = world.end;
  // Also those whose answer was lost, and what came in the place of one.
  const working = (findSellGroups(sight, position.symbol) ?? []).filter((each) => each.isPlainStop)
    .flatMap(({ orders }) => orders.map(({ orderId }) => orderId));
  return lookAtStops(sight, position, {
    ids: [...before.restingIds, ...stopsPlaced, ...working],
    takenDown: stopsTakenDown,
    isOpen: isOpenByLook(world),
  });
}
