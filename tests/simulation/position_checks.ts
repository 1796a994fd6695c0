import { isDone, type SimOrder } from "../simulator/order.ts";
import type { Auditor } from "./auditor.ts";
import {
  findHighestStop,
  findOwner,
  isEngineOrder,
  isHiding,
  listPositions,
  type RawPosition,
  readCoverage,
} from "./truth.ts";
import type { World } from "./world.ts";

/** One increment of the broker's prices, and what a double adds to it. */
const INCREMENT_USD = 0.0101;

/** What the state file must never forget of a position, from one cycle's end to the next. */
export interface Memory {
  readonly highWaterUsd: number;
  readonly stopUsd: number;
}

/** High water and stop only rise, over restarts and crashes too: a cycle's end has made them durable. */
export function checkMemory({ world, memories }: Auditor): void {
  // A state that was lost is rebuilt from less.
  if (world.profile.families.has("files")) return;
  // What a failing disk did not keep may be lost: the bytes that a crash can't take are what the engine remembers.
  for (const position of listPositions(world, "synced")) {
    const { position_id: id, high_water: highWaterUsd, stop: stopUsd } = position;
    const before = memories.get(id);
    if (before !== undefined && highWaterUsd < before.highWaterUsd - 1e-9) {
      world.violate("the high water never falls", `${id} ${before.highWaterUsd}, ${highWaterUsd}`);
    }
    if (before !== undefined && stopUsd < before.stopUsd - 1e-9) {
      world.violate("the stop never falls", `${id} was at ${before.stopUsd}, now ${stopUsd}`);
    }
    memories.set(id, { highWaterUsd, stopUsd });
  }
}

/** Whether the broker did not show an exit of the symbol when the cycle began: its rules waited until it did. */
function isExitHidden({ world, cycle }: Auditor, symbol: string): boolean {
  const { orders, behaviour } = world.exchange;
  return orders.some((order) =>
    order.symbol === symbol && order.side === "sell" &&
    order.submitted.ms + behaviour.visibilityDelayMs > cycle.startMs
  );
}

/** After a quiet LIVE cycle the stop is where the exit rules put it, in the state and at the exchange (pipeline 5). */
export function checkStops(auditor: Auditor): void {
  const { world, cycle } = auditor;
  if (world.profile.families.has("files")) return;
  for (const position of listPositions(world)) {
    const { symbol, stop, pivot, r2 } = position;
    const isOld = Date.parse(position.opened_at) < cycle.startMs - 60_000;
    const isPlain = position.unexplained_qty === null && !world.strange.has(symbol);
    if (!isOld || !isPlain || position.qty !== world.exchange.portfolio.qty(symbol)) continue;
    if (r2 <= pivot) continue;
    if (position.trimmed_r1 && stop < pivot - INCREMENT_USD) {
      world.violate("the stop is at the pivot after R1", `${symbol} at ${stop}, pivot ${pivot}`);
    }
    // One that the exchange took, refused in its answer and does not show yet is known to nobody.
    const highestUsd = findHighestStop(world, position.position_id, cycle.startMs);
    if (stop < highestUsd - INCREMENT_USD) {
      world.violate("the stop never falls", `${symbol} at ${stop}, it was sent at ${highestUsd}`);
    }
    const trailUsd = position.high_water - (r2 - pivot) / 2;
    const isRefused = world.exchange.behaviour.refusedSymbols.includes(symbol);
    const isPriced = cycle.pricesUsd.has(symbol) && !isHalted(world, symbol) && !isRefused &&
      !cycle.said.some((line) => line.startsWith("Latest trades "));
    if (
      position.trimmed_r2 && isPriced && !isExitHidden(auditor, symbol) &&
      stop < trailUsd - INCREMENT_USD
    ) {
      world.violate("the stop trails after R2", `${symbol} at ${stop}, belongs to ${trailUsd}`);
    }
    checkFollowed(auditor, position);
  }
}

function checkFollowed(auditor: Auditor, { symbol, stop }: RawPosition): void {
  const { world, cycle } = auditor;
  const { behaviour, desk, sessions } = world.exchange;
  // A trim that is half filled is let be until it ends: its stop follows then.
  const { isBound, isSelling } = readCoverage(world, symbol);
  if (sessions.at(world.trueMs) === null || isSelling || isBound) return;
  for (const order of desk.active.get(symbol)?.working ?? []) {
    const isOurs = isEngineOrder(order) || (order.parent !== null && isEngineOrder(order.parent));
    if (!isOurs || order.side !== "sell" || order.stopPriceUsd === null || isDone(order)) continue;
    if (!order.isActive || order.status.startsWith("pending_") || order.asleep !== null) continue;
    if (order.submitted.ms + behaviour.visibilityDelayMs >= cycle.startMs) continue;
    if (order.isTriggered || order.stopPriceUsd >= stop - INCREMENT_USD) continue;
    if (auditor.isSaid(symbol, "stop", cycle.startMs)) continue;
    // What is hidden, a sell for instance, holds up the stops beside it; what woke lately may have been seen asleep.
    if (isHiding(world, symbol, cycle.startMs)) continue;
    world.violate(
      "the stop at the exchange follows the engine's",
      `${symbol} at ${order.stopPriceUsd}, the engine's is ${stop}`,
    );
  }
}

function isHalted({ exchange, trueMs }: World, symbol: string): boolean {
  return exchange.quotes.isHalted(symbol, trueMs);
}

function sumFills(orders: readonly SimOrder[]): number {
  let qty = 0;
  for (const order of orders) for (const fill of order.fills) qty += fill.qty;
  return qty;
}

/** Of what an entry bought no more is ever sold in its name. */
export function checkOversold({ world }: Auditor): void {
  for (const entry of world.exchange.orders) {
    if (entry.parent !== null || entry.side !== "buy" || !isEngineOrder(entry)) continue;
    if (world.strange.has(entry.symbol) || entry.fills.length === 0) continue;
    const sells = world.exchange.orders.filter((order) =>
      order.side === "sell" &&
      (order.parent === entry || order.clientOrderId.startsWith(`${entry.clientOrderId}-`))
    );
    const [bought, sold] = [sumFills([entry]), sumFills(sells)];
    if (sold > bought) {
      world.violate("never more sold than bought", `${entry.clientOrderId}: ${sold} of ${bought}`);
    }
  }
}

/** A stop of the engine's whose position is gone is cancelled by the LIVE cycle that can see it. */
export function checkOrphans({ world, cycle, shown }: Auditor): void {
  const managed = new Set(listPositions(world).map((position) => position.symbol));
  const { visibilityDelayMs } = world.exchange.behaviour;
  for (const [symbol, { working }] of world.exchange.desk.active) {
    if (managed.has(symbol) || world.exchange.portfolio.qty(symbol) !== 0) continue;
    if (world.strange.has(symbol) || shown.positions.symbols.has(symbol)) continue;
    for (const order of working) {
      const isStop = isEngineOrder(order) && order.side === "sell" && order.stopPriceUsd !== null;
      if (!isStop || isDone(order) || !order.isActive || order.status !== "new") continue;
      if (order.submitted.ms + visibilityDelayMs >= cycle.startMs) continue;
      world.violate(
        "a stop whose position is gone is cancelled",
        `${symbol} ${order.clientOrderId}`,
      );
    }
  }
}

/** While not LIVE, a position that no good-till-canceled stop holds is said, at the change and in every hour. */
export function checkUnprotectedSaid(auditor: Auditor, managed: readonly string[]): void {
  const { world } = auditor;
  // With another account's keys nothing of the position is known.
  if (findOwner(world) !== world.exchange.accountId) return;
  const known = new Map(listPositions(world).map((each) => [each.symbol, each]));
  for (const symbol of managed) {
    const position = known.get(symbol);
    if (position === undefined || position.unexplained_qty !== null) continue;
    const { heldQty, gtcQty } = readCoverage(world, symbol);
    if (gtcQty >= heldQty || position.qty !== heldQty) {
      auditor.bareSinceMs.delete(symbol);
      continue;
    }
    const sinceMs = auditor.bareSinceMs.get(symbol) ?? world.trueMs;
    auditor.bareSinceMs.set(symbol, sinceMs);
    if (world.trueMs - sinceMs < SILENT_MS_MAX) continue;
    const isSaid = (auditor.bareSaidMs.get(symbol) ?? -Infinity) >= world.trueMs - SAID_MS;
    if (isSaid) continue;
    world.violate(
      "a position without a stop is said while not LIVE",
      `${symbol}: ${gtcQty} of ${heldQty}`,
    );
  }
}

/** The two minutes that bare shares may wait without a word, and the engine's look at them. */
const SILENT_MS_MAX = 165_000;
/** Once in each hour. */
const SAID_MS = 3_660_000;
