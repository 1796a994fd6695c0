import type { PositionFact } from "../../src/domain/alert/alert_facts.ts";
import { DEFAULT_CAPS } from "../../src/domain/gate/caps.ts";

/** 09:45 in New York. */
export const AT_MS = Date.parse("2026-01-20T14:45:00Z");

/** A good-till-canceled stop. */
export function gtc(qty: number) {
  return { qty, stopUsd: 12.34, timeInForce: "gtc" };
}

/** A position under a stop that outlives the day. */
export const SAFE: PositionFact = {
  symbol: "AAPL",
  qty: 37,
  sellingQty: 0,
  stops: [gtc(37)],
  lastSeen: null,
  trouble: null,
};
/** A position that nothing protects. */
export const NAKED: PositionFact = {
  symbol: "MSFT",
  qty: 5,
  sellingQty: 0,
  stops: [],
  lastSeen: null,
  trouble: null,
};

/** Two of five orders used. */
export const USE = { orders: 2, grossNotionalUsd: 499.9, openSymbols: 1, caps: DEFAULT_CAPS };
