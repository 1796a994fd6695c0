import { formatSignedUsd } from "../../domain/alert_facts.ts";
import {
  formatEndpoint,
  formatHeadline,
  formatHourNy,
  formatSymbolStory,
  readRealisedUsd,
} from "../../domain/day_headline.ts";
import type { SymbolDay } from "../../domain/day_symbols.ts";
import type { CapUse, DayView } from "../../domain/day_view.ts";
import { formatCents } from "../../domain/money.ts";
import { buildEquityChart, formatWholeUsd } from "./equity_chart.ts";
import { Markup, markup } from "./markup.ts";
import { buildPriceChart, buildPriceLegend } from "./price_chart.ts";
import { REPORT_STYLE } from "./style.ts";
import { buildMessageTables, buildOrderTables, buildRefusalTable } from "./tables.ts";
import { buildTimeline } from "./timeline.ts";

/** Charts on one page; the other symbols are in the tables. */
const CHARTS_MAX = 24;

/**
 * Builds the report of a day: one HTML document without a script and without anything from elsewhere.
 * @param facts `program` is this release; `skippedLines` of the event file could not be read.
 */
export function buildReport(
  view: DayView,
  facts: { readonly program: string; readonly skippedLines: number },
): string {
  const headline = formatHeadline(view);
  const page = markup`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="color-scheme" content="light dark">
        <title>${view.dateNy} ${headline}</title>
        <style>${REPORT_CSS}</style>
      </head>
      <body>
        <main>
    <header><p class="eyebrow">${formatDate(view.dateNy)} ${buildBadges(view)}</p>
    <h1>${keepNumbers(headline)}</h1></header>
    ${buildFigures(view)}
    ${buildStories(view)}
    <section><h2>The day</h2><p class="note">New York time</p>${buildTimeline(view)}</section>
    ${buildCharts(view)}
    <div class="pair">
    <section><h2>Caps used</h2><p class="note">Entries of the day; a full bar lets no more in</p>${
    buildCapBars(
      view.caps,
    )
  }</section>
    <section><h2>Equity</h2><p class="note">USD at the broker; the dotted line is the open</p>${
    buildEquityChart(
      view,
    )
  }</section>
    </div>
    ${buildOrderTables(view)}
    ${buildRefusalTable(view)}
    ${buildMessageTables(view)}
    <footer><p>Made by ${facts.program} from events-${view.dateNy}.jsonl alone${
    facts.skippedLines === 0 ? "" : `; ${facts.skippedLines} of its lines could not be read`
  }. Engine ${
    view.version ??
      "unknown"
  }, broker host ${view.host ?? "unknown"}. Results are proceeds minus cost by the
    broker's average prices, without fees.</p></footer>
        </main>
      </body>
    </html>
  `;
  return `${page.text.trim()}\n`;
}

/** No line ends between a number and what it counts. */
function keepNumbers(text: string): string {
  return text.replaceAll(/(\d) (?=[A-Za-z])/g, "$1\u00a0");
}

const REPORT_CSS = new Markup(REPORT_STYLE.trim());

function buildBadges(view: DayView): Markup {
  const isMoney = view.endpoint === "live-money";
  return markup`
    <span class="badge ${view.isLive ? "live" : "dry"}">${
    view.isLive ? "LIVE" : "DRY_RUN"
  }</span> <span
      class="badge ${isMoney ? "money" : "dry"}">${formatEndpoint(view)}</span>${
    view.isHalfDay
      ? markup`
          <span class="badge dry">half day</span>
        `
      : null
  }
  `;
}

/** `Monday, 23 November 2026`: put together here, because runtimes differ in the comma. */
function formatDate(dateNy: string): string {
  const ms = Date.parse(`${dateNy}T12:00:00Z`);
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }).format(ms);
  return `${part({ weekday: "long" })}, ${
    part({ day: "numeric", month: "long", year: "numeric" })
  }`;
}

function buildFigures(view: DayView): Markup {
  const realisedUsd = readRealisedUsd(view);
  const first = view.equity[0]?.usd;
  const last = view.equity.at(-1)?.usd;
  const changeUsd = first === undefined || last === undefined ? null : last - first;
  const { buys, simulated, refusals } = view.orders;
  const refused = refusals.filter((row) => row.by !== "rule");
  const errors = view.errors.length;
  const times = view.errors.reduce((sum, row) => sum + row.count, 0);
  return markup`
    <dl class="figures">
      <div>
        <dt>Realised</dt>
        <dd>${formatMoney(realisedUsd)}<small>USD, closed shares</small></dd>
      </div>
      <div>
        <dt>Equity</dt>
        <dd>${formatMoney(changeUsd)}<small>${
    last === undefined ? "not recorded" : `USD, now ${formatWholeUsd(last)}`
  }</small></dd>
      </div>
      <div>
        <dt>${view.isLive ? "Entries" : "Simulated"}</dt>
        <dd>${
    view.isLive ? buys.filter((row) => row.filledQty > 0).length : simulated.length
  }<small>${view.isLive ? `of ${buys.length} sent or recorded` : "none was sent"}</small></dd>
      </div>
      <div>
        <dt>Refused</dt>
        <dd>${
    new Set(refused.map((row) => row.symbol))
      .size
  }<small>symbols, by gate, caps or broker</small></dd>
      </div>
      <div>
        <dt>Errors</dt>
        <dd>${errors === 0 ? "0" : markup`<span class="loss">${errors}</span>`}<small>${
    errors === 0 ? "none said" : `said ${times} times in all`
  }</small></dd>
      </div>
    </dl>
  `;
}

function formatMoney(usd: number | null): Markup | string {
  if (usd === null) return "–";
  const text = formatSignedUsd(usd);
  return markup`<span class="${
    text.startsWith("+") ? "gain" : text.startsWith("-") ? "loss" : ""
  }">${text}</span>`;
}

/** One line a symbol and one for the gate: what happened, without a table. */
function buildStories(view: DayView): Markup | null {
  const { gate } = view.spans;
  if (view.symbols.length + gate.length === 0) return null;
  const changes = gate.slice(-GATE_CHANGES_MAX).map((span) => {
    const words = span.mode === "LIVE" ? "" : ` (${span.reason})`;
    return `${span.mode} from ${formatHourNy(span.fromMs)}${words}`;
  });
  const refused = listRefused(view);
  const errors = listErrors(view);
  return markup`
    <section>
      <h2>What happened</h2>
      <ul class="story">${
    view.symbols.map((day) =>
      markup`<li><b>${day.symbol}</b><span>${formatSymbolStory(day)}</span><span class="sum">${
        day.realisedUsd === null ? "" : formatMoney(day.realisedUsd)
      }</span></li>`
    )
  }${
    refused === ""
      ? null
      : markup`<li><b>Refused</b><span>${refused}</span><span class="sum"></span></li>`
  }${
    errors === ""
      ? null
      : markup`<li><b>Errors</b><span>${errors}</span><span class="sum"></span></li>`
  }${
    changes.length === 0
      ? null
      : markup`<li><b>Gate</b><span>${changes.join("; ")}</span><span class="sum"></span></li>`
  }</ul>
    </section>
  `;
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

const REFUSED_MAX = 5;

function listErrors(view: DayView): string {
  const words = view.errors.slice(0, ERRORS_MAX).map(({ message, count }) =>
    count === 1 ? cut(message) : `${cut(message)} (${count} times)`
  );
  const more = view.errors.length - words.length;
  return words.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

const ERRORS_MAX = 3;
/** The whole text stands in its table. */
const WORDS_CHARS_MAX = 140;

function cut(text: string): string {
  return text.length <= WORDS_CHARS_MAX ? text : `${text.slice(0, WORDS_CHARS_MAX)}...`;
}

/** More changes than this are seen on the time line alone. */
const GATE_CHANGES_MAX = 6;

function buildCharts(view: DayView): Markup | null {
  const days = view.symbols.slice(0, CHARTS_MAX);
  if (days.length === 0) return null;
  return markup`<div class="pair">${
    days.map((day, index) =>
      markup`<section><h2>${day.symbol}</h2><p class="note">${describeDay(day)}</p>${
        buildPriceChart(day, view, { isAlone: days.length === 1 })
      }${index === 0 ? buildPriceLegend() : null}</section>`
    )
  }</div>`;
}

function describeDay(day: SymbolDay): Markup {
  return day.realisedUsd === null
    ? markup`USD per share`
    : markup`USD per share; result ${formatMoney(day.realisedUsd)} USD`;
}

function buildCapBars({ orders, positions, grossUsd, symbolUsd }: CapUse): Markup {
  const whole = (value: number) => `${value}`;
  return markup`<dl class="bars">${[
    buildCapBar("Orders", orders, whole),
    buildCapBar("Positions at once", positions, whole),
    buildCapBar("Gross notional, USD", grossUsd, formatCents),
    buildCapBar(
      symbolUsd.symbol === null
        ? "Symbol notional, USD"
        : `Most in one symbol (${symbolUsd.symbol}), USD`,
      symbolUsd,
      formatCents,
    ),
  ]}</dl>`;
}

function buildCapBar(
  name: string,
  { used, cap }: { readonly used: number; readonly cap: number | null },
  format: (value: number) => string,
): Markup {
  const part = cap === null ? 0 : Math.min(1, used / cap);
  const kind = used <= 0 || cap === null ? "none" : part >= 1 ? "full" : "";
  return markup`
    <div>
      <dt><span>${name}</span><span>${
    cap === null ? `${format(used)}, no valid cap` : `${format(used)} of ${format(cap)}`
  }</span></dt>
      <dd><i class="${kind}" style="width:${Math.round(part * 1000) / 10}%"></i></dd>
    </div>
  `;
}
