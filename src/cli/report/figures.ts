import { formatCounted } from "../../domain/counted.ts";
import type { DayView } from "../../domain/day/day_view.ts";
import { formatWholeUsd } from "./equity_chart.ts";
import { type Markup, markup } from "./markup.ts";
import { formatMoney, sumMoney, UNKNOWN } from "./words.ts";

/** A figure of a page's head: its name, its value and what belongs to it. */
export function buildFigure(name: string, value: Markup | string, small: string): Markup {
  return markup`
    <div>
      <dt>${name}</dt>
      <dd>${value}<small>${small}</small></dd>
    </div>
  `;
}

/** The day in figures: its two results by their names, what is open, equity, and what was entered, refused and wrong. */
export function buildDayFigures(view: DayView): Markup {
  const refused = view.orders.refusals.filter((row) => row.by !== "rule");
  const errors = view.errors.length;
  const times = view.errors.reduce((sum, row) => sum + row.count, 0);
  return markup`<dl class="figures">${[
    ...buildResultFigures(view),
    buildEquityFigure(view),
    buildEntryFigure(view),
    buildFigure(
      "Refused",
      `${new Set(refused.map((row) => row.symbol)).size}`,
      "symbols, by gate, caps or broker",
    ),
    buildFigure(
      "Errors",
      errors === 0 ? "0" : markup`<span class="loss">${errors}</span>`,
      errors === 0 ? "none said" : `said ${formatCounted(times, "time")} in all`,
    ),
  ]}</dl>`;
}

function buildResultFigures({ dayResult, trades, eventCount }: DayView): Markup[] {
  // A day without records may have had any result: unknown is not 0.
  if (eventCount === 0) {
    return ["Day result", "Closed trades", "Open result"]
      .map((name) => buildFigure(name, UNKNOWN, "nothing was recorded"));
  }
  const { knownUsd, symbols, unknown } = dayResult;
  const isUnknown = unknown.length > 0 && unknown.length === symbols.length;
  const closed = trades.filter((trade) => trade.result.leftQty === 0);
  const open = trades.filter((trade) => trade.closedAtMs === null);
  return [
    buildFigure(
      "Day result",
      isUnknown ? UNKNOWN : formatMoney(knownUsd),
      unknown.length === 0
        ? "USD since the previous close"
        : `USD, without ${unknown.map(({ symbol }) => symbol).join(", ")}`,
    ),
    buildFigure(
      "Closed trades",
      closed.length === 0 ? "none" : sumMoney(closed.map(({ result }) => result.resultUsd)),
      closed.length === 0 ? "ended on the day" : "USD against the entries",
    ),
    buildFigure(
      "Open result",
      open.length === 0 ? "none" : sumMoney(open.map(({ result }) => result.openUsd)),
      open.length === 0
        ? "no position is left"
        : `USD, ${open.map(({ symbol }) => symbol).join(", ")}`,
    ),
  ];
}

function buildEquityFigure({ equity }: DayView): Markup {
  const last = equity.at(-1)?.usd;
  return last === undefined
    ? buildFigure("Equity", UNKNOWN, "not recorded")
    : buildFigure("Equity", formatWholeUsd(last), "USD at the last look");
}

function buildEntryFigure({ isLive, orders: { buys, simulated } }: DayView): Markup {
  return isLive
    ? buildFigure(
      "Entries",
      `${buys.filter((row) => row.filledQty > 0).length}`,
      `of ${buys.length} sent or recorded`,
    )
    : buildFigure("Simulated", `${simulated.length}`, "none was sent");
}
