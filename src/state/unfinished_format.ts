import { NOTHING_UNDER_WAY, type Unfinished } from "../domain/account/unfinished.ts";
import { formatTime } from "./ledger_format.ts";
import { isMoment } from "./ledger_rules.ts";
import type { StateWire, UnfinishedFields } from "./state_schema.ts";

/** What is unfinished of a position as the state file has it (pipeline 5, "How, at the broker"). */
export function buildUnfinishedWire(unfinished: Unfinished): UnfinishedFields {
  const refused = Object.entries(unfinished.sellRefusedAtMs);
  return {
    position_id: unfinished.positionId,
    bare: unfinished.isBare,
    stop_refused_at: formatTime(unfinished.stopRefusedAtMs),
    spent_hand_stop: unfinished.spentHandStopUsd,
    beside_entry_at: formatTime(unfinished.besideBuyAtMs),
    sell_refused_at: Object.fromEntries(refused.map(([reason, ms]) => [reason, formatTime(ms)])),
  };
}

/** The same, read back. */
export function buildUnfinished(wire: StateWire["unfinished"][number]): Unfinished {
  return {
    positionId: wire.position_id,
    isBare: wire.bare,
    stopRefusedAtMs: wire.stop_refused_at,
    spentHandStopUsd: wire.spent_hand_stop,
    besideBuyAtMs: wire.beside_entry_at,
    sellRefusedAtMs: wire.sell_refused_at,
    underWay: NOTHING_UNDER_WAY,
  };
}

/** @returns What is wrong with it that types don't say, `null` where nothing is. */
export function checkUnfinished(unfinished: Unfinished): string | null {
  const name = `unfinished ${unfinished.positionId}`;
  const { stopRefusedAtMs, besideBuyAtMs, spentHandStopUsd, sellRefusedAtMs } = unfinished;
  if (spentHandStopUsd !== null && !(spentHandStopUsd > 0 && spentHandStopUsd < Infinity)) {
    return `${name}: spent_hand_stop is not a finite number above 0`;
  }
  const times = [stopRefusedAtMs, besideBuyAtMs, ...Object.values(sellRefusedAtMs)];
  return times.every((ms) => ms === null || isMoment(ms))
    ? null
    : `${name}: a time is not a moment`;
}
