import type { ManagedPosition } from "../../src/domain/account/engine_state.ts";
import { NOTHING_TRIMMED } from "../../src/domain/exit/exit_rules.ts";
import type { BrokerPosition } from "../../src/domain/order/orders.ts";
import { TODAY } from "./fixtures.ts";

/** Ten SPY bought at 100: pivot 101, R1 105, R2 111, stop 95, and nothing trimmed. */
export function managedPosition(facts: Partial<ManagedPosition> = {}): ManagedPosition {
  return {
    symbol: "SPY",
    positionId: `avwap-${TODAY}-SPY-mk0000`,
    adoptedQty: 0,
    besideQty: 0,
    pivotUsd: 101,
    r1Usd: 105,
    r2Usd: 111,
    stopUsd: 95,
    highWaterUsd: 100,
    ...NOTHING_TRIMMED,
    qty: 10,
    costBasisUsd: 1000,
    unexplainedQty: null,
    unexplainedSinceMs: null,
    openedAtMs: 1_000,
    partialSinceMs: null,
    ...facts,
  };
}

/** The same shares as the broker shows them. */
export function heldPosition(facts: Partial<BrokerPosition> = {}): BrokerPosition {
  return {
    symbol: "SPY",
    qty: 10,
    avgEntryPriceUsd: 100,
    costBasisUsd: 1000,
    currentPriceUsd: 100,
    ...facts,
  };
}
