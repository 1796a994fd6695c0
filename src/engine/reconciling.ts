import { CLOCK_SKEW_MAX_SECONDS } from "../domain/caps.ts";
import { isOurs } from "../domain/client_order_id.ts";
import {
  type LedgerEntry,
  type LedgerProblem,
  type LiveLedger,
  MISMATCHES_MAX,
} from "../domain/ledger.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { type BrokerOrder, flattenOrders, isKnownStatus } from "../domain/orders.ts";
import { buildEmptyLedger, reconcile, startNewDay } from "../domain/reconcile.ts";
import { listPastEntries } from "./archive.ts";
import type { Engine, Observation } from "./engine.ts";
import { findIdentityProblem, readOperatorObjection } from "./gate_reader.ts";
import { buildOrderUpdate } from "./ledger_store.ts";
import { sayRejections } from "./entry_order.ts";
import { LOOK_UP_AGAIN_MS, lookUpMissing } from "./looking_up.ts";
import { sayMismatch } from "./mismatch.ts";
import { StateError } from "./ports.ts";

/** What the ledger step of a cycle found. */
export interface LedgerStep {
  readonly problem: LedgerProblem | null;
  /** Buys proven absent at the broker: each a new decision with the same id, or settled as not sent. */
  readonly absent: readonly LedgerEntry[];
}

/** The ledger was held against nothing, and counts for nothing in this cycle. */
const UNCHECKED: LedgerStep = { problem: "ledger invalid", absent: [] };
const UNREACHED: LedgerStep = { problem: "broker unreachable", absent: [] };

/**
 * Holds the ledger against the broker's orders of the NY day, turns it to a new day, rebuilds a missing one, and resolves
 * what has no settled answer yet (pipeline 6). Reads only; sends nothing.
 */
export async function reconcileLedger(
  engine: Engine,
  observation: Observation,
): Promise<LedgerStep> {
  const read = await engine.ports.ledger.read();
  if (read.kind === "unreadable" || read.kind === "invalid") {
    engine.ports.log.error(`Live ledger is ${read.kind}: ${read.message}`);
    // For the whole cycle: what becomes readable in it was held against nothing.
    return { problem: `ledger ${read.kind}`, absent: [] };
  }
  const present = read.kind === "ok" ? read.ledger : null;
  if (findIdentityProblem(engine, present) !== null) return UNCHECKED;
  // Whose account this is, nobody knows yet: a ledger that may be another's is not turned to a new day.
  if (present !== null && engine.accountId === null) return UNREACHED;
  try {
    if (present === null) return await rebuildMissing(engine, observation);
    const ledger = await turnToToday(engine, present, observation);
    return ledger === null ? UNCHECKED : await compare(engine, ledger, observation);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`Cannot write the live ledger: ${error.message}`);
    return { problem: "ledger unreadable", absent: [] };
  }
}

/** A new NY day: the old file is archived before a new one starts. `null` for a ledger of a day still to come. */
async function turnToToday(
  engine: Engine,
  ledger: LiveLedger,
  { dateNy, skewSeconds }: Observation,
): Promise<LiveLedger | null> {
  const seenNy = engine.dateSeenNy ?? readLastCycleNy(engine);
  engine.dateSeenNy = dateNy;
  if (ledger.dateNy === dateNy) return ledger;
  // Where the two clocks differ, one answer is not enough to end a day: a turned ledger does not turn back.
  if (Math.abs(skewSeconds) > CLOCK_SKEW_MAX_SECONDS && seenNy !== dateNy) {
    engine.ports.log.error(
      `The broker's clock says ${dateNy}, and the ledger is of ${ledger.dateNy}`,
    );
    engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
    return null;
  }
  if (ledger.dateNy > dateNy) {
    engine.ports.log.error(`Live ledger is of ${ledger.dateNy}, and today is ${dateNy}`);
    return null;
  }
  await engine.ports.ledger.archive(ledger);
  const today = startNewDay(ledger, dateNy);
  await engine.ports.ledger.write(today);
  return today;
}

/** NY date of the clock's answer in the process before this one: all that one of `--run-once` has to compare with. */
function readLastCycleNy({ state }: Engine): string | null {
  return state.lastCycleAtMs === null ? null : dateNyOf(state.lastCycleAtMs);
}

/** A missing ledger is rebuilt from the broker's orders, never started empty while the broker shows orders of ours. */
async function rebuildMissing(engine: Engine, observation: Observation): Promise<LedgerStep> {
  const { account, dayOrders } = observation;
  const missing: LedgerStep = { problem: "ledger missing", absent: [] };
  if (account.kind === "failed" || dayOrders.kind === "failed") return missing;
  const [newest] = await engine.ports.ledger.listArchived(1);
  if (newest !== undefined && findIdentityProblem(engine, newest) !== null) {
    engine.ports.log.error(
      `Live ledger is missing, and the one of ${newest.dateNy} is of another host or account: not rebuilt. ` +
        "Use a state directory of its own for each account",
    );
    return missing;
  }
  const carried = newest === undefined
    ? buildEmptyLedger(observation.dateNy)
    : startNewDay(newest, observation.dateNy);
  const hidden = await lookUpKnown(engine, observation, dayOrders.value);
  if (hidden === null) return missing;
  const { ledger } = reconcile(carried, [...dayOrders.value, ...hidden]);
  const mismatches = Math.max(carried.mismatches, readKeptMismatches(engine, observation));
  await engine.ports.ledger.write({
    ...ledger,
    entries: ledger.entries.map((entry) => addPlan(engine, entry)),
    mismatches,
    host: engine.ports.broker.host,
    accountId: account.value.accountId,
  });
  engine.ports.log.warn(
    `Live ledger was missing: rebuilt from the broker's orders of ${observation.dateNy}, ` +
      `${ledger.entries.length} recorded` +
      (mismatches >= MISMATCHES_MAX
        ? "; it had lacked orders twice: LIVE stays blocked until `ledger rebuild --yes`"
        : ""),
  );
  return missing;
}

/**
 * Entries of the day that the state knows and the broker does not list yet: a ledger rebuilt without them would let another
 * order take their place under the caps.
 * @returns `null` where the broker does not show one of them by its id either: the ledger stays missing.
 */
async function lookUpKnown(
  engine: Engine,
  { dateNy }: Observation,
  listed: readonly BrokerOrder[],
): Promise<BrokerOrder[] | null> {
  const ids = new Set(flattenOrders(listed).map((order) => order.clientOrderId));
  const found: BrokerOrder[] = [];
  for (const { symbol, positionId, adoptedQty } of engine.state.positions) {
    const isOfToday = adoptedQty === 0 && positionId.startsWith(`avwap-${dateNy}-`);
    if (!isOfToday || ids.has(positionId)) continue;
    const order = await engine.ports.broker.lookUp(positionId, "protect");
    if (order.kind !== "found") {
      engine.ports.log.warn(
        `Live ledger is missing, and the broker does not show ${symbol} ${positionId}: not rebuilt yet`,
      );
      engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
      return null;
    }
    found.push(order.order);
  }
  return found;
}

/** What the state remembers of the ledger's mismatches, as far as it still counts on this NY day. */
function readKeptMismatches(engine: Engine, { dateNy }: Observation): number {
  const { mismatches } = engine.state;
  const isCounting = mismatches >= MISMATCHES_MAX || readLastCycleNy(engine) === dateNy;
  return isCounting ? mismatches : 0;
}

/** The reader gives one object for one content; a ledger that was just made is compared by what it says. */
function isSame(read: LiveLedger, ledger: LiveLedger): boolean {
  return read === ledger || JSON.stringify(read) === JSON.stringify(ledger);
}

/** What the state remembers of a position's plan belongs into its rebuilt entry. */
function addPlan(engine: Engine, entry: LedgerEntry): LedgerEntry {
  const position = engine.state.positions.find((each) => each.positionId === entry.clientOrderId);
  if (position === undefined) return entry;
  const { pivotUsd, r1Usd, r2Usd, stopUsd } = position;
  return { ...entry, pivotUsd, r1Usd, r2Usd, stopUsd };
}

/** Without the archive what replaces an order of yesterday's is not known to be ours; that stops nothing else. */
async function readPast(engine: Engine): Promise<readonly LedgerEntry[]> {
  try {
    return await listPastEntries(engine);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return [];
  }
}

async function compare(
  engine: Engine,
  ledger: LiveLedger,
  observation: Observation,
): Promise<LedgerStep> {
  const { account, dayOrders } = observation;
  if (account.kind === "failed" || dayOrders.kind === "failed") {
    return UNREACHED;
  }
  const result = reconcile(ledger, dayOrders.value, await readPast(engine));
  const { entries, absent, isChanged } = await lookUpMissing(engine, result.ledger, result.missing);
  // While the operator keeps us in DRY_RUN, the old pipeline may still be writing this file: leave what need not change.
  const isUnowned = (result.ledger.host === null || result.ledger.accountId === null) &&
    await readOperatorObjection(engine) === null;
  if (result.isChanged || isChanged || isUnowned) {
    // Look-ups take time, and the operator may have written the file in it: that edit is not ours to undo.
    const now = await engine.ports.ledger.read();
    if (now.kind !== "ok" || !isSame(now.ledger, ledger)) {
      engine.ports.log.warn("Live ledger was changed in the middle of its reconciliation");
      engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
      return { problem: now.kind === "ok" ? "ledger invalid" : `ledger ${now.kind}`, absent: [] };
    }
    await engine.ports.ledger.write({
      ...result.ledger,
      entries,
      host: engine.ports.broker.host,
      accountId: account.value.accountId,
    });
  }
  const { mismatches } = result.ledger;
  if (engine.state.mismatches !== mismatches) engine.updateState({ mismatches });
  await sayUpdates(engine, ledger, entries);
  if (result.mismatched.length === 0) return { problem: null, absent };
  const names = result.mismatched.map((entry) => `${entry.symbol} ${entry.clientOrderId}`);
  await sayMismatch(engine, names, mismatches);
  return { problem: "broker mismatch", absent };
}

/** A status without notice is neither filled nor final, and said (broker.md, Orders). */
function sayUnknownStatus(engine: Engine, { symbol, orderId, broker }: LedgerEntry): void {
  if (broker === null || isKnownStatus(broker.status)) return;
  if (!engine.isNews(`status:${orderId}:${broker.status}`, engine.dateNy())) return;
  engine.ports.log.warn(
    `${symbol} order ${orderId} has the status "${broker.status}", which this release does not know`,
  );
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
    if (past !== undefined && past.status !== "rejected" && entry.status === "rejected") {
      engine.sayError(`Order rejected: ${entry.symbol} ${entry.side} ${entry.reason ?? ""}`.trim());
      if (entry.side === "buy") await sayRejections(engine, entry.symbol);
    }
  }
}
