import type { StandingReason } from "../domain/account/standing.ts";
import { formatPriceUsd } from "../domain/order/money.ts";
import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { isLeftToHand } from "../domain/plan/protect.ts";
import { roundToIncrement } from "../domain/order/price_increment.ts";
import { isLowered, isObstacle, listTelling, type SellGroup } from "../domain/order/protection.ts";
import type { Engine } from "./engine.ts";
import { describeSell, explainSell } from "./teller.ts";

/** Stops of ours that a hand has moved below the engine's, as reasons of a position's standing: they are raised in LIVE hours alone. */
export function listLowered(
  { stopUsd }: ManagedPosition,
  groups: readonly SellGroup[],
): StandingReason[] {
  return groups.filter((group) => isLowered(group, roundToIncrement(stopUsd))).map((group) => ({
    code: "lowered",
    text: `its stop rests at ${formatPriceUsd(group.stopUsd)}, below the engine's ` +
      `${formatPriceUsd(roundToIncrement(stopUsd))}; ` +
      "it is put back while the market is open and the gate is LIVE",
  }));
}

/** Sells that keep a position's shares from being stopped, as reasons of its standing (pipeline 5). */
export function listUnclearReasons(
  engine: Engine,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): StandingReason[] {
  return groups.flatMap((group) => {
    const code = findCode(engine, position, group);
    const [order] = listTelling(group);
    if (code === null || order === undefined) return [];
    const isLeft = code === "hand";
    const why = explainSell(position, { standing: group.standing, isLeft });
    return [{ code, text: `its ${describeSell(order)}: ${why}` }];
  });
}

function findCode(engine: Engine, position: ManagedPosition, group: SellGroup): string | null {
  if (group.standing === "bound" || group.standing === "unknown") return group.standing;
  if (isLeftToHand(engine.state, position, group)) return "hand";
  return isObstacle(group, roundToIncrement(position.stopUsd)) ? "obstacle" : null;
}
