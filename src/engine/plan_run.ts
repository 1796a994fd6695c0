import type { GateDecision } from "../domain/gate/gate.ts";
import type { SendResult } from "../domain/order/order_request.ts";
import type { EnginePlanned } from "../domain/plan/plan_engine.ts";
import type { Step } from "../domain/plan/step.ts";
import type {
  EngineWorld,
  EntryTurn,
  OperatorView,
  RecordsTurn,
  RecordsWorld,
  Seen,
  SignalsDesk,
  Turn,
} from "../domain/plan/world.ts";
import type { Engine, Observation } from "./engine.ts";
import { buildDesk, type EntryMandate, NEW_ENTRY_TURN } from "./entry_desk.ts";
import { readOperatorObjection } from "./gate_reader.ts";
import { beginTurn, buildWorld, viewOperator } from "./plan_world.ts";
import { beginRecordsTurn, buildBooks } from "./records_desk.ts";
import { buildSignalsDesk, type SignalsMandate } from "./signals_desk.ts";
import { listBare } from "./unfinished.ts";

/** What a run of the plan is carried out under. */
export interface Mandate {
  /** `null` where the gate was not asked. */
  readonly gate: GateDecision | null;
  /** Positions adopted in this cycle, which it only protects. */
  readonly fresh?: ReadonlySet<string>;
  readonly closed?: Seen["closed"];
  /** Entries instead of positions. */
  readonly entries?: EntryMandate;
  /** What breakouts are looked for in, instead of positions. */
  readonly signals?: SignalsMandate;
  /** What the records are held against, instead of positions. */
  readonly records?: Observation;
}

/** What one run of the plan has of its own. */
export interface Run {
  readonly engine: Engine;
  readonly mandate: Mandate;
  operator: OperatorView;
  turn: Turn;
  /** What it counts of entries, and whether the operator has paused them as far as it has looked. */
  entryTurn: EntryTurn;
  areEntriesPaused: boolean;
  /** What it counts of holding the records against the broker. */
  recordsTurn: RecordsTurn;
  /** The bars that it looks for breakouts in, and whether it has. */
  signalsTurn: SignalsDesk["turn"];
  /** Notes of rests that were told in this run. */
  readonly told: Set<string>;
  /** How the broker answered what was sent last, by position. */
  readonly answers: Map<string, SendResult>;
}

/** What the plan says to do. */
export type EngineStep = EnginePlanned["step"];

/** One kind of it. */
export type StepOf<Kind extends Step["do"]> = Extract<EngineStep, { readonly do: Kind }>;

/** A run that begins now. */
export function begin(engine: Engine, mandate: Mandate, operator: OperatorView): Run {
  return {
    engine,
    mandate,
    operator,
    turn: beginTurn(engine, mandate.fresh ?? new Set()),
    entryTurn: NEW_ENTRY_TURN,
    areEntriesPaused: engine.isPauseSeen,
    recordsTurn: beginRecordsTurn(engine),
    signalsTurn: { bars: null, isDecided: false },
    told: new Set(),
    answers: new Map(),
  };
}

/** The world as the run knows it now, with the parts that it is for. */
export function buildRunWorld(run: Run): EngineWorld {
  const { engine, mandate, turn, operator, areEntriesPaused, entryTurn } = run;
  const { entries, records, signals } = mandate;
  return {
    ...buildWorld(engine, turn, operator, mandate.closed ?? new Map()),
    books: records === undefined ? null : buildBooks(engine, records, run.recordsTurn),
    hasPositions: [records, signals, entries].every((part) => part === undefined),
    signals: signals === undefined ? null : buildSignalsDesk(engine, signals, run.signalsTurn),
    desk: entries === undefined
      ? null
      : buildDesk(engine, entries, { areEntriesPaused, turn: entryTurn }),
  };
}

/** The same of a run that holds the records against the broker. */
export function buildRecordsWorld(run: Run, observation: Observation): RecordsWorld {
  return { ...buildRunWorld(run), books: buildBooks(run.engine, observation, run.recordsTurn) };
}

/** What the operator and the gate say; his own objection is asked for where shares are bare. */
export async function readOperator(
  engine: Engine,
  gate: GateDecision | null,
): Promise<OperatorView> {
  const isAsked = listBare(engine).length > 0;
  const objection = isAsked ? await readOperatorObjection(engine) : null;
  return viewOperator(engine, { gate, objection });
}
