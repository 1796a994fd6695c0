/** Tickers in a row, as a message lists them, quoted or in brackets or neither. */
const NAMES =
  `["'\`\\[(]*[A-Z][A-Z0-9.]*["'\`\\])]*(?:\\s*,\\s*["'\`]?[A-Z][A-Z0-9.]*["'\`\\])]*)*`;
const NOUN = "(?:symbol|asset|ticker)(?:s|\\(s\\))?";

/** The names stand behind the complaint: `invalid symbol: X`, `asset not found for X`. */
const BEHIND = new RegExp(
  `(?:(?:invalid|unknown|unsupported|not find)\\s+${NOUN}|` +
    `${NOUN}\\s+(?:not found|does not exist|invalid)(?:\\s+for)?)\\s*[:=]?\\s*(${NAMES})`,
  "i",
);
/** Or before it: `asset X not found`. */
const BEFORE = new RegExp(
  `${NOUN}\\s+(${NAMES})\\s+(?:(?:is|are|was|were|does|do)\\s+)?(?:not\\b|invalid|unknown|unsupported)`,
  "i",
);

/**
 * The symbols that a refusal names (pipeline 2; broker.md, Refusals). Only one that was asked for counts, letter for
 * letter: a word of the sentence that looks like a ticker is none.
 * @param message The broker's words.
 */
export function listNamedSymbols(message: string, asked: readonly string[]): string[] {
  const names = BEHIND.exec(message)?.[1] ?? BEFORE.exec(message)?.[1] ?? "";
  const words = new Set(names.split(/[^A-Za-z0-9.]+/).map((word) => word.replace(/\.$/, "")));
  return asked.filter((symbol) => words.has(symbol));
}
