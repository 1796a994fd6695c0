import { Book, type BookHost } from "./book.ts";
import { checkBasePrice, type OrderDraft, type Parsed, refuse } from "./order_body.ts";
import { buildOrder } from "./new_order.ts";
import { isDone, keepPast, type OrderTerms, rootOf, type SimOrder, touch } from "./order.ts";
import { LAG_MS_MAX } from "./past.ts";
import { OrderRules, type ReplaceChanges } from "./order_rules.ts";
import { findGtcEndMs } from "./sessions.ts";
import { beginSpell, BOUND_STATUSES, type Spell } from "./spell.ts";
import { buildRefusal, type Moment, type SimResponse } from "./wire.ts";
import { refuseReplace } from "./wording.ts";

const UNPROCESSABLE = 42210000;

/** The account's limits on new orders. */
export interface DeskLimits {
  /** USD that buys may still cost. */
  readonly buyingPowerUsd: () => number;
  /** `null`: every ticker exists. */
  readonly symbols: ReadonlySet<string> | null;
}

/** A replacement that is rejected afterwards is pending at least so long. */
const REJECTED_LATER_MS = 100;

interface Acceptance {
  readonly terms: OrderTerms;
  /** `null`: the broker makes one up. */
  readonly clientOrderId: string | null;
  readonly parent: SimOrder | null;
  readonly submitted: Moment;
}

/** Accepts, refuses, replaces and cancels orders as the broker does; keeps every order for ever. */
export class OrderDesk {
  readonly orders: SimOrder[] = [];
  readonly byId = new Map<string, SimOrder>();
  readonly byClientOrderId = new Map<string, SimOrder>();
  /** Books of symbols with working orders, by symbol. */
  readonly active = new Map<string, Book>();
  readonly #books = new Map<string, Book>();
  readonly #stuck = new Set<SimOrder>();
  /** Orders that came to their end within `LAG_MS_MAX`: lists that lag may still show them at work. */
  #ended: SimOrder[] = [];
  #nowMs = 0;
  #lastMoment: Moment = { ms: 0, ns: 0 };

  readonly rules: OrderRules;

  constructor(readonly host: BookHost, readonly limits: DeskLimits) {
    this.rules = new OrderRules(
      host,
      limits.buyingPowerUsd,
      (symbol) => this.active.get(symbol)?.working ?? [],
    );
  }

  /** Lets virtual time pass for every symbol that has orders. */
  advanceTo(ms: number): void {
    this.#nowMs = ms;
    for (const [symbol, book] of this.active) {
      book.advanceTo(ms);
      if (book.isIdle) this.active.delete(symbol);
    }
    this.#forgetEnded(ms - LAG_MS_MAX);
  }

  /** A new order, or why not. Refusals come in the broker's sequence: parameters, duplicate, account, shares. */
  place(draft: OrderDraft): Parsed<SimOrder> {
    const { terms } = draft;
    if (this.limits.symbols !== null && !this.limits.symbols.has(terms.symbol)) {
      return refuse(UNPROCESSABLE, `asset "${terms.symbol}" not found`);
    }
    if (draft.clientOrderId !== null && this.byClientOrderId.has(draft.clientOrderId)) {
      return this.rules.refuseDuplicate();
    }
    const marketUsd = this.#priceUsdAt(terms.symbol, this.#nowMs);
    const base = checkBasePrice(draft, marketUsd);
    if (base.kind === "refused") return base;
    const refusal = this.rules.checkNew(terms, marketUsd);
    if (refusal !== null) return { kind: "refused", response: refusal };
    const submitted = this.#takeMoment();
    const order = this.#accept({
      terms,
      clientOrderId: draft.clientOrderId,
      parent: null,
      submitted,
    });
    order.legs = draft.legs.map((leg) =>
      this.#accept({ terms: leg, clientOrderId: null, parent: order, submitted })
    );
    if (order.orderClass === "oco") {
      for (const leg of order.legs) {
        leg.isActive = true;
        leg.activeAtMs = order.activeAtMs;
      }
    }
    this.#open(order);
    return { kind: "ok", value: order };
  }

  /** Asks for the cancellation of an order and its group. @returns The refusal, or `null` where it is on its way. */
  cancel(order: SimOrder): SimResponse | null {
    // A 204 for what has long been filled: it changes nothing.
    if (order.status === "filled" && this.host.behaviour.isFilledCancelAnswered) return null;
    if (BOUND_STATUSES.has(order.status)) {
      return buildRefusal(422, UNPROCESSABLE, "order is not cancelable");
    }
    if (order.status === "pending_cancel") {
      return buildRefusal(422, UNPROCESSABLE, "order pending cancel");
    }
    // A replacement that is under way is part of that: neither the old order nor the new one takes a cancel.
    const isWaiting = order.replaces !== null && order.status === "pending_new";
    const isBusy = isWaiting || order.status === "pending_replace";
    if (isBusy || ["replaced", "rejected"].includes(order.status)) {
      return buildRefusal(422, UNPROCESSABLE, "order is not cancelable");
    }
    if (isDone(order)) {
      return buildRefusal(422, UNPROCESSABLE, `order is already in "${order.status}" state`);
    }
    const root = rootOf(order);
    const group = [root, ...root.legs].filter((each) => !isDone(each));
    for (const each of group) {
      each.status = "pending_cancel";
      touch(each, this.#nowMs);
    }
    const outcome = this.host.behaviour.cancelOutcome(order);
    if (outcome === "stuck") {
      for (const each of group) this.#stuck.add(each);
      return null;
    }
    const atMs = this.#nowMs + this.host.behaviour.cancelDelayMs;
    this.#bookOf(order.symbol).at(atMs, (ms) => this.#endCancel(order, outcome, ms));
    return null;
  }

  /** Whether a cancel hangs, in one symbol or in any. */
  hasStuck(symbol?: string): boolean {
    for (const order of this.#stuck) {
      if (order.status === "pending_cancel" && (symbol ?? order.symbol) === order.symbol) {
        return true;
      }
    }
    return false;
  }

  /** Ends the cancels that hang. */
  releaseCancels(): void {
    this.#stuck.clear();
    this.finishCancels();
  }

  /** Ends at once every cancel that is on its way, those that hang aside. */
  finishCancels(): void {
    for (const book of this.active.values()) {
      for (const order of [...book.working]) {
        const isOnItsWay = order.status === "pending_cancel" && !this.#stuck.has(order);
        if (isOnItsWay) book.close(order, "canceled", this.#nowMs);
      }
    }
  }

  /** A replacement for a resting order, with an id of its own, or why not. */
  replace(old: SimOrder, changes: ReplaceChanges): Parsed<SimOrder> {
    const { clientOrderId } = changes;
    const isIdTaken = clientOrderId !== null && this.byClientOrderId.has(clientOrderId);
    const marketUsd = this.#priceUsdAt(old.symbol, this.#nowMs);
    const refusal = this.rules.checkReplace(old, changes, { isIdTaken, marketUsd });
    if (refusal !== null) return refusal;
    const fault = this.host.behaviour.replaceFault?.(old) ?? null;
    const answer = fault === null ? null : refuseReplace(fault);
    if (answer === null || fault === "done_though_refused") {
      const fresh = this.#takeReplacement(old, changes, fault === "rejected_later");
      if (answer === null) return { kind: "ok", value: fresh };
    }
    return { kind: "refused", response: answer };
  }

  #takeReplacement(old: SimOrder, changes: ReplaceChanges, isRejected: boolean): SimOrder {
    const terms: OrderTerms = {
      symbol: old.symbol,
      side: old.side,
      type: old.type,
      orderClass: old.orderClass,
      timeInForce: changes.timeInForce ?? old.timeInForce,
      qty: changes.qty ?? old.qty,
      limitPriceUsd: changes.limitPriceUsd ?? old.limitPriceUsd,
      stopPriceUsd: changes.stopPriceUsd ?? old.stopPriceUsd,
    };
    const submitted = this.#takeMoment();
    const { clientOrderId } = changes;
    const fresh = this.#accept({ terms, clientOrderId, parent: old.parent, submitted });
    fresh.status = "pending_new";
    fresh.replaces = old.id;
    keepPast(fresh, this.#nowMs);
    const earlierStatus = old.status;
    const delayMs = this.host.behaviour.replaceDelayMs;
    if (delayMs === 0 && !isRejected) {
      this.#endReplace(old, fresh, earlierStatus, this.#nowMs);
      return fresh;
    }
    old.status = "pending_replace";
    touch(old, this.#nowMs);
    this.#bookOf(old.symbol).at(
      this.#nowMs + Math.max(delayMs, isRejected ? REJECTED_LATER_MS : 0),
      (ms) => this.#endReplace(old, fresh, earlierStatus, ms, isRejected),
    );
    return fresh;
  }

  /** What the broker does at a fill: another order, with an id of its own, in a leg's place. */
  #substitute(old: SimOrder, ms: number): void {
    if (isDone(old)) return;
    const submitted = this.#takeMoment(ms);
    const fresh = this.#accept({ terms: old, clientOrderId: null, parent: old.parent, submitted });
    fresh.replaces = old.id;
    this.#endReplace(old, fresh, old.status, ms);
  }

  /** Takes a working order out of the trading for a while. */
  beginSpell(order: SimOrder, spell: Spell): void {
    beginSpell(this.#bookOf(order.symbol), order, spell, this.#nowMs);
  }

  /** Sells (or buys back) a position at the market. */
  closePosition(symbol: string, qty: number): Parsed<SimOrder> {
    const held = this.host.portfolio.qty(symbol);
    const terms: OrderTerms = {
      symbol,
      side: held < 0 ? "buy" : "sell",
      type: "market",
      orderClass: "simple",
      timeInForce: "day",
      qty,
      limitPriceUsd: null,
      stopPriceUsd: null,
    };
    return this.place({ clientOrderId: null, terms, legs: [] });
  }

  /** Every order that may have been at work within `LAG_MS_MAX`. */
  *listLately(): Generator<SimOrder> {
    for (const book of this.active.values()) yield* book.working;
    yield* this.#ended;
  }

  #forgetEnded(beforeMs: number): void {
    if (this.#ended.length === 0) return;
    this.#ended = this.#ended.filter((order) => {
      const isLate = order.updatedMs >= beforeMs;
      if (!isLate) order.past = [];
      return isLate;
    });
  }

  #bookOf(symbol: string): Book {
    const book = this.#books.get(symbol) ??
      new Book(symbol, this.host, this.#nowMs, {
        ended: (order) => this.#ended.push(order),
        substitute: (order, ms) => this.#substitute(order, ms),
      });
    this.#books.set(symbol, book);
    this.active.set(symbol, book);
    return book;
  }

  #priceUsdAt(symbol: string, ms: number): number | null {
    return this.host.quotes.lastTrade(symbol, ms)?.priceUsd ?? null;
  }

  /** The moment of an acceptance: never before the one before it. */
  #takeMoment(nowMs = this.#nowMs): Moment {
    const ms = Math.max(nowMs, this.#lastMoment.ms);
    const isSame = this.#lastMoment.ms === ms;
    const ns = isSame ? (this.#lastMoment.ns + 1009) % 1_000_000 : 7919;
    this.#lastMoment = { ms, ns };
    return this.#lastMoment;
  }

  /** Keeps a new order, not yet in force; a leg shares its parent's time. */
  #accept({ terms, clientOrderId, parent, submitted }: Acceptance): SimOrder {
    const seq = this.orders.length;
    const { behaviour, sessions } = this.host;
    const nowMs = this.#nowMs;
    const activeAtMs = nowMs + behaviour.fillLatencyMs;
    const expiresAtMs = terms.timeInForce === "day"
      ? sessions.nextCloseMs(nowMs)
      : findGtcEndMs(submitted.ms, behaviour.gtcLifeDays);
    const order = buildOrder(terms, {
      seq,
      clientOrderId,
      parent,
      submitted,
      expiresAtMs,
      nowMs,
      activeAtMs,
    });
    this.orders.push(order);
    this.byId.set(order.id, order);
    this.byClientOrderId.set(order.clientOrderId, order);
    return order;
  }

  #open(order: SimOrder): void {
    const isOpen = this.host.sessions.at(this.#nowMs) !== null;
    const isAcknowledged = this.host.behaviour.acknowledgeMs === 0;
    order.isActive = true;
    order.status = !isAcknowledged ? "pending_new" : isOpen ? "new" : "accepted";
    for (const each of [order, ...order.legs]) keepPast(each, this.#nowMs);
    const book = this.#bookOf(order.symbol);
    book.add(order, this.#nowMs);
    for (const leg of order.legs) book.add(leg, this.#nowMs);
  }

  #endCancel(asked: SimOrder, outcome: "canceled" | "filled", ms: number): void {
    const book = this.#bookOf(asked.symbol);
    const isOpen = this.host.sessions.at(ms) !== null;
    const priceUsd = isOpen ? this.#priceUsdAt(asked.symbol, ms) : null;
    // An entry's fill has put its exits in force meanwhile: there is no cancel any more that a fill could overtake.
    const isPending = asked.status === "pending_cancel" && asked.isActive;
    if (outcome === "filled" && isPending && priceUsd !== null) {
      // Whatever kept it from trading, it has traded now.
      asked.asleep = null;
      book.forceFill(asked, priceUsd, ms);
    }
    const root = rootOf(asked);
    for (const each of [root, ...root.legs]) {
      if (each.status === "pending_cancel") book.close(each, "canceled", ms);
    }
  }

  #endReplace(
    old: SimOrder,
    fresh: SimOrder,
    earlierStatus: string,
    ms: number,
    isRejected = false,
  ): void {
    const book = this.#bookOf(old.symbol);
    const isTooLate = isDone(old) || fresh.qty <= old.filledQty;
    if (isTooLate || isRejected) {
      if (!isDone(old)) old.status = old.filledQty > 0 ? "partially_filled" : earlierStatus;
      touch(old, ms);
      book.close(fresh, "rejected", ms);
      return;
    }
    old.replacedBy = fresh.id;
    book.close(old, "replaced", ms);
    if (this.host.behaviour.isFillCarriedOver) {
      fresh.filledQty = old.filledQty;
      fresh.filledCostUsd = old.filledCostUsd;
    } else {
      fresh.qty -= old.filledQty;
    }
    fresh.isTriggered = old.isTriggered;
    this.#takePlace(old, fresh, ms);
    book.add(fresh, ms);
    book.activate(fresh, ms);
  }

  /** The replacement stands where its predecessor stood in a bracket or OCO. */
  #takePlace(old: SimOrder, fresh: SimOrder, ms: number): void {
    if (old.parent !== null) {
      old.parent.legs = old.parent.legs.map((leg) => leg === old ? fresh : leg);
      touch(old.parent, ms);
    }
    fresh.legs = old.legs;
    for (const leg of fresh.legs) {
      leg.parent = fresh;
      keepPast(leg, ms);
    }
    old.legs = [];
    keepPast(old, ms);
  }
}
