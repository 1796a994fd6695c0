import { OPENED_SLACK_MS } from "../domain/account/position_shares.ts";
import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { learn } from "./asker.ts";
import type { Engine } from "./engine.ts";
import { readListing } from "./listing.ts";
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
