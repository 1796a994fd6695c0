import type { BookHost } from "./book.ts";
import { type Parsed, refuse } from "./order_body.ts";
import { isDone, leftQty, type OrderTerms, rootOf, type SimOrder } from "./order.ts";
import { buildRefusal, formatDecimal, type SimResponse } from "./wire.ts";
import { refuseDuplicate } from "./wording.ts";

const FORBIDDEN = 40310000;
const INVALID = 40010001;
const UNPROCESSABLE = 42210000;

/** Statuses of an account that takes no orders (pipeline 4). */
const TAKES_NONE: ReadonlySet<string> = new Set([
  "INACTIVE",
  "ONBOARDING",
  "SUBMISSION_FAILED",
  "SUBMITTED",
  "APPROVAL_PENDING",
  "REJECTED",
  "ACCOUNT_CLOSED",
  "ACCOUNT_CLOSED_PENDING",
]);

/** Whether an account in this status takes no orders. */
export function isOrderless(accountStatus: string): boolean {
  return TAKES_NONE.has(accountStatus);
}

/** What a replacement changes; what is absent stays. */
export interface ReplaceChanges {
  readonly clientOrderId: string | null;
  readonly qty: number | null;
  readonly limitPriceUsd: number | null;
  readonly stopPriceUsd: number | null;
  readonly timeInForce: "day" | "gtc" | null;
}

/** A bracket's or OCO's two exits stand for the same shares and reserve them once. */
function findReservedQty(working: Iterable<SimOrder>, side: "buy" | "sell"): number {
  const byGroup = new Map<string, number>();
  for (const order of working) {
    if (order.side !== side || !order.isActive) continue;
    const { id } = rootOf(order);
    byGroup.set(id, Math.max(byGroup.get(id) ?? 0, leftQty(order)));
  }
  let reserved = 0;
  for (const qty of byGroup.values()) reserved += qty;
  return reserved;
}

/** Whether the replacement would be the order that it replaces. */
function isUnchanged(old: SimOrder, changes: ReplaceChanges): boolean {
  return (changes.qty ?? old.qty) === old.qty &&
    (changes.limitPriceUsd ?? old.limitPriceUsd) === old.limitPriceUsd &&
    (changes.stopPriceUsd ?? old.stopPriceUsd) === old.stopPriceUsd &&
    (changes.timeInForce ?? old.timeInForce) === old.timeInForce;
}

/** Shares of `held` (negative: short) that none of the symbol's working orders reserves. */
export function findFreeQty(held: number, working: Iterable<SimOrder>): number {
  const reserved = findReservedQty(working, held < 0 ? "buy" : "sell");
  return Math.sign(held) * Math.max(0, Math.abs(held) - reserved);
}

/** Decides what the account may do: shares reserved, wash trades, buying power (broker.md, Refusals). */
export class OrderRules {
  /**
   * @param buyingPowerUsd USD that buys may still cost.
   * @param workingOf A symbol's orders that are not final.
   */
  constructor(
    readonly host: BookHost,
    readonly buyingPowerUsd: () => number,
    readonly workingOf: (symbol: string) => readonly SimOrder[],
  ) {}

  /** Shares of a position that no working order reserves. */
  availableQty(symbol: string): number {
    return findFreeQty(this.host.portfolio.qty(symbol), this.workingOf(symbol));
  }

  /** Why the account may not place this order, or `null`. @param marketUsd The last price, USD per share. */
  checkNew(terms: OrderTerms, marketUsd: number | null): SimResponse | null {
    const { behaviour } = this.host;
    const scripted = behaviour.refuseOrder?.(terms) ?? null;
    if (scripted !== null) return scripted;
    if (
      behaviour.isTradingBlocked || behaviour.isAccountBlocked ||
      isOrderless(behaviour.accountStatus)
    ) {
      return buildRefusal(403, FORBIDDEN, "account is not authorized to trade");
    }
    if (behaviour.isSuspended) {
      return buildRefusal(403, FORBIDDEN, "new orders are rejected by user request");
    }
    return this.#checkWashTrade(terms) ?? this.#checkStop(terms, marketUsd) ??
      (terms.side === "buy" ? this.#checkBuy(terms, marketUsd) : this.#checkSell(terms));
  }

  /** The refusal of a client order id that exists. */
  refuseDuplicate(): Parsed<never> {
    return { kind: "refused", response: refuseDuplicate(this.host.behaviour.duplicateWording) };
  }

  #checkWashTrade(terms: OrderTerms): SimResponse | null {
    if (!this.host.behaviour.isWashTradeChecked) return null;
    // What is done and not settled (`calculated`) rests no more.
    const opposite = this.workingOf(terms.symbol).find((order) =>
      order.isActive && order.side !== terms.side && order.filledQty < order.qty
    );
    if (opposite === undefined) return null;
    const message = "potential wash trade detected. use complex orders";
    return buildRefusal(403, FORBIDDEN, message, {
      existing_order_id: opposite.id,
      reject_reason: `opposite side ${opposite.type} order exists`,
    });
  }

  #checkStop(
    terms: Pick<OrderTerms, "side" | "stopPriceUsd">,
    marketUsd: number | null,
  ): SimResponse | null {
    if (this.host.behaviour.stopAboveMarket === "triggers") return null;
    if (terms.side !== "sell" || terms.stopPriceUsd === null || marketUsd === null) return null;
    if (terms.stopPriceUsd < marketUsd) return null;
    return buildRefusal(422, UNPROCESSABLE, "stop price must be less than current price");
  }

  #checkBuy(terms: OrderTerms, marketUsd: number | null): SimResponse | null {
    const priceUsd = terms.limitPriceUsd ?? terms.stopPriceUsd ?? marketUsd;
    const costUsd = terms.qty * (priceUsd ?? 0);
    const powerUsd = this.buyingPowerUsd();
    const covered = Math.max(0, -this.host.portfolio.qty(terms.symbol));
    if (costUsd <= powerUsd || terms.qty <= covered) return null;
    return buildRefusal(403, FORBIDDEN, "insufficient buying power", {
      buying_power: formatDecimal(powerUsd, 2),
      cost_basis: formatDecimal(costUsd, 2),
    });
  }

  #checkSell(terms: OrderTerms): SimResponse | null {
    const held = this.host.portfolio.qty(terms.symbol);
    if (held <= 0) {
      if (this.host.behaviour.isShortingAllowed) return null;
      return buildRefusal(403, FORBIDDEN, "account is not allowed to short");
    }
    const available = this.availableQty(terms.symbol);
    if (terms.qty <= available) return null;
    return this.#refuseQty(terms.symbol, terms.qty, available);
  }

  #refuseQty(symbol: string, requested: number, available: number): SimResponse {
    const held = this.host.portfolio.qty(symbol);
    const related = this.workingOf(symbol)
      .filter((order) => order.isActive && order.side === "sell").map((order) => order.id);
    const text = `requested: ${formatDecimal(requested, 9)}, available: ${
      formatDecimal(available, 9)
    }`;
    return buildRefusal(403, FORBIDDEN, `insufficient qty available for order (${text})`, {
      available: formatDecimal(available, 9),
      existing_qty: formatDecimal(held, 9),
      held_for_orders: formatDecimal(held - available, 9),
      related_orders: related,
      symbol,
    });
  }

  /**
   * Why the order can't be replaced so, or `null`.
   * @param now `isIdTaken`: whether the wanted client order id exists; `marketUsd`: the last price, USD per share.
   */
  checkReplace(
    old: SimOrder,
    changes: ReplaceChanges,
    { isIdTaken, marketUsd }: { readonly isIdTaken: boolean; readonly marketUsd: number | null },
  ): Parsed<never> | null {
    const { behaviour } = this.host;
    if (isDone(old)) return refuse(UNPROCESSABLE, `order is already in "${old.status}" state`);
    const blocked = ["accepted", "pending_new", "pending_cancel", "pending_replace"];
    if (blocked.includes(old.status) || !old.isActive || old.asleep !== null) {
      return refuse(UNPROCESSABLE, `cannot replace order in ${old.status} status`);
    }
    if (behaviour.refusesReplace?.(old) === true) {
      return refuse(UNPROCESSABLE, "order is not replaceable");
    }
    if (isIdTaken) {
      return this.refuseDuplicate();
    }
    if (changes.limitPriceUsd !== null && old.limitPriceUsd === null) {
      return refuse(INVALID, `${old.type} orders must not have limit_price`);
    }
    if (changes.stopPriceUsd !== null && old.stopPriceUsd === null) {
      return refuse(INVALID, `${old.type} orders must not have stop_price`);
    }
    if (isUnchanged(old, changes)) {
      return refuse(UNPROCESSABLE, "order parameters are not changed");
    }
    const stopPriceUsd = changes.stopPriceUsd ?? old.stopPriceUsd;
    const response = this.#checkStop({ side: old.side, stopPriceUsd }, marketUsd);
    if (changes.qty === null) return response === null ? null : { kind: "refused", response };
    if (old.orderClass !== "simple") {
      return refuse(UNPROCESSABLE, "qty of a bracket or oco order cannot be replaced");
    }
    if (changes.qty <= old.filledQty) {
      return refuse(UNPROCESSABLE, "qty must be greater than filled_qty");
    }
    if (response !== null) return { kind: "refused", response };
    if (old.side === "buy") return null;
    // As for a new order: margin lets an account go short, and never past what other orders reserve.
    if (behaviour.isShortingAllowed && this.host.portfolio.qty(old.symbol) <= 0) return null;
    const free = this.availableQty(old.symbol) + leftQty(old);
    if (changes.qty - old.filledQty <= free) return null;
    return { kind: "refused", response: this.#refuseQty(old.symbol, changes.qty, free) };
  }
}
