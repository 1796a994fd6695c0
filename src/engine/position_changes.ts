import type { ManagedPosition } from "../domain/engine_state.ts";
import type { PositionEvent } from "../domain/events.ts";
import { formatUtc } from "../domain/ny_time.ts";
import { isSameQty, type PositionChange } from "../domain/position_account.ts";
import { releasePosition } from "../domain/released.ts";
import { closedKey } from "./bought.ts";
import type { Engine } from "./engine.ts";
import { sayOnceADay } from "./daily_errors.ts";
import { readHoldings } from "./shares.ts";
import { holdUnexplained } from "./unexplained.ts";

/** Takes what the account says of a position into the state, the log, Slack and the audit trail (pipeline 5). */
export async function applyChange(
  engine: Engine,
  position: ManagedPosition,
  change: PositionChange,
): Promise<void> {
  const { symbol, positionId } = position;
  switch (change.kind) {
    case "same":
    case "waiting":
      return;
    case "changed":
      engine.putPosition({
        ...position,
        qty: change.qty,
        costBasisUsd: change.costBasisUsd,
        unexplainedQty: null,
        unexplainedSinceMs: null,
      });
      engine.ports.log.info(`Position ${symbol}: qty=${change.qty}`);
      break;
    case "lagging":
      engine.putPosition({
        ...position,
        qty: change.qty,
        unexplainedQty: null,
        unexplainedSinceMs: null,
      });
      return;
    case "gone":
    case "never_filled":
      leaveToHand(engine, position);
      engine.dropPosition(positionId);
      engine.isNews(closedKey(positionId), engine.dateNy());
      engine.ports.log.info(
        change.kind === "gone" ? `Position ${symbol}: closed` : `Position ${symbol}: never filled`,
      );
      break;
    case "absent":
      sayOnceADay(
        engine,
        `absent:${positionId}`,
        `Position ${symbol} is absent at the broker, and no sells ` +
          `account for its ${position.qty ?? "unknown"} shares: kept, its orders untouched. ${
            describeRenamed(engine, position)
          }Look at the account`,
      );
      break;
    case "unexplained":
      holdUnexplained(engine, position, change.qty);
      break;
  }
  await engine.event(
    buildPositionEvent(position, change.kind, "qty" in change ? change.qty : null),
  );
}

/** A foreign position with as many shares at the same cost basis may be the absent one under a new name (pipeline 5). */
function describeRenamed(engine: Engine, { symbol, qty, costBasisUsd }: ManagedPosition): string {
  const positions = engine.observation?.positions;
  const managed = new Set(engine.state.positions.map((each) => each.symbol));
  const alike = (positions?.kind === "ok" ? positions.value : []).filter((held) =>
    !managed.has(held.symbol) && qty !== null && isSameQty(held.qty, qty) &&
    held.costBasisUsd === costBasisUsd
  );
  if (alike.length === 0) return "";
  const names = alike.map((held) => held.symbol).join(", ");
  return `It may be ${names} now: as many shares at the same cost; ` +
    `avwap-execution release ${symbol} --yes, then adopt. `;
}

/** What a hand bought beside a position that has ended stays the operator's, on today's list or not (pipeline 5). */
function leaveToHand(engine: Engine, position: ManagedPosition): void {
  const handQty = Math.min(...readHoldings(engine, position)?.map((each) => each.handQty) ?? [0]);
  if (handQty < 1) return;
  engine.state = releasePosition(engine.state, position, engine.nowMs());
  engine.ports.log.info(
    `Position ${position.symbol}: the ${handQty} shares that are left were bought by hand and stay yours`,
  );
}

/**
 * What the audit trail says of a managed position.
 * @param qty Shares that the change is about; `null` where it is about none.
 */
export function buildPositionEvent(
  position: ManagedPosition,
  change: string,
  qty: number | null,
): PositionEvent {
  return {
    type: "position",
    symbol: position.symbol,
    position_id: position.positionId,
    change,
    qty,
    opened_at: formatUtc(position.openedAtMs),
    adopted_qty: position.adoptedQty,
    cost_basis_usd: position.costBasisUsd,
    stop_usd: position.stopUsd,
  };
}
