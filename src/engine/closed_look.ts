import {
  type ClosedMoment,
  findClosedStage,
  isLookDue,
  keepClosedLook,
  readClosedLook,
} from "../domain/account/closed_look.ts";
import type { GateDecision } from "../domain/gate/gate.ts";
import {
  type Cover,
  decideCover,
  listFilesAsked,
  type RecordFile,
} from "../domain/plan/closed_cover.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { findClosedAction, noticeCorporateActions } from "./corporate_actions.ts";
import type { Engine } from "./engine.ts";
import { recordEquity } from "./equity.ts";
import { observe } from "./observe.ts";
import { carryOut } from "./plan_shell.ts";
import type { Questions } from "./questions.ts";
import { isSummaryLookDue } from "./summary.ts";
import { noteForeignState, takeInPositions, takeInRecords } from "./taking_in.ts";
import { listBare, noteBare } from "./unfinished.ts";

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
  const last = readClosedLook(engine.state);
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
  engine.updateState({ alerted: keepClosedLook(engine.state, moment) });
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

/** How the night's cover is known now. */
export async function readCover(engine: Engine): Promise<Cover> {
  const { state: records, isStateLoaded, isForeignState, observation, calendar, ports } = engine;
  const facts = {
    records,
    isLoaded: isStateLoaded,
    isForeign: isForeignState,
    look: observation,
    calendar,
  };
  const missing = new Set<RecordFile>();
  for (const file of listFilesAsked(facts)) {
    if ((await ports[file].read()).kind === "missing") missing.add(file);
  }
  return decideCover(facts, missing);
}
