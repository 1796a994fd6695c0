import { isAsleep } from "./broker_moves.ts";
import type { BrokerState } from "./broker_state.ts";
import type { ClientStep } from "./client.ts";
import type { Edge } from "./edge.ts";
import { Counterexample, type Explorer } from "./explorer.ts";
import { isDeceiving, isSound } from "./properties.ts";
import { hasFlag } from "./remainder.ts";

/**
 * A calm way for the world to go on, in which nothing is left to chance: `prompt`: the broker does at once all that it has to
 * do; `slow`: it does one thing at each rest of the client; `crossing`: as prompt, and each cancel loses to a fill where it may;
 * `halting`: as prompt, and no buy is filled any further, as where trading halts; `alone`: nothing happens but what the client does, which must come to a rest, whatever the operator or a hand has done before.
 */
export type Schedule = "prompt" | "slow" | "crossing" | "halting" | "alone";
/** All of them. */
export const SCHEDULES: readonly Schedule[] = [
  "prompt",
  "slow",
  "crossing",
  "halting",
  "alone",
];

/** Steps within which each state must come to an end that is good. */
const STEPS_MAX = 300;

/** What a calm world chooses from. */
export interface CalmChoice<E> {
  readonly step: ClientStep<E>;
  readonly broker: BrokerState;
  /** The client's own and those of broker and operator. */
  readonly edges: readonly Edge[];
  readonly countLeft: (level: number) => number;
  /** Whether the edge with this number is within the bound. */
  readonly isOpen: (number: number) => boolean;
}

/** The numbers of the edges that the schedules take, one after the other; `null` where the state is a good end. */
export function chooseCalm<E>(choice: CalmChoice<E>): readonly (number | null)[] {
  const { step, broker, edges, countLeft, isOpen } = choice;
  const find = (isWanted: (edge: Edge) => boolean): number | null => {
    const number = edges.findIndex((edge, at) => isWanted(edge) && isOpen(at));
    return number < 0 ? null : number;
  };
  const isRest = step.do === "rest";
  const own = find(({ client, costs }) => client !== null && costs === 0);
  const move = step.do === "record" ? null : find(isFreeMove);
  const isEnd = step.do === "rest" && isGood(broker, step.standing.why, countLeft);
  const goOn = isEnd ? null : own;
  const findUnhalted = (): number | null => {
    const halted = listBuyFills(broker);
    return find((edge) => isFreeMove(edge) && !halted.includes(edge.tell()));
  };
  const choose: Readonly<Record<Schedule, () => number | null>> = {
    prompt: () => move ?? goOn,
    slow: () => (isRest ? move : null) ?? goOn,
    crossing: () => (step.do === "record" ? null : find(isCrossing)) ?? move ?? goOn,
    halting: () => (move === null ? null : findUnhalted()) ?? goOn,
    alone: () => isRest ? null : own,
  };
  return SCHEDULES.map((schedule) => choose[schedule]());
}

function isFreeMove({ client, costs }: Edge): boolean {
  return client === null && costs === 0;
}

function isCrossing({ client, kind }: Edge): boolean {
  return client === null && kind === "# fills before its cancel";
}

/** How a story says that a buy is filled. */
function listBuyFills({ orders }: BrokerState): string[] {
  return orders.filter(({ side }) => side === "buy").map(({ id }) => `${id} fills`);
}

/**
 * Whether a rest is one to end with: protected or closed, what the price makes due sold, and nothing waits; or named, where the
 * broker will not have it.
 */
function isGood(
  broker: BrokerState,
  why: string | null,
  countLeft: (level: number) => number,
): boolean {
  if (why === null) {
    const isDone = broker.heldQty <= countLeft(broker.priceLevel);
    return isSound(broker) && !isDeceiving(broker) && isDone;
  }
  // What can't be replaced is cancelled instead: that is no reason to wait for ever.
  const { refuses } = broker;
  const isRefusing = refuses !== null &&
    !(refuses.kind === "replace" && refuses.why === "not_replaceable");
  return isRefusing || broker.orders.some(isAsleep) || broker.heldQty < 0;
}

/**
 * Progress: from every state that was met, the calm schedule comes to a good end. States in which the kill switch is on, or
 * whose shares nobody can explain, are left out: nothing may be done there.
 * @returns How many states were followed.
 * @throws {Counterexample}
 */
export function checkProgress<E>(explorer: Explorer<E>, schedule: Schedule): number {
  const { table } = explorer;
  const number = SCHEDULES.indexOf(schedule);
  /** Steps to the good end and 1; 0 is not known yet. */
  const known = new Uint16Array(table.count);
  let followed = 0;
  for (let from = 0; from < table.count; from++) {
    const { rest } = table.get(from);
    const isLeftOut = hasFlag(rest, "killed") || hasFlag(rest, "excused");
    if (isLeftOut && schedule !== "alone") continue;
    followed++;
    const path: number[] = [];
    let at = from;
    while (known[at] === 0) {
      if (path.length > STEPS_MAX) throw new Counterexample(...tellPath(explorer, schedule, from));
      path.push(at);
      const next = table.calmOf(at, number);
      if (next === "good") break;
      at = next;
    }
    let left = known[at] ?? 0;
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
  const { table } = explorer;
  const number = SCHEDULES.indexOf(schedule);
  const story = explorer.tell(from);
  const seen = new Set<number>();
  for (let at = from; !seen.has(at);) {
    seen.add(at);
    const next = table.calmOf(at, number);
    if (next === "good") break;
    story.push(`… ${explorer.nameEdge(at, next)}`);
    at = next;
  }
  const what = schedule === "alone"
    ? "it comes to no rest"
    : `no good end when the broker is ${schedule}`;
  return [what, story];
}
