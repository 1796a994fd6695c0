import * as pure from "../domain/account/position_shares.ts";
import { OPENED_SLACK_MS } from "../domain/account/position_shares.ts";
import type { ShareCount } from "../domain/account/share_count.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import type { Holding } from "../domain/position_account.ts";
import type { SellGroup } from "../domain/protection.ts";
import { learn } from "./asking.ts";
import type { Engine } from "./engine.ts";
import { readListing } from "./listing.ts";
import type { OrderRequest } from "./send.ts";
import { sightOf } from "./sight.ts";
import { sayUnreadable } from "./unreadable.ts";

/** How far back an adopted position's still working orders may have been submitted. */
const ADOPTED_ORDERS_MS = 90 * 86_400_000;

/** Makes sure that the book has the orders of each managed position from its beginning on: one request for all. */
export async function ensurePasts(engine: Engine): Promise<void> {
  const { observation } = engine;
  for (const { positionId, adoptedQty, openedAtMs } of engine.state.positions) {
    // The orders of the day are read in each cycle.
    const isOfToday = adoptedQty === 0 && observation?.dayOrders.kind === "ok" &&
      dateNyOf(openedAtMs - OPENED_SLACK_MS) === observation.dateNy;
    if (isOfToday) engine.notePasts([positionId]);
  }
  const unknown = engine.state.positions.filter(({ positionId }) =>
    !engine.seen.pasts.has(positionId)
  );
  if (unknown.length > 0) await readPasts(engine, unknown);
}

/** Reads positions' orders since they were opened into the book. @returns Ids of those that could be read whole. */
export async function readPasts(
  engine: Engine,
  positions: readonly ManagedPosition[],
): Promise<ReadonlySet<string>> {
  const symbols = positions.map((position) => position.symbol);
  const fromMs = positions.map(({ openedAtMs, adoptedQty }) =>
    openedAtMs - (adoptedQty > 0 ? ADOPTED_ORDERS_MS : OPENED_SLACK_MS)
  );
  const afterMs = Math.min(...fromMs);
  const { read, unreadable } = await readListing(
    engine,
    () => engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "protect"),
  );
  if (read.kind === "failed") {
    engine.ports.log.warn(`Orders of ${symbols.join(", ")} unavailable (${read.failure})`);
    return new Set();
  }
  for (const row of unreadable) sayUnreadable(engine, row);
  learn(engine, read.value);
  // A past with a gap accounts for no shares.
  const whole = positions.filter(({ symbol }) =>
    unreadable.every((row) => row.symbol !== null && row.symbol !== symbol)
  );
  const ids = new Set(whole.map(({ positionId }) => positionId));
  engine.notePasts([...ids]);
  return ids;
}

/** A managed position's shares: the one number behind "available", "half" and "whole" (pipeline 5); `null` while unknown. */
export function readShares(engine: Engine, position: ManagedPosition): ShareCount | null {
  return pure.readShares(sightOf(engine), position);
}

/** Whose the shares are by a position's orders, in both readings; `null` while the book lacks its past. */
export function readHoldings(engine: Engine, position: ManagedPosition): Holding[] | null {
  return pure.readHoldings(sightOf(engine), position);
}

/** The working sells that hold a position's own shares; `null` where open orders, or one of its symbol, can't be read. */
export function findOwnGroups(engine: Engine, position: ManagedPosition): SellGroup[] | null {
  return pure.findOwnGroups(sightOf(engine), position);
}

/** What is wrong with a request that would bring sells and stops beyond the shares held for sure; `null` where nothing is. */
export function findBreach(engine: Engine, order: OrderRequest): string | null {
  if (order.op === "bracket") return null;
  return pure.findBreach(sightOf(engine), engine.state.positions, order);
}
