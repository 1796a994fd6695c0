/** A kind of trouble that a seed may hold: what breaks, and who meddles. */
export const FAMILIES = [
  "crash",
  "disk",
  "net",
  "outage",
  "clock",
  "operator",
  "files",
  "account",
  "market",
  "fills",
  "cancels",
  "mood",
  "refusals",
  // Not one process, but `--run-once` in every minute.
  "once",
] as const;

/** What the field's brokers do, and no document says. */
export const FIELD_FAMILIES = [
  "symbols",
  "documents",
  "bare",
  "rows",
  "nameless",
  "hours",
  "keys",
  "flags",
  "wording",
  "repeats",
  "substitutes",
  "statuses",
  "replacements",
  "lag",
  "hand",
  "corporate",
] as const;

/** One of them. */
export type Family = typeof FAMILIES[number] | FieldFamily;
/** One of those from the field. */
export type FieldFamily = typeof FIELD_FAMILIES[number];

/** Whether seeds draw a family by themselves, and why. `--families` switches on what is off. */
export interface FieldRule {
  readonly isOn: boolean;
  readonly why: string;
}

/** What is off until the engine holds against it, and what it is that it does not hold against. */
export const FIELD_RULES: Readonly<Record<FieldFamily, FieldRule>> = {
  symbols: { isOn: false, why: "one refused symbol takes its whole list with it" },
  documents: { isOn: false, why: "a decimal or a status that is rare makes a list unreadable" },
  bare: { isOn: false, why: "where qty_available is absent all shares are taken for free" },
  rows: { isOn: false, why: "one foreign row that can't be parsed makes its list unreadable" },
  nameless: { isOn: true, why: "a list with a row of nobody's is unreadable, and said so" },
  hours: { isOn: false, why: "a clock that contradicts itself is taken at its word" },
  keys: { isOn: true, why: "403 forbidden. is an answer like 401" },
  flags: { isOn: false, why: "an account that takes no orders is sent entries" },
  wording: { isOn: false, why: "a duplicate in other words is a refusal" },
  repeats: { isOn: true, why: "unique ids make a repeat harmless" },
  substitutes: {
    isOn: false,
    why: "what a hand or the broker puts in a leg's place is counted as a mismatch",
  },
  statuses: { isOn: false, why: "what rests in an odd status is taken for protection" },
  replacements: { isOn: false, why: "a replacement that is refused for good is asked for ever" },
  lag: { isOn: false, why: "what positions still show is sold twice" },
  hand: { isOn: false, why: "shares and stops of a hand's are taken for ours" },
  corporate: { isOn: false, why: "a position that changes by a fraction is sold and stopped" },
};
