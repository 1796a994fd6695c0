import { formatCounted } from "../../domain/counted.ts";
import type { PeriodDay, PeriodView } from "../../domain/day/period.ts";
import type { RefusedEntry } from "../../domain/day/refused.ts";
import type { TradeGroup } from "../../domain/day/trade_counts.ts";
import { formatSignedUsd } from "../../domain/alert/alert_facts.ts";
import { formatR } from "../../domain/account/trade_result.ts";
import { sumResultsUsd } from "../../domain/order/usd_flow.ts";
import { formatHourNy } from "../../domain/day/day_headline.ts";
import { formatWholeUsd } from "./equity_chart.ts";
import { buildFigure } from "./figures.ts";
import { buildGaps } from "./gaps.ts";
import { type Markup, markup } from "./markup.ts";
import { buildEquityDays, buildRStrip } from "./period_charts.ts";
import { buildPage, keepNumbers } from "./shell.ts";
import { buildTable } from "./table.ts";
import { buildTradeNote, buildTradeTable } from "./trade_table.ts";
import { formatMoney, formatPart, formatRisk, sumMoney, UNKNOWN } from "./words.ts";

/** What a period's report says beyond the period. */
export interface PeriodReportFacts {
  /** This release. */
  readonly program: string;
  /** What of the records could not be read, each a sentence without its full stop. */
  readonly gaps: readonly string[];
  /** When it is made, Unix ms. */
  readonly nowMs: number;
}

/** Builds the report of a period (interface, `report`): one HTML document, as a day's. */
export function buildPeriodReport(view: PeriodView, facts: PeriodReportFacts): string {
  const { fromNy, toNy, closed, open } = view;
  const headline = formatPeriod(view);
  return buildPage(`${fromNy} to ${toNy}: ${headline}`, [
    markup`
      <header><p class="eyebrow">${fromNy} to ${toNy}, ${
      formatCounted(view.days.length, "day")
    } with records</p><h1>${keepNumbers(headline)}</h1></header>
    `,
    buildPeriodFigures(view),
    markup`<section><h2>Equity</h2><p class="note">USD at the last look of each day; the dotted line is the first</p>${
      buildEquityDays(view)
    }</section>`,
    markup`<section><h2>R per trade</h2><p class="note">A dot is a closed trade: its result in multiples of what it risked</p>${
      buildRStrip(closed)
    }</section>`,
    markup`<div class="pair">${buildGroups("By weekday of entry", view.byWeekday)}${
      buildGroups("By hour of entry", view.byHour)
    }</div>`,
    closed.length === 0 ? null : fold(
      "Closed trades",
      closed.length,
      markup`${
        buildTradeTable("Closed trades", closed, { nowMs: facts.nowMs, dateNy: null })
      }${buildTradeNote()}`,
    ),
    open.length === 0
      ? null
      : markup`<section>${
        buildTradeTable("Open at the end", open, { nowMs: facts.nowMs, dateNy: null })
      }</section>`,
    buildRefused(view.refused),
    buildDays(view.days),
    buildGaps(facts.gaps),
    markup`<footer><p>Made by ${facts.program} from event logs and ledgers. New York dates and times. Results are by the
      broker's average prices, without fees.</p></footer>`,
  ]);
}

/** The period in one sentence. */
function formatPeriod({ counts, days }: PeriodView): string {
  if (days.length === 0) return "Nothing was recorded";
  if (counts.count === 0) return "No trade was closed";
  const { sumUsd, meanR, winRate } = counts;
  return [
    formatCounted(counts.count, "closed trade"),
    ...(sumUsd === null ? [] : [`${formatSignedUsd(sumUsd)} USD`]),
    ...(winRate === null ? [] : [`${formatPart(winRate)} won`]),
    ...(meanR === null ? [] : [`${formatR(meanR)} a trade`]),
  ].join(", ");
}

function buildPeriodFigures({ counts, days, open }: PeriodView): Markup {
  const { count, unknownCount, winCount, winRate, sumUsd, meanUsd, meanR } = counts;
  const knownDays = sumResultsUsd(days.map(({ dayResult }) => dayResult.knownUsd));
  const partial = days.filter(({ dayResult }) => dayResult.unknown.length > 0).length;
  return markup`<dl class="figures">${[
    buildFigure(
      "Closed trades",
      count === 0 ? "none" : formatMoney(sumUsd),
      count === 0
        ? "ended in these days"
        : `USD, ${formatCounted(count, "trade")}${
          unknownCount === 0 ? "" : `, ${unknownCount} of unknown result`
        }`,
    ),
    buildFigure(
      "Win rate",
      formatPart(winRate),
      count === 0
        ? "no trade was closed"
        : `${winCount} above 0, of ${formatCounted(count - unknownCount, "trade")}`,
    ),
    buildFigure(
      "Expectancy",
      meanR === null ? "–" : formatRisk(meanR),
      meanUsd === null ? "no known result" : `a trade, ${formatSignedUsd(meanUsd)} USD`,
    ),
    buildFigure(
      "Mean win, loss",
      markup`${formatMean(counts.meanWinR)} / ${formatMean(counts.meanLossR)}`,
      "R of a trade",
    ),
    buildFigure(
      "Day results",
      formatMoney(knownDays),
      partial === 0
        ? "USD, all days together"
        : `USD, ${partial} of ${formatCounted(days.length, "day")} in part`,
    ),
    buildFigure(
      "Open result",
      open.length === 0 ? "none" : sumMoney(open.map(({ result }) => result.openUsd)),
      open.length === 0
        ? "no position is left"
        : `USD, ${open.map(({ symbol }) => symbol).join(", ")}`,
    ),
  ]}</dl>`;
}

/** A mean R without its unit; a dash where there is none. */
function formatMean(meanR: number | null): Markup | string {
  if (meanR === null) return "–";
  return markup`<span class="${meanR > 0 ? "gain" : "loss"}">${
    formatR(meanR).replace(" R", "")
  }</span>`;
}

/** A list of more rows stays folded: what they come to stands above it. */
const UNFOLDED_MAX = 12;

function fold(words: string, rows: number, list: Markup): Markup {
  if (rows <= UNFOLDED_MAX) return markup`<section>${list}</section>`;
  return markup`<section><details><summary>${words}: ${rows}</summary>${list}</details></section>`;
}

function buildGroups(caption: string, groups: readonly TradeGroup[]): Markup {
  if (groups.length === 0) {
    return markup`<section><h2>${caption}</h2><p class="note">None.</p></section>`;
  }
  return markup`<section>${
    buildTable<TradeGroup>(caption, groups, [
      { head: "Entered", cell: ({ name }) => name },
      { head: "Trades", isNumber: true, cell: ({ counts }) => `${counts.count}` },
      { head: "Won", isNumber: true, cell: ({ counts }) => formatPart(counts.winRate) },
      { head: "USD", isNumber: true, cell: ({ counts }) => formatMoney(counts.sumUsd) },
      { head: "R a trade", isNumber: true, cell: ({ counts }) => formatRisk(counts.meanR) },
    ])
  }</section>`;
}

function buildRefused(refused: readonly RefusedEntry[]): Markup {
  if (refused.length === 0) {
    return markup`<section><h2>Refused entries</h2><p class="note">None.</p></section>`;
  }
  return fold(
    "Refused entries",
    refused.length,
    markup`${
      buildTable<RefusedEntry>("Refused entries", refused, [
        { head: "Symbol", cell: ({ symbol }) => symbol },
        { head: "Day", cell: ({ dateNy }) => dateNy },
        { head: "At", cell: ({ firstMs }) => formatHourNy(firstMs) },
        { head: "By", cell: ({ by }) => by },
        { head: "Reason", cell: ({ reason }) => markup`<span>${reason}</span>` },
        { head: "Times", isNumber: true, cell: ({ count }) => `${count}` },
        { head: "Would have made", isNumber: true, cell: formatOutcome },
      ])
    }<p class="note below">Would have made: USD from the price at the first refusal to its stop, its target, or the last
    price that the day's trail has of the symbol. Empty where the trail has none later, or the symbol was entered after
    all.</p>`,
  );
}

function formatOutcome({ outcome }: RefusedEntry): Markup | string {
  if (outcome === null) return "";
  const risk = outcome.resultR === null ? "" : `${formatR(outcome.resultR)}, `;
  return markup`<span>${formatMoney(outcome.resultUsd)} (${risk}${outcome.how} ${
    formatHourNy(outcome.atMs)
  })</span>`;
}

function buildDays(days: readonly PeriodDay[]): Markup {
  return fold(
    "Days",
    days.length,
    markup`${
      buildTable<PeriodDay>("Days", days, [
        { head: "Day", cell: ({ dateNy }) => dateNy },
        { head: "Day result", isNumber: true, cell: formatDayResult },
        {
          head: "Equity",
          isNumber: true,
          cell: ({ equityUsd }) => equityUsd === null ? UNKNOWN : formatWholeUsd(equityUsd),
        },
      ])
    }<p class="note below">Day result in USD against the previous close, or the entry of the day.</p>`,
  );
}

function formatDayResult(
  { dayResult: { knownUsd, symbols, unknown } }: PeriodDay,
): Markup | string {
  if (unknown.length === 0) return formatMoney(knownUsd);
  const names = unknown.map(({ symbol }) => symbol).join(", ");
  if (unknown.length === symbols.length) return `${UNKNOWN} (${names})`;
  return markup`<span>${formatMoney(knownUsd)} without ${names}</span>`;
}
