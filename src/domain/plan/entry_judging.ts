import { buildOpenOrders, correctList } from "../account/order_book.ts";
import { findAccountBlock } from "../account/account_block.ts";
import { type CheckedEntry, checkEntry } from "../entry/check_entry.ts";
import { isOnRecord, nameAnew } from "../entry/entry_record.ts";
import { type EntrySight, isFree } from "../entry/open_symbols.ts";
import { SKIP } from "../entry/skip_reason.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import { isExpired } from "../entry/entry_plan.ts";
import type { EngineState } from "../account/engine_state.ts";
import { formatGateReason, isInputUnavailable, type LiveDecision } from "../gate/gate.ts";
import type { UsdMicros } from "../order/money.ts";
import type { UnreadableRow } from "../order/unreadable_row.ts";
import type { Note } from "./note.ts";
import { noteEntry } from "./settle_entry.ts";
import { isCloseNear } from "./time_left.ts";
import type { EntryWorld, Fact, Listed, Seen } from "./world.ts";

/** One entry to be decided. */
export interface Candidacy {
  /** As it stands on the list; a repeat's, as it is on record. */
  readonly listed: EntryIntent;
  /** Whether its record is there because it was proven absent at the broker. */
  readonly isRepeat: boolean;
}

/** What one entry comes to in this world; what it still needs to be asked for before it leaves is the plan's to say. */
export type Judged =
  /** Nothing is decided: that has no answer (pipeline 4). */
  | { readonly kind: "waits"; readonly cause: string }
  /** It is left for its moment, and nothing is said of it. */
  | { readonly kind: "early" }
  /** Skipped or denied. */
  | { readonly kind: "over"; readonly say: readonly Note[] }
  /** What DRY_RUN does with it. */
  | { readonly kind: "simulates" }
  | {
    readonly kind: "allowed";
    /** With its id by what the ledger says now. */
    readonly intent: EntryIntent;
    readonly decision: LiveDecision;
    readonly notionalMicros: UsdMicros;
    readonly say: readonly Note[];
  };

/** What of the account entries are held against, as it is known now. */
export function buildEntrySight(
  { book, positions, openOrders, dayOrders }: Pick<
    Seen,
    "book" | "positions" | "openOrders" | "dayOrders"
  >,
  records: Pick<EngineState, "positions" | "released" | "ledger">,
): EntrySight {
  const day = rowsOf(dayOrders);
  const unreadable = [positions, openOrders, dayOrders].flatMap(unreadableOf);
  return {
    positions: rowsOf(positions),
    openOrders: rowsOf(openOrders) === null ? null : buildOpenOrders(book),
    dayOrders: day === null ? null : correctList(book, day),
    // Each once: the same row may stand in two lists.
    unreadable: [...new Map(unreadable.map((row) => [JSON.stringify(row), row])).values()],
    managed: new Set(records.positions.map(({ symbol }) => symbol)),
    released: new Set(records.released.map(({ symbol }) => symbol)),
    ledger: records.ledger,
  };
}

function rowsOf<T>(fact: Fact<Listed<T>> | null): readonly T[] | null {
  return fact?.look.kind === "ok" ? fact.look.value.rows : null;
}

function unreadableOf(fact: Fact<Listed<unknown>> | null): readonly UnreadableRow[] {
  return fact?.look.kind === "ok" ? fact.look.value.unreadable : [];
}

/** Why an entry may not leave any more, `null` where it may: past its worth, or its stop could not be made to last the night. */
export function findEnd({ now, seen }: EntryWorld, intent: EntryIntent): string | null {
  if (isExpired(intent.expiresAtMs, now.brokerMs)) return SKIP.expired;
  if (intent.dateNy !== now.dateNy) return SKIP.expired;
  return isCloseNear(now, seen.clock) ? SKIP.closeNear : null;
}

/** Whether the intent's time is still to come. */
export function isEarly({ now }: EntryWorld, { scheduledAtMs }: EntryIntent): boolean {
  return now.brokerMs < scheduledAtMs;
}

/** An entry that is let go. @param isOnce Told once a NY day and symbol. */
export function skip(intent: EntryIntent, reason: string, isOnce: boolean): Judged {
  return { kind: "over", say: [noteEntry(intent, { kind: "skipped", reason, isOnce })] };
}

/** Takes one entry through the steps of pipeline 4, as far as this world answers them. */
export function judgeEntry(
  world: EntryWorld,
  sight: EntrySight,
  { listed, isRepeat }: Candidacy,
): Judged {
  const { desk, operator: { gate }, records: { ledger }, now, seen } = world;
  const end = findEnd(world, listed);
  if (end !== null) return skip(listed, end, end === SKIP.closeNear);
  // What room is left is for the records of exits and protection (pipeline 5).
  if (desk.diskFault !== null) return { kind: "waits", cause: `the disk is ${desk.diskFault}` };
  // A simulated entry has its moment too.
  if (gate?.mode === "DRY_RUN" && isEarly(world, listed)) return { kind: "early" };
  if (!isRepeat && isOnRecord(listed, ledger)) return skip(listed, SKIP.recorded, false);
  const intent = isRepeat ? listed : nameAnew(listed, ledger, desk.accountId);
  const cause = findUnread(world, intent);
  if (cause !== null) return { kind: "waits", cause };
  const { dateNy, symbol } = intent;
  const own = { dateNy, symbol, clientOrderId: isRepeat ? intent.clientOrderId : null };
  if (!isFree(sight, own)) return skip(intent, SKIP.taken, false);
  if (gate?.mode !== "LIVE") return { kind: "simulates" };
  // With `--ignore-market-hours`: a record of each order that can't leave would fill the ledger over night.
  const { clock } = seen;
  const isOpen = clock !== null && clock.isOpen && now.brokerMs < clock.nextCloseMs;
  if (!isOpen) return skip(intent, SKIP.marketClosed, true);
  if (ledger === null) return { kind: "waits", cause: "live ledger unreadable" };
  const price = desk.turn.prices.get(symbol)?.look;
  const account = seen.account?.look;
  const checked = checkEntry(gate, {
    intent,
    own,
    sight,
    ledger,
    trade: price?.kind === "ok" ? price.value : null,
    areEntriesPaused: desk.areEntriesPaused,
    accountBlock: account?.kind === "ok" ? findAccountBlock(account.value) : null,
    loss: desk.loss,
    clockSkewSeconds: desk.clockSkewSeconds,
  });
  return conclude(intent, gate, checked);
}

function conclude(intent: EntryIntent, decision: LiveDecision, checked: CheckedEntry): Judged {
  const say = [noteEntry(intent, { kind: "verdict", intent, checked })];
  const { verdict } = checked;
  if (verdict.kind === "denied") return { kind: "over", say };
  return { kind: "allowed", intent, decision, notionalMicros: verdict.notionalMicros, say };
}

/** What step 1 or the verdict needs and has no answer: then nothing is decided (pipeline 4). `null` where all is there. */
function findUnread({ operator: { gate }, seen, desk }: EntryWorld, intent: EntryIntent) {
  if (gate === null) return "broker not asked yet";
  if (gate.mode === "DRY_RUN" && isInputUnavailable(gate.reason)) {
    return formatGateReason(gate.reason);
  }
  const step = [["positions", seen.positions], ["open orders", seen.openOrders]] as const;
  const needed = gate.mode === "LIVE" ? [...step, ["account", seen.account] as const] : step;
  for (const [what, fact] of needed) {
    if (fact === null) return "broker not asked yet";
    if (fact.look.kind === "failed") return `${what} unavailable (${fact.look.failure})`;
  }
  const price = desk.turn.prices.get(intent.symbol)?.look;
  return gate.mode === "LIVE" && price?.kind === "failed"
    ? `latest trades unavailable (${price.failure})`
    : null;
}
