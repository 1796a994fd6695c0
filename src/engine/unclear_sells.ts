import type { StandingReason } from "../domain/account/standing.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { isLeftToHand } from "../domain/plan/protect.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import { isObstacle, listTelling, type SellGroup } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import { describeSell, explainSell } from "./teller.ts";

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
