import { isStopOrder, type SellGroup } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import { recordSells, type SellPlan, sendSell } from "./sell_orders.ts";
import type { Permit } from "./send.ts";

/**
 * The market is between what rested and the engine's stop, which the broker refuses: until the shares are sold, a stop
 * where the cancelled one was is better than none.
 * @param groups What was cancelled.
 */
export async function putBackLower(
  engine: Engine,
  permit: Permit,
  refused: SellPlan,
  groups: readonly SellGroup[],
): Promise<void> {
  const prices = groups.flatMap((group) => group.orders).filter(isStopOrder)
    .map((order) => order.stopPriceUsd ?? 0);
  const stopUsd = Math.max(0, ...prices);
  if (stopUsd <= 0 || stopUsd >= (refused.stopUsd ?? 0)) return;
  const plan = { ...refused, stopUsd };
  const [entry] = await recordSells(engine, [plan]);
  if (entry === undefined) return;
  const placed = await sendSell(engine, permit, plan, entry);
  if (placed.kind !== "done") return;
  engine.ports.log.warn(
    `STOP ${plan.position.symbol}: qty=${plan.qty} put back at ${entry.stopUsd}, where it was: the market is below the new one`,
  );
}
