import type { AlpacaClient } from "../broker/alpaca_client.ts";
import { buildFlattenId } from "../domain/flatten_id.ts";
import {
  decideHow,
  type FlattenScope,
  isSurelyInScope,
  isToClose,
  listCancelTargets,
  listWorking,
} from "../domain/flatten_plan.ts";
import type { BrokerOrder, BrokerPosition } from "../domain/orders.ts";
import type { UnreadableRow } from "../domain/unreadable_row.ts";
import {
  BrokerError,
  type CancelOutcome,
  type ClockPort,
  type EventPort,
  type SubmitOutcome,
} from "../engine/ports.ts";

/** Rounds of cancelling and closing: a second one for what came late or was still reserved, a third as reserve. */
const ROUNDS_MAX = 3;
/** How long end states are waited for, in each round. */
const CANCEL_WAIT_MS = 10_000;
const CLOSE_WAIT_MS = 15_000;
const LOOK_MS = 250;
/** How often and how soon a round that the broker's silence ended is begun again. */
const FAILURES_MAX = 10;
const AGAIN_MS = 2_000;

/** The account as it is, as far as `flatten` cares. */
export interface Look {
  readonly positions: readonly BrokerPosition[];
  /** Nested. */
  readonly orders: readonly BrokerOrder[];
  /** Rows of either list that can't be read; none of them stops the rest. */
  readonly unreadable: readonly UnreadableRow[];
}

/** What the act needs. */
export interface FlattenWorld {
  readonly broker: AlpacaClient;
  readonly clock: ClockPort;
  readonly events: EventPort;
  readonly scope: FlattenScope;
  /** When this call began, by the host's clock: part of its order ids. */
  readonly startedAtMs: number;
  readonly isMarketOpen: boolean;
  /** Takes a line of progress. */
  readonly say: (line: string) => void;
}

/** What this call has sent so far. */
interface Progress {
  readonly attempts: Map<string, number>;
  /** Order ids of its own sells and closes, which must not be cancelled again. */
  readonly sent: Set<string>;
  /** Symbols that the broker refuses for good. */
  readonly refused: Set<string>;
}

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

/** Reads positions and open orders. @throws {BrokerError} */
export async function readLook({ broker }: Pick<FlattenWorld, "broker">): Promise<Look> {
  const orders = await broker.listOrders({ status: "open" }, "protect");
  const positions = await broker.listPositions("protect");
  return {
    orders: orders.rows,
    positions: positions.rows,
    unreadable: [...orders.unreadable, ...positions.unreadable],
  };
}

/** Working orders in scope that are not this call's own. */
function listLeft({ scope }: FlattenWorld, { sent }: Progress, look: Look): BrokerOrder[] {
  return listWorking(look.orders, scope).filter((order) => !sent.has(order.orderId));
}

/** Positions in scope that are to be closed and can be. */
function listHeld(
  { scope }: FlattenWorld,
  { refused }: Progress,
  look: Look,
): BrokerPosition[] {
  return look.positions.filter(({ symbol, qty }) =>
    qty !== 0 && isToClose(scope, symbol) && !refused.has(symbol)
  );
}

/** Symbols in which one of its own sells works. */
function listClosing({ scope }: FlattenWorld, { sent }: Progress, look: Look): Set<string> {
  const own = listWorking(look.orders, scope).filter((order) => sent.has(order.orderId));
  return new Set(own.map((order) => order.symbol));
}

/** Those that none of its own sells is closing yet. */
function listToClose(world: FlattenWorld, progress: Progress, look: Look): BrokerPosition[] {
  const closing = listClosing(world, progress, look);
  return listHeld(world, progress, look).filter(({ symbol }) => !closing.has(symbol));
}

/** Orders that can't be read, are surely in scope and have an id to be cancelled by. */
function listUnreadableIds({ scope }: FlattenWorld, look: Look): string[] {
  const rows = look.unreadable.filter((row) =>
    row.what === "order" && row.mayBeOpen && isSurelyInScope(scope, row)
  );
  return [...new Set(rows.map((row) => row.orderId).filter((id) => id !== null))];
}

/** Symbols whose position can't be read, and that are to be closed: the broker knows how many shares they are. */
function listUnreadableHeld(world: FlattenWorld, progress: Progress, look: Look): string[] {
  const { scope } = world;
  const closing = listClosing(world, progress, look);
  return look.unreadable.filter((row) => row.what === "position")
    .map((row) => row.symbol).filter((symbol) => symbol !== null)
    .filter((symbol) => isToClose(scope, symbol))
    .filter((symbol) => !progress.refused.has(symbol) && !closing.has(symbol));
}

function isDone(world: FlattenWorld, progress: Progress, look: Look): boolean {
  return listLeft(world, progress, look).length === 0 &&
    listUnreadableIds(world, look).length === 0 &&
    listToClose(world, progress, look).length === 0 &&
    listUnreadableHeld(world, progress, look).length === 0;
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

async function closePositions(world: FlattenWorld, progress: Progress): Promise<void> {
  const look = await readLook(world);
  for (const symbol of listUnreadableHeld(world, progress, look)) {
    await closeByBroker(world, progress, symbol, "which can't be read");
  }
  for (const position of listToClose(world, progress, look)) {
    if (decideHow(position) === "sell") await sell(world, progress, position);
    else await closeByBroker(world, progress, position.symbol, `${position.qty}`);
  }
}

/** A short position, a fraction, or shares that nobody can count: the broker's own close, whose order has a name of the broker's. */
async function closeByBroker(
  { broker, say }: FlattenWorld,
  progress: Progress,
  symbol: string,
  qty: string,
): Promise<void> {
  const outcome = await broker.closePosition(symbol);
  if (outcome.kind === "accepted") {
    progress.sent.add(outcome.order.orderId);
    say(`Closing ${symbol} ${qty}: the broker's order ${outcome.order.orderId}`);
    return;
  }
  say(`Close of ${symbol} ${qty}: ${describe(outcome)}`);
  if (outcome.kind === "rejected" && !isWorthRetry(outcome)) progress.refused.add(symbol);
}

/** A market sell of what no order reserves, under an id of our own. */
async function sell(
  world: FlattenWorld,
  progress: Progress,
  { symbol, qtyAvailable }: BrokerPosition,
): Promise<void> {
  const { broker, events, say, startedAtMs } = world;
  const qty = Math.floor(qtyAvailable);
  if (qty <= 0) {
    say(`Sell of ${symbol}: its shares are still reserved by an order`);
    return;
  }
  const attempt = progress.attempts.get(symbol) ?? 1;
  const clientOrderId = buildFlattenId({ symbol, startedAtMs, attempt });
  const request = { symbol, op: "sell" as const, client_order_id: clientOrderId, qty };
  const fields = { ...request, order_id: null, stop_usd: null, take_profit_usd: null };
  await events.record({ type: "order_request", ...fields });
  const outcome = await settle(
    world,
    clientOrderId,
    await broker.submitMarketSell({
      clientOrderId,
      symbol,
      qty,
    }),
  );
  await events.record({
    type: "order_answer",
    ...fields,
    outcome: outcome.kind,
    answer_order_id: outcome.kind === "accepted" ? outcome.order.orderId : null,
    order_status: outcome.kind === "accepted" ? outcome.order.status : null,
    why: "why" in outcome ? outcome.why : null,
    http_status: outcome.kind === "rejected" ? outcome.httpStatus : null,
    code: outcome.kind === "rejected" ? outcome.code : null,
    message: outcome.kind === "rejected" ? outcome.message : null,
  });
  if (outcome.kind === "accepted") {
    // What it leaves unsold is another order's.
    progress.attempts.set(symbol, attempt + 1);
    progress.sent.add(outcome.order.orderId);
    say(`Selling ${symbol} ${qty} at the market: order ${outcome.order.orderId}`);
    return;
  }
  say(`Sell of ${symbol} ${qty}: ${describe(outcome)}`);
  if (outcome.kind !== "rejected") return;
  // Certainly no such order: the next attempt is another one. A lost answer keeps its id, which can't sell twice.
  progress.attempts.set(symbol, attempt + 1);
  if (!isWorthRetry(outcome)) progress.refused.add(symbol);
}

const LOOK_UPS_MAX = 8;

/** What became of a sell without a usable answer: looked up by its id for a while (broker.md, "Ambiguous"). */
async function settle(
  { broker, clock }: FlattenWorld,
  clientOrderId: string,
  outcome: SubmitOutcome,
): Promise<SubmitOutcome> {
  if (outcome.kind === "accepted" || outcome.kind === "rejected") return outcome;
  for (let turn = 0; turn < LOOK_UPS_MAX; turn++) {
    const found = await broker.lookUp(clientOrderId, "protect");
    if (found.kind === "found") return { kind: "accepted", order: found.order, body: "" };
    await clock.sleep(LOOK_MS);
  }
  return outcome;
}

/** Shares still reserved, or too many requests: a later round can do it. */
function isWorthRetry(outcome: { readonly why: string }): boolean {
  return outcome.why === "insufficient_qty" || outcome.why === "rate_limited";
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

function describe(outcome: SubmitOutcome | CancelOutcome): string {
  switch (outcome.kind) {
    case "rejected":
      return `refused (${outcome.message})`;
    case "unknown":
      return `no usable answer (${outcome.why})`;
    case "duplicate":
      return "an order with this id exists and can't be read";
    default:
      return outcome.kind;
  }
}
