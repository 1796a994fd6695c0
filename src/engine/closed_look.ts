import { LAG_MS } from "../domain/account/order_book.ts";
import {
  buildClosedLook,
  type ClosedMoment,
  findClosedStage,
  formatClosedLook,
  isLookDue,
  parseClosedLook,
} from "../domain/account/closed_look.ts";
import { ABSENT } from "../domain/account/standing.ts";
import { CLOSED_LOOK_MS } from "../domain/account/standing_alarms.ts";
import { listBuysWithoutPosition } from "../domain/account/bought.ts";
import type { GateDecision } from "../domain/gate/gate.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { findLastClose } from "../domain/time/market_clock.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { findClosedAction, noticeCorporateActions } from "./corporate_actions.ts";
import type { Engine } from "./engine.ts";
import { recordEquity } from "./equity.ts";
import { observe } from "./observe.ts";
import { carryOut } from "./plan_shell.ts";
import type { Questions } from "./questions.ts";
import { isSummaryLookDue } from "./summary.ts";
import { noteForeignState, takeInPositions, takeInRecords } from "./taking_in.ts";
import { findBrokerTrouble } from "./trouble.ts";
import { listBare, noteBare } from "./unfinished.ts";
import { isUnreadableIn } from "./unreadable.ts";

/** State key: the last look at a closed market. */
const LOOK_KEY = "closed look";
/** State key by position: the stage in which the broker last answered such a stop, of the session that it came before. */
const ANSWERED_KEY = "closed stop";

/**
 * What a cycle does while the market is closed, at most every five minutes and as long as it is not known that every managed
 * position has a good-till-canceled stop: looks at positions and orders, and puts a stop where shares are bare (pipeline 5,
 * "While the market is closed"). The gate is decided without its lines (interface, Gate).
 * @returns The gate's decision; `null` where no look was due.
 */
export async function lookWhileClosed(
  engine: Engine,
  market: MarketClock,
  questions: Questions,
): Promise<GateDecision | null> {
  const moment = findMoment(engine, market);
  const last = parseClosedLook(engine.state.alerted[LOOK_KEY]);
  const cover = await readCover(engine);
  // What the summary looks at is not left as it is found.
  const isDue = isLookDue(moment, { last, isKnown: cover === "known" }) ||
    isSummaryLookDue(engine, market);
  if (cover === "nothing" || !isDue) {
    await noticeCorporateActions(engine, market);
    return null;
  }
  const observation = await observe(engine, market, questions);
  const { gate } = await takeInRecords(engine, observation);
  noteLook(engine, moment);
  if (noteForeignState(engine, gate)) return gate.decision;
  await takeInPositions(engine);
  // What a stop sells at the open is in no look of the session any more.
  await recordEquity(engine);
  await engine.trySaveState();
  await placeClosedStops(engine, gate.decision, market);
  // No exit goes on over the night: what one left bare is protected as anything else is.
  for (const positionId of listBare(engine)) noteBare(engine, positionId, false);
  return gate.decision;
}

/** Plans the next look, once standings say whether this one has found all covered. */
export async function planClosedLook(engine: Engine): Promise<void> {
  if (await readCover(engine) === "not known") engine.wakeAt(engine.nowMs() + CLOSED_LOOK_MS);
}

/**
 * Puts a good-till-canceled stop where managed shares are bare while the broker's clock says closed, as far as the gate is
 * LIVE and no corporate action is due; the broker queues it for the open.
 */
export async function placeClosedStops(
  engine: Engine,
  gate: GateDecision,
  market: MarketClock,
): Promise<void> {
  await noticeCorporateActions(engine, market);
  const value = formatStage(findMoment(engine, market));
  const keyOf = (positionId: string) => `${ANSWERED_KEY} ${positionId}`;
  const closed = new Map(engine.state.positions.map(({ symbol, positionId }) => [symbol, {
    action: findClosedAction(engine, symbol, market),
    isAnswered: engine.state.alerted[keyOf(positionId)] === value,
  }]));
  // The broker's judgement holds until the next stage.
  for (const positionId of await carryOut(engine, { gate, closed })) {
    engine.updateState({ alerted: { ...engine.state.alerted, [keyOf(positionId)]: value } });
  }
}

function findMoment(engine: Engine, { nextOpenMs }: MarketClock): ClosedMoment {
  return { nowMs: engine.nowMs(), nextOpenMs };
}

/** The date comes first, by which what is old is forgotten. */
function formatStage(moment: ClosedMoment): string {
  return `${dateNyOf(moment.nextOpenMs)} ${findClosedStage(moment)}`;
}

function noteLook(engine: Engine, moment: ClosedMoment): void {
  const value = formatClosedLook(buildClosedLook(moment));
  engine.updateState({ alerted: { ...engine.state.alerted, [LOOK_KEY]: value } });
}

/** Whether there is nothing to protect, all of it is known to be covered, or there may be something that is not. */
async function readCover(engine: Engine): Promise<"nothing" | "known" | "not known"> {
  const { ledger, state } = engine.ports;
  if (engine.isForeignState) return "nothing";
  if (!engine.isStateLoaded) {
    // No ledger and no state is a first start, with which nobody hurries at night.
    const kinds = [(await ledger.read()).kind, (await state.read()).kind];
    return kinds.every((kind) => kind === "missing") ? "nothing" : "not known";
  }
  // A ledger that the records have not taken in yet, after an upgrade for instance.
  const isLedgerRead = engine.state.ledger !== null || (await ledger.read()).kind === "missing";
  if (!isLedgerRead || listBuysWithoutPosition(engine.state).length > 0) return "not known";
  if (engine.state.positions.length === 0) return "nothing";
  return isCoverKnown(engine) ? "known" : "not known";
}

/**
 * Whether the last look found every managed position covered by good-till-canceled stops, as its standing has it, and so long
 * after the close that lists have the session's last seconds (broker.md, Orders and positions).
 */
function isCoverKnown(engine: Engine): boolean {
  const { positions, standings } = engine.state;
  const { observation } = engine;
  const lookMs = parseClosedLook(engine.state.alerted[LOOK_KEY])?.atMs ?? -Infinity;
  const closeMs = findLastClose(engine.calendar, lookMs) ?? -Infinity;
  if (lookMs - closeMs < LAG_MS) return false;
  const isRead = observation === null || findBrokerTrouble(observation) === null;
  return isRead && positions.every(({ positionId, symbol }) => {
    if (isUnreadableIn(engine, symbol)) return false;
    const standing = standings.find((each) => each.positionId === positionId);
    return standing !== undefined && standing.isCoverRead && standing.isGtcNeeded &&
      standing.bareQty === 0 && standing.cause !== ABSENT.code;
  });
}
