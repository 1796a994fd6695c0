import type { OrderRequest } from "../order/order_request.ts";
import { planEntries } from "./entries.ts";
import { plan } from "./plan.ts";
import { planReconciliation } from "./reconciliation.ts";
import { planSignals } from "./signals.ts";
import type { EntryQuestion, Planned, Question, RecordsQuestion, SignalsQuestion } from "./step.ts";
import type { EngineWorld } from "./world.ts";

/** What is asked, whatever for. */
export type EngineQuestion = Question | EntryQuestion | RecordsQuestion | SignalsQuestion;

/** What `planEngine` returns. */
export type EnginePlanned = Planned<EngineQuestion, OrderRequest>;

/**
 * The one next step of the engine, from one world: of the parts that the world has, in the order of care. The records are held
 * against the broker first, since all else is decided from them; then positions, what is begun before what is bare before
 * what is due; then entries that are due; then new ones. A part has its turn once those before it rest. Pure and total.
 */
export function planEngine(world: EngineWorld): EnginePlanned {
  const rests: EnginePlanned[] = [];
  for (const planPart of listParts(world)) {
    const planned = planPart();
    if (planned.step.do !== "rest") return planned;
    rests.push(planned);
  }
  const wakes = rests.flatMap(({ step }) => step.do === "rest" ? step.wakeAtMs ?? [] : []);
  return {
    step: {
      do: "rest",
      wakeAtMs: wakes.length === 0 ? null : Math.min(...wakes),
      standing: world.records.standings,
    },
    say: rests.flatMap(({ say }) => say),
  };
}

function listParts(world: EngineWorld): (() => EnginePlanned)[] {
  const { books, hasPositions, desk, signals } = world;
  return [
    ...books === null ? [] : [() => planReconciliation({ ...world, books })],
    ...hasPositions ? [() => plan(world)] : [],
    ...desk === null ? [] : [() => planEntries({ ...world, desk })],
    ...signals === null ? [] : [() => planSignals({ ...world, signals })],
  ];
}
