import type { Absence } from "../account/absences.ts";
import type { Standing } from "../account/standing.ts";
import type { ClosedStopPermit } from "./closed_stop.ts";
import type { ManagedPosition, ReleasedPosition } from "../account/engine_state.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import type { LiveDecision } from "../gate/gate.ts";
import type { LedgerEntry, LiveLedger } from "../order/ledger.ts";
import type { BrokerOrder } from "../order/orders.ts";
import type { DryRunOrder, EntryRequest, SellSideRequest } from "../order/order_request.ts";
import type { Unfinished } from "../account/unfinished.ts";
import type { Note } from "./note.ts";

/** What the planner wants to know before it decides. */
export type Question =
  /** An order by the broker's id: of a leg, its bracket, whose answer holds both legs. */
  | { readonly ask: "order"; readonly symbol: string; readonly orderId: string }
  /** An order by the id that we gave it. */
  | { readonly ask: "look_up"; readonly symbol: string; readonly clientOrderId: string }
  /** All positions; the two lists are asked for together. */
  | { readonly ask: "positions" }
  | { readonly ask: "open_orders" }
  /** The latest trade of a symbol, looked at again. */
  | { readonly ask: "trade"; readonly symbol: string };

/** What entries are decided from, beside what every decision is (`Question`). */
export type EntryQuestion =
  | Extract<Question, { readonly ask: "look_up" | "positions" | "open_orders" }>
  /** The latest trades of symbols, whatever their age. */
  | { readonly ask: "prices"; readonly symbols: readonly string[] }
  | { readonly ask: "account" }
  /** Corporate actions up to the next session. */
  | { readonly ask: "corporate_actions"; readonly symbols: readonly string[] }
  /** What the day has lost, as the last look at the positions has it. */
  | { readonly ask: "day_loss" }
  /** The gate, and the operator's pause, as they are now: for one entry. */
  | { readonly ask: "gate"; readonly clientOrderId: string }
  /** What DRY_RUN has simulated today. */
  | { readonly ask: "dry_run_ledger"; readonly symbols: readonly string[] };

/** What the records are held against the broker by (pipeline 6). */
export type RecordsQuestion =
  /** What the last days' ledgers recorded. */
  | { readonly ask: "past_records" }
  /** An order of an earlier day, by the broker's id. */
  | { readonly ask: "ancestor"; readonly orderId: string }
  /** An order of ours that no list shows; `orderId`: where it has one. */
  | {
    readonly ask: "record_look_up";
    readonly clientOrderId: string;
    readonly orderId: string | null;
  }
  /** Whether the operator himself wants no LIVE, by his files. */
  | { readonly ask: "objection" };

/** What breakouts are looked for in (pipeline 2). */
export type SignalsQuestion = { readonly ask: "bars"; readonly symbols: readonly string[] };

/** A change of the records; several together are durable at once, in this order. */
export type RecordPart =
  /** Orders to come; one of the same client order id is the same order, and takes its place. */
  | { readonly kind: "orders"; readonly entries: readonly LedgerEntry[] }
  /** What the broker shows of an order of ours settles its record. */
  | { readonly kind: "shown"; readonly clientOrderId: string; readonly order: BrokerOrder }
  /** Recorded, and never left; or looked up, and not there. */
  | { readonly kind: "not_sent"; readonly clientOrderId: string }
  | { readonly kind: "refused"; readonly clientOrderId: string; readonly detail: string }
  /**
   * It may be at the broker, and is there where its id is taken: it is looked up until that is known. `endedAtMs`: when its
   * request ended, Unix ms, before which no "not found" is evidence.
   */
  | {
    readonly kind: "unknown";
    readonly clientOrderId: string;
    readonly isIdTaken: boolean;
    readonly endedAtMs: number;
  }
  /** One that is managed still; `managed` begins one. */
  | { readonly kind: "position" | "managed"; readonly position: ManagedPosition }
  /** Not managed any more, and nothing of it unfinished. */
  | { readonly kind: "ended"; readonly positionId: string }
  /** It is the operator's from now on; what stands in the ledger outlives a lost document. */
  | { readonly kind: "released" | "release_ended"; readonly release: ReleasedPosition }
  | {
    readonly kind: "unfinished";
    readonly positionId: string;
    readonly change: Partial<Omit<Unfinished, "positionId">>;
  }
  /** Intents that are decided, or go on record: they wait no longer. */
  | { readonly kind: "off_list"; readonly intents: readonly EntryIntent[] }
  /** New intents. */
  | { readonly kind: "on_list"; readonly intents: readonly EntryIntent[] }
  /** An entry of which nothing is at the broker by its last sending. `notFoundSinceMs`: what is known of those before. */
  | {
    readonly kind: "entry_unsent";
    readonly clientOrderId: string;
    readonly notFoundSinceMs: number | null;
  }
  /** The broker has an order of ours that this engine never sent: LIVE stays blocked for the cycle (pipeline 6). */
  | { readonly kind: "mismatch" }
  /** What DRY_RUN would have sent, in a ledger of its own. */
  | { readonly kind: "simulated"; readonly orders: readonly DryRunOrder[] }
  /** The day's ledger as the broker's answers leave it; and the one of a new day, before which the old one is archived. */
  | { readonly kind: "ledger" | "day_turned"; readonly ledger: LiveLedger }
  /** NY date of the clock's answer. */
  | { readonly kind: "date_seen"; readonly dateNy: string }
  /** What a look did not find, once more; and that it was found, or is not looked for any more. */
  | { readonly kind: "absent"; readonly absence: Absence }
  | { readonly kind: "present"; readonly about: Pick<Absence, "what" | "id"> }
  /** What is kept by a key (`EngineState.alerted`); `null` forgets it. */
  | { readonly kind: "kept"; readonly key: string; readonly value: string | null };

/** Changes that belong together; none of them is a change without the others. */
export type RecordChange = readonly RecordPart[];

/** Why a request may leave, decided before it does; where it leaves, the operator's files are read afresh. */
export type Permit =
  /** A LIVE decision, asked for afresh before the request leaves. */
  | { readonly kind: "gate"; readonly decision: LiveDecision }
  /** What a cancel or replacement has begun: only the operator's own objection stops it. */
  | { readonly kind: "exit_rest" }
  /** The one order that leaves while the market is closed. */
  | ClosedStopPermit;

/** The one next step: of the sell side, where nothing else is said. */
export type Step<Asked = Question, Sent = SellSideRequest> =
  | {
    readonly do: "read";
    /** Asked together. */
    readonly questions: readonly Asked[];
    /** A pause inside the cycle: not before this, by monotonic time, ms. */
    readonly notBeforeMs: number | null;
  }
  /** `done`: what is told once it is taken in, and durable where it is about orders. */
  | { readonly do: "record"; readonly change: RecordChange; readonly done?: readonly Note[] }
  | {
    readonly do: "send";
    /** Durable before the request leaves, but under `exit_rest`, which a full disk can't keep back. */
    readonly change: RecordChange;
    readonly request: Sent;
    readonly permit: Permit;
    readonly positionId: string;
    /** What is told once the broker has taken it. */
    readonly done: readonly Note[];
  }
  | {
    readonly do: "rest";
    /** Unix ms by the broker's clock; `null` where the poll is soon enough. */
    readonly wakeAtMs: number | null;
    readonly standing: readonly Standing[];
  };

/** What `plan` returns. */
export interface Planned<Asked = Question, Sent = SellSideRequest> {
  readonly step: Step<Asked, Sent>;
  readonly say: readonly Note[];
}

/** What `planEntries` returns. */
export type EntryPlanned = Planned<EntryQuestion, EntryRequest>;

/** What `planReconciliation` returns: it sends nothing. */
export type RecordsPlanned = Planned<RecordsQuestion, never>;

/** What `planSignals` returns. */
export type SignalsPlanned = Planned<SignalsQuestion, never>;

/** What `settle` returns, and other decisions that send nothing. */
export interface Settled {
  readonly change: RecordChange;
  readonly say: readonly Note[];
}
