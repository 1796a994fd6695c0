import { findOwnGroups, isMissing, readShares } from "../domain/account/position_shares.ts";
import {
  ABSENT,
  decideStanding,
  isShort,
  type PriceLook,
  type Standing,
  type StandingReason,
} from "../domain/account/standing.ts";
import { isEntryWorking, isUnseen } from "../domain/account/sight.ts";
import { LAST_CALL_MS } from "../domain/account/standing_alarms.ts";
import { formatCounted } from "../domain/counted.ts";
import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { formatGateReason, type GateDecision, type GateFailReason } from "../domain/gate/gate.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { findDay, findSessionAt } from "../domain/time/market_clock.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { roundToIncrement } from "../domain/order/price_increment.ts";
import { countCovered, countGtcCovered, listMarketSells } from "../domain/order/protection.ts";
import { formatUnreadable } from "../domain/order/unreadable_row.ts";
import { readAccountBlock } from "./account_look.ts";
import { CONVERT_BEFORE_CLOSE_MS } from "../domain/plan/time_left.ts";
import { untilCloseMs } from "./closing.ts";
import type { Engine } from "./engine.ts";

import { readOperatorObjection } from "./gate_reader.ts";
import { alertKillSwitch, noteToldBare, noticeKillSwitch } from "./notices.ts";
import {
  findHeld,
  findSellGroups,
  findShown,
  hasWorkingBuy,
  isMarketOpen,
  isOfThisSession,
} from "./observe.ts";
import { sightOf } from "./sight.ts";
import { forgetEnded, readStops } from "./stop_watch.ts";
import { sayAlarms } from "./standing_alarms.ts";
import { sayEnding } from "./stop_ending.ts";
import { listLowered, listUnclearReasons } from "./unclear_sells.ts";
import { listUnreadable } from "./unreadable.ts";

/** What a cycle was, at whose end standings are taken. */
export interface CycleEnd {
  /** `null` where the broker's clock could not be read. */
  readonly market: MarketClock | null;
  /** `null` where the gate was not asked: the market is closed, or the clock could not be read. */
  readonly gate: GateDecision | null;
}

interface Turn extends CycleEnd {
  /** Why orders may not leave, as far as it is known. */
  readonly objection: GateFailReason | null;
  /** Whether orders may leave; where the gate was not asked, whether the operator lets them. */
  readonly isLive: boolean;
}

/**
 * Takes how each managed position stands at the end of a cycle, keeps it with the records, and tells the operator what waits
 * (pipeline 5, "Nothing waits in silence").
 */
export async function takeStandings(engine: Engine, end: CycleEnd): Promise<void> {
  // Made in the middle of the cycle, it is what kept the rest back.
  await noticeKillSwitch(engine);
  if (engine.isStateLoaded && !engine.isForeignState) await takeAll(engine, end);
  alertKillSwitch(engine);
}

async function takeAll(engine: Engine, end: CycleEnd): Promise<void> {
  const objection = await findObjection(engine, end);
  const turn = { ...end, objection, isLive: objection === null };
  if (!turn.isLive) sayEnding(engine);
  const standings = engine.state.positions.map((position) => take(engine, position, turn));
  for (const standing of standings) {
    if (standing.due === null) engine.hindrances.delete(standing.symbol);
  }
  forgetEnded(engine, standings);
  if (JSON.stringify(standings) !== JSON.stringify(engine.state.standings)) {
    engine.updateState({ standings });
  }
  noteToldBare(engine);
  sayAlarms(engine, {
    nowMs: engine.nowMs(),
    isLive: turn.isLive,
    isGateAsked: end.gate !== null && end.market?.isOpen === true,
    isOperatorStopped: objection !== null && !OTHERS.has(objection.code),
    isClosed: end.market === null ? isClosedByCalendar(engine) : !end.market.isOpen,
    untilCloseMs: untilCloseMs(engine),
    nextOpenMs: end.market?.nextOpenMs ?? findNextOpen(engine),
    toldSymbols: new Set(engine.toldBare.map(({ symbol }) => symbol)),
    isForgetful: engine.ports.config.isRunOnce && !engine.isRemembering,
  });
}

/** Whether nothing of a managed position is due (what is bare is) or in doubt in the middle of a LIVE cycle, by what it has seen and done. */
export function areAllCalm(engine: Engine): boolean {
  const market = engine.observation?.clock ?? null;
  const turn = { market, gate: null, objection: null, isLive: true };
  return engine.state.positions.map((position) => take(engine, position, turn)).every((standing) =>
    standing.due === null && standing.doubtfulQty === 0
  );
}

/** By the stored calendar, where the clock can't be read. */
function findNextOpen(engine: Engine): number | null {
  const nowMs = engine.nowMs();
  return engine.calendar?.sessions.find(({ openMs }) => openMs > nowMs)?.openMs ?? null;
}

/** Why nothing may leave: the gate's reason, or the operator's, who may have stopped an act in the cycle's middle. */
async function findObjection(engine: Engine, { gate }: CycleEnd): Promise<GateFailReason | null> {
  if (gate?.mode === "DRY_RUN") return gate.reason;
  const isUndisturbed = gate !== null && engine.hindrances.size === 0;
  return isUndisturbed ? null : await readOperatorObjection(engine);
}

/** Reasons of the gate's that are not the operator's own switch. */
const OTHERS: ReadonlySet<GateFailReason["code"]> = new Set([
  "ledger_unavailable",
  "positions_unavailable",
  "invalid_configuration",
]);

function take(engine: Engine, position: ManagedPosition, turn: Turn): Standing {
  const groups = findOwnGroups(sightOf(engine), position);
  const leastUsd = roundToIncrement(position.stopUsd);
  const before = engine.state.standings.find((each) => each.positionId === position.positionId);
  // A cycle without the broker's clock does not ask the gate either: what kept orders back before it still does.
  const isNeededStill = turn.market === null && before?.isGtcNeeded === true;
  return decideStanding({
    position,
    count: readShares(sightOf(engine), position),
    cover: groups === null || isUnseen(sightOf(engine), groups.flatMap(({ orders }) => orders))
      ? null
      : {
        coveredQty: countCovered(groups, leastUsd),
        gtcQty: countGtcCovered(groups, leastUsd),
      },
    shownQty: findShown(engine, position.symbol)?.qty ?? null,
    hasLooked: engine.observation !== null,
    isBeforeTrusted: turn.market !== null || isKnownClosed(engine),
    isGtcNeeded: isNeededStill || isGtcNeeded(engine, turn),
    isOpen: turn.market?.isOpen ?? isMarketOpen(engine),
    price: lookAtPrice(engine, position),
    blind: findBlind(engine, position, turn),
    reasons: listReasons(engine, position, turn),
    stops: engine.observation === null ? null : readStops(engine, position, before?.stops),
    before,
    nowMs: engine.nowMs(),
  });
}

/** Whether the stored calendar says that no session is under way, where the clock can't be read. */
function isKnownClosed(engine: Engine): boolean {
  return isDayKnown(engine) && findSessionAt(engine.calendar, engine.nowMs()) === null;
}

/** The same; where the calendar does not know the day, whether the close that was seen last has passed. */
function isClosedByCalendar(engine: Engine): boolean {
  return isDayKnown(engine) ? isKnownClosed(engine) : untilCloseMs(engine) <= 0;
}

function isDayKnown(engine: Engine): boolean {
  return findDay(engine.calendar, dateNyOf(engine.nowMs())) !== "unknown";
}

/** Day orders die with the close: what must last is asked for as soon as nothing else may take their place in time. */
function isGtcNeeded(engine: Engine, { market, isLive }: Turn): boolean {
  const leftMs = untilCloseMs(engine);
  if (market === null) return !isMarketOpen(engine) || leftMs <= LAST_CALL_MS;
  return !market.isOpen || !isLive || leftMs <= CONVERT_BEFORE_CLOSE_MS;
}

function lookAtPrice(engine: Engine, { symbol, doubtedTrade }: ManagedPosition): PriceLook {
  if (engine.prices === null) return { kind: "not_asked" };
  const { rows, answered } = engine.prices;
  if (!answered.has(symbol)) return { kind: "unread" };
  const trade = rows.get(symbol);
  if (trade !== undefined && isOfThisSession(engine, trade)) {
    return { kind: "read", priceUsd: trade.priceUsd };
  }
  return doubtedTrade !== undefined && isOfThisSession(engine, doubtedTrade)
    ? { kind: "doubted", priceUsd: doubtedTrade.priceUsd }
    : { kind: "none" };
}

/** What keeps the exit rules from being decided for a position in this look. */
function findBlind(
  engine: Engine,
  position: ManagedPosition,
  { market }: Turn,
): StandingReason | null {
  const { symbol, unexplainedQty } = position;
  if (market === null) {
    const why = engine.clockProblem === null ? "" : `: ${engine.clockProblem}`;
    return { code: "clock", text: `the broker's clock can't be read${why}` };
  }
  const row = listUnreadable(engine).find((each) => each.symbol === symbol);
  if (row !== undefined) {
    return { code: "row", text: `a row of this symbol can't be read (${formatUnreadable(row)})` };
  }
  const positions = engine.observation?.positions;
  if (positions?.kind === "failed") {
    return { code: "positions", text: `positions can't be read (${positions.failure})` };
  }
  if (isShort(position)) {
    const text = `it is SHORT: the broker shows ${formatCounted(unexplainedQty, "share")}`;
    return { code: "short", text };
  }
  if (unexplainedQty !== null) {
    const text = `the broker shows ${
      formatCounted(unexplainedQty, "share")
    }, which no order explains (a split?)`;
    return { code: "split", text };
  }
  if (engine.observation === null) return null;
  const count = readShares(sightOf(engine), position);
  if (count === null) return { code: "past", text: "its earlier orders can't be read" };
  return isMissing(sightOf(engine), position, count) ? ABSENT : null;
}

function listReasons(engine: Engine, position: ManagedPosition, turn: Turn): StandingReason[] {
  const { symbol } = position;
  const account = readAccountBlock(engine);
  const hindrance = engine.hindrances.get(symbol);
  const groups = findSellGroups(engine, symbol) ?? [];
  const heldQty = findHeld(engine, symbol)?.qty ?? 0;
  const isOwnBuy = heldQty > 0 && isEntryWorking(sightOf(engine), position);
  const reasons: (StandingReason | null)[] = [
    // First: it holds the shares, so that what would help otherwise does not.
    ...listLowered(position, groups),
    turn.market !== null && !turn.market.isOpen
      ? { code: "closed", text: "the market is closed" }
      : null,
    turn.objection === null ? null : { code: "gate", text: formatGateReason(turn.objection) },
    account === null ? null : { code: "account", text: `account blocked (${account})` },
    isOwnBuy && engine.observation?.openOrders.kind === "ok"
      ? {
        code: "entry",
        text: "its entry still works at the broker, which takes no sell beside it",
      }
      : null,
    !isOwnBuy && hasWorkingBuy(engine, symbol)
      ? {
        code: "buy",
        text: "a buy of somebody's rests in the symbol, beside which the broker takes no sell",
      }
      : null,
    ...listUnclearReasons(engine, position, groups),
    // A blocked account is what it was refused for, and said above.
    hindrance === undefined || (account !== null && hindrance.includes(account))
      ? null
      : { code: "refused", text: hindrance },
    listMarketSells(groups).length > 0
      ? { code: "selling", text: "its sell works at the broker and has not filled (a halt?)" }
      : null,
    groups.some((group) => group.isLeaving)
      ? { code: "leaving", text: "a cancel or replacement is under way at the broker" }
      : null,
  ];
  return reasons.filter((reason) => reason !== null);
}
