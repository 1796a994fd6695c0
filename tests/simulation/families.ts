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
  "night",
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
  symbols: { isOn: true, why: "a refused symbol costs itself" },
  documents: { isOn: true, why: "what the published documents allow is read" },
  bare: { isOn: true, why: "without qty_available the count of shares stands in" },
  rows: { isOn: true, why: "a row that can't be parsed costs itself" },
  nameless: { isOn: true, why: "a list with a row of nobody's is unreadable, and said so" },
  hours: { isOn: true, why: "a clock that contradicts itself counts as closed" },
  keys: { isOn: true, why: "403 forbidden. is an answer like 401" },
  flags: { isOn: true, why: "no entry for an account that takes no orders" },
  wording: { isOn: true, why: "a duplicate is one in any words" },
  repeats: { isOn: true, why: "unique ids make a repeat harmless" },
  substitutes: { isOn: true, why: "what takes the place of an order of ours is ours" },
  statuses: {
    isOn: true,
    why: "what does not trade gives way; what only the broker knows is asked for",
  },
  replacements: { isOn: true, why: "a replacement that is refused for good gives way to a cancel" },
  lag: { isOn: true, why: "positions and lists that lag are counted once" },
  hand: { isOn: true, why: "shares and stops of a hand's are the operator's" },
  corporate: { isOn: true, why: "a quantity that no order explains is let be" },
  // Also: the host does not sleep through the night.
  night: { isOn: true, why: "bare shares get their stop while the market is closed, or an alert" },
};
