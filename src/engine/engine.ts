import type { Looker } from "../domain/account/absences.ts";
import type { OrderBook } from "../domain/account/order_book.ts";
import type { Standing } from "../domain/account/standing.ts";
import type { DayTrail } from "../domain/day/day_trail.ts";
import type { LossVerdict } from "../domain/account/day_loss.ts";
import {
  EMPTY_STATE,
  type EngineState,
  type ManagedPosition,
} from "../domain/account/engine_state.ts";
import type { AlertMessage } from "../domain/alert/alert_facts.ts";
import type { AlertTitle } from "../domain/alert/alert_titles.ts";
import { buildExecutionError } from "../domain/alert/alert_messages.ts";
import type { AuditEvent, ErrorEvent, EventMode, GateInputsRecord } from "../domain/day/events.ts";
import type { LedgerEntry, LedgerProblem } from "../domain/order/ledger.ts";
import type { MarketClock, Session, Trade } from "../domain/time/market.ts";
import type { LostRecord, RebuildWait } from "../domain/gate/rebuild_wait.ts";
import type { KeyOwner } from "../domain/gate/record_owner.ts";
import type { Calendar } from "../domain/time/market_clock.ts";
import { dateNyOf, formatUtc } from "../domain/time/ny_time.ts";
import { type Answer, learn, NOTHING_SEEN } from "../domain/plan/seen.ts";
import type { Read, Shown } from "../domain/plan/shown.ts";
import type { Seen } from "../domain/plan/world.ts";
import type { PriceMemory } from "../domain/account/price_check.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import {
  buildMeaning,
  formatRepeats,
  type Repeats,
  Repetition,
} from "../domain/alert/repetition.ts";
import { FREE_FILE } from "../domain/alert/remedies.ts";
import { type Alert, BrokerError, type EnginePorts, StateError } from "./ports.ts";
import { RecordStore } from "./record_store.ts";

/** What was said on a day is remembered this long. */
const NEWS_DAYS = 7;
const DAY_MS = 86_400_000;
/** State keys of the errors that Slack has taken: their values are the NY day and the moment at which they were said. */
const ERROR_KEY = "error:";
/** What is kept for a day: its date, alone or before what was said on it. */
const OF_DAY_NY = /^\d{4}-\d{2}-\d{2}(?: |$)/;
/** All of a `--run-once` cycle; 3 s of its 25 are the alert queue's. */
export const RUN_ONCE_MS = 21_000;

/** What the broker showed in this cycle, and its moment. Times from the broker's clock. */
export interface Observation extends Shown {
  readonly clock: MarketClock;
  /** Today's session, or `null` where the calendar has none or could not be read. */
  readonly session: Session | null;
  /** Host clock minus broker clock. */
  readonly skewSeconds: number;
}

/** When something was asked for: after how many changes, and by monotonic time, ms. */
export interface Asked {
  readonly afterChange: number;
  readonly atMs: number;
}

/**
 * The running engine: its ports and what it remembers. The only mutable thing in `engine/`; everything that must survive
 * a crash is in `state`, which is written through `saveState`.
 */
export class Engine {
  // Records: all that outlives the process, and their writer.

  state: EngineState = EMPTY_STATE;
  /** Whether `state` was read from (or rebuilt for) the file; until then nothing is written over it. */
  isStateLoaded = false;
  /** The writer of the records. */
  readonly store: RecordStore;
  /** Whether the last write of the records has not succeeded. */
  private isWriteFailing = false;
  /** What the newest copy of the records in the archive has, in words; `null` before the first look. */
  copied: string | null = null;

  // What this cycle has found of the records, made anew in each: what is wrong with them, and what they wait for.

  /** The state file that is there and of no use, or was rebuilt in this very cycle: blocks LIVE under its name. */
  stateProblem: string | null = null;
  /** What the rebuild of a lost state waits for; the gate says it, and nothing of the state is written meanwhile. */
  stateWait: RebuildWait | null = null;
  /** The same of a lost ledger, or of records of another account, as this cycle found it. */
  ledgerWait: RebuildWait | null = null;
  /** What this cycle found of the ledger beyond the file itself; blocks LIVE until the next cycle. */
  ledgerProblem: LedgerProblem | null = null;
  /** Whether ledger or state belong to another host or account than the broker's: then nothing of them is touched. */
  isForeignState = false;

  // What was seen at the broker and in files: asked again where it is old, and by another process.

  observation: Observation | null = null;
  /** The broker's account as it was last read; the keys are this process's for life. */
  accountId: string | null = null;
  /** All that this process has seen at the broker; each answer makes a new one. */
  seen: Seen = NOTHING_SEEN;
  calendar: Calendar | null = null;
  /** Why the broker's clock can't be used, in words; `null` where it can. */
  clockProblem: string | null = null;
  /** What the day has lost against its limit, as this cycle's look has it; nothing is known before the first. */
  dayLoss: LossVerdict = { kind: "unknown", why: "not looked at yet" };
  /** Fills of the days before, as the day result needs them, by what it needs them for; `null` before the first look. */
  earlierFills: { readonly key: string; readonly days: readonly DayTrail[] } | null = null;
  /** The last days' recorded entries, as read on a NY date; `null` before the first look. */
  archive: { readonly dateNy: string; readonly entries: readonly LedgerEntry[] } | null = null;
  /** Replaced orders of earlier days as they were read by their order id; `null` for one that the broker does not know. */
  readonly ancestors = new Map<string, BrokerOrder | null>();
  /** Last prices as this cycle read them, and what was answered at all; `null` before it asked. */
  prices: {
    readonly rows: ReadonlyMap<string, Trade>;
    readonly answered: ReadonlySet<string>;
  } | null = null;
  /** Whether the operator had paused entries at the last look. */
  isPauseSeen = false;
  killSwitchSeen: "env" | "file" | null = null;
  /** Mode of the gate as it was last printed. */
  gateMode: EventMode = "DRY_RUN";
  /** What the gate was last decided from, for the audit trail. */
  gateInputs: GateInputsRecord | null = null;

  // Evidence of this process on which decisions rest, and which is on no record: another one counts a stop that was taken down by
  // this one as a loss, of which the second is the first that matters, has a price confirmed anew, and looks at a list whose last
  // line has no end for two seconds.

  /** The watchlist file as it was last seen, and since when, by monotonic time; `null` before the first look. */
  watchlistFile: { readonly file: string; readonly sinceMs: number } | null = null;
  /** Order ids of stops that the broker took from this process since standings were taken last. */
  readonly stopsPlaced = new Set<string>();
  /** Order ids of stops that worked when a cancel of this process left for them. */
  readonly stopsTakenDown = new Set<string>();
  /** What is remembered of the prices of what may be adopted, by symbol; a new process has them confirmed anew. */
  readonly foreignPrices = new Map<string, PriceMemory>();

  // Facts of the process.

  /** Tells this process from the one before. */
  readonly processId: string;
  private readonly startedAtMs: number;
  private brokerBaseMs: number | null = null;
  private monotonicBaseMs = 0;
  /** Whether processes have ended again and again lately, this one's start being one more. */
  isInLoop = false;
  /** When a look at the calendar left the day asked for unknown, by monotonic time; `null` where the last one told. */
  calendarFailedMs: number | null = null;
  /** Corporate actions are not asked for before this, monotonic: the last look was not answered. */
  actionsPausedUntilMs = -Infinity;
  /** When the next heartbeat is due, by monotonic time; `null` before the first. */
  heartbeatAtMs: number | null = null;
  /** Told of a request that would sell or stop more than is held for sure; it has not left. Tests throw. */
  onBreach: (message: string) => void = (message) => {
    if (this.isNews(`breach:${message}`, this.dateNy())) {
      this.sayError(
        message,
        "tell whoever maintains this program, with the day's `avwap-execution log`",
      );
    }
  };

  // The cycle's own count, and what it leaves for the wait after it.

  /** When this cycle began, broker time: an intent whose time had come by then and that it left wakes nobody by that time. */
  cycleBeganMs = -Infinity;
  /** How long this cycle has waited for the moments of entries, ms. */
  pausedMs = 0;
  /** Lists of symbols that this cycle asked the data API for. */
  listsAsked = 0;
  /** Whether this cycle schedules and sends entries: its list is of today (pipeline 1), and the disk takes records. */
  isTakingEntries = true;
  /** Moments at which the engine wants to wake, collected during a cycle, broker time. */
  wakeAtMs: number[] = [];
  /** Those of the cycle before. */
  momentsAhead: readonly number[] = [];
  /** Whether something was seen, while waiting or in the middle of a cycle, that the next cycle must not wait for. */
  isCycleDue = false;
  /** Requests to adopt that a cycle was begun for. */
  readonly adoptsSeen = new Set<string>();

  // The teller's memory: what was said, and what is to be said. Nothing leaves, or is kept from leaving, by it.

  /** What was last said of each record that waits. */
  readonly waitSaid = new Map<LostRecord, string>();
  /** Troubles that were said since all was well, each by its meaning: they end together. */
  readonly troubles = new Set<string>();
  /** Whose bare shares the kill switch's message names, while they are bare and no worse. */
  toldBare: readonly Standing[] = [];
  marketSaid: string | null = null;
  lastGateText: string | null = null;
  watchlistVersionSaid: string | null = null;
  equitySaid: string | null = null;
  private unsavedSaid: string | null = null;
  /** Filled shares by order id that the audit trail has already. */
  readonly fillsSaid = new Map<string, number>();
  /** Since when fills may be in no trail: the last cycle of the process before; `null` before one was recorded. Unix ms. */
  trailSinceMs: number | null = null;
  /** Orders of ours that filled and that the log has told, by order id. */
  readonly fillsTold = new Set<string>();
  /** When an order that still works was first seen partly filled, broker time. */
  readonly fillingSinceMs = new Map<string, number>();
  /** Positions that ended in this process, as they were last known: a sale may be told after its position is forgotten. */
  readonly ended = new Map<string, ManagedPosition>();
  /** What last kept a sell, a stop or a cancel in a symbol from being done, in words; gone with the next that is done. */
  readonly hindrances = new Map<string, string>();
  /** Alarms of standings that the log has, by state key. */
  readonly alarmsSaid = new Map<string, string>();
  /** The day's summary, until the operator has got it. */
  summary: { readonly dateNy: string; readonly message: AlertMessage } | null = null;
  /** What errors were said, so that none is repeated in each cycle. */
  private readonly repetition = new Repetition();
  private readonly errorsSaid:
    (Repeats & { readonly text: string; readonly isDistinct?: boolean })[] = [];

  /** This process, which looks for something now. */
  get looker(): Looker {
    return { processId: this.processId, monotonicMs: this.ports.clock.monotonicMs() };
  }

  /** Whom the keys are for, as far as the broker has said it. */
  get keys(): KeyOwner {
    return { host: this.ports.broker.host, accountId: this.accountId };
  }

  /** Notes when something is asked for now. */
  markAsked(): Asked {
    return { afterChange: this.seen.changes.count, atMs: this.ports.clock.monotonicMs() };
  }

  /** Takes answers of the broker's in. */
  learn(answers: readonly Answer[], { afterChange, atMs }: Asked): void {
    const now = { brokerMs: this.nowMs(), monotonicMs: atMs };
    this.seen = learn(this.seen, answers, now, afterChange);
  }

  /** Every order that an answer or a record has shown, by order id: lists lag behind answers by id. */
  get book(): OrderBook {
    return this.seen.book;
  }

  /** Puts a book in its place in which an order, or what is known of it, is another. */
  putBook(book: OrderBook): void {
    this.seen = { ...this.seen, book };
  }

  /** Notes that the book has these positions' orders from their beginning on. */
  notePasts(positionIds: readonly string[]): void {
    this.seen = { ...this.seen, pasts: new Set([...this.seen.pasts, ...positionIds]) };
  }

  constructor(readonly ports: EnginePorts, readonly stop: AbortSignal) {
    this.startedAtMs = ports.clock.monotonicMs();
    this.processId = String(ports.clock.nowMs());
    this.store = new RecordStore(ports);
  }

  /**
   * The moment by the broker's clock, carried on by monotonic time, so that a jump of the host's clock neither ages nor
   * rejuvenates an order; the host's clock until the broker's was read.
   */
  nowMs(): number {
    const { clock } = this.ports;
    if (this.brokerBaseMs === null) return clock.nowMs();
    // Whole: it goes into order ids and files, and monotonic time has fractions.
    return Math.floor(this.brokerBaseMs + clock.monotonicMs() - this.monotonicBaseMs);
  }

  /** How long it is until a moment by `nowMs`, exactly, ms. */
  leftMs(atMs: number): number {
    const { clock } = this.ports;
    if (this.brokerBaseMs === null) return atMs - clock.nowMs();
    return atMs - this.brokerBaseMs - (clock.monotonicMs() - this.monotonicBaseMs);
  }

  /** NY date of the clock's answer in the process before this one: all that one of `--run-once` has to compare with. */
  get lastCycleNy(): string | null {
    const { lastCycleAtMs } = this.state;
    return lastCycleAtMs === null ? null : dateNyOf(lastCycleAtMs);
  }

  /** Today in New York, by `nowMs`. */
  dateNy(): string {
    return dateNyOf(this.nowMs());
  }

  /**
   * Takes over the broker's clock as read just now. The answer is as old as its way back, and at most as old as the whole
   * request: within that, time goes on as it was, so that it does not step back by a late answer.
   * @param read When the request began, its repeats included, and when its answer came, by monotonic time.
   */
  setBrokerTime(
    timestampMs: number,
    { askedMs, answeredMs }: { readonly askedMs: number; readonly answeredMs: number },
  ): void {
    const estimateMs = this.brokerBaseMs === null
      ? timestampMs
      : Math.floor(this.brokerBaseMs + answeredMs - this.monotonicBaseMs);
    const latestMs = timestampMs + answeredMs - askedMs;
    this.brokerBaseMs = Math.max(timestampMs, Math.min(estimateMs, latestMs));
    this.monotonicBaseMs = answeredMs;
  }

  /** Forgets what was said so long ago that it can't come again. */
  forgetOldNews(): void {
    const oldNy = dateNyOf(this.nowMs() - NEWS_DAYS * DAY_MS);
    const kept = Object.entries(this.state.alerted)
      .filter(([, value]) => !OF_DAY_NY.test(value) || value >= oldNy);
    if (kept.length === Object.keys(this.state.alerted).length) return;
    this.updateState({ alerted: Object.fromEntries(kept) });
  }

  /** Whether `--run-once` has used so much of its time that nothing of this length may begin (pipeline 4). */
  isOutOfTime(neededMs: number): boolean {
    return neededMs > this.runLeftMs;
  }

  /** What `--run-once` has left of its time, ms; infinite in the loop. */
  get runLeftMs(): number {
    if (!this.ports.config.isRunOnce) return Infinity;
    return this.startedAtMs + RUN_ONCE_MS - this.ports.clock.monotonicMs();
  }

  /** Forgets that it has them: the position has ended. */
  forgetPast(positionId: string): void {
    const pasts = [...this.seen.pasts].filter((each) => each !== positionId);
    this.seen = { ...this.seen, pasts: new Set(pasts) };
  }

  /** Replaces what is remembered; durable only after `saveState`. */
  updateState(change: Partial<EngineState>): void {
    this.state = { ...this.state, ...change };
  }

  /** Puts a managed position in place of the one with its id, or adds it. */
  putPosition(position: ManagedPosition): void {
    const others = this.state.positions.filter((each) => each.positionId !== position.positionId);
    this.updateState({ positions: [...others, position] });
  }

  /** Whether the account that the state belongs to could not be compared with the broker's yet. */
  get isOwnerUnknown(): boolean {
    return this.accountId === null && this.state.accountId !== null;
  }

  /** Whether the records may be written: read, this account's as far as that is known, and owned (pipeline 6). */
  private get isWritable(): boolean {
    if (!this.isStateLoaded || this.isForeignState) return false;
    // What a cycle made of it while nobody knew whose account the keys open is not written over it.
    if (this.observation !== null && this.isOwnerUnknown) return false;
    // From its first write on it says whose it is.
    return this.state.host !== null && this.state.accountId !== null;
  }

  /** Whether what is remembered now outlives this process, as far as the last write and the account tell. */
  get isRemembering(): boolean {
    return this.isWritable && !this.isWriteFailing;
  }

  /**
   * Makes the records durable, where they changed since the last time.
   * @throws {StateError} Where a file can't be written.
   */
  async saveState(): Promise<void> {
    if (!this.isWritable) return;
    this.isWriteFailing = true;
    await this.store.write(this.state);
    this.isWriteFailing = false;
    this.unsavedSaid = null;
  }

  /** Writes the ledger's file anew, over whatever stands in its place. @throws {StateError} */
  async rewriteLedger(): Promise<void> {
    if (!this.isWritable) throw new StateError("the records are not to be written yet");
    await this.store.rewrite(this.state);
  }

  /** Whether the document has what is remembered now. */
  get isStateSaved(): boolean {
    return this.store.isSaved(this.state);
  }

  /** The same, where a failure is said and must not stop what follows. @returns Whether it is durable. */
  async trySaveState(): Promise<boolean> {
    try {
      await this.saveState();
      return true;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.sayUnsaved(error.message);
      return false;
    }
  }

  /** Says once a cause and NY day, and again after a success, that the state is not durable. */
  private sayUnsaved(message: string): void {
    // What the ledger waits for is said in its own words.
    if (this.ledgerWait?.kind === "ledger disk" && this.ledgerWait.message === message) return;
    const said = `${this.dateNy()} ${message}`;
    if (this.unsavedSaid === said) return;
    this.unsavedSaid = said;
    this.sayError(
      `Cannot save the engine's state: ${message}: what is done now is kept in memory alone, and a restart forgets it`,
      FREE_FILE,
    );
  }

  /** Asks for a wake-up at that moment by the broker's clock. */
  wakeAt(ms: number): void {
    this.wakeAtMs.push(ms);
  }

  /** A broker read whose failure is an answer too. */
  async read<T>(ask: () => Promise<T>): Promise<Read<T>> {
    try {
      const value = await ask();
      return { kind: "ok", value, atMonotonicMs: this.ports.clock.monotonicMs() };
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return { kind: "failed", failure: error.failure, message: error.message };
    }
  }

  /** Lines of the audit trail, together, behind the errors that were said before them. @returns Whether they are there. */
  async event(...events: readonly AuditEvent[]): Promise<boolean> {
    this.errorsSaid.push(...this.repetition.takeEnded(this.nowMs()));
    const errors = this.errorsSaid.splice(0).map(buildErrorEvent);
    const written = [...errors, ...events].map((event) => this.ports.events.record(event));
    return (await Promise.all(written)).slice(errors.length).every((isThere) => isThere);
  }

  /** An error that the operator is told of by an alert of its own: into log and audit trail. */
  logError(message: string): void {
    this.ports.log.error(message);
    this.errorsSaid.push({ text: message, times: 1, sinceMs: this.nowMs() });
  }

  /**
   * An error in log, Slack and, with the next event, audit trail. While it repeats it is said once an hour and counted, over
   * restarts too.
   * @param problem Names the symbol that it is about. @param remedy What the operator can do (`domain/alert/remedies.ts`).
   * @param options `isDistinct` where a key of its own let it through (`isNews`): then no other with the same meaning, told
   *   apart from it by numbers and ids alone, holds it back.
   */
  sayError(problem: string, remedy: string, { isDistinct = false } = {}): void {
    const message = `${problem}. Do: ${remedy}`;
    this.ports.log.error(message, { isDistinct });
    const nowMs = this.nowMs();
    const meaning = isDistinct ? problem : buildMeaning(problem);
    const key = `${ERROR_KEY}${meaning}`;
    const saidMs = Number(this.state.alerted[key]?.split(" ")[1] ?? NaN);
    if (Number.isFinite(saidMs)) this.repetition.remember(meaning, saidMs, nowMs);
    const decision = this.repetition.decide({ meaning, text: message }, nowMs);
    if (decision.kind === "hold") return;
    const { repeats } = decision;
    this.errorsSaid.push({ text: message, ...repeats ?? { times: 1, sinceMs: nowMs }, isDistinct });
    // As a state: Slack being away for a while does not make it silent for an hour.
    this.alert({
      ...buildExecutionError({ problem: `${problem}${formatRepeats(repeats)}`, remedy }),
      state: { key, value: `${dateNyOf(nowMs)} ${nowMs}` },
    });
  }

  /** An error that was said has ended: the next time it is news. */
  endError(problem: string): void {
    const meaning = buildMeaning(problem);
    this.repetition.end(meaning);
    const { [`${ERROR_KEY}${meaning}`]: said, ...alerted } = this.state.alerted;
    if (said !== undefined) this.updateState({ alerted });
  }

  /** A message to the operator, kept in the audit trail by the sender. */
  alert(alert: Alert & { readonly title: AlertTitle }): void {
    this.ports.alerts.send(alert);
  }

  /** Whether a thing keyed by `key` was said with this value before, across restarts; remembers that it now was. */
  isNews(key: string, value: string): boolean {
    return this.listNews({ [key]: value }).has(key);
  }

  /**
   * The same of many things by their keys. Together: each time that something is remembered, all that is gets copied, and a
   * thousand copies of a thousand things in a row are the most memory that the process ever takes.
   * @returns Keys of those that are news.
   */
  listNews(values: Readonly<Record<string, string>>): ReadonlySet<string> {
    const { alerted } = this.state;
    const news = new Set(Object.keys(values).filter((key) => alerted[key] !== values[key]));
    if (news.size > 0) this.updateState({ alerted: { ...alerted, ...values } });
    return news;
  }
}

/** An error as the audit trail has it. */
function buildErrorEvent(
  { text, times, sinceMs, isDistinct = false }: Repeats & {
    readonly text: string;
    readonly isDistinct?: boolean;
  },
): ErrorEvent {
  const repeats = times > 1 ? { times, since: formatUtc(sinceMs) } : {};
  const distinct = isDistinct ? { is_distinct: true as const } : {};
  return { type: "error", message: text, ...repeats, ...distinct };
}
