import type { Behaviour } from "./behaviour.ts";
import { exitsOf, isDone, leftQty, rootOf, type SimOrder, touch } from "./order.ts";
import type { Portfolio } from "./portfolio.ts";
import type { Quotes } from "./quotes.ts";
import type { SessionBook } from "./sessions.ts";
import { couldAct, isReached, isWithinLimit } from "./trigger.ts";

/** What a book needs of the exchange. */
export interface BookHost {
  readonly behaviour: Behaviour;
  readonly quotes: Quotes;
  readonly sessions: SessionBook;
  readonly portfolio: Portfolio;
  readonly tickMs: number;
}

interface Timer {
  readonly atMs: number;
  readonly run: (ms: number) => void;
}

/**
 * The working orders of one symbol and the virtual time up to which they were matched. Prices are looked at on a fixed
 * grid of ticks, so that the outcome does not depend on how often anyone asks.
 */
export class Book {
  readonly working: SimOrder[] = [];
  readonly #timers: Timer[] = [];
  #cursorMs: number;

  /** @param onEnd Told of each order that comes to its end. */
  constructor(
    readonly symbol: string,
    readonly host: BookHost,
    nowMs: number,
    readonly onEnd: (order: SimOrder) => void,
  ) {
    this.#cursorMs = nowMs;
  }

  /** Whether time can change anything here. */
  get isIdle(): boolean {
    return this.working.length === 0 && this.#timers.length === 0;
  }

  /** Takes in an order. @param nowMs The book must have been advanced to it. */
  add(order: SimOrder, nowMs: number): void {
    if (this.isIdle) this.#cursorMs = nowMs;
    this.working.push(order);
    if (!order.isActive) return;
    this.at(nowMs + this.host.behaviour.acknowledgeMs, (ms) => this.#acknowledge(order, ms));
    this.at(order.activeAtMs, (ms) => this.#match(ms));
  }

  /** Runs something when virtual time comes there; ties run in the sequence in which they were asked for. */
  at(atMs: number, run: (ms: number) => void): void {
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1]?.atMs ?? 0) > atMs) index--;
    this.#timers.splice(index, 0, { atMs, run });
  }

  /** Lets virtual time pass for this symbol. */
  advanceTo(ms: number): void {
    while (this.#cursorMs < ms || (this.#timers[0]?.atMs ?? Infinity) <= ms) {
      if (this.isIdle) {
        this.#cursorMs = ms;
        return;
      }
      this.#step(ms);
    }
  }

  /** Ends an order without a fill, now. */
  close(
    order: SimOrder,
    status: "canceled" | "expired" | "rejected" | "replaced",
    ms: number,
  ): void {
    order.status = status;
    if (status === "canceled") order.canceledMs = ms;
    if (status === "expired") order.expiredMs = ms;
    if (status === "rejected") order.failedMs = ms;
    if (status === "replaced") order.replacedMs = ms;
    touch(order, ms);
    this.#drop(order);
  }

  /** Fills what is left of an order, whatever its price says: a fill that overtook a cancel. */
  forceFill(order: SimOrder, priceUsd: number, ms: number): void {
    this.#fill(order, leftQty(order), order.limitPriceUsd ?? priceUsd, ms);
  }

  /** Puts an order in force: a bracket's legs when the entry is filled, a replacement when it takes over. */
  activate(order: SimOrder, ms: number): void {
    const isStopLeg = order.parent !== null && order.stopPriceUsd !== null;
    order.isActive = true;
    order.activeAtMs = ms;
    order.status = isStopLeg ? "held" : order.filledQty > 0 ? "partially_filled" : "new";
    touch(order, ms);
  }

  #step(ms: number): void {
    const timerMs = this.#timers[0]?.atMs ?? Infinity;
    const boundaryMs = this.host.sessions.nextBoundaryMs(this.#cursorMs);
    const untilMs = Math.max(this.#cursorMs, Math.min(ms, timerMs, boundaryMs));
    // A boundary has its own rules, so the tick that falls on it is not an ordinary one.
    const lastMs = untilMs === boundaryMs ? untilMs - 1 : untilMs;
    const tickMs = this.#findTick(this.#cursorMs, lastMs);
    if (tickMs !== null) {
      this.#cursorMs = tickMs;
      this.#match(tickMs);
      return;
    }
    this.#cursorMs = untilMs;
    for (let timer = this.#timers[0]; timer !== undefined && timer.atMs <= untilMs;) {
      this.#timers.shift();
      timer.run(untilMs);
      timer = this.#timers[0];
    }
    if (untilMs === boundaryMs) this.#crossBoundary(untilMs);
  }

  #crossBoundary(ms: number): void {
    for (const order of [...this.working]) {
      if (order.expiresAtMs <= ms) this.close(order, "expired", ms);
    }
    if (this.host.sessions.at(ms) === null) return;
    for (const order of this.working) if (order.status === "accepted") this.#open(order, ms);
    this.#match(ms);
  }

  #acknowledge(order: SimOrder, ms: number): void {
    if (order.status !== "pending_new") return;
    if (this.host.behaviour.rejectsLater?.(order) === true) {
      for (const each of [order, ...order.legs]) {
        if (!isDone(each)) this.close(each, "rejected", ms);
      }
      return;
    }
    if (this.host.sessions.at(ms) !== null) return this.#open(order, ms);
    order.status = "accepted";
    touch(order, ms);
  }

  #open(order: SimOrder, ms: number): void {
    order.status = "new";
    touch(order, ms);
  }

  /** The first tick in (from, until] at which an order would act; `null` where there is none. */
  #findTick(fromMs: number, untilMs: number): number | null {
    const { quotes, sessions, tickMs } = this.host;
    if (untilMs <= fromMs || this.working.length === 0 || sessions.at(fromMs) === null) return null;
    if (quotes.isHalted(this.symbol, fromMs)) return null;
    const watched = this.working.filter((order) => this.#isWatched(order));
    if (watched.length === 0) return null;
    const bounds = quotes.boundsUsd(this.symbol, fromMs, untilMs);
    if (bounds !== null) {
      const { lowUsd, highUsd } = bounds;
      if (!watched.some((order) => couldAct(order, lowUsd, highUsd))) return null;
    }
    for (let ms = (Math.floor(fromMs / tickMs) + 1) * tickMs; ms <= untilMs; ms += tickMs) {
      const priceUsd = quotes.priceUsd(this.symbol, ms);
      if (priceUsd === null) continue;
      if (watched.some((order) => ms >= order.activeAtMs && couldAct(order, priceUsd, priceUsd))) {
        return ms;
      }
    }
    return null;
  }

  /** Whether a change of price can make the order act; a scripted partial fill waits for its timer instead. */
  #isWatched(order: SimOrder): boolean {
    if (!order.isActive || order.status === "pending_new") return false;
    if (order.plan === null || order.planFromMs === null) return true;
    const step = order.plan[order.planStep];
    return step !== undefined && order.planFromMs + step.afterMs <= this.#cursorMs;
  }

  #match(ms: number): void {
    if (this.host.sessions.at(ms) === null) return;
    const priceUsd = this.host.quotes.priceUsd(this.symbol, ms);
    if (priceUsd === null) return;
    for (const order of [...this.working]) {
      if (isDone(order) || !order.isActive || ms < order.activeAtMs) continue;
      if (!isReached(order, priceUsd)) continue;
      order.isTriggered = order.stopPriceUsd !== null;
      if (isWithinLimit(order, priceUsd)) this.#fillDue(order, priceUsd, ms);
    }
  }

  #fillDue(order: SimOrder, priceUsd: number, ms: number): void {
    if (order.planFromMs === null) this.#plan(order, ms);
    if (order.plan === null || order.planFromMs === null) {
      return this.#fill(order, leftQty(order), this.#paidUsd(order, priceUsd), ms);
    }
    for (let step = order.plan[order.planStep]; step !== undefined && !isDone(order);) {
      if (order.planFromMs + step.afterMs > ms) return;
      order.planStep++;
      this.#fill(order, Math.min(step.qty, leftQty(order)), this.#paidUsd(order, priceUsd), ms);
      step = order.plan[order.planStep];
    }
  }

  #plan(order: SimOrder, ms: number): void {
    order.planFromMs = ms;
    order.plan = this.host.behaviour.partialFills?.(order) ?? null;
    for (const step of order.plan ?? []) {
      if (step.afterMs > 0) this.at(ms + step.afterMs, (dueMs) => this.#match(dueMs));
    }
  }

  #paidUsd(order: SimOrder, priceUsd: number): number {
    if (order.limitPriceUsd !== null) return priceUsd;
    const slippage = this.host.behaviour.slippageUsd;
    return Math.max(0.0001, order.side === "buy" ? priceUsd + slippage : priceUsd - slippage);
  }

  #fill(order: SimOrder, qty: number, priceUsd: number, ms: number): void {
    if (qty <= 0) return;
    const { portfolio, behaviour } = this.host;
    const isShorting = order.side === "sell" && portfolio.qty(order.symbol) < qty;
    if (isShorting && !behaviour.isShortingAllowed && !behaviour.isDoubleFillRace) {
      for (const exit of exitsOf(order)) if (!isDone(exit)) this.close(exit, "rejected", ms);
      return;
    }
    portfolio.apply(order.symbol, order.side === "buy" ? qty : -qty, priceUsd, ms);
    order.fills.push({ atMs: ms, qty, priceUsd });
    order.filledQty += qty;
    order.filledCostUsd += qty * priceUsd;
    const isWhole = order.filledQty >= order.qty;
    if (isWhole) {
      order.status = "filled";
      order.filledMs = ms;
      this.#drop(order);
    } else if (order.status !== "pending_cancel" && order.status !== "pending_replace") {
      order.status = "partially_filled";
    }
    touch(order, ms);
    this.#followGroup(order, isWhole, priceUsd, ms);
  }

  /** What a fill means for the other orders of its bracket or OCO. */
  #followGroup(order: SimOrder, isWhole: boolean, priceUsd: number, ms: number): void {
    const root = rootOf(order);
    if (root.orderClass === "bracket" && order === root) {
      if (isWhole) { for (const leg of root.legs) if (!isDone(leg)) this.activate(leg, ms); }
      return;
    }
    for (const other of exitsOf(order)) {
      if (other === order || isDone(other)) continue;
      if (!isWhole) other.qty = other.filledQty + order.qty - order.filledQty;
      else if (this.host.behaviour.isDoubleFillRace) this.#race(other, priceUsd, ms);
      else this.close(other, "canceled", ms);
      touch(other, ms);
    }
  }

  #race(other: SimOrder, priceUsd: number, ms: number): void {
    const qty = leftQty(other);
    this.host.portfolio.apply(other.symbol, other.side === "buy" ? qty : -qty, priceUsd, ms);
    other.fills.push({ atMs: ms, qty, priceUsd });
    other.filledQty += qty;
    other.filledCostUsd += qty * priceUsd;
    other.status = "filled";
    other.filledMs = ms;
    this.#drop(other);
  }

  #drop(order: SimOrder): void {
    const index = this.working.indexOf(order);
    if (index >= 0) this.working.splice(index, 1);
    this.onEnd(order);
  }
}
