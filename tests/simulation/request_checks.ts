import { isDone, rootOf, type SimOrder } from "../simulator/order.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import type { Auditor, SentEntry } from "./auditor.ts";
import { FOREIGN_SYMBOL } from "./market.ts";
import {
  findHighestStop,
  findLedgerFault,
  findObjection,
  findOwner,
  isEngineOrder,
  listAcceptedEntries,
  listEntries,
  listPositions,
  type RawEntry,
} from "./truth.ts";
import type { World } from "./world.ts";

/** An order-changing request as it leaves. */
export interface ChangeRequest {
  readonly op: "entry" | "sell" | "stop" | "replace" | "cancel";
  readonly symbol: string;
  readonly clientOrderId: string | null;
  readonly qty: number | null;
  readonly stopUsd: number | null;
  /** Side of the order that is cancelled or replaced, or of the new one. */
  readonly side: string;
  /** The ledger's notional for it, from the bytes that a crash could not take. */
  readonly recordedNotionalUsd: number | null;
  readonly recorded: RawEntry | null;
  /** The order that is cancelled or replaced. */
  readonly target: SimOrder | null;
}

/** The request's parts; the symbol of a cancel or replacement from the exchange's books. */
export function parseChange(
  world: World,
  request: { readonly method: string; readonly body: string | null },
  path: string,
): ChangeRequest {
  const id = decodeURIComponent(path.split("/").at(-1) ?? "");
  const target = world.exchange.desk.byId.get(id);
  const body: Record<string, unknown> = request.body === null ? {} : JSON.parse(request.body);
  const clientOrderId = typeof body["client_order_id"] === "string"
    ? body["client_order_id"]
    : null;
  const recorded = clientOrderId === null
    ? null
    : listEntries(world, "synced").find((each) => each.client_order_id === clientOrderId) ?? null;
  const stop = body["stop_price"];
  return {
    op: readOp(request.method, body),
    symbol: String(body["symbol"] ?? target?.symbol ?? ""),
    clientOrderId,
    qty: body["qty"] === undefined ? null : Number(body["qty"]),
    stopUsd: stop === undefined ? null : Number(stop),
    side: String(body["side"] ?? target?.side ?? ""),
    recordedNotionalUsd: recorded?.notional ?? null,
    recorded,
    target: target ?? null,
  };
}

function readOp(method: string, body: Record<string, unknown>): ChangeRequest["op"] {
  if (method === "DELETE") return "cancel";
  if (method === "PATCH") return "replace";
  if (body["order_class"] === "bracket") return "entry";
  return body["type"] === "market" ? "sell" : "stop";
}

/** The market may close, by the broker's clock, in the time that the engine's last look at it took. */
const CLOCK_LAG_MS = 25_000;
/** Positions at most 5 s old, and what a wait for the request budget adds. */
const POSITIONS_AGE_MS = 15_000;
/** So long an order may stay unseen. */
const TOUCH_MS = 90_000;
/** An intent's worth after its time (pipeline 4), and how far off the engine's idea of the time may be. */
const INTENT_MS = 15 * 60_000;
const CLOCK_OFF_MS = 15_000;
const FILLING_MS = 2_000;
/** "Not found" proves absence after this (pipeline 6), and not before. */
const ABSENCE_MS = 60_000;

/** Everything that must hold when a request leaves that changes an order. */
export function checkRequest(auditor: Auditor, change: ChangeRequest): void {
  checkPermit(auditor, change);
  checkRecord(auditor, change);
  if (change.op === "entry") checkEntry(auditor, change);
  else checkSplit(auditor, change);
  if (change.op === "sell") checkAttempt(auditor, change);
  if (change.op === "sell" && auditor.cycle.adopted.has(change.symbol)) {
    auditor.world.violate("the cycle that adopts only protects", `sell ${change.symbol} left`);
  }
  if (change.op !== "entry") checkOwn(auditor, change);
  if (change.op === "cancel" && change.side === "sell") checkExitRecords(auditor, change);
  if (change.op === "sell" || change.op === "stop") checkAvailable(auditor, change);
  if (change.op === "stop" || change.op === "replace") checkStopRises(auditor, change);
}

/** A gate PASS on the inputs of this instant; the rest of an exit needs only the operator not to object. */
function checkPermit(auditor: Auditor, change: ChangeRequest): void {
  const { world, shown } = auditor;
  const what = `${change.op} ${change.symbol} left`;
  const objection = findObjection(world);
  if (objection !== null) {
    return world.violate("no request without a gate PASS", `${what}: ${objection}`);
  }
  const owner = findOwner(world);
  if (owner !== null && owner !== world.exchange.accountId) {
    return world.violate("no request without a gate PASS", `${what}: the account is another`);
  }
  const session = world.exchange.sessions.at(world.trueMs) ??
    world.exchange.sessions.at(world.trueMs - CLOCK_LAG_MS);
  if (session === null) world.violate("no order while the market is closed", what);
  if (isRest(auditor, change)) return;
  const fault = findLedgerFault(world);
  if (fault !== null) return world.violate("no request without a gate PASS", `${what}: ${fault}`);
  const block = shown.findBlock();
  if (block !== null) return world.violate("no request without a gate PASS", `${what}: ${block}`);
  const { positions } = shown;
  if (!positions.isUsable || world.trueMs - positions.atMs > POSITIONS_AGE_MS) {
    world.violate("no request without a gate PASS", `${what}: positions were not read`);
  }
  if (auditor.hasLostState && auditor.openCycles === 0) {
    world.violate("no request without a gate PASS", `${what}: the state was lost`);
  }
}

/** Whether the exit's cancel has left: then only the operator can stop what follows (pipeline 5). */
function isRest({ rests }: Auditor, { op, symbol }: ChangeRequest): boolean {
  const rest = rests.get(symbol);
  return rest === "replaced"
    ? op === "sell"
    : rest === "cancelled" && op !== "entry" && op !== "replace";
}

/** The record is durable before the request leaves: in the bytes that a crash right now could not take. */
function checkRecord(auditor: Auditor, change: ChangeRequest): void {
  const { world, cycle } = auditor;
  if (change.op === "cancel" || world.ledgerTouchedMs >= cycle.startMs) return;
  const { recorded } = change;
  if (recorded === null) {
    return world.violate(
      "the ledger entry is durable before its request",
      `${change.op} ${change.clientOrderId} left without one`,
    );
  }
  // A failing ledger can't stop the rest of an exit: a stop that was settled as not sent leaves under its old record.
  const isRestored = change.op === "stop" && isRest(auditor, change);
  if (recorded.status === "rejected" && !isRestored) {
    world.violate(
      "the ledger entry is durable before its request",
      `${change.clientOrderId} left though its entry says ${recorded.status}`,
    );
  }
}

function checkEntry(auditor: Auditor, change: ChangeRequest): void {
  checkOncePerDay(auditor, change);
  // Who takes an entry out of the ledger between a reconciliation and the next has taken it out of the caps.
  // An unseen order's record may be what he took: nobody knows of it then until the broker shows it.
  const { world, cycle } = auditor;
  const isTouched = world.ledgerTouchedMs >= Math.min(cycle.startMs, world.trueMs - TOUCH_MS);
  if (!isTouched) checkCaps(auditor, change);
  checkCandidate(auditor, change);
  checkUnknownOrders(auditor);
  checkIntent(auditor, change);
  const bar = auditor.refusals.findBar(change.symbol);
  if (bar !== null) world.violate("what was refused is not sent for ever", bar);
}

/** An intent leaves when it is due, and is worth nothing 15 minutes later or in another session (pipeline 4). */
function checkIntent({ world, intents }: Auditor, change: ChangeRequest): void {
  const intent = intents.get(change.clientOrderId ?? "");
  if (intent === undefined) {
    return world.violate("an entry has an intent", `${change.clientOrderId} was never made`);
  }
  const { dueMs, madeMs } = intent;
  const lateMs = world.trueMs - dueMs;
  const isOtherDay = nyDateAt(madeMs) !== nyDateAt(world.trueMs);
  if (lateMs < -CLOCK_OFF_MS || lateMs > INTENT_MS + CLOCK_OFF_MS || isOtherDay) {
    world.violate(
      "an intent leaves when it is due, or never",
      `${change.clientOrderId} ${lateMs} ms after its time`,
    );
  }
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
  if (isManaged && target.side === "sell") return;
  world.violate(
    "what is foreign is left alone",
    `${change.op} of ${symbol} ${target.side} ${target.type} ${target.clientOrderId}`,
  );
}

function checkOncePerDay(auditor: Auditor, change: ChangeRequest): void {
  const { world } = auditor;
  const today = nyDateAt(world.trueMs);
  const id = change.clientOrderId ?? "";
  const same = listAcceptedEntries(world).filter((order) =>
    order.symbol === change.symbol && nyDateAt(order.submitted.ms) === today
  );
  if (same.some((order) => order.clientOrderId !== id)) {
    world.violate("at most one entry per symbol and NY day", `${id} is a second one`);
  }
  const open = listEntries(world, "now").find((entry) =>
    entry.side === "buy" && entry.symbol === change.symbol && entry.client_order_id !== id &&
    entry.client_order_id !== null && ["pending", "unknown"].includes(entry.status)
  );
  if (open !== undefined && world.ledgerTouchedMs < auditor.cycle.startMs) {
    world.violate("an unresolved entry blocks its symbol", `${id} beside ${open.client_order_id}`);
  }
  const sent = auditor.sentEntries.get(id);
  if (sent !== undefined && !sent.isCertain && world.trueMs - sent.leftMs < ABSENCE_MS) {
    world.violate(
      '60 s of "not found" before a repeat',
      `${id} again after ${world.trueMs - sent.leftMs} ms`,
    );
  }
  for (const [otherId, other] of auditor.sentEntries) {
    if (otherId !== id && other.symbol === change.symbol && mayArrive(world, otherId, other)) {
      world.violate(
        "an unresolved entry blocks its symbol",
        `${id} while ${otherId} is unresolved`,
      );
    }
  }
}

/** Whether an entry without a usable answer may still become a position: one that the exchange has rejected can't. */
function mayArrive(world: World, id: string, sent: SentEntry): boolean {
  return !sent.isCertain && world.trueMs - sent.leftMs < ABSENCE_MS &&
    world.exchange.findOrder(id)?.status !== "rejected";
}

/** Caps of the settings in force, held against what the exchange took and what may still arrive. */
function checkCaps(auditor: Auditor, change: ChangeRequest): void {
  const { world } = auditor;
  const today = nyDateAt(world.trueMs);
  const id = change.clientOrderId ?? "";
  const symbols = new Map<string, string>();
  let grossUsd = 0;
  let symbolUsd = 0;
  const counted = new Map<string, { symbol: string; usd: number }>();
  for (const order of listAcceptedEntries(world)) {
    if (nyDateAt(order.submitted.ms) !== today) continue;
    const sentUsd = auditor.sentEntries.get(order.clientOrderId)?.notionalUsd ?? Infinity;
    const filledUsd = order.filledQty > 0 ? order.filledCostUsd / order.filledQty * order.qty : 0;
    const usd = filledUsd === 0 ? sentUsd : Math.min(sentUsd, filledUsd);
    counted.set(order.clientOrderId, { symbol: order.symbol, usd });
  }
  for (const [otherId, sent] of auditor.sentEntries) {
    if (!mayArrive(world, otherId, sent) || sent.dateNy !== today || counted.has(otherId)) continue;
    counted.set(otherId, { symbol: sent.symbol, usd: sent.notionalUsd });
  }
  counted.set(id, { symbol: change.symbol, usd: change.recordedNotionalUsd ?? 0 });
  for (const [otherId, { symbol, usd }] of counted) {
    symbols.set(symbol, otherId);
    grossUsd += usd;
    if (symbol === change.symbol) symbolUsd += usd;
  }
  const cap = (name: string, byDefault: number) => Number(world.settings[name] || byDefault);
  const uses: [string, number, number][] = [
    ["orders", counted.size, cap("MAX_LIVE_ORDERS_PER_DAY", 5)],
    ["gross notional", grossUsd, cap("MAX_LIVE_GROSS_NOTIONAL", 5000)],
    ["symbol notional", symbolUsd, cap("MAX_LIVE_NOTIONAL_PER_SYMBOL", 1000)],
    ["positions", countPositions(auditor, change), cap("MAX_LIVE_POSITIONS", 5)],
  ];
  for (const [name, used, limit] of uses) {
    if (used > limit + 1e-6) {
      world.violate("caps hold for what the exchange took", `${name}: ${used} of ${limit}`);
    }
  }
  checkNotional(world, change);
}

/** What the engine was shown, whatever befell other requests since; and what only the exchange knows to be under way. */
function countPositions({ world, sentEntries, shown }: Auditor, change: ChangeRequest): number {
  const symbols = new Set([change.symbol]);
  for (const symbol of [...shown.positions.symbols, ...shown.open.buys]) symbols.add(symbol);
  for (const order of listAcceptedEntries(world)) if (!isDone(order)) symbols.add(order.symbol);
  for (const [id, sent] of sentEntries) {
    if (mayArrive(world, id, sent)) symbols.add(sent.symbol);
  }
  return symbols.size;
}

/** Shares times about the price: a notional that is too small would open every cap. */
function checkNotional(world: World, change: ChangeRequest): void {
  const { quotes } = world.exchange;
  const prices = [0, 5_000, 20_000, 60_000].map((agoMs) =>
    quotes.lastTrade(change.symbol, world.trueMs - agoMs)?.priceUsd ?? 0
  );
  const leastUsd = Math.min(...prices) * (change.qty ?? 0) * 0.999;
  if ((change.recordedNotionalUsd ?? 0) < leastUsd) {
    world.violate(
      "a notional is shares times the price",
      `${change.clientOrderId}: ${change.recordedNotionalUsd} recorded, at least ${leastUsd}`,
    );
  }
}

/** On a fresh list, allowed, with nothing of anybody's in the symbol, and with clocks that agree. */
function checkCandidate(auditor: Auditor, change: ChangeRequest): void {
  const { world, cycle, shown } = auditor;
  const { symbol } = change;
  const allowed = (world.settings["ALLOWLIST_SYMBOLS"] ?? "").split(",").filter((each) =>
    each !== ""
  );
  if (allowed.length > 0 && !allowed.includes(symbol)) {
    world.violate("no entry outside the allowlist", symbol);
  }
  if (!cycle.hadFreshList && !world.isListFresh()) {
    world.violate("no entry without a fresh list", symbol);
  }
  if (!shown.open.isUsable) world.violate("no entry where an order works", `${symbol}: not read`);
  if (shown.open.symbols.has(symbol)) {
    world.violate("no entry where an order works", `${symbol}: it was shown`);
  }
  if (shown.positions.symbols.has(symbol)) {
    world.violate("no entry where a position exists", `${symbol}: it was shown`);
  }
  if (world.troubles > 0) return;
  if (Math.abs(world.hostOffsetMs) > 32_000) {
    world.violate("no entry with clocks that differ", `${symbol}, ${world.hostOffsetMs} ms`);
  }
  const isHeld = world.exchange.position(symbol) !== null && !world.strange.has(symbol);
  if (isHeld) world.violate("no entry where a position exists", symbol);
  for (const order of world.exchange.desk.active.get(symbol)?.working ?? []) {
    if (!isDone(order) && order.submitted.ms < cycle.startMs) {
      world.violate("no entry where an order works", `${symbol} ${order.side} ${order.status}`);
    }
  }
}

/** Every order of the engine's at the exchange is in the ledger before another entry is sent. */
function checkUnknownOrders({ world, dayOrdersAskedMs }: Auditor): void {
  // An entry that the operator took out after this cycle's reconciliation is missed by the next one.
  if (world.ledgerTouchedMs >= dayOrdersAskedMs) return;
  const today = nyDateAt(world.trueMs);
  const recorded = new Set(listEntries(world, "now").map((entry) => entry.client_order_id));
  const visibleMs = dayOrdersAskedMs - world.exchange.behaviour.visibilityDelayMs;
  for (const order of world.exchange.orders) {
    if (!order.clientOrderId.startsWith("avwap-") || nyDateAt(order.submitted.ms) !== today) {
      continue;
    }
    if (order.submitted.ms >= visibleMs || recorded.has(order.clientOrderId)) continue;
    world.violate(
      "every accepted order is in the ledger before another entry is sent",
      `${order.clientOrderId} is not`,
    );
  }
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
  if (isFilling) return false;
  return world.troubles === 0 && target !== null && working.length === 1 && isEngineOrder(target) &&
    target.type === "stop" && target.parent === null && target.timeInForce === "gtc" &&
    target.status === "new" && target.filledQty === 0 && target.qty === heldQty;
}

/** Nothing asks for more shares than no other order holds: never sold twice, never short. */
function checkAvailable({ world }: Auditor, change: ChangeRequest): void {
  if (world.troubles > 0 || world.strange.has(change.symbol)) return;
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
  const splitMs = world.splitAtMs.get(change.symbol);
  if (splitMs === undefined || splitMs >= cycle.startMs) return;
  const managed = listPositions(world).some((position) =>
    position.symbol === change.symbol && Date.parse(position.opened_at) < splitMs
  );
  // An order left as it was may have sold the very shares that the split added: then nothing is to be seen.
  const isTraded = world.exchange.orders.some((order) =>
    order.symbol === change.symbol && order.fills.some((fill) => fill.atMs >= splitMs)
  );
  if (managed && !isTraded && world.exchange.portfolio.qty(change.symbol) > 0) {
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

/** The engine's stop of a position never falls. */
function checkStopRises({ world }: Auditor, change: ChangeRequest): void {
  const positionId = STOP_ID.exec(change.clientOrderId ?? "")?.[1];
  if (positionId === undefined || change.stopUsd === null) return;
  const highestUsd = findHighestStop(world, positionId);
  if (change.stopUsd < highestUsd - 1e-9) {
    world.violate(
      "the stop never falls",
      `${change.clientOrderId} at ${change.stopUsd}, it was at ${highestUsd}`,
    );
  }
}
