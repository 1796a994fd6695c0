import type { Standing } from "../account/standing.ts";
import { ALARM_AFTER_MS } from "../account/standing_alarms.ts";

/** So long an ERROR alert may wait for Slack before the switch outside is to notice. */
export const ERROR_WAIT_MAX_MS = 5 * 60_000;

/** What a cycle was, as far as the dead-man's switch asks. */
export interface HealthInputs {
  /** Whether the broker's clock was read, and whether it says open; `null` where it was not. */
  readonly isOpen: boolean | null;
  /** Whether positions and working orders were read; while closed the last look stands. */
  readonly isBrokerRead: boolean;
  readonly areRecordsRead: boolean;
  readonly standings: readonly Standing[];
  /** How long the oldest ERROR alert has not reached Slack, ms; 0 where none waits. */
  readonly errorWaitMs: number;
  readonly nowMs: number;
}

/**
 * Decides why the switch outside is not told that all is well (interface, `HEALTHCHECK_URL`).
 * @returns `null` where it is.
 */
export function findHealthTrouble(inputs: HealthInputs): string | null {
  const { isOpen, standings, nowMs } = inputs;
  if (isOpen === null) return "the broker's clock can't be read";
  if (isOpen && !inputs.isBrokerRead) return "positions or orders can't be read";
  if (!inputs.areRecordsRead) return "records can't be read";
  if (inputs.errorWaitMs >= ERROR_WAIT_MAX_MS) return "an ERROR alert does not reach Slack";
  const bare = standings.find((each) =>
    each.bareQty > 0 || !each.isCoverRead || (!isOpen && each.gtcQty < each.mostHeldQty)
  );
  if (bare !== undefined) return `${bare.symbol} is not covered`;
  const overdue = standings.find(({ dueSinceMs }) =>
    dueSinceMs !== null && nowMs - dueSinceMs >= ALARM_AFTER_MS
  );
  return overdue === undefined ? null : `an exit of ${overdue.symbol} is overdue`;
}
