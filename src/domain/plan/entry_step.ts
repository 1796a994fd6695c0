import type { Note } from "./note.ts";
import type { EntryPlanned, EntryQuestion, RecordPart } from "./step.ts";

/** Asks, all of it together. */
export function read(questions: readonly EntryQuestion[]): EntryPlanned {
  return { step: { do: "read", questions, notBeforeMs: null }, say: [] };
}

/** Takes something into the records. */
export function record(change: readonly RecordPart[], say: readonly Note[]): EntryPlanned {
  return { step: { do: "record", change }, say };
}
