import { readClosable } from "../domain/account/free_shares.ts";
import { LAG_MS } from "../domain/account/order_book.ts";
import { buildFlattenId } from "../domain/order/flatten_id.ts";
import { decideHow } from "../domain/plan/flatten_plan.ts";
import { type BrokerOrder, isFinal } from "../domain/order/orders.ts";
import { isTicker } from "../domain/order/symbol.ts";
import type { CancelOutcome, SubmitOutcome } from "../domain/order/order_request.ts";
import { BrokerError } from "../engine/ports.ts";
import {
  type FlattenWorld,
  listToClose,
  listUnreadableHeld,
  listVanished,
  type Look,
  type Progress,
  readLook,
  sightOf,
} from "./flatten_look.ts";

/** How far back orders are read for fills that positions need not show yet: a stop may rest for as long. */
const PAST_MS = 90 * 86_400_000;

/**
 * Sells the shares that are held for sure, under ids of our own; what those can't express is the broker's to close.
 * @throws {BrokerError} Where the broker can't be read.
 */
export async function closePositions(world: FlattenWorld, progress: Progress): Promise<void> {
  const look = await readKnown(world, progress);
  for (const symbol of listUnreadableHeld(world, progress, look)) {
    await closeByBroker(world, progress, symbol, "which can't be read");
  }
  for (const position of listToClose(world, progress, look)) {
    if (decideHow(position) === "sell") await sell(world, progress, position.symbol, look);
    else await closeByBroker(world, progress, position.symbol, `${position.qty}`);
  }
}

/** The account, with every order in the book that may have sold of what it shows. @throws {BrokerError} */
async function readKnown(world: FlattenWorld, progress: Progress): Promise<Look> {
  const look = await readLook(world);
  const meant = [...listToClose(world, progress, look), ...listVanished(world, look)];
  const symbols = meant.map(({ symbol }) => symbol);
  if (symbols.length === 0) return look;
  const isPastKnown = await learnPast(world, symbols);
  // Lists show an order as it was a moment ago; only its answer by id says how it ended.
  await world.book.askFor(({ order }) => symbols.includes(order.symbol) && !isFinal(order));
  return isPastKnown ? look : await readLook(world);
}

/** Learns what ended before; where it can't be read, some seconds pass, after which positions show it. */
async function learnPast(
  { broker, book, clock, say }: FlattenWorld,
  symbols: readonly string[],
): Promise<boolean> {
  const afterMs = book.nowMs() - PAST_MS;
  // A name that the broker may refuse in a query is looked for among everybody's.
  const named = symbols.every(isTicker) ? { symbols } : {};
  try {
    const past = await broker.listOrders({ status: "all", afterMs, ...named }, "protect");
    book.learn(past.rows);
    return true;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    say(`${error.message}; positions are read again in ${LAG_MS / 1000} s instead`);
    await clock.sleep(LAG_MS);
    return false;
  }
}

/** A short position, a fraction, or shares that nobody can count: the broker's own close, whose order has a name of the broker's. */
async function closeByBroker(
  world: FlattenWorld,
  progress: Progress,
  symbol: string,
  qty: string,
): Promise<void> {
  const { broker, say } = world;
  const outcome = await broker.closePosition(symbol);
  if (outcome.kind === "accepted") {
    noteSent(world, progress, outcome.order);
    say(`Closing ${symbol} ${qty}: the broker's order ${outcome.order.orderId}`);
    return;
  }
  say(`Close of ${symbol} ${qty}: ${describe(outcome)}`);
  if (outcome.kind === "rejected" && !isWorthRetry(outcome)) progress.refused.add(symbol);
}

function noteSent({ book }: FlattenWorld, { sent }: Progress, order: BrokerOrder): void {
  sent.add(order.orderId);
  book.learn([order]);
}

/** A market sell of what is held for sure and no order holds, under an id of our own. */
async function sell(
  world: FlattenWorld,
  progress: Progress,
  symbol: string,
  look: Look,
): Promise<void> {
  const { broker, events, say, startedAtMs } = world;
  const qty = readClosable(sightOf(world, look), symbol);
  if (qty <= 0) {
    say(`Sell of ${symbol}: its shares are still reserved by an order, or were sold a moment ago`);
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
    noteSent(world, progress, outcome.order);
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
const LOOK_UP_EACH_MS = 250;

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
    await clock.sleep(LOOK_UP_EACH_MS);
  }
  return outcome;
}

/** Shares still reserved, or too many requests: a later round can do it. */
function isWorthRetry(outcome: { readonly why: string }): boolean {
  return outcome.why === "insufficient_qty" || outcome.why === "rate_limited";
}

/** An answer, in words. */
export function describe(outcome: SubmitOutcome | CancelOutcome): string {
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
