import { replaceUnprintable } from "../domain/one_line.ts";
import type { Alert, AlertLevel } from "../engine/ports.ts";

/** A message's longest text in UTF-16 units, escapes included. */
export const TEXT_CHARS_MAX = 3000;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** `[AVWAP][EXECUTION][LEVEL] Title`, the level spelled as configured (interface, Slack). */
export function formatTitle(alert: { readonly level: AlertLevel; readonly title: string }): string {
  return `[AVWAP][EXECUTION][${alert.level}] ${alert.title.replaceAll(/\s+/g, " ").trim()}`;
}

/**
 * Builds the text as Slack gets it: title, then the message, its first line beginning with the mark.
 * @param mark Says LIVE or DRY_RUN and whose money.
 * @returns Escaped, without order ids and control characters, at most `TEXT_CHARS_MAX` long; a cut is said at the end.
 */
export function buildSlackText(
  alert: Pick<Alert, "level" | "title" | "text">,
  mark: string,
): string {
  const [firstLine = "", ...rest] = cutOrderIds(alert.text).replaceAll(/\r\n?/g, "\n").split("\n");
  const head = [`${mark}:`, firstLine].filter((part) => part !== "").join(" ");
  const text = [formatTitle(alert), head, ...rest].join("\n");
  return cutEscaped(replaceUnprintable(text, (character) => character === "\n" ? character : " "));
}

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** An id with the word that names it; one that stands alone for its order. */
const NAMED_ID = new RegExp(
  String.raw`(?:, order | \(order |, order_id=| order_id=)${UUID}\)?`,
  "gi",
);
const LONE_ID = new RegExp(String.raw`(?:\border )?\b${UUID}\b`, "gi");

/** No order ids on a phone (interface, Slack): log and trail have them. */
function cutOrderIds(text: string): string {
  return text.replace(NAMED_ID, "").replace(LONE_ID, "an order");
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
