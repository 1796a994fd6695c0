import type { CheckedEntry } from "../entry/check_entry.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import type { ManagedPosition } from "../account/engine_state.ts";
import type { EntryPlan } from "../entry/entry_plan.ts";
import type { ReadFailure } from "../order/order_request.ts";
import type { BarsRead } from "./world.ts";
import type { EndReason } from "../entry/entry_end.ts";
import type { ExitReason } from "../exit/exit_rules.ts";
import type { LedgerEntry, LiveLedger } from "../order/ledger.ts";
import type { LedgerFile } from "../order/ledger_file.ts";
import type { BrokerOrder } from "../order/orders.ts";
import type { SellGroup } from "../order/protection.ts";
import type { Renamed } from "../account/renamed.ts";

/** How often a note is told: each time, once a NY day for its key, or once for its key and what it says. */
export type NoteScope = "always" | "day" | { readonly once: string };

/** What a look has made of a position; `position`: as it was before. */
export type PositionNote =
  | {
    readonly kind: "quantity" | "partly_filled";
    readonly position: ManagedPosition;
    readonly qty: number;
  }
  /** `handQty`: shares that a hand bought beside it and that are left, at least one; else 0. */
  | {
    readonly kind: "ended";
    readonly position: ManagedPosition;
    readonly how: "gone" | "never_filled";
    readonly handQty: number;
  }
  /** An error each time, told once a NY day for its key. `renamed`: what it may be now. */
  | {
    readonly kind: "absent";
    readonly position: ManagedPosition;
    readonly renamed: Renamed | null;
  }
  /**
   * What the broker shows instead. `isNew`: seen for the first time; `isSplit`: for so long that it is called one, an error
   * told as above.
   */
  | {
    readonly kind: "unexplained";
    readonly position: ManagedPosition;
    readonly qty: number;
    readonly isNew: boolean;
    readonly isSplit: boolean;
  }
  /** Shares that a hand bought beside it, and sold of it; `leftQty` are the engine's afterwards. */
  | { readonly kind: "hand_bought"; readonly qty: number }
  | { readonly kind: "hand_sold"; readonly qty: number; readonly leftQty: number }
  /** The operator's from now on; that has ended; and the engine's from now on. */
  | { readonly kind: "released" | "adopted"; readonly position: ManagedPosition }
  | { readonly kind: "release_ended" }
  /** On today's list, and too large to be adopted by itself. USD. */
  | {
    readonly kind: "too_large";
    readonly qty: number;
    readonly worthUsd: number;
    readonly limitUsd: number;
  }
  /** A trim ended without a share sold, and is due again. */
  | { readonly kind: "trim_undone" }
  /** Its stop was higher already than what is remembered, USD per share. */
  | { readonly kind: "stop_known"; readonly highestUsd: number; readonly stopUsd: number };

/** What became of an entry, or of an intent. */
export type EntryNote =
  /** Let go. `isOnce`: told once a NY day and symbol, however often it is found. */
  | { readonly kind: "skipped"; readonly reason: string; readonly isOnce: boolean }
  | { readonly kind: "verdict"; readonly intent: EntryIntent; readonly checked: CheckedEntry }
  /** Due ones that wait for an answer. */
  | { readonly kind: "entries_wait"; readonly symbols: readonly string[]; readonly cause: string }
  /** DRY_RUN's gate would have denied it. */
  | { readonly kind: "would_block"; readonly what: "allowlist" | "entries paused" }
  | {
    readonly kind: "simulated";
    readonly intent: EntryIntent;
    readonly isAllowlisted: boolean;
  }
  | { readonly kind: "simulated_before" }
  /** Not sent, nor simulated: its record can't be written, and why. */
  | { readonly kind: "unrecorded"; readonly cause: string }
  /** `entry`: as it is on record. */
  | { readonly kind: "submitted"; readonly entry: LedgerEntry; readonly orderId: string }
  | { readonly kind: "entry_unsent"; readonly why: string }
  /** The broker's no. `how`: its status and message, or that it came after it had taken the order. */
  | { readonly kind: "entry_rejected"; readonly how: string }
  | { readonly kind: "rejected_twice" }
  | { readonly kind: "rejections_in_a_row"; readonly count: number }
  /** Nobody knows what became of it; it is looked up from now on. */
  | { readonly kind: "entry_open"; readonly why: string }
  /** `mismatches`: of the NY day, this one included. */
  | { readonly kind: "mismatch"; readonly clientOrderId: string; readonly mismatches: number };

/** What reading the records, and holding their ledger's file against them, has found (pipeline 6; runbook 4.4). */
export type LoadingNote =
  /** The document was read, and is of no use. */
  | { readonly kind: "document_damaged"; readonly message: string }
  /** It was made anew. `symbols`: of its positions. */
  | {
    readonly kind: "document_made";
    readonly lost: "missing" | "damaged";
    readonly symbols: readonly string[];
  }
  /** A file of the archive's that is left out. */
  | { readonly kind: "unusable"; readonly message: string }
  | { readonly kind: "released_again"; readonly symbols: readonly string[] }
  /** The ledger's file was missing: written from the records, which had none either where it `isMade`. */
  | { readonly kind: "ledger_missing"; readonly ledger: LiveLedger; readonly isMade: boolean }
  | { readonly kind: "ledger_useless"; readonly message: string }
  | { readonly kind: "ledger_behind" }
  /** By another hand. `keptAs`: where its file was copied to, and the records' put in its place; `null` where it is left. */
  | {
    readonly kind: "ledger_changed";
    readonly change: Extract<LedgerFile, { readonly kind: "changed" }>;
    readonly keptAs: string | null;
  };

/** What holding the records against the broker has found (pipeline 6). */
export type RecordsNote =
  /** What the broker shows of an order of ours is another than at the last look. */
  | { readonly kind: "order_updated"; readonly entry: LedgerEntry }
  /** The broker refused an order that it had taken, or never had one whose answer was lost. */
  | { readonly kind: "refused_late"; readonly entry: LedgerEntry }
  /** It came in the place of an order of ours, whoever put it there: recorded as ours. */
  | { readonly kind: "replaced"; readonly entry: LedgerEntry }
  | { readonly kind: "unknown_status"; readonly orderId: string | null; readonly status: string }
  /** It is kept and counted, though the broker does not show it. */
  | { readonly kind: "unseen"; readonly name: string }
  /** Orders of another engine. `mismatches`: of the NY day, this one included. */
  | { readonly kind: "lacked"; readonly names: readonly string[]; readonly mismatches: number }
  | { readonly kind: "locked" }
  /** Another hand has written the ledger's file meanwhile. */
  | { readonly kind: "changed_meanwhile" };

/** What a look for breakouts has come to (pipeline 2 to 4). */
export type SignalsNote =
  | { readonly kind: "no_account"; readonly failure: ReadFailure }
  | { readonly kind: "no_equity" }
  /** What was not answered is not "no breakout". */
  | { readonly kind: "bars_unanswered"; readonly bars: BarsRead }
  /** All of it, and what it was decided from. `listUsd`: the list's own price by symbol, where it has one, USD per share. */
  | {
    readonly kind: "signals";
    readonly found: EntryPlan;
    readonly equityUsd: number;
    readonly bars: BarsRead["rows"];
    readonly listUsd: ReadonlyMap<string, number | null>;
  };

/** What happened, as data; the words are the teller's. */
export type NoteValue =
  | PositionNote
  | EntryNote
  | LoadingNote
  | RecordsNote
  | SignalsNote
  /** A sequence is begun: the audit trail has it before its requests. */
  | { readonly kind: "protection"; readonly step: string; readonly qty: number | null }
  /** A stop rests. */
  | {
    readonly kind: "stop_rests";
    readonly qty: number;
    readonly stopUsd: number;
    readonly orderId: string;
    readonly as: "placed" | "converted" | "put back" | "lower";
    /** For `lower`: where the market was below, USD per share. */
    readonly belowUsd: number | null;
  }
  /** A stop was not placed. `isOwn`: the engine itself did not send it. */
  | {
    readonly kind: "stop_undone";
    readonly why: string;
    /** What it came after: `exit` is the rest of one that is ended whatever the gate says, `entry` the cancel of an entry's rest. */
    readonly after: "nothing" | "cancel" | "exit" | "entry";
    readonly isOwn: boolean;
  }
  /** Something waits: an exit, a conversion, or the cancel of an entry's rest. */
  | {
    readonly kind: "waits";
    readonly what: ExitReason | "overnight stop" | "the cancel of its entry's rest";
    readonly why: string;
  }
  /** What an exit had to cancel has not ended, or was not let through. */
  | { readonly kind: "not_cancelled"; readonly reason: ExitReason; readonly why: string }
  | { readonly kind: "still_leaving" }
  | { readonly kind: "at_stop" }
  /** An exit is decided, and begun. `priceUsd`: the price that made it due; `isBeside`: beside a sell at work. */
  | {
    readonly kind: "exit_due";
    readonly reason: ExitReason;
    readonly qty: number;
    readonly priceUsd: number;
  }
  | {
    readonly kind: "exit_begins";
    readonly reason: ExitReason;
    readonly qty: number;
    readonly ofQty: number;
    readonly priceUsd: number;
    readonly isBeside: boolean;
  }
  | { readonly kind: "sold"; readonly reason: ExitReason; readonly qty: number }
  /** A part of an exit did not come to be. `isOwn`: the engine itself did not send it. */
  | {
    readonly kind: "exit_undone";
    readonly reason: ExitReason;
    readonly part: "sell" | "stop" | "shrinking";
    readonly httpStatus: number | null;
    readonly why: string;
    readonly isOwn: boolean;
  }
  | { readonly kind: "exit_too_late"; readonly reason: ExitReason }
  /** Its position can't be read in the middle of an exit: nothing is sold. */
  | { readonly kind: "exit_blind"; readonly qty: number }
  | { readonly kind: "not_freed" }
  /** The engine's own stop was raised. */
  | { readonly kind: "raised"; readonly stopUsd: number }
  /** A stop that a hand had lowered is put back. */
  | {
    readonly kind: "put_back";
    readonly fromUsd: number;
    readonly toUsd: number;
    readonly ownUsd: number;
  }
  /** An entry is not waited for any longer, and its rest is cancelled; and such a cancel that comes to no end. */
  | { readonly kind: "entry_ends"; readonly order: BrokerOrder; readonly why: EndReason }
  | { readonly kind: "entry_hangs"; readonly boughtQty: number }
  /** A stop of ours whose position is gone is cancelled. `waits`: why it is left to the next cycle. */
  | { readonly kind: "orphan"; readonly orderId: string; readonly waits: string | null }
  /** A sell of somebody else's is cancelled. */
  | { readonly kind: "foreign_sell"; readonly order: BrokerOrder }
  /** A sell whose worth nobody knows, or that protects nothing; `isLeft`: a hand insists on it. */
  | {
    readonly kind: "unclear" | "obstacle";
    readonly order: BrokerOrder;
    readonly standing: SellGroup["standing"];
    readonly isLeft: boolean;
  };

/** One note about a position: data alone, never text that the planner made up. */
export interface Note {
  readonly symbol: string;
  /** Empty for one that is not managed. */
  readonly positionId: string;
  readonly scope: NoteScope;
  /** What it is remembered by where it is not told always. */
  readonly key: string;
  readonly value: NoteValue;
}
