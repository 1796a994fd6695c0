import { buildEntryId } from "../domain/client_order_id.ts";
import type { EntryIntent } from "../domain/entry_intent.ts";
import { isExpired, listDueIntents } from "../domain/entry_plan.ts";
import type { GateDecision } from "../domain/gate.ts";
import { buildCapUsage, isNotSent, type LedgerEntry, type LiveLedger } from "../domain/ledger.ts";
import { refreshAccount } from "./account_look.ts";
import { isCloseNear } from "./closing.ts";
import { hasCorporateAction } from "./corporate_actions.ts";
import { readDayLoss } from "./day_loss.ts";
import type { Engine } from "./engine.ts";
import { sayVerdict } from "./entry_check.ts";
import { type EntryPrices, judge, readEntryPrices } from "./entry_judging.ts";
import { submitEntry } from "./entry_order.ts";
import { awaitMoment, isEarly, listPressing } from "./entry_moment.ts";
import { buildRepeat, settleUnrepeated } from "./entry_repeat.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { FACTS_AGE_MAX_MS, readGate } from "./gate_reader.ts";
import { refresh } from "./observe.ts";
import { SKIP, skip, skipOnce } from "./skips.ts";
import { formatSymbolNames } from "./symbol_notices.ts";
import { isUnreadableIn } from "./unreadable.ts";

/** An entry begun must be able to end: its reads, its request, and the look-up of a lost answer. */
const ENTRY_MS = 12_000;

/**
 * Decides every intent that is due or comes due within the lead, each of which leaves at its own moment, in order of scheduled
 * time, and entries proven absent at the broker, each as a new decision (pipeline 4 and 6).
 * @param gate This cycle's decision.
 * @param absent From the ledger step.
 */
export async function decideDueEntries(
  engine: Engine,
  gate: GateDecision,
  absent: readonly LedgerEntry[],
): Promise<void> {
  await dropExpired(engine);
  const pressing = listPressing(engine);
  const repeatable = gate.mode === "LIVE" ? absent : [];
  const repeats = repeatable.flatMap(buildRepeat);
  for (const entry of absent) {
    const isRepeated = repeats.some((intent) => intent.clientOrderId === entry.clientOrderId);
    if (!isRepeated) await settleAbsent(engine, entry);
  }
  const intents = [...repeats, ...pressing];
  if (intents.length === 0) return;
  const trades = await readEntryPrices(engine, gate.mode === "LIVE" ? intents : []);
  let current = gate;
  const undecided = new Map<string, string[]>();
  for (const intent of intents) {
    // What this process has no time for stays on the list.
    if (engine.stop.aborted || engine.isOutOfTime(ENTRY_MS)) break;
    const isRepeat = repeats.includes(intent);
    const decided = await decideEntry(engine, { gate: current, intent, isRepeat, trades });
    current = decided.gate;
    const { waitsFor } = decided;
    if (isRepeat) await settleIfOver(engine, intent);
    else if (waitsFor === null) takeOffList(engine, intent);
    else if (waitsFor !== ITS_MOMENT) {
      undecided.set(waitsFor, [...undecided.get(waitsFor) ?? [], intent.symbol]);
    }
  }
  sayUndecided(engine, undecided);
}

/** How soon a due intent is looked at again that could not be decided. */
export const UNDECIDED_LOOK_MS = 15_000;

/** Says once a cause and NY day that due intents wait. @param undecided Their symbols by what has no answer. */
function sayUndecided(engine: Engine, undecided: ReadonlyMap<string, readonly string[]>): void {
  if (undecided.size > 0) engine.wakeAt(engine.nowMs() + UNDECIDED_LOOK_MS);
  for (const [cause, symbols] of undecided) {
    if (!engine.isNews(`undecided:${cause}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `Due entries wait (${
        formatSymbolNames(symbols)
      }): ${cause}. They are decided once that is answered, ` +
        "and expire 15 minutes after their time",
    );
  }
}

/** Settles an entry that was proven absent and is not sent again. */
async function settleAbsent(engine: Engine, entry: LedgerEntry): Promise<void> {
  const [intent] = buildRepeat(entry);
  if (intent !== undefined) await settleIfOver(engine, intent);
  else if (entry.clientOrderId !== null) await settleUnrepeated(engine, entry.clientOrderId);
}

/** The same of its intent: while the broker may be showing it, it counts on until its time is over, whatever the gate. */
async function settleIfOver(engine: Engine, intent: EntryIntent): Promise<void> {
  const isOver = !mayShow(engine, intent) || findEnd(engine, intent) !== null;
  if (isOver) await settleUnrepeated(engine, intent.clientOrderId);
}

/** Whether what the broker shows by now may be the intent's own order or fill: it goes on counting until that is known. */
function mayShow(engine: Engine, { clientOrderId, symbol, qty }: EntryIntent): boolean {
  const { positions, openOrders } = engine.observation ?? {};
  if (positions?.kind !== "ok" || openOrders?.kind !== "ok") return true;
  const held = positions.value.find((position) => position.symbol === symbol);
  const mayBeFill = held !== undefined && Number.isSafeInteger(held.qty) && held.qty > 0 &&
    held.qty <= qty;
  return mayBeFill || isUnreadableIn(engine, symbol) ||
    openOrders.value.some((order) => order.clientOrderId === clientOrderId);
}

/** It is decided, or goes on record: it stands on the list for as long as it is neither, whenever the process ends. */
function takeOffList(engine: Engine, intent: EntryIntent): void {
  const intents = engine.state.intents.filter((each) => each !== intent);
  if (intents.length < engine.state.intents.length) engine.updateState({ intents });
}

async function dropExpired(engine: Engine): Promise<void> {
  const { expired } = listDueIntents(engine.state.intents, engine.nowMs());
  if (expired.length === 0) return;
  const intents = engine.state.intents.filter((each) => !expired.includes(each));
  engine.updateState({ intents });
  for (const intent of expired) await skip(engine, intent, SKIP.expired);
}

/** Without a fresh list nothing is scheduled or sent: what expired is dropped, what was proven absent settles. */
export async function pauseEntries(
  engine: Engine,
  absent: readonly LedgerEntry[],
): Promise<void> {
  await dropExpired(engine);
  for (const entry of absent) await settleAbsent(engine, entry);
}

/** What an intent waits for that a cycle has begun with too early, and leaves for its moment: nothing is said of it. */
const ITS_MOMENT = "its moment";

/** One entry to decide. */
interface DueEntry {
  /** As it was after the entry before. */
  readonly gate: GateDecision;
  readonly intent: EntryIntent;
  /** Whether its record is there because it was proven absent at the broker. */
  readonly isRepeat: boolean;
  readonly trades: EntryPrices;
}

/** What became of one entry. */
interface Decided {
  /** The gate as it is afterwards, for the next one. */
  readonly gate: GateDecision;
  /** What has no answer, so that nothing was decided and the intent stays on its list; `null` where it was decided. */
  readonly waitsFor: string | null;
}

/** Decides one entry: on the cycle's view first, then on what the broker says right before it leaves. */
async function decideEntry(engine: Engine, entry: DueEntry): Promise<Decided> {
  const { gate, trades, isRepeat } = entry;
  const done = (decision: GateDecision): Decided => ({ gate: decision, waitsFor: null });
  if (await dropOver(engine, entry.intent)) return done(gate);
  const { fault } = engine.ports.disk;
  // What room is left is for the records of exits and protection (pipeline 5).
  if (fault !== null) return { gate, waitsFor: `the disk is ${fault.kind}` };
  // A simulated entry has its moment too.
  const isEarlyIn = ({ mode }: GateDecision) => mode === "DRY_RUN" && isEarly(engine, entry.intent);
  if (isEarlyIn(gate)) return { gate, waitsFor: ITS_MOMENT };
  const known = engine.state.ledger;
  if (isOnRecord(entry, known)) {
    await skip(engine, entry.intent, SKIP.recorded);
    return done(gate);
  }
  const intent = isRepeat ? entry.intent : nameAnew(engine, entry.intent, known);
  const own = { ...intent, clientOrderId: isRepeat ? intent.clientOrderId : null };
  const first = await judge(engine, {
    gate,
    intent,
    own,
    trades,
    ledger: known,
    areEntriesPaused: engine.isPauseSeen,
  });
  if (first.kind === "waits") return { gate, waitsFor: first.cause };
  if (first.kind === "done") return done(gate);
  if (first.checked.verdict.kind === "denied") {
    await sayVerdict(engine, intent, first.checked);
    return done(gate);
  }
  if (await hasCorporateAction(engine, intent, trades.rows.keys())) {
    await skipOnce(engine, intent, SKIP.corporateAction);
    return done(gate);
  }
  // Only an intent that passes on the cycle's view is worth asking the broker again.
  const latest = await readFacts(engine, intent, trades);
  const { decision, ledger } = await readGate(engine);
  await printGateIfChanged(engine, decision);
  if (isEarlyIn(decision)) return { gate: decision, waitsFor: ITS_MOMENT };
  const last = await judge(engine, {
    gate: decision,
    intent,
    own,
    trades: latest,
    ledger,
    areEntriesPaused: await engine.ports.operatorFiles.areEntriesPaused(),
  });
  if (last.kind === "waits") return { gate: decision, waitsFor: last.cause };
  if (last.kind === "done") return done(decision);
  await sayVerdict(engine, intent, last.checked);
  const { verdict } = last.checked;
  if (verdict.kind !== "allowed") return done(decision);
  if (!await awaitMoment(engine, intent)) return { gate: decision, waitsFor: ITS_MOMENT };
  if (!await dropOver(engine, intent)) {
    // In one change of the document with its record.
    takeOffList(engine, entry.intent);
    await submitEntry(engine, last.decision, intent, verdict.notionalMicros);
  }
  return done(decision);
}

/**
 * Makes what the verdict is made of that of its moment: the entries before it may have taken long. Positions and orders come
 * last, since an order that somebody else sent while the others were read must be seen.
 * @returns The latest trade.
 */
async function readFacts(
  engine: Engine,
  intent: EntryIntent,
  trades: EntryPrices,
): Promise<EntryPrices> {
  const isOld = engine.ports.clock.monotonicMs() - trades.atMonotonicMs > FACTS_AGE_MAX_MS;
  const latest = isOld ? await readEntryPrices(engine, [intent]) : trades;
  // Read at the cycle's beginning, while the price is at most the lead older than the moment.
  await refreshAccount(engine, Math.max(0, engine.leftMs(intent.scheduledAtMs)));
  await refresh(engine);
  // What was sold, or fell, since the cycle looked is lost too.
  engine.dayLoss = await readDayLoss(engine);
  return latest;
}

/**
 * The intent with its id by what the ledger says now. The one it was made with is of another release, or from before the
 * broker's last no, or of a moment in which the ledger could not be read.
 */
function nameAnew(engine: Engine, intent: EntryIntent, ledger: LiveLedger | null): EntryIntent {
  const { accountId } = engine;
  if (ledger === null || accountId === null) return intent;
  const { dateNy, symbol } = intent;
  const usage = buildCapUsage(ledger, { dateNy, symbol, clientOrderId: null });
  const attempt = usage.symbolRejections + 1;
  return { ...intent, clientOrderId: buildEntryId({ accountId, dateNy, symbol, attempt }) };
}

/**
 * Whether a process that ended before it saved its list may have sent the intent: from its record on only 60 s of "not
 * found" lead to a repeat (pipeline 6). One that was not sent is nobody's order, and may be decided again under its id.
 */
function isOnRecord({ intent, isRepeat }: DueEntry, ledger: LiveLedger | null): boolean {
  return !isRepeat && ledger !== null &&
    ledger.entries.some((entry) =>
      entry.clientOrderId === intent.clientOrderId && !isNotSent(entry)
    );
}

/** Lets an intent go that is past its worth, or whose stop could not be made to last the night. */
async function dropOver(engine: Engine, intent: EntryIntent): Promise<boolean> {
  const reason = findEnd(engine, intent);
  if (reason === SKIP.closeNear) await skipOnce(engine, intent, reason);
  else if (reason !== null) await skip(engine, intent, reason);
  return reason !== null;
}

/** Why an entry may not leave any more, `null` where it may. */
function findEnd(engine: Engine, intent: EntryIntent): string | null {
  if (isExpired(intent.expiresAtMs, engine.nowMs())) return SKIP.expired;
  if (intent.dateNy !== engine.dateNy()) return SKIP.expired;
  return isCloseNear(engine) ? SKIP.closeNear : null;
}
