import { CLOCK_SKEW_MAX_SECONDS } from "../domain/gate/caps.ts";
import { listSettled, LOOK_UP_AGAIN_MS } from "../domain/entry/absence.ts";
import { isOurs } from "../domain/order/client_order_id.ts";
import {
  isEntryRecord,
  isUnsettled,
  type LedgerEntry,
  type LedgerProblem,
  type LiveLedger,
  MISMATCHES_MAX,
  NOT_SENT,
} from "../domain/order/ledger.ts";
import { isKnownStatus } from "../domain/order/orders.ts";
import { listRejections, noteEntry } from "../domain/plan/settle_entry.ts";
import { LEDGER_FILE, type RebuildWait } from "../domain/gate/rebuild_wait.ts";
import { reconcile, startNewDay } from "../domain/order/reconcile.ts";
import { LOOK_AT_ORDER } from "../domain/alert/remedies.ts";
import { readPastEntries } from "./archive.ts";
import { readAncestors } from "./ancestors.ts";
import type { Engine, Observation } from "./engine.ts";
import { findIdentityProblem, readOperatorObjection } from "./gate_reader.ts";
import { findLostLedger } from "./rebuilding.ts";
import { checkLedgerFile } from "./ledger_check.ts";
import { buildOrderUpdate, readLedger, turnLedger, updateLedger } from "./ledger_store.ts";
import { sayOnceADay } from "./daily_errors.ts";
import { lookUpMissing } from "./looking_up.ts";
import { sayLocked, sayMismatch } from "./mismatch.ts";
import { take } from "./plan_records.ts";
import { type LedgerRead, StateError } from "./ports.ts";
import { takeInBought } from "./positions.ts";
import { tell } from "./teller.ts";
import { sayWait, waitFor, type Waits } from "./waiting.ts";

/** What the ledger step of a cycle came to. */
export interface LedgerStep extends Held {
  /** The ledger's file as the step leaves it: the cycle's gate counts from this look at it. */
  readonly file: LedgerRead;
}

/** What it found. */
interface Held {
  readonly problem: LedgerProblem | null;
  /** What a rebuild of the ledger waits for, or a record of another account: the gate says its reason. */
  readonly wait: RebuildWait | null;
  /** Buys proven absent at the broker: each a new decision with the same id, or settled as not sent. */
  readonly absent: readonly LedgerEntry[];
}

/** The ledger was held against nothing, and counts for nothing in this cycle. */
const UNCHECKED = blockedBy("ledger invalid");
const UNREACHED = blockedBy("broker unreachable");

function blockedBy(problem: LedgerProblem): Held {
  return { problem, wait: null, absent: [] };
}

/**
 * Holds the ledger against the broker's orders of the NY day, turns it to a new day, rebuilds a missing one, and resolves
 * what has no settled answer yet (pipeline 6). Reads only; sends nothing.
 */
export async function reconcileLedger(
  engine: Engine,
  observation: Observation,
): Promise<LedgerStep> {
  const read = await engine.ports.ledger.read();
  const held = await holdLedger(engine, read, observation);
  engine.ledgerProblem = held.problem;
  engine.ledgerWait = held.wait;
  sayWait(engine, LEDGER_FILE, held.wait);
  return { ...held, file: engine.store.readAfter(read, engine.state.ledger) };
}

async function holdLedger(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<Held> {
  // What the gate says of lost records is their own reason; nothing is held against none.
  if (!engine.isStateLoaded) return { problem: null, wait: null, absent: [] };
  const file = read.kind === "ok" ? read.ledger : null;
  if (findIdentityProblem(engine, file) !== null) return UNCHECKED;
  // Whose account this is, nobody knows yet: a ledger that may be another's is not turned to a new day.
  const isThere = file !== null || engine.state.ledger !== null;
  if (isThere && engine.accountId === null) return UNREACHED;
  try {
    const found = await findLedger(engine, read, observation);
    if (found !== null) return found;
    const turned = await turnToToday(engine, observation);
    if (turned.kind === "waits") return waitingFor(turned.wait);
    if (turned.ledger !== engine.state.ledger) await turnLedger(engine, turned.ledger);
    return await compare(engine, readLedger(engine), observation);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    if (!error.isByAnotherHand) {
      return waitingFor({ kind: "ledger disk", message: error.message });
    }
    // Look-ups take time, and somebody may write the file in it: the next cycle takes in what it says.
    engine.ports.log.warn("Live ledger was changed in the middle of its reconciliation");
    engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
    return blockedBy("ledger invalid");
  }
}

/**
 * The day's ledger in the records, and its file as the records have it.
 * @returns What blocks this cycle; `null` where the ledger may be held against the broker.
 */
async function findLedger(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<Held | null> {
  const records = engine.state.ledger;
  if (records === null) return await takeInLost(engine, read, observation);
  const checked = await checkLedgerFile(engine, records, read);
  if (checked.kind === "waits") return waitingFor(checked.wait);
  if (checked.kind === "checked") {
    return checked.problem === null ? null : blockedBy(checked.problem);
  }
  // Another hand has begun the day before the records have.
  const turned = await turnToToday(engine, observation);
  if (turned.kind === "waits") return waitingFor(turned.wait);
  engine.updateState({ ledger: turned.ledger });
  const again = await checkLedgerFile(engine, turned.ledger, read);
  if (again.kind === "waits") return waitingFor(again.wait);
  return again.kind === "later" || again.problem !== null ? blockedBy("ledger invalid") : null;
}

/** A ledger that the document lacked: 0.1.0 wrote it, or it was lost and is made anew. */
async function takeInLost(
  engine: Engine,
  read: LedgerRead,
  observation: Observation,
): Promise<Held | null> {
  const found = await findLostLedger(engine, read, observation);
  if (found.kind === "waits") return waitingFor(found.wait);
  const { made: ledger, reason } = found;
  if (read.kind === "ok") engine.store.noteFile(read.ledger);
  engine.updateState({ ledger, mismatches: 0 });
  if (reason === "imported") return null;
  await engine.rewriteLedger();
  engine.ports.log.warn(
    `Live ledger was missing: rebuilt from the broker's orders of ${ledger.dateNy}, ` +
      `${ledger.entries.length} recorded` +
      (ledger.mismatches >= MISMATCHES_MAX
        ? "; it had lacked orders twice: LIVE stays blocked until `ledger rebuild --yes`"
        : ""),
  );
  return blockedBy("ledger missing");
}

function waitingFor(wait: RebuildWait): Held {
  return { problem: null, wait, absent: [] };
}

/** A new NY day: the old ledger is archived before a new one starts. One of a day still to come stays as it is. */
async function turnToToday(
  engine: Engine,
  { dateNy, skewSeconds }: Observation,
): Promise<Waits | { readonly kind: "turned"; readonly ledger: LiveLedger }> {
  const ledger = readLedger(engine);
  const seenNy = engine.state.dateSeenNy ?? engine.lastCycleNy;
  if (engine.state.dateSeenNy !== dateNy) engine.updateState({ dateSeenNy: dateNy });
  if (ledger.dateNy === dateNy) return { kind: "turned", ledger };
  // Where the two clocks differ, one answer is not enough to end a day: a turned ledger does not turn back.
  if (Math.abs(skewSeconds) > CLOCK_SKEW_MAX_SECONDS && seenNy !== dateNy) {
    engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
    const message = `it is of ${ledger.dateNy}, the broker's clock says ${dateNy}, and the ` +
      `host's is ${skewSeconds.toFixed(0)} s off it`;
    return waitFor({ kind: "clock", message });
  }
  if (ledger.dateNy > dateNy) {
    const message = `it is of ${ledger.dateNy}, and today is ${dateNy} in New York`;
    return waitFor({ kind: "ledger invalid", message });
  }
  takeInBought(engine);
  await engine.ports.ledger.archive(ledger);
  const { accountId } = engine;
  // Whose it is stands in it from its first write on.
  const today = { ...startNewDay(ledger, dateNy), host: engine.ports.broker.host, accountId };
  return { kind: "turned", ledger: today };
}

/**
 * Without the archive what replaces an order of yesterday's is not known to be ours; that stops nothing else. One of another
 * account does: nothing of it may be counted with.
 */
async function readPastOrNone(engine: Engine): Promise<Waits | readonly LedgerEntry[]> {
  const past = await readPastEntries(engine);
  if (past.kind === "ok") return past.entries;
  return past.wait.kind === "foreign" ? past : [];
}

async function compare(
  engine: Engine,
  ledger: LiveLedger,
  observation: Observation,
): Promise<Held> {
  const { account, dayOrders } = observation;
  if (account.kind === "failed" || dayOrders.kind === "failed") {
    return UNREACHED;
  }
  const past = await readPastOrNone(engine);
  if ("kind" in past) return waitingFor(past.wait);
  const ancestors = await readAncestors(engine, { ledger, orders: dayOrders.value, past });
  const result = reconcile(ledger, dayOrders.value, past, ancestors);
  const { entries, absent, isChanged } = await lookUpMissing(engine, result.ledger, result.missing);
  const settled = listSettled(engine.state.absences, entries);
  if (settled.length > 0) take(engine, settled.map((about) => ({ kind: "present", about })));
  // While the operator keeps us in DRY_RUN, the old pipeline may still be writing this file: leave what need not change.
  const isUnowned = (result.ledger.host === null || result.ledger.accountId === null) &&
    await readOperatorObjection(engine) === null;
  if (result.isChanged || isChanged || isUnowned) {
    const { host } = engine.ports.broker;
    const { accountId } = account.value;
    await updateLedger(engine, () => ({ ...result.ledger, entries, host, accountId }));
  }
  const { mismatches } = result.ledger;
  await sayUpdates(engine, ledger, entries);
  for (const entry of result.replacements) sayReplacement(engine, entry);
  if (result.mismatched.length === 0) {
    sayLocked(engine, mismatches);
    return { problem: null, wait: null, absent };
  }
  const names = result.mismatched.map((entry) => `${entry.symbol} ${entry.clientOrderId}`);
  await sayMismatch(engine, names, mismatches);
  return { problem: "broker mismatch", wait: null, absent };
}

/** What came in the place of an order of ours is ours, whoever put it there: no mismatch, and said (pipeline 6). */
function sayReplacement(engine: Engine, { symbol, side, orderId, replaces }: LedgerEntry): void {
  engine.ports.log.warn(
    `${symbol}: ${side} order ${orderId} came in the place of our order ${replaces}, by the broker or by hand: recorded as ours`,
  );
}

/** A status without notice is neither filled nor final, and said (broker.md, Orders). */
function sayUnknownStatus(engine: Engine, { symbol, orderId, broker }: LedgerEntry): void {
  if (broker === null || isKnownStatus(broker.status)) return;
  if (!engine.isNews(`status:${orderId}:${broker.status}`, engine.dateNy())) return;
  engine.ports.log.warn(
    `${symbol} order ${orderId} has the status "${broker.status}", which this release does not know`,
  );
}

/** An entry whose answer was lost has its line all the same, once the broker shows it (pipeline 4). */
async function sayResolved(engine: Engine, entry: LedgerEntry): Promise<void> {
  if (!isEntryRecord(entry) || entry.status !== "accepted") return;
  const value = { kind: "submitted", entry, orderId: entry.orderId ?? "null" } as const;
  await tell(engine, [noteEntry(entry, value)]);
}

/** Says what became of our orders since the last look. */
async function sayUpdates(
  engine: Engine,
  before: LiveLedger,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const known = new Map(before.entries.map((entry) => [entry.clientOrderId, entry]));
  for (const entry of entries) {
    sayUnknownStatus(engine, entry);
    const past = known.get(entry.clientOrderId);
    if (entry.clientOrderId === null || !isOurs(entry.clientOrderId) || past === entry) continue;
    const isUnchanged = past?.status === entry.status &&
      past.broker?.status === entry.broker?.status &&
      past.broker?.filledQty === entry.broker?.filledQty;
    if (isUnchanged) continue;
    await engine.event(buildOrderUpdate(entry));
    if (past !== undefined && isUnsettled(past)) await sayResolved(engine, entry);
    if (past !== undefined && past.status !== "rejected" && entry.status === "rejected") {
      sayRejected(engine, entry);
      if (entry.side === "buy") await sayRejections(engine, entry.symbol);
    }
  }
}

async function sayRejections(engine: Engine, symbol: string): Promise<void> {
  const { ledger } = engine.state;
  if (ledger !== null) await tell(engine, listRejections(ledger, symbol));
}

/**
 * The broker refused an order that it had taken, or never had one whose answer was lost: said to the operator once a day and
 * kind, whatever is tried again; what stays bare or due has alarms of its own.
 */
function sayRejected(engine: Engine, entry: LedgerEntry): void {
  const { symbol, side, detail } = entry;
  const order = side === "buy" ? "entry" : `sell (${entry.reason ?? "unknown"})`;
  const isUnsent = (side === "buy" ? entry.reason : detail) === NOT_SENT;
  sayOnceADay(
    engine,
    `rejected:${symbol}:${order}:${isUnsent}`,
    isUnsent
      ? {
        problem: `${symbol} ${order}: its answer was lost, and the broker has no such order`,
        remedy: "nothing, it is decided anew in each cycle",
      }
      : {
        problem: `${symbol} ${order} rejected by the broker after it had taken it: ${
          detail ?? "no reason given"
        }`,
        remedy: LOOK_AT_ORDER,
      },
  );
}
