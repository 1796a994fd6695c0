import { isAsleep } from "./broker_moves.ts";
import type { BrokerState } from "./broker_state.ts";
import { Counterexample, type Edge, type Explorer } from "./explorer.ts";
import { isDeceiving, isSound } from "./properties.ts";
import { hasFlag } from "./remainder.ts";
import type { PackedState } from "./state_table.ts";

/**
 * A calm way for the world to go on, in which nothing is left to chance: `prompt`: the broker does at once all that it has to
 * do; `slow`: it does one thing at each rest of the client; `crossing`: as prompt, and each cancel loses to a fill where it may.
 */
export type Schedule = "prompt" | "slow" | "crossing";
/** All of them. */
export const SCHEDULES: readonly Schedule[] = ["prompt", "slow", "crossing"];

/** Steps within which each state must come to an end that is good. */
const STEPS_MAX = 300;

function isFree({ costs }: Edge): boolean {
  return costs.length === 0;
}

function chooseBrokerEdge<E>(
  explorer: Explorer<E>,
  state: PackedState,
  schedule: Schedule,
): Edge | null {
  const edges = explorer.listBrokerEdges(state);
  const crossing = schedule === "crossing"
    ? edges.find((edge) =>
      edge.name.endsWith("fills before its cancel") && explorer.follow(state, edge) !== null
    )
    : undefined;
  return crossing ?? edges.find(isFree) ?? null;
}

/** Whether a rest is one to end with: protected or closed, and nothing waits; or named, where the broker will not have it. */
function isGood(broker: BrokerState, why: string | null): boolean {
  if (why === null) return isSound(broker) && !isDeceiving(broker);
  return broker.refuses !== null || broker.orders.some(isAsleep) || broker.heldQty < 0;
}

/** The next state under a schedule; `null` where this one is a good end. */
function goOn<E>(
  explorer: Explorer<E>,
  state: PackedState,
  schedule: Schedule,
): PackedState | null {
  const step = explorer.stepOf(state);
  const broker = explorer.brokerOf(state);
  const isRest = step.do === "rest";
  const brokerEdge = step.do === "record" || (schedule === "slow" && !isRest)
    ? null
    : chooseBrokerEdge(explorer, state, schedule);
  if (brokerEdge === null && step.do === "rest" && isGood(broker, step.standing.why)) return null;
  const edge = brokerEdge ?? explorer.listClientEdges(state).find(isFree);
  const next = edge === undefined ? null : explorer.follow(state, edge);
  if (next === null) throw new RangeError("a calm world can't go on");
  return next;
}

/**
 * Progress: from every state that was met, the calm schedule comes to a good end. States in which the kill switch is on, or
 * whose shares nobody can explain, are left out: nothing may be done there.
 * @returns How many states were followed.
 * @throws {Counterexample}
 */
export function checkProgress<E>(explorer: Explorer<E>, schedule: Schedule): number {
  const { table } = explorer;
  /** Steps to the good end and 1; 0 is not known yet. */
  const known = new Uint16Array(table.count);
  let followed = 0;
  for (let from = 0; from < table.count; from++) {
    const { rest } = table.get(from);
    if (hasFlag(rest, "killed") || hasFlag(rest, "excused")) continue;
    followed++;
    const path: number[] = [];
    let at = from;
    let left = 0;
    while (known[at] === 0) {
      if (path.length > STEPS_MAX) throw new Counterexample(...tellPath(explorer, schedule, from));
      path.push(at);
      const next = goOn(explorer, table.get(at), schedule);
      if (next === null) break;
      at = table.find(next);
      if (at < 0) throw new RangeError("a calm world comes to where no search has been");
    }
    left = known[at] ?? 0;
    for (const place of path.reverse()) known[place] = Math.min(++left, 0xffff);
    if (left > STEPS_MAX) throw new Counterexample(...tellPath(explorer, schedule, from));
  }
  return followed;
}

function tellPath<E>(
  explorer: Explorer<E>,
  schedule: Schedule,
  from: number,
): [property: string, story: string[]] {
  const story = explorer.tell(from);
  let state = explorer.table.get(from);
  const seen = new Set<number>();
  for (let at = from; at >= 0 && !seen.has(at);) {
    seen.add(at);
    const next = goOn(explorer, state, schedule);
    if (next === null) break;
    const edge = explorer.listEdges(state).find((each) => {
      const reached = explorer.follow(state, each);
      return reached !== null && explorer.table.find(reached) === explorer.table.find(next);
    });
    story.push(`… ${edge?.name ?? "?"}`);
    state = next;
    at = explorer.table.find(next);
  }
  return [`no good end when the broker is ${schedule}`, story];
}
