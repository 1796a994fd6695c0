import { EMPTY_STATE, type EngineState } from "../domain/account/engine_state.ts";
import { listTrimFlags } from "../domain/exit/exit_rules.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import { digestLedger } from "../domain/order/ledger_file.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";
import { type EnginePorts, type RoomUse, StateError } from "./ports.ts";

/** Versions of the ledger's file that failed writes may have left; the disk is looked at long before there are more. */
const VERSIONS_MAX = 4;

/**
 * The one writer of the records: the document whole, then the ledger's file from it (pipeline 6). A crash between the two leaves
 * the file one version behind, which the document knows.
 */
export class RecordStore {
  #saved: EngineState | null = null;
  /** What the document says, whichever process wrote it; `null` before it was read or written. */
  #onDisk: EngineState | null = null;
  /** The ledger that the file has, by identity with the records'; `null` where it has another. */
  #onFile: LiveLedger | null = null;
  #versions: readonly string[] = [];
  /** The document that was made last, and of which records. */
  #built = { of: EMPTY_STATE, document: EMPTY_STATE };
  #tail: Promise<unknown> = Promise.resolve();

  constructor(readonly ports: Pick<EnginePorts, "state" | "ledger">) {}

  /** Whether the document says what is remembered now. */
  isSaved(state: EngineState): boolean {
    return this.#saved === state;
  }

  /** Whether the ledger is durable, in both files. */
  isOnFile(ledger: LiveLedger): boolean {
    return this.#onFile === ledger;
  }

  /** Whether what may leave next is durable: every order that is pending. What became of others can be looked up. */
  isPendingOnFile(ledger: LiveLedger): boolean {
    const onFile = new Set(this.#onFile?.entries ?? []);
    return ledger.entries.every((entry) => entry.status !== "pending" || onFile.has(entry));
  }

  /** Digests that the ledger's file may have by our own hand. */
  get versions(): readonly string[] {
    return this.#versions;
  }

  /** Whether the ledger's file, as it was just read, is as it was last seen or written. */
  isKnown(file: LiveLedger): boolean {
    return file === this.#onFile || this.#versions.includes(digestLedger(file));
  }

  /** What the ledger's file says after what was written since it was read. */
  readAfter(read: LedgerRead, ledger: LiveLedger | null): LedgerRead {
    return ledger !== null && this.isOnFile(ledger) ? { kind: "ok", ledger } : read;
  }

  /** Takes over what a process before this one left: the document as read, and the ledger's file beside it. */
  take(state: EngineState, file: LedgerRead): void {
    this.#versions = state.ledgerVersions;
    this.#onDisk = state;
    if (file.kind !== "ok" || state.ledger === null) return;
    if (digestLedger(file.ledger) === digestLedger(state.ledger)) this.noteFile(state.ledger);
  }

  /** The ledger's file says what this ledger says; what is written over it may find it so. */
  noteFile(ledger: LiveLedger): void {
    this.#onFile = ledger;
    this.#versions = [digestLedger(ledger)];
  }

  /** Makes ready what `write` makes of these records. */
  prepare(state: EngineState): void {
    this.ports.state.prepare(this.#buildDocument(state));
    if (state.ledger === null || state.ledger === this.#onFile) return;
    this.ports.ledger.prepare(state.ledger);
    digestLedger(state.ledger);
  }

  /**
   * Makes the records durable: the document, then the ledger's file where it says something else.
   * @throws {StateError} Where one of them can't be written, or the file is not as it was left: it is looked at in the next cycle.
   */
  async write(state: EngineState): Promise<void> {
    await this.#inTurn(async () => {
      await this.#writeDocument(state);
      if (state.ledger === null || state.ledger === this.#onFile) return;
      await this.#writeLedger(state.ledger, (present) => this.#checkFile(present));
    });
  }

  /** The same over whatever stands in the ledger's place. @throws {StateError} Where it can't be written, or not be kept. */
  async rewrite(state: EngineState): Promise<void> {
    await this.#inTurn(async () => {
      await this.#writeDocument(state);
      if (state.ledger !== null) await this.#writeLedger(state.ledger);
    });
  }

  async #writeDocument(state: EngineState): Promise<void> {
    if (this.#saved === state) return;
    const use = findUse(this.#onDisk, state);
    await this.ports.state.write(this.#buildDocument(state), use);
    this.#saved = state;
    this.#onDisk = state;
  }

  /** The records with what only their file has to know. */
  #buildDocument(state: EngineState): EngineState {
    const { of, document } = this.#built;
    if (of === state && document.ledgerVersions === this.#versions) return document;
    this.#built = { of: state, document: { ...state, ledgerVersions: this.#versions } };
    return this.#built.document;
  }

  /** Another hand's change is no version of ours: what it says must be taken in before something takes its place. */
  #checkFile(present: LedgerRead): void {
    if (present.kind !== "ok") {
      throw new StateError(`live ledger ${present.kind}: ${present.message}`);
    }
    if (this.isKnown(present.ledger)) return;
    throw new StateError("live ledger was changed by another hand since it was written", {
      isByAnotherHand: true,
    });
  }

  async #writeLedger(
    ledger: LiveLedger,
    check: (present: LedgerRead) => void = () => {},
  ): Promise<void> {
    await this.ports.ledger.write(ledger, (present) => {
      check(present);
      // A write that fails may have been done all the same.
      this.#versions = addVersion(this.#versions, digestLedger(ledger));
    });
    this.noteFile(ledger);
  }

  /** One write after the other: two at a time would not know what the file has. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const run = this.#tail.then(act, act);
    this.#tail = run.catch(() => {});
    return run;
  }
}

/** The first, which the file was last seen with, stays however often the others are tried. */
function addVersion(versions: readonly string[], version: string): string[] {
  const [seen, ...tried] = versions.filter((each) => each !== version);
  return seen === undefined ? [version] : [seen, ...[...tried, version].slice(1 - VERSIONS_MAX)];
}

/**
 * What a full disk's reserve is asked for: a record of exits and protection, or what a quiet cycle remembers (what was said,
 * prices, how things stand), which would use it up before the next exit (pipeline 5).
 */
function findUse(before: EngineState | null, after: EngineState): RoomUse {
  if (before === null || before.ledger !== after.ledger) return "record";
  return describeActs(before) === describeActs(after) ? "note" : "record";
}

/** What exits and protection have come to; prices are seen anew. */
function describeActs({ positions, released, unfinished }: EngineState): string {
  const acts = positions.map((position) => [
    [position.positionId, position.adoptedQty, position.besideQty, position.qty],
    [position.stopUsd, ...listTrimFlags(position)],
    [position.unexplainedQty, position.unexplainedSinceMs, position.partialSinceMs],
  ]);
  return JSON.stringify([acts, released, unfinished]);
}
