import type { Alert, AlertLevel } from "../engine/ports.ts";

/** A message's longest text in UTF-16 units, escapes and note included. */
export const TEXT_CHARS_MAX = 3000;

// Controls but the line feed, line and paragraph separators, direction overrides and lone surrogates: all of them can
// make a message read other than it is.
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- controls are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** `[AVWAP][EXECUTION][LEVEL] Title`, the level spelled as configured (interface, Slack). */
export function formatTitle(alert: { readonly level: AlertLevel; readonly title: string }): string {
  return `[AVWAP][EXECUTION][${alert.level}] ${alert.title.replaceAll(/\s+/g, " ").trim()}`;
}

/**
 * Builds the text as Slack gets it: title, then the message, its first line beginning with the mark.
 * @param parts `mark` says LIVE or DRY_RUN and whose money; `note` is put at the end of the first line.
 * @returns Escaped, without control characters, at most `TEXT_CHARS_MAX` long; a cut is said at the end.
 */
export function buildSlackText(
  alert: Pick<Alert, "level" | "title" | "text">,
  parts: { readonly mark: string; readonly note: string },
): string {
  const [firstLine = "", ...rest] = alert.text.replaceAll(/\r\n?/g, "\n").split("\n");
  const head = [`${parts.mark}:`, firstLine, parts.note].filter((part) => part !== "").join(" ");
  return cutEscaped([formatTitle(alert), head, ...rest].join("\n").replaceAll(UNPRINTABLE, " "));
}

/** Escapes as it counts, so that neither an escape nor a surrogate pair is cut in two. */
function cutEscaped(text: string): string {
  const units = [...text].map((character) => ESCAPES[character] ?? character);
  const fullChars = units.reduce((sumChars, unit) => sumChars + unit.length, 0);
  if (fullChars <= TEXT_CHARS_MAX) return units.join("");
  const note = `\n(cut: the whole message has ${fullChars} characters, see the log)`;
  let keptChars = 0;
  const kept: string[] = [];
  for (const unit of units) {
    keptChars += unit.length;
    if (keptChars + note.length > TEXT_CHARS_MAX) break;
    kept.push(unit);
  }
  return kept.join("") + note;
}
