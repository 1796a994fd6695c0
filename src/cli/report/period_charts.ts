import { formatCounted } from "../../domain/counted.ts";
import type { PeriodDay, PeriodView } from "../../domain/day/period.ts";
import { formatR } from "../../domain/account/trade_result.ts";
import type { Trade } from "../../domain/day/trades.ts";
import { formatWholeUsd } from "./equity_chart.ts";
import { type Markup, markup } from "./markup.ts";
import { buildScale, listTicks, round, type Scale } from "./scale.ts";
import { type Frame, FRAMES } from "./timeline.ts";

const HEIGHT = 230;
const TOP = 12;
const BOTTOM = 28;
const LEFT = 6;
const RIGHT = 66;
/** Room that a date needs on the axis. */
const DATE_WIDTH = 104;

/** The account's equity at the end of each day. */
export function buildEquityDays(view: PeriodView): Markup {
  const points = view.days.flatMap((day) =>
    day.equityUsd === null ? [] : [{ ...day, equityUsd: day.equityUsd }]
  );
  if (points.length < 2) {
    return markup`<p class="note">Equity of two days at least makes a line; ${points.length} had one.</p>`;
  }
  return markup`<figure>${FRAMES.map((frame) => drawEquityDays(points, frame))}</figure>`;
}

function drawEquityDays(
  points: readonly (PeriodDay & { readonly equityUsd: number })[],
  frame: Frame,
): Markup {
  const values = points.map((point) => point.equityUsd);
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const pad = Math.max(1, (high - low) * 0.1);
  const right = frame.width - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const x = buildScale([0, points.length - 1], [LEFT, right]);
  const y = buildScale([low - pad, high + pad], [bottom, TOP]);
  const line = points.map(({ equityUsd }, index) =>
    `${index === 0 ? "M" : "L"}${x(index)} ${y(equityUsd)}`
  ).join(" ");
  const [first] = values;
  return markup`
    <svg class="${frame.name}" viewBox="0 0 ${frame.width} ${HEIGHT}" role="img"
      aria-label="Equity in USD at the end of each day, from ${formatWholeUsd(first ?? 0)} to ${
    formatWholeUsd(values.at(-1) ?? 0)
  }">
    ${
    listTicks(low - pad, high + pad, 4).filter(Number.isInteger).map((usd) =>
      markup`
        <path class="grid" d="M${LEFT} ${y(usd)} H${right}" />
        <text x="${right + 9}" y="${y(usd) + 4}">${formatWholeUsd(usd)}</text>
      `
    )
  }
    ${drawDates(points, { x, right, bottom })}
    <path class="level" d="M${LEFT} ${y(first ?? low)} H${right}" />
    <path class="axis" d="M${LEFT} ${bottom} H${right}" />
    <path class="price" d="${line}" />
    ${
    points.length > 60 ? null : points.map((point, index) =>
      markup`
        <circle class="point" cx="${x(index)}" cy="${y(point.equityUsd)}" r="3">
          <title>${point.dateNy}: ${formatWholeUsd(point.equityUsd)} USD</title>
        </circle>
      `
    )
  }
    </svg>
  `;
}

/** As many dates as have room, the first and the last among them. */
function drawDates(
  points: readonly PeriodDay[],
  { x, right, bottom }: { readonly x: Scale; readonly right: number; readonly bottom: number },
): Markup {
  const most = Math.max(2, Math.floor((right - LEFT) / DATE_WIDTH));
  const count = Math.min(most, points.length);
  const indices = new Set(
    Array.from(
      { length: count },
      (_, each) => Math.round(each * (points.length - 1) / Math.max(1, count - 1)),
    ),
  );
  return markup`${
    [...indices].map((index) => {
      const anchor = index === 0 ? "start" : index === points.length - 1 ? "end" : "middle";
      return markup`
        <text x="${x(index)}" y="${bottom + 19}" text-anchor="${anchor}">${
        (points[index]?.dateNy ?? "").slice(2)
      }</text>
      `;
    })
  }`;
}

const DOT_RADIUS = 5;
const STRIP_BOTTOM = 30;

/** Each closed trade as a dot at its R; equal ones stand on each other. */
export function buildRStrip(trades: readonly Trade[]): Markup {
  const known = trades.flatMap((trade) =>
    trade.result.resultR === null ? [] : [{ trade, resultR: trade.result.resultR }]
  ).sort((a, b) => a.resultR - b.resultR);
  if (known.length === 0) return markup`<p class="note">No closed trade has a known R.</p>`;
  const missing = trades.length - known.length;
  return markup`<figure>${FRAMES.map((frame) => drawStrip(known, frame))}</figure>${
    missing === 0 ? null : markup`<p class="note below">${missing} without a known R.</p>`
  }`;
}

interface Dot {
  readonly trade: Trade;
  readonly resultR: number;
}

function drawStrip(dots: readonly Dot[], frame: Frame): Markup {
  const low = Math.min(-1.5, (dots[0]?.resultR ?? 0) - 0.2);
  const high = Math.max(2, (dots.at(-1)?.resultR ?? 0) + 0.2);
  const x = buildScale([low, high], [14, frame.width - 14]);
  const placed = stackDots(dots.map(({ resultR }) => x(resultR)));
  const highest = placed.reduce((a, { level }) => Math.max(a, level), 0);
  const step = Math.min(DOT_RADIUS * 2 + 1, 220 / (highest + 1));
  const bottom = round(24 + (highest + 1) * step);
  const meanR = dots.reduce((sum, { resultR }) => sum + resultR, 0) / dots.length;
  const ticks = listTicks(low, high, frame.name === "wide" ? 12 : 6);
  return markup`
    <svg class="${frame.name}" viewBox="0 0 ${frame.width} ${bottom + STRIP_BOTTOM}" role="img"
      aria-label="${formatCounted(dots.length, "closed trade")} by their R, mean ${formatR(meanR)}">
    ${
    ticks.map((tick) =>
      markup`
        <path class="grid" d="M${x(tick)} 18 V${bottom}" />
        <text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${formatTick(tick)}</text>
      `
    )
  }
    <path class="axis" d="M14 ${bottom} H${frame.width - 14}" />
    <path class="axis strong-axis" d="M${x(0)} 18 V${bottom}" />
    <path class="mean" d="M${x(meanR)} 16 V${bottom}" />
    <text class="ink" x="${x(meanR)}" y="11" text-anchor="${
    x(meanR) > frame.width - 60 ? "end" : x(meanR) < 60 ? "start" : "middle"
  }">mean ${formatR(meanR)}</text>
    ${
    placed.map(({ at, level }, index) => {
      const dot = dots[index];
      if (dot === undefined) return null;
      const kind = dot.resultR > 0 ? "dot-win" : "dot-loss";
      return markup`
        <circle class="${kind}" cx="${at}" cy="${
        round(bottom - step * (level + 0.5))
      }" r="${DOT_RADIUS}">
          <title>${dot.trade.symbol} ${formatR(dot.resultR)}</title>
        </circle>
      `;
    })
  }
    </svg>
  `;
}

function formatTick(tick: number): string {
  return tick > 0 ? `+${tick}` : `${tick}`;
}

/** The lowest level on which each dot stands free of those to its left. @param at Sorted. */
function stackDots(at: readonly number[]): { readonly at: number; readonly level: number }[] {
  const ends: number[] = [];
  return at.map((each) => {
    const free = ends.findIndex((end) => end <= each - DOT_RADIUS * 2);
    const level = free < 0 ? ends.length : free;
    ends[level] = each;
    return { at: each, level };
  });
}
