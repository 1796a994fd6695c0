import type { ManagedPosition } from "../domain/engine_state.ts";
import type { PositionEvent } from "../domain/events.ts";
import { formatUtc } from "../domain/ny_time.ts";
import type { PositionChange } from "../domain/position_account.ts";
import { findRenamed, type Renamed } from "../domain/renamed.ts";
import { releasePosition } from "../domain/released.ts";
import { closedKey } from "../domain/managed_position.ts";
import type { Engine } from "./engine.ts";
import { sayOnceADay } from "./daily_errors.ts";
import { listForeign } from "./foreign.ts";
import { readHoldings } from "./shares.ts";
import { holdUnexplained } from "./unexplained.ts";

/** Takes what the account says of a position into the state, the log, Slack and the audit trail (pipeline 5). */
export async function applyChange(
  engine: Engine,
  position: ManagedPosition,
  change: PositionChange,
): Promise<void> {
  const { symbol, positionId } = position;
  const wasAbsent = engine.absentSeen.delete(positionId);
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
      sayAbsent(engine, position);
      engine.absentSeen.add(positionId);
      // The trail has this and the next where they begin, and not at each look that sees the same.
      if (wasAbsent) return;
      break;
    case "unexplained":
      if (!holdUnexplained(engine, position, change.qty)) return;
      break;
  }
  await engine.event(
    buildPositionEvent(position, change.kind, "qty" in change ? change.qty : null),
  );
}

/** An absent position is told once a day, and again as soon as a foreign one is like it. */
function sayAbsent(engine: Engine, position: ManagedPosition): void {
  const { symbol, positionId, qty } = position;
  const renamed = findRenamed(
    position,
    [...engine.book.values()].map(({ order }) => order).filter((each) => each.symbol === symbol),
    listForeign(engine),
  );
  const names = renamed?.symbols.join(", ") ?? "";
  sayOnceADay(
    engine,
    `absent:${positionId}:${names}`,
    {
      problem: `Position ${symbol} is absent at the broker, and no sells ` +
        `account for its ${qty ?? "unknown"} shares: kept, its orders untouched${
          renamed === null ? "" : `. ${LIKENESS[renamed.by](names)}`
        }`,
      remedy: renamed === null
        ? "look at the account: sold, renamed or taken away there? " +
          `avwap-execution release ${symbol} --yes takes the engine's hands off it`
        : `look at the account; avwap-execution release ${symbol} --yes, then adopt ${names}`,
    },
  );
}

const LIKENESS: Readonly<Record<Renamed["by"], (names: string) => string>> = {
  "asset": (names) => `It is ${names} now, the same asset`,
  "quantity and cost": (names) => `It may be ${names} now: as many shares at the same cost`,
};

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
