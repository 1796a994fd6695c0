import { formatEndpoint, formatHeadline } from "../../domain/day/day_headline.ts";
import type { SymbolDay } from "../../domain/day/day_symbols.ts";
import type { CapUse, DayView } from "../../domain/day/day_view.ts";
import { formatCents } from "../../domain/order/money.ts";
import { buildEquityChart } from "./equity_chart.ts";
import { buildDayFigures } from "./figures.ts";
import { buildGaps } from "./gaps.ts";
import { type Markup, markup } from "./markup.ts";
import { buildPriceChart, buildPriceLegend } from "./price_chart.ts";
import { buildPage, keepNumbers } from "./shell.ts";
import { buildStories } from "./stories.ts";
import { buildMessageTables, buildOrderTables, buildRefusalTable } from "./tables.ts";
import { buildTimeline } from "./timeline.ts";
import { buildTradeNote, buildTradeTable } from "./trade_table.ts";
import { formatDate, formatMoney } from "./words.ts";

/** What a report says beyond the day. */
export interface DayReportFacts {
  /** This release. */
  readonly program: string;
  /** What of the records could not be read, each a sentence without its full stop. */
  readonly gaps: readonly string[];
  /** When it is made, Unix ms. */
  readonly nowMs: number;
  /** The recorded days before and after this one; `null` where there is none. */
  readonly previous: DayLink | null;
  readonly next: DayLink | null;
}

/** The report of another day. `href` is `null` where none was made yet. */
export interface DayLink {
  readonly dateNy: string;
  readonly href: string | null;
}

/** Charts on one page; the other symbols are in the tables. */
const CHARTS_MAX = 24;

/**
 * Builds the report of a day: one HTML document without a script and without anything from elsewhere.
 */
export function buildReport(
  view: DayView,
  facts: DayReportFacts,
): string {
  const headline = formatHeadline(view);
  return buildPage(`${view.dateNy} ${headline}`, [
    markup`
      <header>${buildDayNav(facts)}<p class="eyebrow">${formatDate(view.dateNy)} ${
      buildBadges(view)
    }</p>
      <h1>${keepNumbers(headline)}</h1></header>
    `,
    buildDayFigures(view),
    buildStories(view),
    buildTrades(view, facts.nowMs),
    markup`<section><h2>The day</h2><p class="note">New York time</p>${
      buildTimeline(view)
    }</section>`,
    buildCharts(view),
    markup`
      <div class="pair">
      <section><h2>Caps used</h2><p class="note">Entries of the day; a full bar lets no more in</p>${
      buildCapBars(view.caps)
    }</section>
      <section><h2>Equity</h2><p class="note">USD at the broker; the dotted line is the open</p>${
      buildEquityChart(view)
    }</section>
      </div>
    `,
    buildOrderTables(view),
    buildRefusalTable(view),
    buildMessageTables(view),
    buildGaps(facts.gaps),
    markup`
      <footer><p>Made by ${facts.program} from the event log. Engine ${
      view.version ?? "unknown"
    }, broker host ${view.host ?? "unknown"}. Results are by the broker's average prices, without
      fees.</p></footer>
    `,
  ]);
}

/** The days beside this one; one whose report was not made yet is named alone. */
function buildDayNav({ previous, next }: DayReportFacts): Markup | null {
  if (previous === null && next === null) return null;
  const link = (day: DayLink | null, words: string) =>
    day === null || day.href === null
      ? markup`<span>${day === null ? "" : words}</span>`
      : markup`<a href="${day.href}">${words}</a>`;
  return markup`<nav class="days" aria-label="Other days">${
    link(previous, `← ${previous?.dateNy ?? ""}`)
  }${link(next, `${next?.dateNy ?? ""} →`)}</nav>`;
}

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

function buildTrades({ trades, dateNy, toldMs }: DayView, nowMs: number): Markup | null {
  if (trades.length === 0) return null;
  return markup`<section>${
    buildTradeTable("Trades", trades, { nowMs: Math.min(nowMs, toldMs), dateNy })
  }${buildTradeNote()}</section>`;
}

function buildCharts(view: DayView): Markup | null {
  const days = view.symbols.slice(0, CHARTS_MAX);
  if (days.length === 0) return null;
  return markup`<div class="pair">${
    days.map((day, index) =>
      markup`<section><h2>${day.symbol}</h2><p class="note">${describeDay(day, view)}</p>${
        buildPriceChart(day, view, { isAlone: days.length === 1 })
      }${index === 0 ? buildPriceLegend() : null}</section>`
    )
  }</div>`;
}

function describeDay(day: SymbolDay, view: DayView): Markup {
  const result = view.dayResult.symbols.find((row) => row.symbol === day.symbol);
  return result === undefined
    ? markup`USD per share`
    : markup`USD per share; day result ${formatMoney(result.resultUsd)}`;
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
