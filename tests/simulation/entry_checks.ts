import { isDone } from "../simulator/order.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import type { Auditor, SentEntry } from "./auditor.ts";
import type { ChangeRequest } from "./change_request.ts";
import { listAcceptedEntries, listEntries } from "./truth.ts";
import type { World } from "./world.ts";

/** So long an order may stay unseen. */
const TOUCH_MS = 90_000;
/** An intent's worth after its time (pipeline 4), and how far off the engine's idea of the time may be. */
const INTENT_MS = 15 * 60_000;
const CLOCK_OFF_MS = 15_000;
/** Stops are made to last the night from so long before the close. */
const CONVERSION_MS = 10 * 60_000;
/** "Not found" proves absence after this (pipeline 6), and not before. */
const ABSENCE_MS = 60_000;

/** Everything that must hold when an entry leaves. */
export function checkEntry(auditor: Auditor, change: ChangeRequest): void {
  checkOncePerDay(auditor, change);
  // Who takes an entry out of the ledger between a reconciliation and the next has taken it out of the caps.
  // An unseen order's record may be what he took: nobody knows of it then until the broker shows it.
  const { world, cycle } = auditor;
  const isTouched = world.ledgerTouchedMs >= Math.min(cycle.startMs, world.trueMs - TOUCH_MS);
  if (!isTouched) checkCaps(auditor, change);
  checkCandidate(auditor, change);
  checkAccount(auditor, change);
  checkUnknownOrders(auditor);
  checkIntent(auditor, change);
  checkClose(auditor, change);
  const bar = auditor.refusals.findBar(change.symbol);
  if (bar !== null) world.violate("what was refused is not sent for ever", bar);
}

/** An intent leaves when it is due, and is worth nothing 15 minutes later or in another session (pipeline 4). */
function checkIntent({ world, intents }: Auditor, change: ChangeRequest): void {
  const made = intents.get(change.symbol) ?? [];
  const isTimely = made.some(({ dueMs, madeMs }) => {
    const lateMs = world.trueMs - dueMs;
    const isSameDay = nyDateAt(madeMs) === nyDateAt(world.trueMs);
    return isSameDay && lateMs >= -CLOCK_OFF_MS && lateMs <= INTENT_MS + CLOCK_OFF_MS;
  });
  if (isTimely) return;
  const lateMs = world.trueMs - (made.at(-1)?.dueMs ?? NaN);
  world.violate(
    "an intent leaves when it is due, or never",
    `${change.clientOrderId} ${lateMs} ms after the newest of ${made.length}`,
  );
}

/** From the conversion on an entry's stop could not be made to last the night. */
function checkClose({ world }: Auditor, change: ChangeRequest): void {
  const session = world.exchange.sessions.at(world.trueMs);
  if (session === null) return;
  const leftMs = session.closeMs - world.trueMs;
  if (leftMs < CONVERSION_MS - CLOCK_OFF_MS) {
    world.violate("no entry leaves in the last ten minutes", `${change.symbol}, ${leftMs} ms left`);
  }
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
  // A record that somebody took out of the ledger can't tell the next process; the broker's unique ids still do.
  const isForgotten = sent !== undefined && sent.incarnation !== world.incarnation &&
    world.ledgerTouchedMs >= sent.leftMs;
  const isSoon = sent !== undefined && world.trueMs - sent.leftMs < ABSENCE_MS;
  if (isSoon && !sent.isCertain && !isForgotten) {
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
  // A list that lags shows as working what an answer by id has shown as ended.
  const buys = [...shown.open.buys].filter((symbol) => !hasEndedBuys(world, symbol));
  for (const symbol of [...shown.positions.symbols, ...buys]) symbols.add(symbol);
  for (const order of listAcceptedEntries(world)) if (!isDone(order)) symbols.add(order.symbol);
  for (const [id, sent] of sentEntries) {
    if (mayArrive(world, id, sent)) symbols.add(sent.symbol);
  }
  return symbols.size;
}

function hasEndedBuys({ exchange }: World, symbol: string): boolean {
  const buys = exchange.orders.filter((order) => order.symbol === symbol && order.side === "buy");
  return buys.length > 0 && buys.every(isDone);
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

/** An order that the broker must refuse is not sent (pipeline 4). */
function checkAccount({ world, shown }: Auditor, change: ChangeRequest): void {
  if (!world.profile.families.has("flags") || !shown.account.isBlocked) return;
  world.violate("no entry for an account that takes none", `${change.symbol} left`);
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
