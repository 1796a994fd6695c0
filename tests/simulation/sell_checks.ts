import { isDone, rootOf } from "../simulator/order.ts";
import type { Auditor } from "./auditor.ts";
import type { ChangeRequest } from "./change_request.ts";
import { FOREIGN_SYMBOL } from "./market.ts";
import {
  findHighestStop,
  isEngineOrder,
  isHandHidden,
  isSplit,
  listEntries,
  listPositions,
} from "./truth.ts";
import { STATE_PATH, type World } from "./world.ts";

/** So long an order may stay unseen. */
const TOUCH_MS = 90_000;
/** A fill so short a time ago may be in one read and not in the other. */
const FILLING_MS = 2_000;
/** So long positions may lack a fill, by two clocks. */
const LAG_MS = 12_000;

/** Everything that must hold when a sell, a stop, a replacement or a cancel leaves. */
export function checkExit(auditor: Auditor, change: ChangeRequest): void {
  checkSplit(auditor, change);
  const { account, positions } = auditor.shown;
  // A stop whose position is gone protects nothing.
  const isProtection = change.op === "cancel" && change.side === "sell" &&
    positions.symbols.has(change.symbol);
  if (isProtection && account.isBlocked) {
    auditor.world.violate(
      "no protection is taken away where none can be put back",
      `cancel of ${change.symbol} left while the account says that it is blocked`,
    );
  }
  if (change.op === "sell") checkAttempt(auditor, change);
  if (change.op === "sell" && auditor.cycle.adopted.has(change.symbol)) {
    auditor.world.violate("the cycle that adopts only protects", `sell ${change.symbol} left`);
  }
  checkOwn(auditor, change);
  if (change.op === "cancel" && change.side === "sell") checkExitRecords(auditor, change);
  if (change.op === "sell" || change.op === "stop") checkAvailable(auditor, change);
  if (change.op === "stop" || change.op === "replace") checkStopRises(auditor, change);
}

/** Only what the engine manages is touched: its own orders, and sells in the symbols of its positions (pipeline 5). */
function checkOwn({ world }: Auditor, change: ChangeRequest): void {
  const { target, symbol } = change;
  const isManaged = listPositions(world).some((position) => position.symbol === symbol);
  if (target === null) {
    if (symbol !== FOREIGN_SYMBOL) return;
    return world.violate("what is foreign is left alone", `${change.op} ${symbol} left`);
  }
  const root = rootOf(target);
  if (isEngineOrder(root) || isEngineOrder(target)) return;
  // A state file that was just taken away or damaged does not say what the engine manages.
  const isToldByFile = world.readJson(STATE_PATH, "now") !== undefined;
  if ((isManaged || !isToldByFile) && target.side === "sell") return;
  world.violate(
    "what is foreign is left alone",
    `${change.op} of ${symbol} ${target.side} ${target.type} ${target.clientOrderId}`,
  );
}

/** An exit's sell and the stop that follows are on record before the first cancel leaves. */
function checkExitRecords({ world, cycle }: Auditor, change: ChangeRequest): void {
  const heldQty = world.exchange.portfolio.qty(change.symbol);
  if (heldQty <= 0 || world.strange.has(change.symbol)) return;
  if (world.ledgerTouchedMs >= cycle.startMs || cycle.cancelled.has(change.symbol)) return;
  const open = listEntries(world, "synced").filter((entry) =>
    entry.symbol === change.symbol && entry.side === "sell" && entry.status === "pending"
  );
  const isTrim = open.some((entry) => entry.reason?.endsWith("_trim"));
  const hasStop = open.some((entry) => entry.reason === "stop");
  if (isTrim && isPlainStop(world, change, heldQty)) {
    world.violate(
      "a trim shrinks its plain stop and keeps it",
      `${change.symbol}: it is cancelled`,
    );
  }
  if (open.length === 0 || (isTrim && !hasStop)) {
    world.violate(
      "sell and stop are on record before the cancel",
      `${change.symbol}: ${open.map((entry) => entry.reason).join(",") || "nothing"} recorded`,
    );
  }
}

/** Whether one stop of the engine's own holds all shares: it can be shrunk, and never leaves the book (pipeline 5). */
function isPlainStop(world: World, { target, symbol }: ChangeRequest, heldQty: number): boolean {
  const working = (world.exchange.desk.active.get(symbol)?.working ?? []).filter((order) =>
    !isDone(order)
  );
  // A fill between the reads of positions and orders: what was read of them does not fit together.
  const isFilling = world.exchange.orders.some((order) =>
    order.symbol === symbol && world.trueMs - (order.fills.at(-1)?.atMs ?? -Infinity) < FILLING_MS
  );
  // A replacement that was taken and not made: so it would be with the next one, and a cancel is left (pipeline 5).
  const isRefused = world.exchange.orders.some((order) =>
    order.replaces === target?.id && order.status === "rejected"
  );
  if (isFilling || isRefused) return false;
  return world.troubles === 0 && target !== null && working.length === 1 && isEngineOrder(target) &&
    target.type === "stop" && target.parent === null && target.timeInForce === "gtc" &&
    target.status === "new" && target.filledQty === 0 && target.qty === heldQty;
}

/** Nothing asks for more shares than no other order holds: never sold twice, never short. */
function checkAvailable({ world, cycle }: Auditor, change: ChangeRequest): void {
  if (world.strange.has(change.symbol)) return;
  // What a hand sold a moment ago nobody could have seen: what is too much is taken back with the next look.
  if (isHandHidden(world, change.symbol, cycle.startMs)) return;
  // The same id again is harmless, whatever it asks for: the exchange has it already.
  if (world.exchange.findOrder(change.clientOrderId ?? "") !== null) return;
  // An order that the exchange hides, and whose answer was lost on the way, is known to nobody: it refuses what is too much.
  const { behaviour, orders } = world.exchange;
  const isHidden = orders.some((order) =>
    order.symbol === change.symbol &&
    order.submitted.ms + behaviour.visibilityDelayMs > world.trueMs
  );
  if (isHidden && world.trueMs - world.lastTroubleMs < TOUCH_MS) return;
  const available = world.exchange.desk.rules.availableQty(change.symbol);
  if ((change.qty ?? 0) > available) {
    world.violate(
      "no sell for more than is available",
      `${change.op} ${change.symbol} ${change.qty} of ${available}`,
    );
  }
}

/** A position that was split is nobody's to sell or stop until the operator deals with it. */
function checkSplit({ world, cycle }: Auditor, change: ChangeRequest): void {
  const splitMs = world.issuerActs.get(change.symbol)?.atMs;
  if (splitMs === undefined) return;
  // Positions that lag show it so much later: before that nobody can have looked at it.
  if (splitMs + world.exchange.behaviour.positionsLagMs >= cycle.startMs) return;
  const isManaged = listPositions(world).some((position) =>
    position.symbol === change.symbol && isSplit(world, position)
  );
  // A fill of a moment ago that positions need not show yet explains fewer whole shares.
  const isLagging = Number.isInteger(world.exchange.portfolio.qty(change.symbol)) &&
    world.exchange.orders.some((order) =>
      order.symbol === change.symbol &&
      order.fills.some((fill) => fill.atMs > cycle.startMs - LAG_MS)
    );
  if (isLagging) return;
  if (isManaged && world.exchange.portfolio.qty(change.symbol) > 0) {
    world.violate("a split position is left alone", `${change.op} ${change.symbol} left`);
  }
}

/** An exit whose fate is open is sent again with the same id; a new one needs the old one ended without a fill. */
function checkAttempt({ world, openSells, cycle }: Auditor, change: ChangeRequest): void {
  const id = change.clientOrderId ?? "";
  const exit = id.replace(/-\d+$/, "");
  for (const openId of openSells) {
    if (openId === id || openId.replace(/-\d+$/, "") !== exit) continue;
    const order = world.exchange.findOrder(openId);
    const isOver = order !== null && isDone(order) && order.filledQty === 0;
    if (isOver || world.ledgerTouchedMs >= cycle.startMs) continue;
    world.violate("an exit is sent again with the same id", `${id} while ${openId} is open`);
  }
}

const STOP_ID = /^(.*)-stop-\d+$/;

/**
 * Whether the market is below the stop, and this one goes where one was that gave way in this cycle: the broker takes none that
 * is higher (pipeline 5).
 */
function isBackBelow({ world, cycle }: Auditor, { symbol, stopUsd }: ChangeRequest): boolean {
  return cycle.belowStop.has(symbol) &&
    world.exchange.orders.some((order) =>
      order.symbol === symbol && order.side === "sell" && order.status === "canceled" &&
      order.stopPriceUsd === stopUsd && order.updatedMs >= cycle.startMs
    );
}

/** The engine's stop of a position never falls. */
function checkStopRises(auditor: Auditor, change: ChangeRequest): void {
  const { world } = auditor;
  const positionId = STOP_ID.exec(change.clientOrderId ?? "")?.[1];
  if (positionId === undefined || change.stopUsd === null) return;
  const highestUsd = findHighestStop(world, positionId);
  if (change.stopUsd < highestUsd - 1e-9 && !isBackBelow(auditor, change)) {
    world.violate(
      "the stop never falls",
      `${change.clientOrderId} at ${change.stopUsd}, it was at ${highestUsd}`,
    );
  }
}
