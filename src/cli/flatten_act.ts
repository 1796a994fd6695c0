import { EMPTY_BOOK, learnOrders } from "../domain/account/order_book.ts";
import { listCancelTargets } from "../domain/flatten_plan.ts";
import { BrokerError } from "../engine/ports.ts";
import { closePositions, describe } from "./flatten_close.ts";
import {
  type FlattenWorld,
  isDone,
  listHeld,
  listLeft,
  listUnreadableIds,
  type Look,
  LOOK_MS,
  type Progress,
  readBrokerMs,
  readLook,
} from "./flatten_look.ts";

/** Rounds of cancelling and closing: a second one for what came late or was still reserved, a third as reserve. */
const ROUNDS_MAX = 3;
/** How long end states are waited for, in each round. */
const CANCEL_WAIT_MS = 10_000;
const CLOSE_WAIT_MS = 15_000;
/** How often and how soon a round that the broker's silence ended is begun again. */
const FAILURES_MAX = 10;
const AGAIN_MS = 2_000;

/**
 * Cancels every working order in scope, waits for the end states, closes the positions where that was asked for, waits
 * again, and looks whether anything came in late.
 * @returns The account as it is at the end.
 * @throws {BrokerError} Where the broker can't be read; what was sent before stands.
 */
export async function flattenAccount(world: FlattenWorld): Promise<Look> {
  const progress: Progress = {
    book: EMPTY_BOOK,
    attempts: new Map(),
    sent: new Set(),
    refused: new Set(),
  };
  let failures = 0;
  for (let turn = 1; turn - failures <= ROUNDS_MAX; turn++) {
    try {
      const look = await readLook(world);
      progress.book = learnOrders(progress.book, look.orders, readBrokerMs(world));
      if (isDone(world, progress, look)) return look;
      await flattenOnce(world, progress, look, turn);
    } catch (error) {
      // The stops may be cancelled by now: a moment without answers must not leave the positions without a sell.
      if (!(error instanceof BrokerError) || ++failures > FAILURES_MAX) throw error;
      world.say(`${error.message}; going on in ${AGAIN_MS / 1000} s`);
      await world.clock.sleep(AGAIN_MS);
    }
  }
  return await readLook(world);
}

async function flattenOnce(
  world: FlattenWorld,
  progress: Progress,
  look: Look,
  turn: number,
): Promise<void> {
  await cancelOrders(world, progress, look, turn);
  await waitUntil(
    world,
    CANCEL_WAIT_MS,
    (now) =>
      listLeft(world, progress, now).length === 0 && listUnreadableIds(world, now).length === 0,
  );
  if (!world.scope.isClosing) return;
  await closePositions(world, progress);
  if (!world.isMarketOpen) return;
  await waitUntil(world, CLOSE_WAIT_MS, (now) => listHeld(world, progress, now).length === 0);
}

/** The first round takes all at once where the whole account is meant; later ones name what they cancel. */
async function cancelOrders(
  world: FlattenWorld,
  progress: Progress,
  look: Look,
  round: number,
): Promise<void> {
  const { broker, scope, say } = world;
  const left = listLeft(world, progress, look);
  const unreadableIds = listUnreadableIds(world, look);
  if (left.length === 0 && unreadableIds.length === 0) return;
  if (round === 1 && scope.symbol === null) {
    const outcome = await broker.cancelAllOrders();
    if (outcome.kind !== "answered") {
      say(`Cancel of all orders: ${describe(outcome)}; asked one by one`);
    } else {
      for (const { name, isTaken, httpStatus, message } of outcome.items) {
        if (!isTaken) say(`Cancel of ${name} refused: HTTP ${httpStatus} ${message}`.trimEnd());
      }
      return;
    }
  }
  for (const order of listCancelTargets(look.orders, scope, progress.sent)) {
    const outcome = await broker.cancelOrder(order.orderId);
    if (outcome.kind === "requested") continue;
    say(`Cancel of ${order.symbol} ${order.orderId}: ${describe(outcome)}`);
  }
  for (const orderId of unreadableIds) {
    const outcome = await broker.cancelOrder(orderId);
    if (outcome.kind === "requested") continue;
    say(`Cancel of ${orderId}, which can't be read: ${describe(outcome)}`);
  }
}

/** Looks until it is so, or the time is over; a look that fails is one that did not show it. */
async function waitUntil(
  world: FlattenWorld,
  maxMs: number,
  isSo: (look: Look) => boolean,
): Promise<void> {
  const { clock } = world;
  const startMs = clock.monotonicMs();
  for (;;) {
    if (await isShown(world, isSo)) return;
    if (clock.monotonicMs() - startMs >= maxMs) return;
    await clock.sleep(LOOK_MS);
  }
}

async function isShown(world: FlattenWorld, isSo: (look: Look) => boolean): Promise<boolean> {
  try {
    return isSo(await readLook(world));
  } catch (error) {
    if (error instanceof BrokerError) return false;
    throw error;
  }
}
