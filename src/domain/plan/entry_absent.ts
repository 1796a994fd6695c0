import { buildRepeat, isFoundAbsent } from "../entry/entry_record.ts";
import { type EntrySight, mayShow } from "../entry/open_symbols.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import type { LedgerEntry } from "../order/ledger.ts";
import { type Candidacy, findEnd } from "./entry_judging.ts";
import { record } from "./entry_step.ts";
import type { Note } from "./note.ts";
import { noteEntry } from "./settle_entry.ts";
import type { EntryPlanned, RecordPart } from "./step.ts";
import type { EntryWorld } from "./world.ts";

/** Entries proven absent that are not sent again settle as `not sent` (pipeline 6). `null` where there is none. */
export function planAbsent(world: EntryWorld, sight: EntrySight): EntryPlanned | null {
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

/** Entries proven absent at the broker that are not settled yet. */
export function listAbsent({ records: { ledger }, desk }: EntryWorld) {
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
export function isOver(world: EntryWorld, sight: EntrySight, intent: EntryIntent): boolean {
  return !mayShow(sight, intent) || findEnd(world, intent) !== null;
}

/** Nothing of it is at the broker. */
export function unsentPart(entry: LedgerEntry & { readonly clientOrderId: string }): RecordPart {
  const { clientOrderId, notFoundSinceMs } = entry;
  return { kind: "entry_unsent", clientOrderId, notFoundSinceMs };
}

/** That it is not there, and was not sent. */
export function sayAbsent(entry: LedgerEntry & { readonly clientOrderId: string }): Note {
  const why = `the broker has no order ${entry.clientOrderId}`;
  return noteEntry(entry, { kind: "entry_unsent", why });
}

/** What is sent again: each once in a run. */
export function listRepeats(world: EntryWorld): Candidacy[] {
  if (!mayRepeat(world)) return [];
  return listAbsent(world).flatMap((entry) => {
    const listed = buildRepeat(entry);
    return listed === null || world.desk.turn.sent.has(entry.clientOrderId)
      ? []
      : [{ listed, isRepeat: true }];
  });
}
