import type { FillStep, OrderTerms, OrderView, SimOrder } from "./order.ts";
import type { SimResponse } from "./wire.ts";

/**
 * How the simulated broker behaves where the real one is slow, moody or not documented (broker.md). Times in
 * milliseconds of virtual time. Every field may be changed while the exchange runs.
 */
export interface Behaviour extends OrderView {
  /** From `pending_new` to `new`. */
  acknowledgeMs: number;
  /** From acceptance to the first possible fill. */
  fillLatencyMs: number;
  /** From `pending_cancel` to `canceled`. */
  cancelDelayMs: number;
  /** From `pending_replace` to `replaced`. */
  replaceDelayMs: number;
  /** How long an accepted order stays out of look-ups and lists (broker.md, the 404 row). */
  visibilityDelayMs: number;
  /** The positions shown are those of this long ago, `qty_available` too; at most `LAG_MS_MAX`. */
  positionsLagMs: number;
  /** Lists of orders are those of this long ago, answers by id are of now; at most `LAG_MS_MAX`. */
  listsLagMs: number;
  /** The same for lists of open orders alone; `null`: as all other lists. */
  openListsLagMs: number | null;
  /** What a market order or a triggered stop loses, USD per share. */
  slippageUsd: number;
  /** Added to the clock's `timestamp`. */
  clockSkewMs: number;
  /** Steps in which an order fills; `null`: whole. What the steps leave out never fills. */
  partialFills: ((order: SimOrder) => readonly FillStep[] | null) | null;
  /** What becomes of a cancel: done after the delay, overtaken by a fill, or never answered. */
  cancelOutcome: (order: SimOrder) => "canceled" | "filled" | "stuck";
  /** Refuses a new order with this answer. */
  refuseOrder: ((terms: OrderTerms) => SimResponse | null) | null;
  /** The order is accepted and later shown as `rejected`. */
  rejectsLater: ((order: SimOrder) => boolean) | null;
  refusesReplace: ((order: SimOrder) => boolean) | null;
  /** An item of a bulk cancel or close that fails, by order id or symbol. */
  failsBulkItem: ((key: string) => boolean) | null;
  /** Both exits of a bracket or OCO fill in a fast market. */
  isDoubleFillRace: boolean;
  isShortingAllowed: boolean;
  isWashTradeChecked: boolean;
  /** Whether `status=open&nested=true` shows a filled bracket as its parent, or its open legs by themselves. */
  openNestedShows: "parent" | "legs";
  /** Whether a look-up by client order id shows legs, and a single order without `nested=true` too. */
  isLookupNested: boolean;
  /** What a plain sell stop above the market does: undocumented. */
  stopAboveMarket: "triggers" | "refuses";
  /** A replacement starts with what its predecessor had filled. */
  isFillCarriedOver: boolean;
  hasRealTimeSip: boolean;
  isRateLimitEnforced: boolean;
  isTradingBlocked: boolean;
  /** `suspend_trade` of the account's configuration. */
  isSuspended: boolean;
  /** No bar is sent for this interval. */
  isBarMissing: ((symbol: string, startMs: number) => boolean) | null;
  /** The close that a bar shows until it is revised, 30 s after its end. */
  preliminaryCloseUsd: ((symbol: string, startMs: number, closeUsd: number) => number) | null;
  shownStatus: ((order: SimOrder) => string) | null;
  extraOrderFields: Readonly<Record<string, unknown>>;
}

/** A broker in a good mood with a little latency. */
export function buildBehaviour(changes: Partial<Behaviour> = {}): Behaviour {
  return {
    acknowledgeMs: 10,
    fillLatencyMs: 150,
    cancelDelayMs: 80,
    replaceDelayMs: 0,
    visibilityDelayMs: 0,
    positionsLagMs: 0,
    listsLagMs: 0,
    openListsLagMs: null,
    slippageUsd: 0,
    clockSkewMs: 0,
    partialFills: null,
    cancelOutcome: () => "canceled",
    refuseOrder: null,
    rejectsLater: null,
    refusesReplace: null,
    failsBulkItem: null,
    isDoubleFillRace: false,
    isShortingAllowed: false,
    isWashTradeChecked: true,
    openNestedShows: "parent",
    isLookupNested: false,
    stopAboveMarket: "triggers",
    isFillCarriedOver: true,
    hasRealTimeSip: true,
    isRateLimitEnforced: false,
    isTradingBlocked: false,
    isSuspended: false,
    isBarMissing: null,
    preliminaryCloseUsd: null,
    shownStatus: null,
    extraOrderFields: {},
    ...changes,
  };
}
