import { isReplaceRefused } from "../domain/account/order_book.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { type ExitReason, markTrimmed } from "../domain/exit_plan.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { countCovered, listMarketSells, type SellGroup } from "../domain/protection.ts";
import { isHidden } from "./asking.ts";
import { CONVERT_AGAIN_MS, LAST_EXIT_MS } from "../domain/plan/time_left.ts";
import { untilCloseMs } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { sellAfterCancel } from "./exit_cancel.ts";
import { readExitRecord } from "./exit_history.ts";
import {
  findSellLookMs,
  isSellRefused,
  isStopRefused,
  RETRY_MS,
  splitQty,
} from "./exit_records.ts";
import { findShrinkable, sellAfterShrink } from "./exit_shrink.ts";
import { findLastingRefusal } from "./lasting_refusals.ts";
import { readAccountBlock } from "./account_look.ts";
import { findSellGroups, hasWorkingBuy, refresh } from "./observe.ts";
import { isActionable } from "./positions.ts";
import type { Permit } from "../domain/plan/step.ts";
import { readAvailable, readShares } from "./shares.ts";
import { readStopLevel } from "./stop_level.ts";

/**
 * One exit at the broker, safe at each step (pipeline 5, "How, at the broker"): records of sell and stop are durable
 * first; the working sells are cancelled and their end awaited (our own plain stop is shrunk by replacing instead); sell;
 * stop for the rest.
 * @param isRepeat The second time in a cycle, after a sell that the broker never got; there is no third.
 * @returns Whether the sell was accepted.
 * @throws {StateError} Where the records can't be written; nothing has left then.
 */
export async function sendExit(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
  reason: ExitReason,
  priceUsd: number,
  isRepeat = false,
): Promise<boolean> {
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol);
  const shares = readShares(engine, position);
  if (groups === null || shares === null || !isActionable(engine, position)) return false;
  const { sureQty } = shares;
  const sells = listMarketSells(groups);
  if (sells.length > 0) {
    engine.wakeAt(engine.nowMs() + findSellLookMs(engine, sells));
    const isNothingElse = sells.length === groups.length;
    return reason === "stop_exit" && isNothingElse &&
      await closeBeside(engine, decision, position, priceUsd);
  }
  const obstacle = findObstacle(engine, position, reason, { groups, sureQty });
  if (obstacle !== null) {
    engine.ports.log.warn(`${position.symbol}: ${reason} waits: ${obstacle.why}`);
    engine.hindrances.set(position.symbol, obstacle.why);
    if (obstacle.isBrief) engine.wakeAt(engine.nowMs() + RETRY_MS);
    return false;
  }
  const { sellQty, restQty } = splitQty(reason, sureQty);
  if (sellQty === 0 || isTooLate(engine, position, reason)) return false;
  const gate: Permit = { kind: "gate", decision };
  engine.ports.log.info(
    `EXIT ${position.symbol}: ${reason} qty=${sellQty} of ${sureQty} at ${priceUsd}`,
  );
  const restUsd = readStopLevel(engine, markTrimmed(position, reason));
  const plan = { position, reason, sellQty, restQty, restUsd };
  const shrinkable = findShrinkable(groups, sureQty, restQty);
  if (shrinkable !== null && !isReplaceRefused(engine.book, shrinkable)) {
    const outcome = await sellAfterShrink(engine, gate, plan, shrinkable);
    if (outcome !== "refused") return outcome === "sold";
  }
  const refusal = findLastingRefusal(engine, position.symbol);
  if (refusal !== null && reason !== "stop_exit" && groups.length > 0) {
    engine.ports.log.warn(
      `${position.symbol}: ${reason} waits: the broker refused the last stop in the symbol (${refusal}), ` +
        "and what protects it is not cancelled for a trim",
    );
    return false;
  }
  const outcome = await sellAfterCancel(engine, gate, plan, groups);
  if (outcome !== "again" || isRepeat) return outcome === "sold";
  return await sendExit(engine, decision, position, reason, priceUsd, true);
}

/**
 * At the stop, what a market sell that still works leaves bare is sold beside it: no stop can rest above the market, and
 * one that a halt keeps half filled would hold up the close of all the others.
 */
async function closeBeside(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
  priceUsd: number,
): Promise<boolean> {
  const sellQty = readAvailable(engine, position);
  const reason = "stop_exit";
  if (sellQty <= 0 || isSellRefused(engine, position.positionId, reason)) return false;
  if (readAccountBlock(engine) !== null || hasWorkingBuy(engine, position.symbol)) return false;
  if (isTooLate(engine, position, reason)) return false;
  engine.ports.log.info(
    `EXIT ${position.symbol}: ${reason} qty=${sellQty}, beside a sell at work, at ${priceUsd}`,
  );
  const plan = { position, reason, sellQty, restQty: 0, restUsd: position.stopUsd } as const;
  return await sellAfterCancel(engine, { kind: "gate", decision }, plan, []) === "sold";
}

/** Why an exit could not end now: it is not begun then, so that none of the protection is taken away for it. */
function findObstacle(
  engine: Engine,
  { symbol, positionId }: ManagedPosition,
  reason: ExitReason,
  { groups, sureQty }: { readonly groups: readonly SellGroup[]; readonly sureQty: number },
): { readonly why: string; readonly isBrief: boolean } | null {
  const block = readAccountBlock(engine);
  if (block !== null) {
    return { why: `the account is blocked for trading (${block})`, isBrief: false };
  }
  if (isHidden(engine, groups.flatMap((group) => group.orders))) {
    return { why: "the broker does not show one of its working sells yet", isBrief: true };
  }
  if (groups.some((group) => group.standing === "bound")) {
    return { why: "one of its sells is being executed, and its shares may be gone", isBrief: true };
  }
  const leaving = groups.filter((group) => group.isLeaving);
  if (leaving.length > 0 && leaving.length < groups.length) {
    return { why: "a cancel is still under way", isBrief: true };
  }
  if (countCovered(groups, 0) >= sureQty && isSellRefused(engine, positionId, reason)) {
    return { why: "the broker refused its sell; tried again after 5 minutes", isBrief: false };
  }
  if (!hasWorkingBuy(engine, symbol)) return null;
  return {
    why: "a buy works in the symbol, beside which the broker takes no sell",
    isBrief: false,
  };
}

/**
 * An exit begun in the last moments could not end before the close; what rests at the broker stays as it is. So it does
 * where the market would not take this exit a moment ago: the overnight stop has come in its place.
 */
function isTooLate(
  engine: Engine,
  position: ManagedPosition,
  reason: ExitReason,
): boolean {
  const leftMs = untilCloseMs(engine);
  if (leftMs < LAST_EXIT_MS) return true;
  if (leftMs > CONVERT_AGAIN_MS || isStopRefused(engine, position.positionId)) return false;
  if (readExitRecord(engine, position, reason) !== "unfilled") return false;
  engine.ports.log.warn(
    `${position.symbol}: ${reason} waits for the next session: its sell ended without a fill, and the close is near`,
  );
  return true;
}
