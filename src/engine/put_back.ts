import { roundToIncrement } from "../domain/price_increment.ts";
import type { SellGroup } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import { recordSells, type SellPlan, sendSell } from "./sell_orders.ts";
import type { Permit } from "../domain/plan/step.ts";
import { noteUnfinished } from "./unfinished.ts";

/**
 * The market is below the stop that the broker has just refused: until the shares are sold, the highest stop that it may
 * still take is better than none: the engine's own where a hand had set a higher one, or one where the cancelled one was.
 * @param groups What was cancelled.
 */
export async function putBackLower(
  engine: Engine,
  permit: Permit,
  refused: SellPlan,
  groups: readonly SellGroup[],
): Promise<void> {
  const refusedUsd = refused.stopUsd ?? 0;
  const ownUsd = roundToIncrement(refused.position.stopUsd);
  if (refusedUsd > ownUsd) {
    noteUnfinished(engine, refused.position.positionId, { spentHandStopUsd: refusedUsd });
  }
  const lower = [ownUsd, ...groups.map((group) => group.stopUsd)]
    .filter((usd) => usd > 0 && usd < refusedUsd);
  if (lower.length === 0) return;
  const plan = { ...refused, stopUsd: Math.max(...lower) };
  const [entry] = await recordSells(engine, [plan]);
  if (entry === undefined) return;
  const placed = await sendSell(engine, permit, plan, entry);
  if (placed.kind !== "done") return;
  engine.ports.log.warn(
    `STOP ${plan.position.symbol}: qty=${plan.qty} put back at ${entry.stopUsd}: the market is below ${refusedUsd}`,
  );
}
