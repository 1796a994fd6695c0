import { assert, assertEquals } from "../assert.ts";
import type { ScenarioRow } from "../simulator/scenario.ts";
import { isDone, type SimOrder } from "../simulator/order.ts";
import { NVDA, SECOND_MS, World } from "./support.ts";

/** How far answers of the broker lag behind what is true (broker.md); `openListsLagMs` is that of open orders alone. */
export interface Lag {
  readonly positionsLagMs: number;
  readonly listsLagMs: number;
  readonly openListsLagMs: number | null;
}

const NOW: Lag = { positionsLagMs: 0, listsLagMs: 0, openListsLagMs: null };
/** 0.2 to 3 s of positions, of lists, of lists of open orders, and of all. */
export const LAGS: readonly Lag[] = [200, 700, 1500, 3000].flatMap((ms) => [
  { ...NOW, positionsLagMs: ms },
  { ...NOW, listsLagMs: ms },
  { ...NOW, openListsLagMs: ms },
  { ...NOW, positionsLagMs: ms, listsLagMs: ms },
]);
/** What was placed so short a time ago nothing has made wrong. */
const FRESH_MS = 10 * SECOND_MS;

/** The lag in a test's name. */
export function formatLag({ positionsLagMs, listsLagMs, openListsLagMs }: Lag): string {
  const open = openListsLagMs === null ? "" : `, those of open orders ${openListsLagMs} ms`;
  return `positions ${positionsLagMs} ms and lists ${listsLagMs} ms behind${open}`;
}

/** A world of a lag, each of whose cycles is held against what must hold in all of them. */
export function openLagging(lag: Lag, rows: readonly ScenarioRow[] = [NVDA]): World {
  const world = new World({ rows, latencyMs: 40 });
  Object.assign(world.exchange.behaviour, lag);
  world.exchange.behaviour.isShortingAllowed = true;
  const cycle = world.cycle.bind(world);
  world.cycle = async () => {
    const result = await cycle();
    checkShares(world);
    return result;
  };
  return world;
}

/** Never short, no stop for what is sold, no fresh stop cancelled. */
function checkShares(world: World): void {
  for (const symbol of new Set(world.exchange.orders.map((order) => order.symbol))) {
    const heldQty = world.held(symbol);
    assert(heldQty >= 0, `${symbol} is short: ${heldQty}`);
    const reservedQty = world.orders((order) => order.symbol === symbol && isSelling(order))
      .reduce((sumQty, order) => sumQty + order.qty - order.filledQty, 0);
    assert(reservedQty <= heldQty, `${symbol}: ${reservedQty} stopped or sold of ${heldQty}`);
  }
  const fresh = world.orders(({ clientOrderId, canceledMs, submitted }) =>
    clientOrderId.includes("-stop-") && canceledMs !== null && canceledMs - submitted.ms < FRESH_MS
  );
  assertEquals(fresh.map((order) => order.clientOrderId), [], "a fresh stop was cancelled");
}

/** A stop at work or a market sell; a bracket's take-profit holds the same shares as its stop. */
function isSelling(order: SimOrder): boolean {
  return order.side === "sell" && order.isActive && !isDone(order) && order.type !== "limit";
}

/** Messages that call the operator. */
export function listAlarms(world: World): string[] {
  return world.alerts.filter(({ title, level }) =>
    title !== "" && !["INFO", "TRADE"].includes(level)
  )
    .map(({ title, text }) => `${title}: ${text}`);
}
