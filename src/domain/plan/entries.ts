import { isActionAsked, isActionDue } from "../corporate_action.ts";
import { buildEntryRecord, buildRepeat, isFoundAbsent } from "../entry/entry_record.ts";
import { type EntrySight, mayShow } from "../entry/open_symbols.ts";
import { SKIP } from "../entry/skip_reason.ts";
import { UNFILLED_MAX_MS } from "../entry_end.ts";
import type { EntryIntent } from "../entry_intent.ts";
import { listDueIntents, listPressing } from "../entry_plan.ts";
import { hasNeverLeft, isUnsettled, type LedgerEntry } from "../ledger.ts";
import { formatUtc } from "../ny_time.ts";
import { roundToIncrement } from "../price_increment.ts";
import {
  buildEntrySight,
  type Candidacy,
  findEnd,
  isEarly,
  type Judged,
  judgeEntry,
} from "./entry_judging.ts";
import type { Note } from "./note.ts";
import { buildDeadlineMs, RECORD_AGE_MAX_MS } from "./sell_record.ts";
import { noteEntry, settleForeign, settleTaken, settleUnwritten } from "./settle_entry.ts";
import type { EntryPlanned, EntryQuestion, RecordPart } from "./step.ts";
import { CONVERT_BEFORE_CLOSE_MS } from "./time_left.ts";
import { FACT_AGE_MAX_MS } from "./view.ts";
import type { EntryWorld } from "./world.ts";

/** An entry begun must be able to end: its reads, its request, and the look-up of a lost answer. Milliseconds. */
const ENTRY_MS = 12_000;
/** How soon a new order, or one that nobody knows the fate of, is looked at again. Milliseconds. */
const LOOK_AGAIN_MS = 15_000;
/** How soon a due intent is looked at again that could not be decided. Milliseconds. */
export const UNDECIDED_LOOK_MS = 15_000;

/** What the entries that are looked at first leave to do. */
interface Pass {
  /** What is decided without anything leaving. */
  readonly change: RecordPart[];
  readonly say: Note[];
  /** What is told once nothing more is to be done. */
  readonly later: Note[];
  /** Symbols that wait, by what has no answer. */
  readonly waiting: Map<string, string[]>;
  /** Whether some had to be left for want of steps. */
  isCut: boolean;
}

/**
 * The one next step of a cycle's entries, from one world: every intent that is due or comes due within the lead, each of which
 * leaves at its own moment, in order of scheduled time, and entries proven absent at the broker, each as a new decision
 * (pipeline 4 and 6). Pure and total. Each entry is judged anew with
 * every step: what is denied by any look is let go, and one leaves only where all that it is judged by is of now.
 */
export function planEntries(world: EntryWorld): EntryPlanned {
  const { records, now, desk } = world;
  const { expired } = listDueIntents(records.intents, now.brokerMs);
  if (expired.length > 0) {
    const say = expired.map((intent) =>
      noteEntry(intent, { kind: "skipped", reason: SKIP.expired, isOnce: false })
    );
    return record([{ kind: "off_list", intents: expired }], say);
  }
  const sight = buildEntrySight(world.seen, records);
  const open = planSent(world) ?? planAbsent(world, sight);
  if (open !== null) return open;
  const pressing = listPressing(records.intents, now.brokerMs, desk.leadMs);
  const candidates = desk.isTaking
    ? [...listRepeats(world), ...pressing.map((listed) => ({ listed, isRepeat: false }))]
    : [];
  const missing = listUnpriced(world, candidates);
  if (missing.length > 0) return read([{ ask: "prices", symbols: missing }]);
  return decideAll(world, sight, candidates);
}

function read(questions: readonly EntryQuestion[]): EntryPlanned {
  return { step: { do: "read", questions, notBeforeMs: null }, say: [] };
}

function record(change: readonly RecordPart[], say: readonly Note[]): EntryPlanned {
  return { step: { do: "record", change }, say };
}

/** The answer to what was sent and is not known: the broker's own view decides, now if it can be had. `null` where none is out. */
function planSent(world: EntryWorld): EntryPlanned | null {
  const { records, seen, now } = world;
  for (const entry of listOpenSent(world)) {
    const { clientOrderId, symbol } = entry;
    const look = findLook(world, entry);
    if (look === null) return read([{ ask: "look_up", symbol, clientOrderId }]);
    if (look.kind !== "found") continue;
    const order = [...seen.book.values()]
      .find((each) => each.order.clientOrderId === clientOrderId)?.order;
    if (order === undefined) continue;
    const isForeign = isOfAnother(world, clientOrderId);
    const settled = isForeign
      ? settleForeign(records, entry, order, now.brokerMs)
      : settleTaken(records, entry, order, now.brokerMs);
    return record(settled.change, settled.say);
  }
  return null;
}

/** Entries that left in this run and that no answer has settled. */
function listOpenSent({ records: { ledger }, desk }: EntryWorld) {
  return (ledger?.entries ?? []).flatMap((entry) => {
    const { clientOrderId } = entry;
    const isOut = clientOrderId !== null && isUnsettled(entry) && entry.status === "unknown" &&
      desk.turn.sent.has(clientOrderId);
    return isOut ? [{ ...entry, clientOrderId }] : [];
  });
}

/** The look at it since it left; `null` where there was none. */
function findLook(
  { seen, turn }: EntryWorld,
  { clientOrderId, symbol }: { readonly clientOrderId: string; readonly symbol: string },
) {
  const look = seen.lookUps.get(clientOrderId);
  const number = seen.changes.last.get(symbol)?.number ?? 0;
  const isNew = look !== undefined && look.atMs >= turn.startedMs && look.afterChange >= number;
  return isNew ? look : null;
}

/** Whether the broker had the id before its first sending: another engine's order (pipeline 6). */
function isOfAnother({ desk }: EntryWorld, clientOrderId: string): boolean {
  const sent = desk.turn.sent.get(clientOrderId);
  return sent?.answer === "duplicate" && !sent.isRepeat;
}

/** Entries proven absent that are not sent again settle as `not sent` (pipeline 6). `null` where there is none. */
function planAbsent(world: EntryWorld, sight: EntrySight): EntryPlanned | null {
  const parts: RecordPart[] = [];
  const say: Note[] = [];
  for (const entry of listAbsent(world)) {
    const intent = buildRepeat(entry);
    const { clientOrderId } = entry;
    const isDone = intent !== null && world.desk.turn.sent.has(clientOrderId);
    if (intent !== null && mayRepeat(world) && !isDone) continue;
    if (intent !== null && !isOver(world, sight, intent)) continue;
    parts.push(unsentPart(entry));
    say.push(sayAbsent(entry));
  }
  return parts.length === 0 ? null : record(parts, say);
}

function listAbsent({ records: { ledger }, desk }: EntryWorld) {
  return (ledger?.entries ?? []).flatMap((entry) => {
    const { clientOrderId } = entry;
    return clientOrderId !== null && desk.absent.has(clientOrderId) && isFoundAbsent(entry)
      ? [{ ...entry, clientOrderId }]
      : [];
  });
}

function mayRepeat({ operator: { gate }, desk }: EntryWorld): boolean {
  return desk.isTaking && gate?.mode === "LIVE";
}

/** Whether its time is over, or the broker shows nothing that may be its own: else it counts on, whatever the gate. */
function isOver(world: EntryWorld, sight: EntrySight, intent: EntryIntent): boolean {
  return !mayShow(sight, intent) || findEnd(world, intent) !== null;
}

function unsentPart(entry: LedgerEntry & { readonly clientOrderId: string }): RecordPart {
  const { clientOrderId, notFoundSinceMs } = entry;
  return { kind: "entry_unsent", clientOrderId, notFoundSinceMs };
}

function sayAbsent(entry: LedgerEntry & { readonly clientOrderId: string }): Note {
  const why = `the broker has no order ${entry.clientOrderId}`;
  return noteEntry(entry, { kind: "entry_unsent", why });
}

/** What is sent again: each once in a run. */
function listRepeats(world: EntryWorld): Candidacy[] {
  if (!mayRepeat(world)) return [];
  return listAbsent(world).flatMap((entry) => {
    const listed = buildRepeat(entry);
    return listed === null || world.desk.turn.sent.has(entry.clientOrderId)
      ? []
      : [{ listed, isRepeat: true }];
  });
}

/** Symbols whose price was not asked for in this run. In LIVE alone: all of them, together. */
function listUnpriced(
  { operator: { gate }, desk }: EntryWorld,
  candidates: readonly Candidacy[],
): string[] {
  if (gate?.mode !== "LIVE") return [];
  const symbols = new Set(candidates.map(({ listed }) => listed.symbol));
  return [...symbols].filter((symbol) => !desk.turn.prices.has(symbol));
}

/** The first entry that has something to be asked, recorded or sent for; what is decided before it is recorded first. */
function decideAll(
  world: EntryWorld,
  sight: EntrySight,
  candidates: readonly Candidacy[],
): EntryPlanned {
  const pass: Pass = { change: [], say: [], later: [], waiting: new Map(), isCut: false };
  const simulating: EntryIntent[] = [];
  let next: EntryPlanned | null = null;
  for (const candidate of candidates) {
    if (!mayBegin(world, candidate, pass)) break;
    const judged = judgeEntry(world, sight, candidate);
    if (judged.kind === "early") continue;
    if (judged.kind === "allowed") {
      if (isPutOff(world, candidate)) continue;
      const checked = askAboutActions(world, candidate, judged, candidates);
      if (checked === null) {
        next = planSending(world, candidate, judged);
        break;
      }
      if ("step" in checked) {
        next = checked;
        break;
      }
      takeUnsent(world, sight, candidate, checked, pass);
    } else if (judged.kind === "simulates") simulating.push(candidate.listed);
    else takeUnsent(world, sight, candidate, judged, pass);
  }
  if (pass.change.length > 0) return record(pass.change, pass.say);
  return planSimulated(world, simulating) ?? next ?? rest(world, pass);
}

/** What this process has no time for stays on the list; what is begun is ended. */
function mayBegin({ desk, now, turn }: EntryWorld, { listed }: Candidacy, pass: Pass): boolean {
  if (desk.turn.gateFor === listed.clientOrderId) return true;
  if (desk.isStopping || now.budgetMs < ENTRY_MS) return false;
  pass.isCut ||= turn.stepsLeft <= 0;
  return !pass.isCut;
}

/** An entry that does not leave: off its list, unless it waits. One that is on record settles, or counts on. */
function takeUnsent(
  world: EntryWorld,
  sight: EntrySight,
  { listed, isRepeat }: Candidacy,
  judged: Extract<Judged, { readonly kind: "over" | "waits" }>,
  pass: Pass,
): void {
  const say = judged.kind === "over" ? judged.say : [];
  if (isRepeat) {
    const entry = listAbsent(world).find((each) => each.clientOrderId === listed.clientOrderId);
    if (entry === undefined || !isOver(world, sight, listed)) return void pass.later.push(...say);
    pass.change.push(unsentPart(entry));
    pass.say.push(...say, sayAbsent(entry));
    return;
  }
  if (judged.kind === "waits") {
    const { cause } = judged;
    pass.waiting.set(cause, [...pass.waiting.get(cause) ?? [], listed.symbol]);
    return;
  }
  pass.change.push({ kind: "off_list", intents: [listed] });
  pass.say.push(...say);
}

/**
 * Whether a split, merger, name change or removal of the symbol is due by the next session: asked once a NY day, before the
 * broker is looked at for it; not answered blocks nothing (pipeline 4).
 * @returns `null` where nothing of it keeps the entry.
 */
function askAboutActions(
  { records: { alerted }, now: { dateNy }, desk }: EntryWorld,
  { listed }: Candidacy,
  { intent }: Extract<Judged, { readonly kind: "allowed" }>,
  candidates: readonly Candidacy[],
): EntryPlanned | Extract<Judged, { readonly kind: "over" }> | null {
  const { symbol } = listed;
  const isOpen = !isActionAsked(alerted, symbol, dateNy) && !desk.turn.actionsAsked.has(symbol);
  if (isOpen) {
    // Those that are due with it go into the same request.
    const symbols = [...new Set(candidates.map(({ listed }) => listed.symbol))].sort();
    return read([{ ask: "corporate_actions", symbols }]);
  }
  if (!isActionDue(alerted, symbol, dateNy)) return null;
  const value = { kind: "skipped", reason: SKIP.corporateAction, isOnce: true } as const;
  return { kind: "over", say: [noteEntry(intent, value)] };
}

/** Asks for what is not of now, and sends. */
function planSending(
  world: EntryWorld,
  { listed, isRepeat }: Candidacy,
  { intent, decision, notionalMicros, say }: Extract<Judged, { readonly kind: "allowed" }>,
): EntryPlanned {
  const { desk, now, records } = world;
  if (desk.turn.gateFor !== listed.clientOrderId) {
    const gate = { ask: "gate", clientOrderId: listed.clientOrderId } as const;
    return read([...listOld(world, listed), gate]);
  }
  if (isEarly(world, listed)) {
    const { clientOrderId, scheduledAtMs: atMs } = listed;
    return { ...read([{ ask: "moment", clientOrderId, atMs }]), say };
  }
  const { clientOrderId, symbol, qty } = intent;
  const nowMs = now.brokerMs;
  const deadlineAtMs = buildDeadlineMs(nowMs);
  const entry = buildEntryRecord(intent, { notionalMicros, nowMs, deadlineAtMs });
  const past = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  const mayHaveLeft = past !== undefined && !hasNeverLeft(past);
  // In one change of the document with its record: it stands on the list for as long as it is neither decided nor on record.
  const offList: RecordPart[] = isRepeat ? [] : [{ kind: "off_list", intents: [listed] }];
  return {
    step: {
      do: "send",
      change: [{ kind: "orders", entries: [entry] }, ...offList],
      request: {
        op: "bracket",
        request: {
          clientOrderId,
          symbol,
          qty,
          takeProfitUsd: roundToIncrement(intent.r2Usd),
          stopUsd: roundToIncrement(intent.stopUsd),
        },
        notAfterMs: Math.min(
          intent.expiresAtMs,
          nowMs + RECORD_AGE_MAX_MS,
          nowMs + now.untilCloseMs - CONVERT_BEFORE_CLOSE_MS,
        ),
        earlier: mayHaveLeft ? { notFoundSinceMs: past.notFoundSinceMs } : null,
      },
      permit: { kind: "gate", decision },
      positionId: clientOrderId,
      done: [],
    },
    // Its verdict was said before its moment: between that and the request lies its record alone.
    say: desk.turn.momentFor === listed.clientOrderId ? [] : say,
  };
}

/**
 * Whether the entry is left to the next cycle: this one may not wait for its moment, or something has ended the wait, be it at
 * the moment itself.
 */
function isPutOff(world: EntryWorld, { listed }: Candidacy): boolean {
  const { pauseEndMs, turn: { isDisturbed, momentFor } } = world.desk;
  if (!isEarly(world, listed)) return isDisturbed && momentFor === listed.clientOrderId;
  return isDisturbed || !(listed.scheduledAtMs < pauseEndMs);
}

/**
 * What has to be asked again, because it would be too old at the moment that the entry leaves at. Positions and orders come last, since an order that somebody else sent
 * while the others were read must be seen; one look at them is good for all that leave within the age of a fact.
 */
function listOld(
  { desk, seen, now, turn }: EntryWorld,
  { symbol, scheduledAtMs }: EntryIntent,
): EntryQuestion[] {
  const leavesMs = now.monotonicMs + Math.max(0, scheduledAtMs - now.brokerMs);
  const isOld = (fact: { readonly atMs: number } | null | undefined) =>
    leavesMs - (fact?.atMs ?? -Infinity) > FACT_AGE_MAX_MS;
  const price = isOld(desk.turn.prices.get(symbol));
  const account = isOld(seen.account);
  const lists = turn.looks === 0 || price || account || isOld(seen.positions) ||
    isOld(seen.openOrders);
  if (!lists) return [];
  return [
    ...(price ? [{ ask: "prices", symbols: [symbol] } as const] : []),
    ...(account ? [{ ask: "account" } as const] : []),
    { ask: "positions" },
    { ask: "open_orders" },
    // What was sold, or fell, since the cycle looked is lost too.
    { ask: "day_loss" },
  ];
}

/** What DRY_RUN does with due intents: once per symbol and NY day, durable before it is said (pipeline 4). */
function planSimulated(
  { desk, now }: EntryWorld,
  intents: readonly EntryIntent[],
): EntryPlanned | null {
  const { simulations } = desk.turn;
  const unread = intents.filter(({ symbol }) => !simulations.has(symbol));
  if (unread.length > 0) {
    const symbols = unread.map(({ symbol }) => symbol);
    const say = unread.flatMap((intent) => listBlocks(desk, intent));
    return { ...read([{ ask: "dry_run_ledger", symbols }]), say };
  }
  const open = intents.filter(({ symbol }) => simulations.get(symbol)?.kind === "not_yet");
  if (open.length > 0) {
    const ts = formatUtc(now.brokerMs);
    const orders = open.map(({ symbol, qty }) => ({ dateNy: now.dateNy, symbol, qty, ts }));
    return record([{ kind: "simulated", orders }], []);
  }
  if (intents.length === 0) return null;
  const say = intents.flatMap((intent) => saySimulated(desk, intent));
  return record([{ kind: "off_list", intents }], say);
}

function isAllowlisted({ allowlist }: EntryWorld["desk"], symbol: string): boolean {
  return allowlist.kind !== "list" || allowlist.symbols.includes(symbol);
}

function listBlocks(desk: EntryWorld["desk"], intent: EntryIntent): Note[] {
  const note = (what: "allowlist" | "entries paused") =>
    noteEntry(intent, { kind: "would_block", what });
  return [
    ...(isAllowlisted(desk, intent.symbol) ? [] : [note("allowlist")]),
    ...(desk.areEntriesPaused ? [note("entries paused")] : []),
  ];
}

function saySimulated(desk: EntryWorld["desk"], intent: EntryIntent): Note[] {
  const simulation = desk.turn.simulations.get(intent.symbol);
  switch (simulation?.kind) {
    case "now": {
      const isListed = isAllowlisted(desk, intent.symbol);
      return [noteEntry(intent, { kind: "simulated", intent, isAllowlisted: isListed })];
    }
    case "failed":
      return [...settleUnwritten(intent, [intent], simulation.message).say];
    default:
      return [noteEntry(intent, { kind: "simulated_before" })];
  }
}

/** Nothing more can be done now: what waits is said once a cause and NY day, and looked at again. */
function rest(world: EntryWorld, { waiting, later, isCut }: Pass): EntryPlanned {
  const { desk: { turn: { sent } }, now, records } = world;
  const open = listOpenSent(world).map((entry) => {
    const isTaken = sent.get(entry.clientOrderId)?.answer === "duplicate";
    const why = isTaken ? "the broker has its id already" : "no usable answer";
    return noteEntry(entry, { kind: "entry_open", why });
  });
  const waits = [...waiting].map(([cause, symbols]) => sayWaiting(cause, symbols));
  const wakes = [...sent].flatMap(([id, { atMs }]) => listWakes(world, id, atMs));
  if (waiting.size > 0 || isCut) wakes.push(now.brokerMs + UNDECIDED_LOOK_MS);
  const wakeAtMs = wakes.length === 0 ? null : Math.min(...wakes);
  return {
    step: { do: "rest", wakeAtMs, standing: records.standings },
    say: [...later, ...open, ...waits],
  };
}

function sayWaiting(cause: string, symbols: readonly string[]): Note {
  const about = { symbol: symbols[0] ?? "", clientOrderId: null };
  const value = { kind: "entries_wait", symbols, cause } as const;
  return noteEntry(about, value, { scope: "day", key: `undecided:${cause}` });
}

/** When an order that left is looked at again: its position is new, or nobody knows what became of it. */
function listWakes(
  { records, seen }: EntryWorld,
  clientOrderId: string,
  sentAtMs: number,
): number[] {
  const entry = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  if (entry === undefined || entry.status === "rejected") return [];
  const order = [...seen.book.values()]
    .find((each) => each.order.clientOrderId === clientOrderId)?.order;
  const unfilled = order === undefined ? [] : [order.submittedAtMs + UNFILLED_MAX_MS];
  return [sentAtMs + LOOK_AGAIN_MS, ...unfilled];
}
