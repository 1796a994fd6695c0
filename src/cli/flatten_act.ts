import { listRoots } from "../domain/account/asked.ts";
import { findNextLook } from "../domain/account/giving_way.ts";
import { buildOpenOrders } from "../domain/account/order_book.ts";
import { listGivingWay } from "../domain/plan/flatten_plan.ts";
import { BrokerError } from "../engine/ports.ts";
import { closePositions, describe } from "./flatten_close.ts";
import {
  type FlattenWorld,
  isBuying,
  isDone,
  isEnded,
  listHeld,
  listUnreadableIds,
  listVanished,
  type Look,
  type Progress,
  readLook,
} from "./flatten_look.ts";

/** Rounds of cancelling and closing: a second one for what came late or was still reserved, a third as reserve. */
const ROUNDS_MAX = 3;
/** How long end states are waited for, in each round. */
const CANCEL_WAIT_MS = 10_000;
const CLOSE_WAIT_MS = 15_000;
/** Orders that a list still shows and that are asked for by id in one look: a list shows them for seconds after they have gone. */
const ASKED_MAX = 6;
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
  const progress: Progress = { attempts: new Map(), sent: new Set(), refused: new Set() };
  let failures = 0;
  for (let turn = 1; turn - failures <= ROUNDS_MAX; turn++) {
    try {
      const look = await readLook(world);
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
  const asked = new Set<string>();
  if (turn === 1) await cancelAll(world, progress, look, asked);
  await cancelOrders(world, progress, look, asked);
  await waitUntil(world, CANCEL_WAIT_MS, async () => {
    await askAsked(world, asked);
    const now = await readLook(world);
    if (isEnded(world, progress, now)) return true;
    // What takes the place of another, or comes in meanwhile, has its own cancel.
    await cancelOrders(world, progress, now, asked);
    return false;
  });
  if (world.scope.isClosing) await closePositions(world, progress);
  const isAwaited = world.scope.isClosing && world.isMarketOpen;
  await waitUntil(world, CLOSE_WAIT_MS, async () => {
    const now = await readLook(world);
    const isLeft = listHeld(world, progress, now).length > 0 || listVanished(world, now).length > 0;
    return !isBuying(world) && !(isAwaited && isLeft);
  });
}

/** All orders at once, where the whole account is meant. @param asked Takes those that the broker is about to cancel. */
async function cancelAll(
  { broker, scope, say }: FlattenWorld,
  { sent }: Progress,
  { orders }: Look,
  asked: Set<string>,
): Promise<void> {
  const meant = listGivingWay(orders, scope, sent);
  if (scope.symbol !== null || meant.length === 0) return;
  const outcome = await broker.cancelAllOrders();
  if (outcome.kind !== "answered") {
    return say(`Cancel of all orders: ${describe(outcome)}; asked one by one`);
  }
  const refused = outcome.items.filter(({ isTaken }) => !isTaken);
  for (const { name, httpStatus, message } of refused) {
    say(`Cancel of ${name} refused: HTTP ${httpStatus} ${message}`.trimEnd());
  }
  const names = new Set(outcome.items.map(({ name }) => name));
  const refusedNames = new Set(refused.map(({ name }) => name));
  // One that no list shows yet need not be among them.
  for (const { orderId, members } of meant) {
    const isNamed = members.some((each) => names.has(each.orderId));
    if (isNamed && !members.some((each) => refusedNames.has(each.orderId))) asked.add(orderId);
  }
}

/** Cancels what is at work and was not asked for yet. @param asked In this round; takes what is asked for. */
async function cancelOrders(
  world: FlattenWorld,
  { sent }: Progress,
  look: Look,
  asked: Set<string>,
): Promise<void> {
  const { broker, scope, say } = world;
  for (const { symbol, orderId, isAsked } of listGivingWay(look.orders, scope, sent)) {
    if (isAsked || asked.has(orderId)) continue;
    asked.add(orderId);
    const outcome = await broker.cancelOrder(orderId);
    if (outcome.kind === "requested") continue;
    say(`Cancel of ${symbol} ${orderId}: ${describe(outcome)}`);
  }
  for (const orderId of listUnreadableIds(world, look)) {
    if (asked.has(orderId)) continue;
    asked.add(orderId);
    const outcome = await broker.cancelOrder(orderId);
    if (outcome.kind === "requested") continue;
    say(`Cancel of ${orderId}, which can't be read: ${describe(outcome)}`);
  }
}

/** Asks for orders by id whose cancel has left: lists show an order for seconds after it has gone. */
async function askAsked({ book }: FlattenWorld, asked: ReadonlySet<string>): Promise<void> {
  const working = buildOpenOrders(book.book).flatMap((order) => [order, ...order.legs])
    .map(({ orderId }) => orderId).filter((orderId) => asked.has(orderId));
  const roots = new Set(listRoots(book.book, working).slice(0, ASKED_MAX));
  if (roots.size > 0) await book.askFor(({ order }) => roots.has(order.orderId));
}

/** Looks until it is so, or the time is over; a look that fails is one that did not show it. */
async function waitUntil(
  { clock }: FlattenWorld,
  maxMs: number,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const startMs = clock.monotonicMs();
  for (;;) {
    if (await isShown(isSo)) return;
    const waitedMs = clock.monotonicMs() - startMs;
    if (waitedMs >= maxMs) return;
    await clock.sleep(findNextLook(waitedMs, maxMs) - waitedMs);
  }
}

async function isShown(isSo: () => Promise<boolean>): Promise<boolean> {
  try {
    return await isSo();
  } catch (error) {
    if (error instanceof BrokerError) return false;
    throw error;
  }
}
