import { formatPriceUsd } from "../../domain/order/money.ts";
import type { DayFill } from "../../domain/day/day_fills.ts";
import { formatHourNy } from "../../domain/day/day_headline.ts";
import type { PricePoint, SymbolDay } from "../../domain/day/day_symbols.ts";
import type { DayView } from "../../domain/day/day_view.ts";
import { type LabelWish, placeLabels } from "./labels.ts";
import { type Markup, markup } from "./markup.ts";
import {
  buildScale,
  listHours,
  listTicks,
  round,
  type Scale,
  spreadLabels,
  thinOut,
} from "./scale.ts";
import { type Frame, sign } from "./timeline.ts";

const NARROW: Frame = { name: "narrow", width: 340 };
const HALF: readonly Frame[] = [{ name: "wide", width: 500 }, NARROW];
const WHOLE: readonly Frame[] = [{ name: "wide", width: 1040 }, NARROW];
const HEIGHT = 270;
const TOP = 14;
const BOTTOM = 26;
/** Room for the round prices. */
const LEFT = 46;
const RIGHT = 86;
const POINTS_MAX = 500;
const LABEL_GAP = 14;

/**
 * A symbol's price with its levels, the stop's path, and what was bought and sold.
 * @param place `isAlone`: whether the chart has the page's width to itself.
 */
export function buildPriceChart(
  day: SymbolDay,
  view: DayView,
  { isAlone }: { readonly isAlone: boolean },
): Markup {
  const frames = isAlone ? WHOLE : HALF;
  return markup`<figure>${frames.map((frame) => drawChart(day, view, frame))}</figure>`;
}

/** What the lines and signs of all price charts mean. */
export function buildPriceLegend(): Markup {
  return markup`
    <ul class="legend">
      <li>${
    sign(markup`
        <path class="price" d="M1 9 L8 4 L14 7 L21 2" />
      `)
  } price</li>
      <li>${
    sign(markup`
        <path class="stop" d="M1 8 H21" />
      `)
  } stop</li>
      <li>${
    sign(markup`
        <path class="level" d="M1 6 H21" />
      `)
  } pivot, R1, R2</li>
      <li>${
    sign(markup`
        <path class="buy" d="M11 1 L17 11 L5 11 Z" />
      `)
  } bought</li>
      <li>${
    sign(markup`
        <path class="sell" d="M5 1 L17 1 L11 11 Z" />
      `)
  } sold</li>
    </ul>
  `;
}

interface Plot {
  readonly x: Scale;
  readonly y: Scale;
  readonly right: number;
  readonly range: readonly [number, number];
}

function drawChart(day: SymbolDay, view: DayView, frame: Frame): Markup {
  const range = findRange(day);
  const right = frame.width - RIGHT;
  const plot: Plot = {
    x: buildScale([view.openMs, view.closeMs], [LEFT, right]),
    y: buildScale(range, [HEIGHT - BOTTOM, TOP]),
    right,
    range,
  };
  const { x } = plot;
  const hours = listHours(view.openMs, view.closeMs, frame.name === "wide" ? 1 : 2);
  return markup`
    <svg class="${frame.name}" viewBox="0 0 ${frame.width} ${HEIGHT}" role="img"
      aria-label="${describe(day)}">
        ${
    hours.map(({ atMs, label }) =>
      markup`
            <path class="grid" d="M${x(atMs)} ${TOP} V${HEIGHT - BOTTOM}" />
            <text x="${x(atMs)}" y="${HEIGHT - 8}" text-anchor="middle">${label}</text>
          `
    )
  }
        ${drawTicks(plot)}
    <path class="axis" d="M${LEFT} ${HEIGHT - BOTTOM} H${right}"/>
        ${drawLevels(day, plot)}
        ${drawStops(day, plot)}
        <path class="price" d="${buildLine(day.prices, plot)}"/>
        ${drawOrders(day, plot)}
        </svg>
  `;
}

/** Round prices, left of the plot: nothing is drawn over them. */
function drawTicks({ range, y, right }: Plot): Markup {
  return markup`${
    listTicks(...range, 4).map((usd) =>
      markup`
        <path class="grid" d="M${LEFT} ${y(usd)} H${right}" />
        <text x="${LEFT - 6}" y="${y(usd) + 4}" text-anchor="end">${usd}</text>
      `
    )
  }`;
}

function describe(day: SymbolDay): string {
  const fills = day.fills.map((fill) =>
    `${fill.side === "buy" ? "bought" : "sold"} ${fill.qty} at ${formatHourNy(fill.atMs)}`
  );
  return `Price of ${day.symbol}${fills.length === 0 ? "" : `: ${fills.join(", ")}`}`;
}

/** Everything that happened, and the levels near it: a target far away must not press the prices flat. */
function findRange(day: SymbolDay): [number, number] {
  const core = [
    ...day.prices.map((point) => point.priceUsd),
    ...day.stops.map((point) => point.priceUsd),
    ...day.fills.flatMap((fill) => fill.priceUsd ?? []),
    ...day.simulated.map((order) => order.priceUsd),
    ...(day.levels.pivotUsd === null ? [] : [day.levels.pivotUsd]),
  ];
  let min = core.reduce((a, b) => Math.min(a, b), Infinity);
  let max = core.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const reach = Math.max(max - min, max * 0.005) * 0.9;
  for (const usd of [day.levels.r1Usd, day.levels.r2Usd]) {
    if (usd === null || usd < min - reach || usd > max + reach) continue;
    min = Math.min(min, usd);
    max = Math.max(max, usd);
  }
  const pad = Math.max(max - min, max * 0.005) * 0.07;
  return [min - pad, max + pad];
}

/** Lines of the levels with their names at the right, moved apart where they would stand on each other. */
function drawLevels(day: SymbolDay, plot: Plot): Markup {
  const { pivotUsd, r1Usd, r2Usd } = day.levels;
  const stopUsd = day.stops.at(-1)?.priceUsd ?? null;
  const lines = [
    { name: "R2", usd: r2Usd, kind: "level" },
    { name: "R1", usd: r1Usd === pivotUsd ? null : r1Usd, kind: "level" },
    { name: "pivot", usd: pivotUsd, kind: "level" },
    { name: "stop", usd: stopUsd, kind: "stop" },
  ].flatMap(({ name, usd, kind }) => {
    const [min, max] = plot.range;
    return usd === null || usd < min || usd > max ? [] : [{ name, usd, kind }];
  });
  const wanted = lines.map((line) => plot.y(line.usd));
  const at = spreadLabels(wanted, { gap: LABEL_GAP, min: TOP, max: HEIGHT - BOTTOM });
  return markup`${
    lines.map((line, index) => {
      const y = wanted[index] ?? 0;
      const labelY = at[index] ?? y;
      const path = line.kind === "level"
        ? markup`
          <path class="level" d="M${LEFT} ${y} H${plot.right}" />
        `
        : null;
      return markup`
        ${path}<path class="axis" d="M${plot.right} ${y} L${plot.right + 6} ${labelY}" />
        <text class="${line.kind === "stop" ? "t-stop" : "ink"}" x="${plot.right + 9}" y="${
        labelY +
        4
      }">${`${line.name} ${formatPriceUsd(line.usd)}`}</text>
      `;
    })
  }`;
}

/** The stop moves in steps, and stands from when it was first seen to the last exit. */
function drawStops(day: SymbolDay, { x, y }: Plot): Markup | null {
  const [first] = day.stops;
  if (first === undefined) return null;
  const entry = day.fills.find((fill) => fill.kind === "entry");
  const exit = day.leftQty === 0 ? day.fills.at(-1) : undefined;
  let path = `M${x(entry?.atMs ?? first.atMs)} ${y(first.priceUsd)}`;
  let last = first.priceUsd;
  for (const { atMs, priceUsd } of day.stops) {
    if (priceUsd === last) continue;
    path += ` H${x(atMs)} V${y(priceUsd)}`;
    last = priceUsd;
  }
  const endMs = exit?.atMs ?? day.stops.at(-1)?.atMs ?? first.atMs;
  return markup`
    <path class="stop" d="${`${path} H${x(endMs)}`}" />
  `;
}

function buildLine(points: readonly PricePoint[], { x, y }: Plot): string {
  const kept = thinOut(points.map((point) => ({ ...point, value: point.priceUsd })), POINTS_MAX);
  return kept.map((point, index) =>
    `${index === 0 ? "M" : "L"}${x(point.atMs)} ${y(point.priceUsd)}`
  )
    .join(" ");
}

/** A buy points up from below its price, a sell down from above it; what was only simulated gives way to both. */
function drawOrders({ fills, simulated }: SymbolDay, plot: Plot): Markup {
  const drawn = fills.flatMap((fill) =>
    fill.priceUsd === null ? [] : [{ ...fill, priceUsd: fill.priceUsd }]
  );
  const wishes = [
    ...drawn.map((fill) => wishForFill(fill, plot)),
    ...simulated.map((order) => wishForSimulated(order, plot)),
  ];
  const placed = placeLabels(wishes, HEIGHT - BOTTOM - 4);
  const signs = [
    ...simulated.map((order) => drawSimulated(order, plot)),
    ...drawn.map((fill) => drawFill(fill, plot)),
  ];
  return markup`${signs}${
    wishes.map(({ words, x }, index) => {
      const y = placed[index] ?? null;
      return y === null
        ? null
        : markup`<text class="strong" x="${x}" y="${
          round(y)
        }" text-anchor="middle">${words}</text>`;
    })
  }`;
}

type PricedFill = DayFill & { readonly priceUsd: number };
type WordsWish = LabelWish & { readonly words: string };

/** A text's wish, kept inside the plot. */
function buildWish(
  words: string,
  { atMs, y, charWidth }: { readonly atMs: number; readonly y: number; readonly charWidth: number },
  plot: Plot,
): Omit<WordsWish, "stepY"> {
  const halfWidth = words.length * charWidth + 3;
  const x = round(Math.min(Math.max(plot.x(atMs), LEFT + halfWidth), plot.right - halfWidth));
  return { words, x, y, halfWidth };
}

function wishForFill({ side, qty, priceUsd, atMs }: PricedFill, plot: Plot): WordsWish {
  const isBuy = side === "buy";
  const y = isBuy ? plot.y(priceUsd) + 27 : Math.max(10, plot.y(priceUsd) - 18);
  return {
    ...buildWish(`${isBuy ? "+" : "-"}${qty}`, { atMs, y, charWidth: 4 }, plot),
    stepY: null,
  };
}

function wishForSimulated(
  { qty, priceUsd, atMs }: SymbolDay["simulated"][number],
  plot: Plot,
): WordsWish {
  const y = plot.y(priceUsd) + 30;
  return { ...buildWish(`would buy ${qty}`, { atMs, y, charWidth: 3.6 }, plot), stepY: 14 };
}

function drawSimulated(
  { qty, atMs, priceUsd }: SymbolDay["simulated"][number],
  { x, y }: Plot,
): Markup {
  return markup`<g><title>would have bought ${qty}</title>
<path class="sim" d="M${x(atMs)} ${y(priceUsd) + 3} l7 12 h-14 Z"/></g>`;
}

function drawFill({ side, qty, priceUsd, atMs }: PricedFill, plot: Plot): Markup {
  const at = plot.x(atMs);
  const y = plot.y(priceUsd);
  const isBuy = side === "buy";
  const shape = isBuy ? `M${at} ${y + 2} l7 12 h-14 Z` : `M${at} ${y - 2} l7 -12 h-14 Z`;
  return markup`<g><title>${isBuy ? "bought" : "sold"} ${qty} at ${formatPriceUsd(priceUsd)}, ${
    formatHourNy(atMs)
  }</title><path class="${isBuy ? "buy" : "sell"} marker" d="${shape}"/></g>`;
}
