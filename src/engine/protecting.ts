import type { ShareCount } from "../domain/account/share_count.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import { isEnding, type SellGroup } from "../domain/protection.ts";
import { decideProtection, type ProtectionDecision } from "../domain/protection_step.ts";
import { askOrders, isHidden } from "./asking.ts";
import { CONVERT_AGAIN_MS } from "../domain/plan/time_left.ts";
import { isConvertTime } from "./closing.ts";
import { convert } from "./converting.ts";
import type { Engine } from "./engine.ts";
import { findSellLookMs, isStopRefused, listMarketSells, RETRY_MS } from "./exit_records.ts";
import { findHeld, findSellGroups, refresh } from "./observe.ts";
import { findLastingRefusal } from "./lasting_refusals.ts";
import { cancelOrphans } from "./orphans.ts";
import { endEntry, isEntryStuck, isEntryWorking } from "./partial_entry.ts";
import { buildStopMandate, type Mandate, placeStop, replaceStop } from "./placing.ts";
import { StateError } from "./ports.ts";
import { isActionable, trackPositions } from "./positions.ts";
import { findOwnGroups, isAnswerOut, readAvailable, readShares } from "./shares.ts";
import { readStopLevel } from "./stop_level.ts";
import { askUnclear, givesWayNow, isLeftToHand, isOtherById } from "./unclear_sells.ts";
import { isUnreadableIn } from "./unreadable.ts";
import { noteBare, noteUnfinished, readUnfinished } from "./unfinished.ts";

/** Steps of protection in one cycle: ask, place, replace, convert, and one look more. */
const STEPS_MAX = 5;

const SETTLE_POLL_MS = 500;

/** A market sell that fills at all has filled after this. */
const SELL_MIN_MS = 5_000;

/**
 * Brings the protection of every managed position to where it belongs (pipeline 5). LIVE only.
 * @param sellable Positions that may be sold where the broker refuses their stop and the price has come to it: their last
 *   trade is of this session, and they were not adopted in this cycle.
 */
export async function protectPositions(
  engine: Engine,
  decision: LiveDecision,
  sellable: ReadonlySet<string>,
): Promise<void> {
  for (const position of engine.state.positions) {
    if (isUnreadableIn(engine, position.symbol)) continue;
    try {
      if (await endEntry(engine, decision, position)) await trackPositions(engine);
      await protect(engine, decision, position, sellable.has(position.positionId));
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      engine.sayError(
        `${position.symbol}: no stop sent, its record can't be written: ${error.message}`,
      );
    }
  }
  await cancelOrphans(engine, decision);
}

async function protect(
  engine: Engine,
  decision: LiveDecision,
  stale: ManagedPosition,
  isSellable: boolean,
): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step++) {
    if (engine.isStale) await refresh(engine);
    const position = engine.state.positions.find((each) => each.positionId === stale.positionId);
    if (position === undefined) return;
    const isBesideEntry = isEntryWorking(engine, position);
    if (isBesideEntry && !isEntryStuck(engine, position)) return;
    const groups = findOwnGroups(engine, position);
    if (groups === null) {
      engine.wakeAt(engine.nowMs() + RETRY_MS);
      return;
    }
    const shares = readShares(engine, position);
    // What is perhaps sold is asked for, also where it leaves nothing for sure.
    const isAsked = groups.some(({ standing }) => standing === "bound");
    if (shares === null || (!isActionable(engine, position) && !isAsked)) {
      // An exit of this cycle changed what is held: what it could not protect is protected now.
      const heldQty = findHeld(engine, position.symbol)?.qty ?? 0;
      if (position.unexplainedQty !== null || heldQty <= 0 || step > 0) return;
      await trackPositions(engine);
      continue;
    }
    const { sureQty: qty, mostHeldQty: mostQty } = shares;
    const leastUsd = roundToIncrement(position.stopUsd);
    const stopUsd = readStopLevel(engine, position);
    const next = decideProtection({ qty, mostQty, stopUsd, leastUsd }, groups, {
      isGtcNeeded: isConvertTime(engine),
      isLeft: (group) => isLeftToHand(engine, position, group),
      isRenewed: (group) =>
        isEnding(group, engine.nowMs()) && findLastingRefusal(engine, position.symbol) === null,
    });
    if (next.kind === "enough") {
      if (!isAnswerOut(engine, position, shares)) noteBare(engine, position.positionId, false);
      return;
    }
    if (isBesideEntry && (next.kind !== "place" || !isTriedAgain(engine, position))) return;
    if (next.kind === "ask") {
      if (await askUnclear(engine, position, next.groups)) continue;
      return noteReserved(engine, position, shares);
    }
    if (next.kind === "convert" && await isOtherById(engine, position, next.groups)) continue;
    if (mustWait(engine, position, next, groups)) {
      engine.wakeAt(engine.nowMs() + findSellLookMs(engine, listMarketSells(groups)));
      return;
    }
    if (next.kind === "convert" && next.isBare && !givesWayNow(engine, position, next.groups)) {
      return noteReserved(engine, position, shares);
    }
    if (!await act(engine, { decision, isSellable }, position, next)) {
      engine.wakeAt(engine.nowMs() + RETRY_MS);
      return;
    }
  }
}

/** What an exit laid bare is reserved again, if by something that does not trade: no look in seconds changes that. */
function noteReserved(
  engine: Engine,
  position: ManagedPosition,
  shares: ShareCount,
): void {
  if (isAnswerOut(engine, position, shares) || readAvailable(engine, position) > 0) return;
  noteBare(engine, position.positionId, false);
}

/** How often a stop is tried beside an entry that will not end: the broker may refuse it as a wash trade each time. */
const BESIDE_ENTRY_MS = 60_000;

function isTriedAgain(engine: Engine, { positionId }: ManagedPosition): boolean {
  const triedAtMs = readUnfinished(engine, positionId).besideEntryAtMs ?? -Infinity;
  if (engine.nowMs() - triedAtMs < BESIDE_ENTRY_MS) return false;
  noteUnfinished(engine, positionId, { besideEntryAtMs: engine.nowMs() });
  return true;
}

/** What acts, or waits for the broker. */
type ProtectionStep = Exclude<ProtectionDecision, { readonly kind: "enough" | "ask" }>;

/** Whether what is at work at the broker has to end, or to be shown, before this step. */
function mustWait(
  engine: Engine,
  position: ManagedPosition,
  next: ProtectionStep,
  groups: readonly SellGroup[],
): boolean {
  if (next.kind === "place" || next.kind === "wait") return false;
  // What the broker does not show yet rests all the same, and can't be changed.
  const changed = next.kind === "replace"
    ? [next.order]
    : next.groups.flatMap((each) => each.orders);
  if (isHidden(engine, changed)) return true;
  if (next.kind === "convert" && next.isBare) return false;
  // A sell that works covers its own shares; around it only what is bare may be touched. One that still works minutes
  // before the close without filling (a halt) would die with the day, and gives way to the overnight stop, if that is taken.
  const sells = listMarketSells(groups);
  const isDying = next.kind === "convert" && isConvertTime(engine, CONVERT_AGAIN_MS) &&
    !isStopRefused(engine, position.positionId) &&
    sells.every((sell) =>
      engine.nowMs() - Math.max(sell.submittedAtMs, sell.updatedAtMs) >= SELL_MIN_MS
    );
  return sells.length > 0 && !isDying;
}

/** @returns Whether the step was done and the next one may be looked for. */
async function act(
  engine: Engine,
  mandate: Mandate,
  position: ManagedPosition,
  next: ProtectionStep,
): Promise<boolean> {
  await engine.event({
    type: "protection",
    symbol: position.symbol,
    step: next.kind,
    qty: "qty" in next ? next.qty : position.qty,
    stop_usd: position.stopUsd,
  });
  switch (next.kind) {
    case "wait":
      return await waitOnce(engine, position);
    case "place":
      return await placeStop(engine, buildStopMandate(mandate), position, next.qty) === "placed";
    case "replace":
      return await replaceStop(engine, mandate, position, next);
    case "convert":
      return await convert(engine, mandate.decision, position, next.groups);
  }
}

async function waitOnce(engine: Engine, position: ManagedPosition): Promise<boolean> {
  await engine.ports.clock.sleep(SETTLE_POLL_MS);
  await refresh(engine);
  const leaving = findSellGroups(engine, position.symbol)?.filter((group) => group.isLeaving) ?? [];
  // Lists show an order leaving for seconds after it has gone.
  await askOrders(engine, leaving.flatMap(({ orders }) => orders.map(({ orderId }) => orderId)));
  const groups = findSellGroups(engine, position.symbol);
  if (groups === null || !groups.some((group) => group.isLeaving)) return groups !== null;
  engine.ports.log.warn(
    `${position.symbol}: a cancel or replacement is still under way at the broker; looked at again soon`,
  );
  return false;
}
