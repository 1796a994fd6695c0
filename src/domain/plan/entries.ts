import type { EntrySight } from "../entry/open_symbols.ts";
import { SKIP } from "../entry/skip_reason.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import { listDueIntents, listPressing } from "../entry/entry_plan.ts";
import {
  isOver,
  listAbsent,
  listRepeats,
  planAbsent,
  sayAbsent,
  unsentPart,
} from "./entry_absent.ts";
import { buildEntrySight, type Candidacy, type Judged, judgeEntry } from "./entry_judging.ts";
import { askAboutActions, isPutOff, planSending } from "./entry_sending.ts";
import { listOpenSent, listWakes, planSent } from "./entry_sent.ts";
import { planSimulated } from "./entry_simulated.ts";
import { read, record } from "./entry_step.ts";
import type { Note } from "./note.ts";
import { noteEntry } from "./settle_entry.ts";
import type { EntryPlanned, RecordPart } from "./step.ts";
import type { EntryWorld } from "./world.ts";

/** An entry begun must be able to end: its reads, its request, and the look-up of a lost answer. Milliseconds. */
const ENTRY_MS = 12_000;

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
