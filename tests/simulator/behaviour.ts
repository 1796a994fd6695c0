import type { AnswerStyle } from "./answer_style.ts";
import type { ClockFault } from "./clock_fault.ts";
import type { FillStep, OrderTerms, OrderView, SimOrder } from "./order.ts";
import type { Spell } from "./spell.ts";
import type { SymbolRefusal } from "./symbol_refusal.ts";
import type { SimResponse } from "./wire.ts";
import type { Duplicate, ReplaceFault } from "./wording.ts";

/** A row as the broker shows it, whatever is in it. */
export type ForeignRow = Readonly<Record<string, unknown>>;

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
  /** What is wrong with the clock's answers. */
  clockFault: ClockFault | null;
  /** Steps in which an order fills; `null`: whole. What the steps leave out never fills. */
  partialFills: ((order: SimOrder) => readonly FillStep[] | null) | null;
  /** What becomes of a cancel: done after the delay, overtaken by a fill, or never answered. */
  cancelOutcome: (order: SimOrder) => "canceled" | "filled" | "stuck";
  /** Refuses a new order with this answer. */
  refuseOrder: ((terms: OrderTerms) => SimResponse | null) | null;
  /** The order is accepted and later shown as `rejected`. */
  rejectsLater: ((order: SimOrder) => boolean) | null;
  refusesReplace: ((order: SimOrder) => boolean) | null;
  /** What becomes of a replacement that the rules allow; `null`: it is done. */
  replaceFault: ((order: SimOrder) => ReplaceFault | null) | null;
  /** Asked when an order or a leg comes into force, while the market is open; `null`: it works. */
  spellOf: ((order: SimOrder) => Spell | null) | null;
  /** At a fill the broker puts another order, with an id of its own, in this leg's place. */
  substitutesLeg: ((leg: SimOrder) => boolean) | null;
  /** DELETE of a filled order is answered 204. */
  isFilledCancelAnswered: boolean;
  /** Days after which a good-till-canceled order made from now on ends by itself. */
  gtcLifeDays: number;
  /** How a client order id that exists is refused. */
  duplicateWording: Duplicate;
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
  /** The account's `status`; some of them take no orders. */
  accountStatus: string;
  isAccountBlocked: boolean;
  isTradingBlocked: boolean;
  /** `suspend_trade` of the account's configuration. */
  isSuspended: boolean;
  /** Symbols that the data API refuses: a list with one of them in it fails whole. */
  refusedSymbols: readonly string[];
  /** How it says so. */
  symbolRefusal: SymbolRefusal;
  /** No bar is sent for this interval. */
  isBarMissing: ((symbol: string, startMs: number) => boolean) | null;
  /** The close that a bar shows until it is revised, 30 s after its end. */
  preliminaryCloseUsd: ((symbol: string, startMs: number, closeUsd: number) => number) | null;
  /** How trading answers are written, within what the documents allow; `null`: whole and plain. */
  answerStyle: AnswerStyle | null;
  /** Rows that stand before the true ones in the list of positions. */
  extraPositions: readonly ForeignRow[];
  /** The same in the lists of open and of all orders. */
  extraOrders: readonly ForeignRow[];
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
    clockFault: null,
    partialFills: null,
    cancelOutcome: () => "canceled",
    refuseOrder: null,
    rejectsLater: null,
    refusesReplace: null,
    replaceFault: null,
    spellOf: null,
    substitutesLeg: null,
    isFilledCancelAnswered: false,
    gtcLifeDays: 90,
    duplicateWording: "underscores",
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
    accountStatus: "ACTIVE",
    isAccountBlocked: false,
    isTradingBlocked: false,
    isSuspended: false,
    refusedSymbols: [],
    symbolRefusal: "colon",
    isBarMissing: null,
    preliminaryCloseUsd: null,
    answerStyle: null,
    extraPositions: [],
    extraOrders: [],
    shownStatus: null,
    extraOrderFields: {},
    ...changes,
  };
}
