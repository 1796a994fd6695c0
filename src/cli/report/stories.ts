import { formatHourNy, formatSymbolStory } from "../../domain/day/day_headline.ts";
import type { DayView } from "../../domain/day/day_view.ts";
import { type Markup, markup } from "./markup.ts";
import { formatMoney } from "./words.ts";

/** More changes than this are seen on the time line alone, and counted. */
const GATE_CHANGES_MAX = 6;
const REFUSED_MAX = 5;
const ERRORS_MAX = 3;
/** The whole text stands in its table. */
const WORDS_CHARS_MAX = 140;

/** One line a symbol, with its part of the day result, and one for refusals, errors and the gate. */
export function buildStories(view: DayView): Markup | null {
  const results = new Map(view.dayResult.symbols.map((row) => [row.symbol, row.resultUsd]));
  const symbols = view.symbols.map((day) =>
    buildLine(
      day.symbol,
      formatSymbolStory(day),
      results.has(day.symbol) ? formatMoney(results.get(day.symbol) ?? null) : "",
    )
  );
  const others = [
    { name: "Refused", words: listRefused(view) },
    { name: "Errors", words: listErrors(view) },
    { name: "Gate", words: listGateChanges(view) },
  ].filter(({ words }) => words !== "").map(({ name, words }) => buildLine(name, words, ""));
  if (symbols.length + others.length === 0) return null;
  return markup`
    <section>
      <h2>What happened</h2>
      <ul class="story">${[...symbols, ...others]}</ul>${buildUnknownNote(view)}
    </section>
  `;
}

function buildLine(name: string, words: string, sum: Markup | string): Markup {
  return markup`<li><b>${name}</b><span>${words}</span><span class="sum">${sum}</span></li>`;
}

/** Why the day result of a symbol is not known. */
function buildUnknownNote({ dayResult }: DayView): Markup | null {
  if (dayResult.unknown.length === 0) return null;
  const reasons = dayResult.unknown.map(({ symbol, why }) => `${symbol} (${why})`).join(", ");
  return markup`<p class="note below">The day result is not known of ${reasons}.</p>`;
}

function listGateChanges({ spans: { gate } }: DayView): string {
  const shown = gate.slice(-GATE_CHANGES_MAX).map((span) => {
    const words = span.mode === "LIVE" ? "" : ` (${span.reason})`;
    return `${span.mode} from ${formatHourNy(span.fromMs)}${words}`;
  });
  const hidden = gate.length - shown.length;
  return [...(hidden > 0 ? [`${hidden} changes before, on the time line`] : []), ...shown]
    .join("; ");
}

/** Who was refused what, by gate, caps or broker; the rules that only say "not again" are in the table. */
function listRefused(view: DayView): string {
  const rows = view.orders.refusals.filter((row) => row.by !== "rule");
  const names = rows.slice(0, REFUSED_MAX).map((row) =>
    `${row.symbol} (${row.by === "broker" ? "broker: " : ""}${cut(row.reason)})`
  );
  const more = rows.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function listErrors(view: DayView): string {
  const words = view.errors.slice(0, ERRORS_MAX).map(({ message, count }) =>
    count === 1 ? cut(message) : `${cut(message)} (${count} times)`
  );
  const more = view.errors.length - words.length;
  return words.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function cut(text: string): string {
  return text.length <= WORDS_CHARS_MAX ? text : `${text.slice(0, WORDS_CHARS_MAX)}...`;
}
