import { findUnfinished } from "../account/unfinished.ts";
import { findEntry, hasHidden, type Sight } from "../account/sight.ts";
import { ALARM_AFTER_MS, CLOSED_LOOK_MS, LAST_CALL_MS } from "../account/standing_alarms.ts";
import { unreachable } from "../assert.ts";
import { isOfOperator } from "../gate/gate.ts";
import { mayTrade } from "../order/orders.ts";
import { findNextTryMs } from "./beside_buy.ts";
import type { Cover } from "./closed_cover.ts";
import { UNDECIDED_LOOK_MS } from "./entries.ts";
import { RETRY_MS } from "./move.ts";
import { CONVERT_AGAIN_MS, CONVERT_BEFORE_CLOSE_MS, readConversionMs } from "./time_left.ts";
import type { World } from "./world.ts";

/** How soon a cycle follows one that left something bare, due or unresolved (pipeline 5). */
const IN_DOUBT_LOOK_MS = 30_000;
/** So soon after the close what is bare is looked at: by then the broker's clock says closed. */
const CLOSED_AFTER_MS = 1_000;
/** How soon an entry that still works is looked at again, and near the close. */
const ENTRY_LOOK_MS = 20_000;
const ENTRY_LOOK_LATE_MS = 5_000;

/** A moment at which the engine must be awake, Unix ms by the broker's clock, and what for. */
export interface Moment {
  readonly atMs: number;
  readonly why:
    | "what waits becomes an alarm"
    | "bare, due or in doubt"
    | "last call"
    | "conversion"
    | "conversion again"
    | "market closed"
    | "entry at work"
    | "bare after an exit"
    | "cover not known"
    | "entry left undecided";
}

/** How a cycle ended, as far as the next moments depend on it. */
export type CycleOutcome =
  /** It managed positions, with the market open or with hours ignored. */
  | { readonly kind: "managed" }
  /** The market is closed, or its clock can't be read; `cover`: what the look found, `null` where the clock has no answer. */
  | { readonly kind: "closed"; readonly cover: Cover | null }
  /** What broker or disk did ended it. */
  | { readonly kind: "failed"; readonly cycleBeganMs: number };

/**
 * The moments that the engine must not sleep through after a cycle: what its standings wait for, and what its end has left
 * (pipeline 5). Pure and total.
 * @param areStandingsTaken Whether the records have the standings of this cycle.
 */
export function listMoments(
  world: World,
  outcome: CycleOutcome,
  { areStandingsTaken }: { readonly areStandingsTaken: boolean },
): Moment[] {
  return [...areStandingsTaken ? listAlarms(world) : [], ...listAfter(world, outcome)];
}

function listAfter(world: World, outcome: CycleOutcome): Moment[] {
  const { now: { brokerMs: nowMs }, records } = world;
  switch (outcome.kind) {
    case "managed":
      // Only with hours ignored: a closed market changes little in seconds.
      return world.seen.clock?.isOpen === true ? [...listDoubts(world), ...listCloses(world)] : [];
    case "closed":
      return outcome.cover === "not known"
        ? [{ atMs: nowMs + CLOSED_LOOK_MS, why: "cover not known" }]
        : [];
    case "failed":
      // What was due in it, it may not have got to.
      return records.intents.some((each) => each.scheduledAtMs <= outcome.cycleBeganMs)
        ? [{ atMs: nowMs + UNDECIDED_LOOK_MS, why: "entry left undecided" }]
        : [];
    default:
      return unreachable(outcome);
  }
}

/** When something that waits becomes an alarm, or is said once more. */
function listAlarms({ now, records }: World): Moment[] {
  return records.standings.flatMap(({ bareSinceMs, dueSinceMs }) => [bareSinceMs, dueSinceMs])
    .flatMap((sinceMs) => sinceMs === null ? [] : sinceMs + ALARM_AFTER_MS)
    .filter((atMs) => atMs > now.brokerMs)
    .map((atMs) => ({ atMs, why: "what waits becomes an alarm" }));
}

/**
 * What is bare, due or in doubt is looked at soon, unless it waits for the operator. Shares without any stop do not wait for the
 * poll even then: he may let orders leave again by a file.
 */
function listDoubts({ now, operator: { gate }, records, seen }: World): Moment[] {
  const { standings } = records;
  const isWaiting = hasHidden(seen.book) ||
    standings.some(({ due, doubtfulQty, stops }) =>
      due !== null || doubtfulQty > 0 || stops.losses !== null
    );
  const isStopped = gate?.mode === "DRY_RUN" && isOfOperator(gate.reason);
  const isSomeOpen = standings.some(({ bareQty, mostHeldQty, coveredQty }) =>
    bareQty > 0 && mostHeldQty > coveredQty
  );
  return isWaiting && (!isStopped || isSomeOpen)
    ? [{ atMs: now.brokerMs + IN_DOUBT_LOOK_MS, why: "bare, due or in doubt" }]
    : [];
}

/** What the close asks for, and entries that still work, as long as a position is managed. */
function listCloses(world: World): Moment[] {
  const { now, records: { positions } } = world;
  const { brokerMs: nowMs, untilCloseMs: leftMs } = now;
  if (positions.length === 0 || leftMs === Infinity) return [];
  const ahead: readonly (readonly [beforeMs: number, why: Moment["why"]])[] = [
    [LAST_CALL_MS, "last call"],
    [readConversionMs(now, positions.length), "conversion"],
    [CONVERT_AGAIN_MS, "conversion again"],
  ];
  return [
    { atMs: nowMs + leftMs + CLOSED_AFTER_MS, why: "market closed" },
    ...ahead.filter(([beforeMs]) => leftMs > beforeMs)
      .map(([beforeMs, why]) => ({ atMs: nowMs + leftMs - beforeMs, why })),
    ...listEntryLooks(world),
  ];
}

function listEntryLooks({ now, seen, records: { positions } }: World): Moment[] {
  const isWorking = positions.some(({ positionId, qty }) => {
    const order = findEntry(seen, positionId);
    return qty === null || (order !== undefined && mayTrade(order));
  });
  const isLate = now.untilCloseMs <= CONVERT_BEFORE_CLOSE_MS;
  const atMs = now.brokerMs + (isLate ? ENTRY_LOOK_LATE_MS : ENTRY_LOOK_MS);
  return isWorking ? [{ atMs, why: "entry at work" }] : [];
}

/** When what an exit's cancel has left bare is tried again; what a buy keeps it waiting for has a moment of its own (`findNextTryMs`). */
export function listRetries(
  { records, now }: Pick<World, "records" | "now">,
  sight: Sight,
): Moment[] {
  const isSomeBare = records.positions.some(({ positionId, symbol, unexplainedQty }) => {
    const unfinished = findUnfinished(records.unfinished, positionId);
    return unfinished.isBare && unexplainedQty === null &&
      findNextTryMs(sight, unfinished, symbol) === null;
  });
  return isSomeBare ? [{ atMs: now.brokerMs + RETRY_MS, why: "bare after an exit" }] : [];
}
