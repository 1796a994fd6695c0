import { isAnswerOut } from "../account/position_shares.ts";
import { isEntryWorking } from "../account/sight.ts";
import { decideClosedStop } from "./closed_stop.ts";
import { countCovered } from "../order/protection.ts";
import { findNextTryMs } from "./beside_buy.ts";
import { goOnWithEntry, planEntryEnd } from "./entry.ts";
import { endBegun, goOn } from "./give_way.ts";
import type { Begun } from "../account/unfinished.ts";
import { isAnswerLost } from "../order/ledger.ts";
import { isExitDue, planExit, planExits } from "./exit.ts";
import { type Move, note, readLists, record, rest, RETRY_MS, unfinishedPart } from "./move.ts";
import { planOrphans } from "./orphans.ts";
import { goOnShrinking } from "./shrink.ts";
import { placeStop } from "./place.ts";
import { protect } from "./protect.ts";
import { resolvePending, resolveStops } from "./resolve.ts";
import type { Permit, Planned } from "./step.ts";
import { buildSight, buildView, type View } from "./view.ts";
import type { World } from "./world.ts";

/** Requests of one symbol in one cycle: no symbol eats the others' turn. It ends beginnings only. */
const ACTS_MAX = 8;

/** How old a cancel is at the least before another position is uncovered by an act of ours. Milliseconds. */
const ALONE_MS = 1_000;

/** What one position asks for. */
interface Turn {
  readonly view: View;
  readonly move: Move;
}

/** The one next step of the sell side, from one world. Pure and total. */
export function plan(world: World): Planned {
  const { records } = world;
  const sight = buildSight(world, records);
  const views = records.positions.map((position) => buildView(world, records, sight, position));
  const turns: Turn[] = [];
  for (const view of sortByCare(views)) {
    const move = planPosition(view);
    const isNow = move.kind === "step" && move.isLast !== true && !isPause(move, view);
    if (isNow) return move;
    turns.push({ view, move });
    if (isPause(move, view) && isYoung(view)) break;
  }
  const waiting = turns.filter(({ view, move }) => isPause(move, view));
  // What nobody's shares depend on comes last, and before the look at what was done.
  const orphans = waiting.length === 0 ? planOrphans(world, records, sight) : null;
  const moves = [...waiting, ...orphans === null ? [] : [{ move: orphans }], ...turns]
    .map(({ move }) => move);
  const [step] = moves.flatMap((move) => move.kind === "step" ? [move] : []);
  return step ?? buildRest(world, moves);
}

/** Whether a move waits for the broker, so that another position may have its turn meanwhile. */
function isPause(move: Move, { world: { now } }: View): boolean {
  return move.kind === "step" && move.step.do === "read" && move.step.notBeforeMs !== null &&
    move.step.notBeforeMs > now.monotonicMs;
}

/** Whether its cancel is so young that no other position is uncovered beside it. */
function isYoung({ begun, world: { now } }: View): boolean {
  return begun !== null && now.monotonicMs - begun.sinceMs < ALONE_MS;
}

function buildRest({ records }: World, moves: readonly Move[]): Planned {
  const rests = moves.flatMap((move) => move.kind === "rest" ? [move] : []);
  const wakes = rests.flatMap(({ wakeAtMs }) => wakeAtMs ?? []);
  return {
    step: {
      do: "rest",
      wakeAtMs: wakes.length === 0 ? null : Math.min(...wakes),
      standing: records.standings,
    },
    say: rests.flatMap(({ say }) => say),
  };
}

/** What is begun comes first, then what is bare, then what is due. */
function sortByCare(views: readonly View[]): View[] {
  const rank = (view: View) => {
    if (view.begun !== null) return 0;
    if (countBare(view) > 0) return 1;
    return isExitDue(view) ? 2 : 3;
  };
  return [...views].sort((a, b) => rank(a) - rank(b));
}

function countBare({ count, groups, leastUsd }: View): number {
  return Math.max(0, (count?.mostHeldQty ?? 0) - countCovered(groups ?? [], leastUsd));
}

function planPosition(view: View): Move {
  const { begun, position, sight, underWay: { held }, unfinished, world } = view;
  const { turn, operator: { gate }, seen } = world;
  const permit: Permit | null = gate?.mode === "LIVE" ? { kind: "gate", decision: gate } : null;
  if (begun !== null) {
    const begunPermit = begun.hasLeft ? REST_PERMIT : permit;
    if (begunPermit === null) return endBegun(view, begun);
    return sellAtStop(view, begunPermit, (each) => goOnWith(each, begun, begunPermit));
  }
  if (held?.isOver === true && held.atMs >= turn.cycleStartedAtMs) {
    return rest(view, { afterMs: RETRY_MS });
  }
  const acts = turn.actsBySymbol.get(position.symbol) ?? 0;
  if (acts >= ACTS_MAX || turn.stepsLeft <= 0) return rest(view, { afterMs: RETRY_MS });
  if (seen.clock?.isOpen === false) return planClosed(view);
  if (permit !== null && !sight.unreadable.has(position.symbol)) return manage(view, permit);
  return unfinished.isBare ? restore(view) : rest(view);
}

/** Once a cancel has left, only what the operator says can stop the rest (pipeline 5). */
const REST_PERMIT: Permit = { kind: "exit_rest" };

function goOnWith(view: View, begun: Begun, permit: Permit): Move {
  if (begun.reason === "entry") return goOnWithEntry(view, begun, permit);
  return begun.shrinks === null ? goOn(view, begun, permit) : goOnShrinking(view, begun, permit);
}

/** The entry's end first, then exits, then protection: what one waits for keeps nobody from the next. */
function manage(view: View, permit: Permit): Move {
  const ending = planEntryEnd(view, permit);
  if (ending.kind === "step") return ending;
  const exit = planExits(view, permit);
  if (exit.kind === "step") return exit;
  const move = sellAtStop(view, permit, (each) => protect(each, permit));
  const say = [...ending.say, ...exit.say, ...move.say];
  // What they wait for is told before protection has its turn, which may be the position's last in this cycle.
  if (move.kind === "step") return { ...move, say };
  const wakes = [ending, exit, move].flatMap(({ wakeAtMs }) => wakeAtMs ?? []);
  return { ...move, wakeAtMs: wakes.length === 0 ? null : Math.min(...wakes), say };
}

/** The price has come to a stop that the broker refuses: only a sell is left to close the position. */
function sellAtStop(view: View, permit: Permit, look: (view: View) => Move): Move {
  const move = look(view);
  if (move.kind === "step" || !move.isExitDue) return move;
  const exit = planExit(view, permit, "stop_exit", view.position.stopUsd);
  // Until the shares are sold, the highest stop that the broker may still take is better than none.
  if (exit.kind === "rest") return look({ ...view, isExitSpent: true });
  return { ...exit, say: [note(view, { kind: "at_stop" }), ...exit.say] };
}

/**
 * Puts back what an exit's cancel took away, whatever the gate says by now: once the cancel has left, a failing ledger,
 * positions or clock read can't stop the rest, only the operator can (pipeline 5).
 */
function restore(view: View): Move {
  const { position, sight, world, groups, count } = view;
  const { operator, turn } = world;
  if (operator.keys !== "match") return rest(view);
  // The operator ends the exit; what it left bare is protected again in the next LIVE cycle.
  if (operator.objection !== null) return record([unfinishedPart(view, { isBare: false })]);
  // One answer that was empty or missing must not leave it to the next poll.
  if (turn.looks === 0) return readLists();
  const againMs = findNextTryMs(sight, view.unfinished, position.symbol);
  const afterMs = againMs === null ? RETRY_MS : againMs - world.now.brokerMs;
  const again = rest(view, { afterMs });
  if (againMs !== null) return again;
  if (isEntryWorking(sight, position) || groups === null || count === null) return again;
  if (groups.some((group) => group.isLeaving)) return again;
  // While the ledger can't be read nobody else finds out what became of them.
  const open = resolvePending(view, REST_PERMIT) ?? resolveStops(view, REST_PERMIT, true);
  if (open !== null) return open;
  // Unreadable: the broker's orders say what is left, and a stop for more could sell short.
  const isRead = sight.positions !== null && !sight.unreadable.has(position.symbol);
  if (isRead ? !view.isActionable : position.unexplainedQty !== null) return again;
  if (view.availableQty > 0) {
    const move = placeStop(view, REST_PERMIT, Infinity);
    return move.kind === "rest" ? again : move;
  }
  // What a sell of unknown fate has not sold after all is bare again.
  return isAnswerOut(sight, position, count)
    ? again
    : record([unfinishedPart(view, { isBare: false })]);
}

/** What keeps shares bare whose stop was answered. */
const GONE = "a stop was sent while the market was closed, and does not rest";

/** The one order that leaves while the market is closed: a stop for shares that nothing holds (pipeline 5). */
function planClosed(view: View): Move {
  const { position: { symbol }, sight, groups, world, underWay } = view;
  const { seen, operator: { gate }, now } = world;
  const about = seen.closed.get(symbol);
  if (seen.clock === null || gate === null || about === undefined) return rest(view);
  if (sight.unreadable.has(symbol) || groups === null) return rest(view);
  // Of a stop whose answer was lost nothing is bare for sure: it is sent again, and no other.
  const isOut = view.entries.some((entry) =>
    entry.reason === "stop" && isAnswerLost(entry, now.brokerMs)
  );
  if (!isOut && (!view.isActionable || view.availableQty <= 0)) return rest(view);
  const { nextOpenMs } = seen.clock;
  const next = decideClosedStop({ symbol, gate, nextOpenMs, ...about });
  if (next.kind === "place") return placeStop(view, next.permit, Infinity);
  // What the broker said to it says more, while this process knows it.
  const why = next.kind === "held" ? next.why : underWay.held?.why ?? GONE;
  const held = { atMs: now.brokerMs, why, isOver: true };
  return record([unfinishedPart(view, { underWay: { ...underWay, held } })]);
}
