import type { GateDecision } from "../domain/gate/gate.ts";
import type { OrderRequest, SendResult } from "../domain/order/order_request.ts";
import type {
  EntryQuestion,
  Planned,
  Question,
  RecordsQuestion,
  Step,
} from "../domain/plan/step.ts";
import type {
  EntryTurn,
  OperatorView,
  RecordsTurn,
  RecordsWorld,
  Seen,
  Turn,
  World,
} from "../domain/plan/world.ts";
import type { Engine, Observation } from "./engine.ts";
import { type EntryMandate, NEW_ENTRY_TURN } from "./entry_desk.ts";
import { readOperatorObjection } from "./gate_reader.ts";
import { beginTurn, buildWorld, readKeys } from "./plan_world.ts";
import { beginRecordsTurn, buildRecordsDesk } from "./records_desk.ts";
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
  /** Notes of rests that were told in this run. */
  readonly told: Set<string>;
  /** How the broker answered what was sent last, by position. */
  readonly answers: Map<string, SendResult>;
}

/** What is asked, and what is sent, whatever for. */
export type AnyQuestion = Question | EntryQuestion | RecordsQuestion;

/** What the plan says next of any part. */
export type AnyPlanned = Planned<AnyQuestion, OrderRequest>;

/** Its step. */
export type AnyStep = AnyPlanned["step"];

/** One kind of it. */
export type StepOf<Kind extends Step["do"]> = Extract<AnyStep, { readonly do: Kind }>;

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
    told: new Set(),
    answers: new Map(),
  };
}

/** The world as the run knows it now. */
export function buildRunWorld({ engine, mandate, turn, operator }: Run): World {
  return buildWorld(engine, turn, operator, mandate.closed ?? new Map());
}

/** The same of a run that holds the records against the broker. */
export function buildRecordsWorld(run: Run, observation: Observation): RecordsWorld {
  const desk = buildRecordsDesk(run.engine, observation, run.recordsTurn);
  return { ...buildRunWorld(run), desk };
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

/** The same with what was asked. */
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
