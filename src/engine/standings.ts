import type { GateDecision, GateFailReason } from "../domain/gate/gate.ts";
import { buildAlarmContext, type EndWorld } from "../domain/plan/cycle_end.ts";
import { decideStandings } from "../domain/plan/standings.ts";
import type { OperatorView } from "../domain/plan/world.ts";
import type { MarketClock } from "../domain/time/market.ts";
import type { Engine } from "./engine.ts";
import { readOperatorObjection } from "./gate_reader.ts";
import { alertKillSwitch, noteToldBare, noticeKillSwitch } from "./notices.ts";
import { beginTurn, buildWorld, viewOperator } from "./plan_world.ts";
import { sayAlarms } from "./standing_alarms.ts";
import { sayEnding } from "./stop_ending.ts";
import { forgetEnded } from "./stop_watch.ts";

/** What a cycle was, at whose end standings are taken. */
export interface Ended {
  /** `null` where the broker's clock could not be read. */
  readonly market: MarketClock | null;
  /** `null` where the gate was not asked: the market is closed, or the clock could not be read. */
  readonly gate: GateDecision | null;
}

/**
 * Takes how each managed position stands at the end of a cycle, keeps it with the records, and tells the operator what waits
 * (pipeline 5, "Nothing waits in silence").
 * @returns Whether they were taken: not of records that are not read, or another account's.
 */
export async function takeStandings(engine: Engine, ended: Ended): Promise<boolean> {
  // Made in the middle of the cycle, it is what kept the rest back.
  await noticeKillSwitch(engine);
  const areTaken = engine.isStateLoaded && !engine.isForeignState;
  if (areTaken) await takeAll(engine, ended);
  alertKillSwitch(engine);
  return areTaken;
}

async function takeAll(engine: Engine, { market, gate }: Ended): Promise<void> {
  const objection = await findObjection(engine, gate);
  if (objection !== null) sayEnding(engine);
  const world = buildEndWorld(engine, market, { gate, objection });
  const standings = decideStandings(world);
  for (const standing of standings) {
    if (standing.due === null) engine.hindrances.delete(standing.symbol);
  }
  forgetEnded(engine, standings);
  if (JSON.stringify(standings) !== JSON.stringify(engine.state.standings)) {
    engine.updateState({ standings });
  }
  noteToldBare(engine);
  sayAlarms(engine, {
    ...buildAlarmContext(world),
    isGateAsked: gate !== null && market?.isOpen === true,
    toldSymbols: new Set(engine.toldBare.map(({ symbol }) => symbol)),
    isForgetful: engine.ports.config.isRunOnce && !engine.isRemembering,
  });
}

/** Why nothing may leave: the gate's reason, or the operator's, who may have stopped an act in the cycle's middle. */
async function findObjection(
  engine: Engine,
  gate: GateDecision | null,
): Promise<GateFailReason | null> {
  if (gate?.mode === "DRY_RUN") return gate.reason;
  const isUndisturbed = gate !== null && engine.hindrances.size === 0;
  return isUndisturbed ? null : await readOperatorObjection(engine);
}

/** The world as the engine knows it when a cycle ends, or in its middle. @param market The cycle's clock. */
export function buildEndWorld(
  engine: Engine,
  market: MarketClock | null,
  asked: Pick<OperatorView, "gate" | "objection">,
): EndWorld {
  const { clockProblem, calendar, prices, hindrances, stopsPlaced, stopsTakenDown } = engine;
  const turn = beginTurn(engine, new Set());
  return {
    ...buildWorld(engine, turn, viewOperator(engine, asked), new Map()),
    end: {
      beganMs: engine.cycleBeganMs,
      market,
      clockProblem,
      calendar,
      look: engine.observation,
      prices,
      hindrances,
      stopsPlaced,
      stopsTakenDown,
    },
  };
}
