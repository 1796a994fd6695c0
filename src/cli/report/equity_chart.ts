import type { DayView, EquityPoint } from "../../domain/day/day_view.ts";
import { type Markup, markup } from "./markup.ts";
import { buildScale, listHours, listTicks, thinOut } from "./scale.ts";
import type { Frame } from "./timeline.ts";

const FRAMES: readonly Frame[] = [
  { name: "wide", width: 500 },
  { name: "narrow", width: 340 },
];
const HEIGHT = 210;
const TOP = 10;
const BOTTOM = 26;
const LEFT = 4;
const RIGHT = 72;
const POINTS_MAX = 500;

/** The account's equity over the session. */
export function buildEquityChart(view: DayView): Markup {
  const seen = view.equity.filter(({ atMs }) => atMs >= view.openMs && atMs <= view.closeMs);
  const last = seen.at(-1);
  // Recorded where it changed: the last value stands as long as somebody looked.
  const endMs = Math.min(view.closeMs, view.spans.runs.at(-1)?.toMs ?? view.closeMs);
  const points = last === undefined || endMs <= last.atMs
    ? seen
    : [...seen, { ...last, atMs: endMs }];
  if (points.length < 2) {
    const [only] = view.equity;
    return markup`<p class="note">${
      only === undefined
        ? "No equity was recorded."
        : `Equity stood at ${formatWholeUsd(only.usd)} USD; it did not change.`
    }</p>`;
  }
  return markup`<figure>${FRAMES.map((frame) => drawEquity(points, view, frame))}</figure>`;
}

/** `100,018` */
export function formatWholeUsd(usd: number): string {
  return Math.round(usd).toLocaleString("en-US");
}

function drawEquity(points: readonly EquityPoint[], view: DayView, frame: Frame): Markup {
  const values = points.map((point) => point.usd);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const pad = Math.max(1, (high - low) * 0.12);
  const right = frame.width - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const x = buildScale([view.openMs, view.closeMs], [LEFT, right]);
  const y = buildScale([low - pad, high + pad], [bottom, TOP]);
  const kept = thinOut(points.map((point) => ({ ...point, value: point.usd })), POINTS_MAX);
  // Equity stands until it is seen to have changed.
  const line = kept.map(({ atMs, usd }, index) =>
    index === 0 ? `M${x(atMs)} ${y(usd)}` : `H${x(atMs)} V${y(usd)}`
  ).join(" ");
  const first = points[0]?.usd ?? low;
  const hours = listHours(view.openMs, view.closeMs, frame.name === "wide" ? 1 : 2);
  return markup`
    <svg class="${frame.name}" viewBox="0 0 ${frame.width} ${HEIGHT}" role="img"
      aria-label="Equity in USD over the session">
    ${
    hours.map(({ atMs, label }) =>
      markup`
        <path class="grid" d="M${x(atMs)} ${TOP} V${bottom}" />
        <text x="${x(atMs)}" y="${HEIGHT - 8}" text-anchor="middle">${label}</text>
      `
    )
  }
    ${
    listTicks(low - pad, high + pad, 4).filter(Number.isInteger).map((usd) =>
      markup`
        <path class="grid" d="M${LEFT} ${y(usd)} H${right}" />
        <text x="${right + 9}" y="${y(usd) + 4}">${formatWholeUsd(usd)}</text>
      `
    )
  }
    <path class="level" d="M${LEFT} ${y(first)} H${right}"/>
    <path class="axis" d="M${LEFT} ${bottom} H${right}"/>
    <path class="price" d="${line}"/>
    </svg>
  `;
}
