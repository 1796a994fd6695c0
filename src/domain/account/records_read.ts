import type { LiveLedger } from "../order/ledger.ts";
import type { EngineState } from "./engine_state.ts";

// What reading a record gave. In each of them unreadable is not missing (pipeline 6): nothing is made anew, or written over, while
// something that is there can't be read.

/** What reading `execution_state.json` gave. */
export type StateRead =
  | { readonly kind: "ok"; readonly state: EngineState }
  /**
   * `unreadable` is there and can't be read; `damaged` was read, and is not parsable or wrong; `newer` is a file of another major
   * version, which is refused.
   */
  | { readonly kind: "missing" | "unreadable" | "damaged" | "newer"; readonly message: string };

/** What reading the live ledger gave. */
export type LedgerRead =
  | { readonly kind: "ok"; readonly ledger: LiveLedger }
  | { readonly kind: "missing" | "invalid"; readonly message: string }
  | {
    readonly kind: "unreadable";
    readonly message: string;
    /** Whether its bytes could be read, and are no text or no JSON: then no later look will find more in it. */
    readonly isRead: boolean;
  };

/** A file that was read and is of no use; `message` is a sentence that names it. */
export interface UnusableFile {
  readonly path: string;
  readonly message: string;
}

/** What reading the archive gave. */
export type ArchiveRead =
  | {
    readonly kind: "ok";
    /** Newest first. */
    readonly ledgers: readonly LiveLedger[];
    /** Files that were read and are no ledger of their day. */
    readonly unusable: readonly UnusableFile[];
  }
  /** `path` is what can't be read: the directory, or the first file. */
  | { readonly kind: "unreadable"; readonly path: string; readonly message: string };

/** What looking for the newest copy of the document gave. */
export type CopyRead =
  | {
    readonly kind: "ok";
    /** `null` where no day has a copy that can be used. */
    readonly state: EngineState | null;
    /** Newer ones that were read and are no document of their day. */
    readonly unusable: readonly UnusableFile[];
  }
  /** `path` is what can't be read: the directory, or the newest file. */
  | { readonly kind: "unreadable"; readonly path: string; readonly message: string };
