import { type Absence, findAbsence } from "../account/absences.ts";
import { listBought } from "../account/bought.ts";
import { correctList } from "../account/order_book.ts";
import {
  aboutOf,
  listAsked,
  listSettled,
  LOOK_UP_AGAIN_MS,
  type LookedUp,
  settleLookUp,
} from "../entry/absence.ts";
import type { RebuildWait } from "../gate/rebuild_wait.ts";
import {
  type LedgerEntry,
  type LedgerProblem,
  type LiveLedger,
  MISMATCHES_MAX,
} from "../order/ledger.ts";
import type { BrokerOrder } from "../order/orders.ts";
import { isSameEntry, reconcile, type Reconciliation } from "../order/reconcile.ts";
import { listUnlinked } from "../order/replacements.ts";
import { dateNyOf } from "../time/ny_time.ts";
import { decideTurn } from "./day_turn.ts";
import type { Note } from "./note.ts";
import { listUnknown, listUpdates, noteRecords } from "./record_updates.ts";
import type { RecordPart, RecordsPlanned, RecordsQuestion } from "./step.ts";
import { buildSight } from "./view.ts";
import type { RecordsWorld } from "./world.ts";

// The records held against the broker, as steps of the plan (pipeline 6): what is asked, what the answers mean, what is recorded
// and what is said of it. Nothing is remembered between two steps but the answers: each step holds the records against all of
// them anew, and what is recorded already is found so. In this order:
//
// | step                              | where                                                                  |
// | --------------------------------- | ---------------------------------------------------------------------- |
// | record the date of the clock      | it is another than at the last look                                    |
// | record the day's turn             | it has ended; before it, what was bought in it                         |
// | read the last days' records       | once a run: what replaces an order of theirs is ours                   |
// | read an order of an earlier day   | a chain of replacements leads to one that nobody has seen              |
// | look orders up, four at a time    | no list shows them; what is not settled first                          |
// | read the operator's objection     | the ledger is nobody's yet: in DRY_RUN it may still be the old pipeline's |
// | record what it comes to           | the ledger or the evidence is another by it; told once it is durable   |
// | rest                              | else: what `judgeRecords` says holds for the cycle                     |

/** Look-ups in one run: more would eat the request budget of what protects. */
const LOOK_UPS_MAX = 30;
/** And in flight at a time. */
const LOOK_UPS_AT_ONCE = 4;
/** Orders of earlier days that one run reads. */
const ANCESTORS_MAX = 6;

/** What holding the records against the broker came to. */
export interface Held {
  readonly problem: LedgerProblem | null;
  /** What the records wait for; the gate says its reason. */
  readonly wait: RebuildWait | null;
  /** Buys proven absent at the broker: each a new decision with the same id, or settled as not sent. */
  readonly absent: readonly LedgerEntry[];
}

/** There are no records to hold against anything. */
export const NOT_HELD: Held = { problem: null, wait: null, absent: [] };

/** Nothing is decided from the records in this cycle, for that reason. */
export function blockedBy(problem: LedgerProblem): Held {
  return { ...NOT_HELD, problem };
}

/** The same, until what they wait for is there. */
export function waitingFor(wait: RebuildWait): Held {
  return { ...NOT_HELD, wait };
}

/** What the records are held against, or why they can't be yet. */
type Basis =
  | Known
  | { readonly kind: "no ledger" | "no answer" | "past unread" | "past unreadable" };

interface Known {
  readonly kind: "known";
  readonly ledger: LiveLedger;
  readonly orders: readonly BrokerOrder[];
  readonly past: readonly LedgerEntry[];
  readonly accountId: string;
}

/** The ledger after all answers, and what they say. */
interface Comparison {
  readonly found: Reconciliation;
  readonly ledger: LiveLedger;
  /** What was looked up, each with what that makes of it. */
  readonly lookedUp: readonly (readonly [before: LedgerEntry, after: LookedUp])[];
}

/** The one next step of holding the records against the broker, from one world. Pure and total. */
export function planReconciliation(world: RecordsWorld): RecordsPlanned {
  const { records, seen: { clock }, books: { turn } } = world;
  if (turn.unwritten !== null || records.ledger === null) return rest(world, null);
  const dateNy = clock === null ? null : dateNyOf(clock.timestampMs);
  if (dateNy !== null && records.dateSeenNy !== dateNy) {
    return record([{ kind: "date_seen", dateNy }], []);
  }
  const turning = decideTurn(world);
  if (turning.kind === "waits") return rest(world, null);
  if (turning.kind === "turns") return record(listTurned(world, turning.ledger), []);
  const known = findBasis(world);
  if (known.kind === "past unread") return read([{ ask: "past_records" }]);
  if (known.kind !== "known") return rest(world, null);
  const ancestorId = findAncestor(world, known);
  if (ancestorId !== null) return read([{ ask: "ancestor", orderId: ancestorId }]);
  const found = reconcile(known.ledger, known.orders, known.past, listAncestors(world));
  const unasked = listLookedUp(found).filter(({ clientOrderId }) =>
    !turn.lookUps.has(clientOrderId ?? "")
  );
  if (unasked.length > 0) {
    return read(
      unasked.slice(0, LOOK_UPS_AT_ONCE).map((entry) => ({
        ask: "record_look_up",
        clientOrderId: entry.clientOrderId ?? "",
        orderId: entry.orderId,
      })),
    );
  }
  return planRecord(world, known, compare(world, known, found));
}

/** The records turned to a new day: what was bought in the old one is taken in before its ledger is forgotten. */
export function listTurned(world: RecordsWorld, ledger: LiveLedger): RecordPart[] {
  const { records } = world;
  const bought = listBought(records, buildSight(world, records));
  return [
    ...bought.map((position): RecordPart => ({ kind: "managed", position })),
    { kind: "day_turned", ledger },
  ];
}

/** What the run came to, once it rests. Pure and total. */
export function judgeRecords(world: RecordsWorld): Held {
  const { books: { turn } } = world;
  if (turn.unwritten !== null) {
    const { message, isByAnotherHand } = turn.unwritten;
    if (isByAnotherHand) return blockedBy("ledger invalid");
    return waitingFor({ kind: "ledger disk", message });
  }
  const turning = decideTurn(world);
  if (turning.kind === "waits") return waitingFor(turning.wait);
  if (turn.past?.kind === "waits") return waitingFor(turn.past.wait);
  const known = findBasis(world);
  if (known.kind !== "known") return blockedBy("broker unreachable");
  const absent = turn.lookUps.size === 0 ? [] : listAbsent(world, known);
  return { problem: turn.isMismatched ? "broker mismatch" : null, wait: null, absent };
}

function listAbsent(world: RecordsWorld, known: Known): LedgerEntry[] {
  const found = reconcile(known.ledger, known.orders, known.past, listAncestors(world));
  return compare(world, known, found).lookedUp
    .flatMap(([, { isAbsent, entry }]) => isAbsent ? [entry] : []);
}

function findBasis({ records: { ledger }, seen, books: { turn: { past } } }: RecordsWorld): Basis {
  const { account, dayOrders } = seen;
  if (ledger === null) return { kind: "no ledger" };
  if (account?.look.kind !== "ok" || dayOrders?.look.kind !== "ok") return { kind: "no answer" };
  if (past === null) return { kind: "past unread" };
  if (past.kind === "waits") return { kind: "past unreadable" };
  return {
    kind: "known",
    ledger,
    orders: correctList(seen.book, dayOrders.look.value.rows),
    past: past.entries,
    accountId: account.look.value.accountId,
  };
}

function listAncestors({ books: { ancestors } }: RecordsWorld): BrokerOrder[] {
  return [...ancestors.values()].flatMap((found) => found ?? []);
}

/**
 * An order of an earlier day by which what replaces ours today is known to be ours: a stop that a hand moved twice over night
 * names only the one between, which is in no list of today and on no record, and one that was placed weeks ago is on none that
 * is read. Each is read once.
 */
function findAncestor(world: RecordsWorld, { ledger, orders, past }: Known): string | null {
  const { records, books: { ancestors, turn } } = world;
  if (turn.ancestorReads >= ANCESTORS_MAX || turn.isAncestorUnread) return null;
  const recorded = [...ledger.entries, ...past];
  // A position may be older than the records that are read.
  const symbols = new Set([...recorded, ...records.positions].map(({ symbol }) => symbol));
  const unlinked = listUnlinked(recorded, orders, { symbols, ancestors: listAncestors(world) });
  return unlinked.find((orderId) => !ancestors.has(orderId)) ?? null;
}

function listLookedUp({ missing }: Reconciliation): LedgerEntry[] {
  return listAsked(missing).slice(0, LOOK_UPS_MAX);
}

function compare(world: RecordsWorld, { ledger }: Known, found: Reconciliation): Comparison {
  const { records: { absences }, now: { processId, isRunOnce }, books: { turn } } = world;
  const lookedUp = listLookedUp(found).flatMap((entry) => {
    const answer = turn.lookUps.get(entry.clientOrderId ?? "");
    if (answer === undefined) return [];
    const moment = { ...answer, processId, isRunOnce };
    return [[entry, settleLookUp(entry, answer.outcome, absences, moment)] as const];
  });
  const changed = new Map(
    lookedUp.filter(([before, { entry }]) => !isSameEntry(before, entry))
      .map(([before, { entry }]) => [before, entry]),
  );
  // The mismatch counts by its own part of the record.
  const { mismatches } = ledger;
  const entries = found.ledger.entries.map((entry) => changed.get(entry) ?? entry);
  const isSame = !found.isChanged && changed.size === 0;
  return {
    found,
    lookedUp,
    ledger: isSame ? ledger : { ...found.ledger, mismatches, entries },
  };
}

/** Records what is another by the comparison, and tells it once it is durable; else nothing is left to do. */
function planRecord(world: RecordsWorld, known: Known, compared: Comparison): RecordsPlanned {
  const { records, books: { turn, host } } = world;
  const { found, ledger, lookedUp } = compared;
  const isUnowned = ledger.host === null || ledger.accountId === null;
  if (isUnowned && turn.isObjected === null) return read([{ ask: "objection" }]);
  // While the operator keeps us in DRY_RUN, the old pipeline may still be writing this file: leave what need not change.
  const isOwned = isUnowned && turn.isObjected === false;
  const evidence = listEvidence(records.absences, lookedUp, ledger);
  const change: RecordPart[] = [...evidence];
  const isChanged = ledger !== known.ledger || isOwned;
  if (isChanged) {
    const { accountId } = known;
    change.push({ kind: "ledger", ledger: { ...ledger, host, accountId } });
  }
  if (found.mismatched.length > 0) change.push({ kind: "mismatch" });
  // Once: what would be another by the same answers again is left to the next cycle.
  if (change.length === 0 || turn.isRecorded) return rest(world, compared);
  return record(change, isChanged ? sayChanged(known.ledger, compared) : []);
}

/** What the look-ups have made of the evidence, and evidence about what is settled. */
function listEvidence(
  absences: readonly Absence[],
  lookedUp: Comparison["lookedUp"],
  { entries }: LiveLedger,
): RecordPart[] {
  const missed = lookedUp.flatMap(([entry, { absence }]): RecordPart[] => {
    const about = aboutOf(entry);
    const before = absences.find(({ what, id }) => what === about.what && id === about.id);
    if (absence === null) return before === undefined ? [] : [{ kind: "present", about }];
    const isKnown = before !== undefined && findAbsence([before], about, absence) !== null &&
      before.firstMs === absence.firstMs && before.lastMs === absence.lastMs;
    return isKnown ? [] : [{ kind: "absent", absence }];
  });
  const settled = listSettled(absences, entries);
  return [...missed, ...settled.map((about): RecordPart => ({ kind: "present", about }))];
}

/** What has become of our orders, and of what was taken for another's. */
function sayChanged(before: LiveLedger, { found, ledger }: Comparison): Note[] {
  const { mismatched, replacements } = found;
  const mismatches = before.mismatches + (mismatched.length > 0 ? 1 : 0);
  const notes = [
    ...listUpdates(before, ledger),
    ...replacements.map((entry) => noteRecords(entry, { kind: "replaced", entry })),
  ];
  const [first] = mismatched;
  if (first === undefined) return notes;
  const names = mismatched.map((entry) => `${entry.symbol} ${entry.clientOrderId}`);
  return [...notes, noteRecords(first, { kind: "lacked", names, mismatches })];
}

function read(questions: readonly RecordsQuestion[]): RecordsPlanned {
  return { step: { do: "read", questions, notBeforeMs: null }, say: [] };
}

function record(change: readonly RecordPart[], done: readonly Note[]): RecordsPlanned {
  return { step: { do: "record", change, done }, say: [] };
}

/** @param compared `null` where the records could not be held against the broker. */
function rest(world: RecordsWorld, compared: Comparison | null): RecordsPlanned {
  const { records: { ledger, standings }, now, books: { turn } } = world;
  const lookedUp = compared?.lookedUp ?? [];
  const wakes = lookedUp.flatMap(([, { wakeAtMs }]) => wakeAtMs ?? []);
  const againMs = now.brokerMs + LOOK_UP_AGAIN_MS;
  const say: Note[] = [];
  // Look-ups take time, and somebody may write the file in it: the next cycle takes in what it says.
  if (turn.unwritten?.isByAnotherHand === true) {
    wakes.push(againMs);
    say.push(noteRecords(null, { kind: "changed_meanwhile" }));
  }
  const turning = decideTurn(world);
  if (turning.kind === "waits" && turning.wait.kind === "clock") wakes.push(againMs);
  if (compared !== null && ledger !== null) {
    say.push(...listUnknown(ledger), ...sayUnseen(compared));
    if (ledger.mismatches >= MISMATCHES_MAX) {
      say.push(noteRecords(null, { kind: "locked" }, "mismatch lock"));
    }
  }
  const wakeAtMs = wakes.length === 0 ? null : Math.min(...wakes);
  return { step: { do: "rest", wakeAtMs, standing: standings }, say };
}

/** What the broker does not show, and is kept and counted all the same. */
function sayUnseen({ found: { missing }, lookedUp }: Comparison): Note[] {
  const unnamed = missing.filter(({ clientOrderId, status }) =>
    clientOrderId === null && status !== "rejected"
  );
  const unseen = lookedUp.flatMap(([entry, { isUnseen }]) => isUnseen ? [entry] : []);
  return [...unnamed, ...unseen].map((entry) => {
    const name = entry.clientOrderId ?? entry.orderId ?? entry.timestamp;
    return noteRecords(entry, { kind: "unseen", name }, `unseen:${name}`);
  });
}
