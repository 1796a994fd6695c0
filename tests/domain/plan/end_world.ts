import type { BrokerLook } from "../../../src/domain/plan/broker_look.ts";
import type { CycleEnd, EndWorld } from "../../../src/domain/plan/cycle_end.ts";
import type { ManagedPosition } from "../../../src/domain/account/engine_state.ts";
import type { GateFailReason } from "../../../src/domain/gate/gate.ts";
import type { Now } from "../../../src/domain/plan/world.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import type { MarketClock } from "../../../src/domain/time/market.ts";
import { TODAY } from "../fixtures.ts";
import { heldPosition } from "../position_fixtures.ts";
import { NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

/** The market at the end of every cycle here: open for six hours more. */
export const OPEN: MarketClock = {
  timestampMs: NOW_MS,
  isOpen: true,
  nextOpenMs: NOW_MS + 18 * 3_600_000,
  nextCloseMs: NOW_MS + 6 * 3_600_000,
};
/** The same between two sessions. */
export const CLOSED: MarketClock = { ...OPEN, isOpen: false };

/** A stop of ours for all ten shares, good till canceled. */
export const STOP = sellOrder({
  orderId: "stop",
  clientOrderId: `avwap-${TODAY}-SPY-mk0000-s`,
  type: "stop",
  timeInForce: "gtc",
  qty: 10,
  stopPriceUsd: 95,
});

/** The account as the broker shows it. */
export const ACCOUNT = { accountId: "1", status: "ACTIVE", equityUsd: 1000, blockFlags: [] };

/** How the end of a cycle differs from a quiet one. */
export interface EndFacts {
  readonly orders?: readonly BrokerOrder[];
  readonly entry?: Partial<BrokerOrder>;
  readonly end?: Partial<CycleEnd>;
  readonly look?: Partial<BrokerLook>;
  readonly position?: Partial<ManagedPosition>;
  readonly now?: Partial<Now>;
  readonly objection?: GateFailReason;
}

/** The end of a LIVE cycle that saw ten SPY at 100, above a stop at 95 for all of them. */
export function endWorld(facts: EndFacts = {}): EndWorld {
  const { orders = [STOP], entry = {}, end, look, position, now, objection = null } = facts;
  const { world } = new PlanWorld({ orders, entry });
  const positions = world.records.positions.map((each) => ({ ...each, ...position }));
  const seen: BrokerLook = {
    clock: OPEN,
    dateNy: TODAY,
    session: null,
    account: { kind: "ok", value: ACCOUNT },
    positions: { kind: "ok", value: [heldPosition()] },
    openOrders: { kind: "ok", value: [...orders] },
    dayOrders: { kind: "ok", value: [] },
    unreadable: { positions: [], openOrders: [], dayOrders: [] },
    ...look,
  };
  return {
    ...world,
    now: { ...world.now, ...now },
    operator: { ...world.operator, objection },
    records: { ...world.records, positions },
    end: {
      beganMs: NOW_MS,
      market: OPEN,
      clockProblem: null,
      calendar: null,
      look: seen,
      prices: {
        rows: new Map([["SPY", { priceUsd: 100, atMs: NOW_MS }]]),
        answered: new Set(["SPY"]),
      },
      hindrances: new Map(),
      stopsPlaced: new Set(),
      stopsTakenDown: new Set(),
      ...end,
    },
  };
}
