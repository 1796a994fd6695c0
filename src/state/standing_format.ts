import type { Standing } from "../domain/account/standing.ts";
import type { StopLosses } from "../domain/account/stop_losses.ts";
import { formatTime } from "./ledger_format.ts";
import { isMoment } from "./ledger_rules.ts";
import type { StandingFields, StateWire } from "./state_schema.ts";

/** A standing as the state file has it (pipeline 5, "Nothing waits in silence"). */
export function buildStandingWire(standing: Standing): StandingFields {
  const { restingIds, losses } = standing.stops;
  return {
    symbol: standing.symbol,
    position_id: standing.positionId,
    sure_qty: standing.sureQty,
    doubtful_qty: standing.doubtfulQty,
    most_held_qty: standing.mostHeldQty,
    covered_qty: standing.coveredQty,
    gtc_qty: standing.gtcQty,
    is_cover_read: standing.isCoverRead,
    is_gtc_needed: standing.isGtcNeeded,
    bare_qty: standing.bareQty,
    due: standing.due,
    cause: standing.cause,
    why: standing.why,
    bare_since: formatTime(standing.bareSinceMs),
    due_since: formatTime(standing.dueSinceMs),
    ...(restingIds.length === 0 ? {} : { resting_stops: [...restingIds] }),
    ...(losses === null ? {} : { stop_losses: buildLossesWire(losses) }),
  };
}

function buildLossesWire(
  { sinceMs, lastMs, times, qty, isIdle }: StopLosses,
): NonNullable<StandingFields["stop_losses"]> {
  return { since: formatTime(sinceMs), last: formatTime(lastMs), times, qty, idle: isIdle };
}

/** The same, read back. */
export function buildStanding(wire: StateWire["standings"][number]): Standing {
  return {
    symbol: wire.symbol,
    positionId: wire.position_id,
    sureQty: wire.sure_qty,
    doubtfulQty: wire.doubtful_qty,
    mostHeldQty: wire.most_held_qty,
    coveredQty: wire.covered_qty,
    gtcQty: wire.gtc_qty,
    isCoverRead: wire.is_cover_read,
    isGtcNeeded: wire.is_gtc_needed,
    bareQty: wire.bare_qty,
    due: wire.due,
    cause: wire.cause,
    why: wire.why,
    bareSinceMs: wire.bare_since,
    dueSinceMs: wire.due_since,
    stops: {
      restingIds: wire.resting_stops ?? [],
      losses: wire.stop_losses === undefined ? null : buildLosses(wire.stop_losses),
    },
  };
}

function buildLosses(
  { since, last, times, qty, idle }: NonNullable<StateWire["standings"][number]["stop_losses"]>,
): StopLosses {
  return { sinceMs: since, lastMs: last, times, qty, isIdle: idle };
}

/** @returns What is wrong with a standing that types don't say, `null` where nothing is. */
export function checkStanding(standing: Standing): string | null {
  const { symbol, bareSinceMs, dueSinceMs, stops: { losses } } = standing;
  const quantities = [
    standing.sureQty,
    standing.doubtfulQty,
    standing.mostHeldQty,
    standing.coveredQty,
    standing.gtcQty,
    standing.bareQty,
    losses?.qty ?? 0,
  ];
  if (!quantities.every((qty) => qty >= 0 && qty < Infinity)) {
    return `standing ${symbol}: a quantity is not a finite number of 0 or more`;
  }
  const times = [bareSinceMs, dueSinceMs, losses?.sinceMs ?? null, losses?.lastMs ?? null];
  const isTimed = times.every((ms) => ms === null || isMoment(ms));
  return isTimed ? null : `standing ${symbol}: a time is not a moment`;
}
