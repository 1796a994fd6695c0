import type { OperatorView, Seen, Turn, World } from "../domain/plan/world.ts";
import { timeLeftOf } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { findIdentityProblem } from "./gate_reader.ts";

/** Steps of one run of the plan: more are a fault of its own. */
export const STEPS_MAX = 200;

/** The count of a run of the plan that begins now. */
export function beginTurn(engine: Engine, fresh: ReadonlySet<string>): Turn {
  return {
    cycleStartedAtMs: engine.nowMs(),
    startedMs: engine.ports.clock.monotonicMs(),
    stepsLeft: STEPS_MAX,
    looks: 0,
    isLookNew: false,
    actsBySymbol: new Map(),
    fresh,
    sendings: new Map(),
  };
}

/** Everything that a decision may know, as the engine knows it now. */
export function buildWorld(
  engine: Engine,
  turn: Turn,
  operator: OperatorView,
  closed: Seen["closed"],
): World {
  return {
    now: {
      ...timeLeftOf(engine),
      brokerMs: engine.nowMs(),
      dateNy: engine.dateNy(),
      monotonicMs: engine.ports.clock.monotonicMs(),
      processId: engine.processId,
    },
    turn,
    operator,
    seen: { ...engine.seen, closed },
    records: engine.state,
  };
}

/** What the operator and the gate say, with what was asked of them. */
export function viewOperator(
  engine: Engine,
  asked: Pick<OperatorView, "gate" | "objection">,
): OperatorView {
  return {
    ...asked,
    isLossReached: engine.dayLoss.kind === "reached",
    keys: readKeys(engine),
  };
}

/** Another account's files, or nobody knows yet whose account this is: no look-up and no order (pipeline 6). */
function readKeys(engine: Engine): OperatorView["keys"] {
  const { ledger } = engine.state;
  if (findIdentityProblem(engine, ledger) !== null) return "mismatch";
  const isOwned = engine.state.accountId !== null || (ledger?.accountId ?? null) !== null;
  return isOwned && engine.accountId === null ? "unknown" : "match";
}
