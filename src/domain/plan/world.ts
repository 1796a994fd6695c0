import type { OrderBook } from "../account/order_book.ts";
import type { ClosedAction } from "./closed_stop.ts";
import type { LossVerdict } from "../account/day_loss.ts";
import type { EngineState } from "../account/engine_state.ts";
import type { RebuildWait } from "../gate/rebuild_wait.ts";
import type { LedgerEntry } from "../order/ledger.ts";
import type { Allowlist, GateDecision, GateFailReason } from "../gate/gate.ts";
import type { Candidate } from "../entry/candidate.ts";
import type { Bar, MarketClock, Session, Trade } from "../time/market.ts";
import type { LookupOutcome, ReadFailure, SendResult } from "../order/order_request.ts";
import type { BrokerAccount, BrokerOrder, BrokerPosition } from "../order/orders.ts";
import type { UnreadableRow } from "../order/unreadable_row.ts";

/** A read of the broker's that may have failed: the value, or the word that the gate uses. */
export type Look<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "failed"; readonly failure: ReadFailure };

/** One answer of the broker's, and the one before it. */
export interface Fact<T> {
  readonly look: Look<T>;
  /** `null` for the first answer of this process. */
  readonly before: Look<T> | null;
  /** When it was answered, by monotonic time, ms. */
  readonly atMs: number;
  /** How many changes had left when it was asked for (`Changes`): a later one of a symbol makes it stale there. */
  readonly afterChange: number;
}

/** A list of the broker's: its readable rows, and beside them those that can't be read (pipeline 6, "A row of the broker's"). */
export interface Listed<T> {
  readonly rows: readonly T[];
  readonly unreadable: readonly UnreadableRow[];
}

/** What an answer about one order said, whether or not it showed it. */
export interface OrderLook {
  readonly kind: "found" | "not_found" | "unknown";
  /** By monotonic time, ms. */
  readonly atMs: number;
  readonly afterChange: number;
}

/** The latest trade of a symbol as it was answered. */
export interface TradeLook {
  /** Of this session, and checked (pipeline 5, "One print"); `null` where the answer has none that may be decided from. */
  readonly trade: Trade | null;
  /** How many changes had left when it was asked for. */
  readonly afterChange: number;
}

/** The order-changing requests that have left in this process, whatever became of them. */
export interface Changes {
  readonly count: number;
  /** By symbol: the number of the last one, and when it left by monotonic time, ms. */
  readonly last: ReadonlyMap<string, { readonly number: number; readonly atMs: number }>;
}

/** All that was seen at the broker. What is not in it was not asked for, or not answered yet. */
export interface Seen {
  readonly book: OrderBook;
  readonly changes: Changes;
  readonly positions: Fact<Listed<BrokerPosition>> | null;
  /** As listed; what it and answers by id say together is in the book. */
  readonly openOrders: Fact<Listed<BrokerOrder>> | null;
  /** All orders submitted since the NY day began. */
  readonly dayOrders: Fact<Listed<BrokerOrder>> | null;
  readonly account: Fact<BrokerAccount> | null;
  readonly clock: MarketClock | null;
  /** Positions whose orders the book has from their beginning on. */
  readonly pasts: ReadonlySet<string>;
  readonly trades: ReadonlyMap<string, TradeLook>;
  /** The last look at an order by the broker's id, and by the id that we gave it. */
  readonly orderLooks: ReadonlyMap<string, OrderLook>;
  readonly lookUps: ReadonlyMap<string, OrderLook>;
  /** While the market is closed: what is known of corporate actions, by managed symbol, and whether a stop had its turn. */
  readonly closed: ReadonlyMap<
    string,
    { readonly action: ClosedAction; readonly isAnswered: boolean }
  >;
}

/** The moment of the decision, and what it leaves time for. */
export interface Now {
  /** By the broker's clock, carried on by monotonic time, Unix ms. */
  readonly brokerMs: number;
  readonly dateNy: string;
  readonly monotonicMs: number;
  /** To the real close of this session, ms; infinite where it is not known. */
  readonly untilCloseMs: number;
  /** What `--run-once` has left, ms; infinite in the loop. */
  readonly budgetMs: number;
  readonly isRunOnce: boolean;
  /** The slowest of the last ten answers, ms. */
  readonly slowestRequestMs: number;
  readonly processId: string;
}

/** What the cycle counts of itself, gone at its end; on it nothing but beginnings depends. */
export interface Turn {
  /** When it began, Unix ms by the broker's clock, and by monotonic time, ms. */
  readonly cycleStartedAtMs: number;
  readonly startedMs: number;
  readonly stepsLeft: number;
  /** How often the lists were asked for by the plan in this cycle. */
  readonly looks: number;
  /** Whether the last step was such a look: however slow the broker is, none is newer. */
  readonly isLookNew: boolean;
  /** Requests that left in this cycle, by symbol. */
  readonly actsBySymbol: ReadonlyMap<string, number>;
  /** Positions adopted in this cycle, which it only protects. */
  readonly fresh: ReadonlySet<string>;
  /** How often a client order id was sent in this cycle; of a cancel, the broker's id of its order. */
  readonly sendings: ReadonlyMap<string, number>;
}

/** What the operator and the gate say. No secret is in it. */
export interface OperatorView {
  /** `null` where it was not asked: the clock can't be read. */
  readonly gate: GateDecision | null;
  /** His own objection, from his files as they were last read; `null` where he wants LIVE. */
  readonly objection: GateFailReason | null;
  /** Whether the day's loss has reached its limit, so that entries not yet filled are cancelled. */
  readonly isLossReached: boolean;
  /** Whether records and keys are of one account, as far as both are known. */
  readonly keys: "match" | "mismatch" | "unknown";
}

/** Everything that a decision may know: a value. */
export interface World {
  readonly now: Now;
  readonly turn: Turn;
  readonly operator: OperatorView;
  readonly seen: Seen;
  readonly records: EngineState;
}

/** The latest trade of an entry's symbol as it was answered, whatever its age; what was asked and not answered has failed. */
export interface EntryPrice {
  readonly look: Look<Trade | null>;
  /** When it was asked for, by monotonic time, ms. */
  readonly atMs: number;
}

/** What DRY_RUN's own ledger says of a symbol today: simulated before, not yet, or in this very run. */
export type Simulation =
  | { readonly kind: "before" | "not_yet" | "now" }
  /** It can't be read or written, and why. */
  | { readonly kind: "failed"; readonly message: string };

/** An entry that had its turn in this run. */
export interface SentEntry {
  /** Whether a request of its id may have left before this one. */
  readonly isRepeat: boolean;
  readonly answer: SendResult["kind"];
  /** By the broker's clock, Unix ms. */
  readonly atMs: number;
}

/** What a cycle's run for entries counts of itself, gone at its end. */
export interface EntryTurn {
  readonly prices: ReadonlyMap<string, EntryPrice>;
  /** Symbols whose corporate actions were asked for, answered or not. */
  readonly actionsAsked: ReadonlySet<string>;
  readonly simulations: ReadonlyMap<string, Simulation>;
  /** The entry that the gate was asked for last: one decision is good for one entry. */
  readonly gateFor: string | null;
  /** The entry whose moment was waited for last. */
  readonly momentFor: string | null;
  /** Whether something has ended such a wait: what is not due is left to the next cycle. */
  readonly isDisturbed: boolean;
  /** By client order id. */
  readonly sent: ReadonlyMap<string, SentEntry>;
}

/** What entries are decided from, beside what positions are. */
export interface EntryDesk {
  /** Whether this cycle sends entries: its list is of today (pipeline 1), and the disk takes records. */
  readonly isTaking: boolean;
  readonly isStopping: boolean;
  /** How long before its moment an entry is judged, ms. */
  readonly leadMs: number;
  /** No wait for an entry's moment lasts until then, by the broker's clock, Unix ms. */
  readonly pauseEndMs: number;
  /** What is wrong with the disk; `null` where nothing is known to be. */
  readonly diskFault: string | null;
  /** The broker's account; `null` where it was never read. */
  readonly accountId: string | null;
  readonly areEntriesPaused: boolean;
  readonly allowlist: Allowlist;
  readonly loss: LossVerdict;
  /** Host clock minus broker clock in seconds; `null` where it is not known. */
  readonly clockSkewSeconds: number | null;
  /** Client order ids of entries proven absent at the broker (pipeline 6). */
  readonly absent: ReadonlySet<string>;
  readonly turn: EntryTurn;
}

/** The world of a run for entries. */
export interface EntryWorld extends World {
  readonly desk: EntryDesk;
}

/** The answer to a look-up of an order that no list shows, and its moment. */
export interface LookUpAnswer {
  readonly outcome: LookupOutcome;
  /** By the broker's clock, Unix ms, and by monotonic time, ms. */
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** What the last days' ledgers recorded, the newest first; or what stands against reading them. */
export type PastRecords =
  | { readonly kind: "ok"; readonly entries: readonly LedgerEntry[] }
  | { readonly kind: "waits"; readonly wait: RebuildWait };

/** What a run that holds the records against the broker counts of itself, gone at its end. */
export interface RecordsTurn {
  /** NY date of the clock's answer before this run's; `null` where nobody has one. */
  readonly dateBeforeNy: string | null;
  /** `null` where it was not asked yet. */
  readonly past: PastRecords | null;
  readonly ancestorReads: number;
  /** Whether one of them had no usable answer: it is asked for again in the next cycle. */
  readonly isAncestorUnread: boolean;
  /** By client order id. */
  readonly lookUps: ReadonlyMap<string, LookUpAnswer>;
  /** Whether the operator objects to LIVE; `null` where it was not asked. */
  readonly isObjected: boolean | null;
  /** Whether it has recorded what it found, and whether orders of another engine were among that. */
  readonly isRecorded: boolean;
  readonly isMismatched: boolean;
  /** Why what it had found could not be made durable; `null` where it was. */
  readonly unwritten: { readonly message: string; readonly isByAnotherHand: boolean } | null;
}

/** What the records are held against, beside what every decision is from. */
export interface Books {
  /** The broker's host, and its account; `null` where it was never read. */
  readonly host: string;
  readonly accountId: string | null;
  /** Host clock minus broker clock. */
  readonly skewSeconds: number;
  /** Orders of earlier days as they were read by their order id; `null` for one that the broker does not know. */
  readonly ancestors: ReadonlyMap<string, BrokerOrder | null>;
  readonly turn: RecordsTurn;
}

/** The world of a run that holds the records against the broker. */
export interface RecordsWorld extends World {
  readonly books: Books;
}

/** Bars as they were answered, list by list. A symbol that is answered and has no row has none. */
export interface BarsRead {
  /** 10-minute bars by symbol. */
  readonly rows: ReadonlyMap<string, readonly Bar[]>;
  readonly answered: ReadonlySet<string>;
  /** Asked and not answered. */
  readonly unanswered: readonly string[];
  /** Why, for the first of them; `null` where they are only being sorted out. */
  readonly trouble: { readonly failure: ReadFailure; readonly message: string } | null;
}

/** What breakouts are looked for in, and intents are made from (pipeline 2 to 4). */
export interface SignalsDesk {
  /** The list of today. */
  readonly candidates: readonly Candidate[];
  /** Symbols that had an intent when the cycle began: one that was decided since is tried again in the next cycle. */
  readonly waiting: ReadonlySet<string>;
  readonly session: Session | null;
  readonly delayMinSeconds: number;
  readonly delayMaxSeconds: number;
  /** What the run counts of itself, gone at its end. `bars`: `null` where they were not asked for yet. */
  readonly turn: { readonly bars: BarsRead | null; readonly isDecided: boolean };
}

/** The world of a run that looks for breakouts. */
export interface SignalsWorld extends World {
  readonly signals: SignalsDesk;
}

/**
 * What a run of the plan is for: the parts that are in it. Each cycle holds the records against the broker in a run of its own,
 * looks after its positions in one, for breakouts in one, and decides its entries in one.
 */
export interface EngineWorld extends World {
  readonly books: Books | null;
  readonly hasPositions: boolean;
  readonly signals: SignalsDesk | null;
  readonly desk: EntryDesk | null;
}
