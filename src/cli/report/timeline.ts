import { formatCounted } from "../../domain/counted.ts";
import { formatHourNy } from "../../domain/day/day_headline.ts";
import type { DayView } from "../../domain/day/day_view.ts";
import type { Span } from "../../domain/day/day_spans.ts";
import { type Markup, markup } from "./markup.ts";
import { buildScale, listHours, round, type Scale } from "./scale.ts";

/** The size that one drawing is made for: a screen, or a phone, where labels stand above their lane. */
export interface Frame {
  readonly name: "wide" | "narrow";
  readonly width: number;
}

/** Both drawings of a figure; the style shows the one that fits. */
export const FRAMES: readonly Frame[] = [
  { name: "wide", width: 1040 },
  { name: "narrow", width: 340 },
];

const MARGIN_MS = 20 * 60_000;
const BAND_HEIGHT = 20;

interface Lane {
  readonly label: string;
  readonly draw: (x: Scale, y: number) => Markup;
}

/** The day on a time line: market, engine, gate, kill switch, orders, refusals and messages. */
export function buildTimeline(view: DayView): Markup {
  return markup`
    <figure>${FRAMES.map((frame) => drawTimeline(view, frame))}</figure>
    <ul class="legend">
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
      <li>${
    sign(markup`
        <path class="sim" d="M11 1 L17 11 L5 11 Z" />
      `)
  } simulated only</li>
      <li>${
    sign(markup`
        <path class="tick" d="M11 1 V11" />
      `)
  } entry refused</li>
      <li>${
    sign(markup`
        <path class="bad" d="M11 0 L17 6 L11 12 L5 6 Z" />
      `)
  } warning or error</li>
    </ul>
  `;
}

/** A small sign for a legend. */
export function sign(shape: Markup): Markup {
  return markup`<svg viewBox="0 0 22 12" aria-hidden="true">${shape}</svg>`;
}

function drawTimeline(view: DayView, frame: Frame): Markup {
  const isNarrow = frame.name === "narrow";
  const left = isNarrow ? 0 : 96;
  const x = buildScale(
    [view.openMs - MARGIN_MS, view.closeMs + MARGIN_MS],
    [left, frame.width - (isNarrow ? 0 : 8)],
  );
  const lanes = listLanes(view, isNarrow);
  const step = isNarrow ? 42 : 34;
  const first = isNarrow ? 20 : 4;
  const height = first + lanes.length * step + 16;
  const hours = listHours(view.openMs, view.closeMs, isNarrow ? 2 : 1);
  return markup`
    <svg class="${frame.name}" viewBox="0 0 ${frame.width} ${height}" role="img"
      aria-label="Time line of the day, New York time">
    ${
    hours.map(({ atMs, label }) =>
      markup`
        <path class="grid" d="M${x(atMs)} 0 V${height - 18}" />
        <text x="${x(atMs)}" y="${height - 3}" text-anchor="middle">${label}</text>
      `
    )
  }
    ${
    lanes.map((lane, index) => {
      const y = first + index * step;
      const label = isNarrow
        ? markup`<text x="0" y="${y - 5}">${lane.label}</text>`
        : markup`<text class="ink" x="0" y="${y + 14}">${lane.label}</text>`;
      return [label, lane.draw(x, y)];
    })
  }
    </svg>
  `;
}

function listLanes(view: DayView, isNarrow: boolean): Lane[] {
  const { gate, killSwitch, runs, marketUnknown } = view.spans;
  const market = { fromMs: view.openMs, toMs: view.toldMs };
  const open = `${view.isHalfDay ? "half day" : "open"} ${formatHourNy(view.openMs)} to ${
    formatHourNy(view.closeMs)
  }`;
  // Its words stand before whatever is drawn over the band.
  const knownToMs = Math.min(market.toMs, ...marketUnknown.map(({ fromMs }) => fromMs));
  return [
    {
      label: "Market",
      draw: (x, y) =>
        markup`${drawBand(x, y, market, "band-open", open, knownToMs)}${
          marketUnknown.map((span) => drawBand(x, y, span, "band-kill", "clock unknown"))
        }`,
    },
    {
      label: "Engine",
      draw: (x, y) =>
        markup`${
          runs.map((run) =>
            drawBand(x, y, run, "band-open", run.isClean ? "running" : "ended without a word")
          )
        }`,
    },
    {
      label: "Gate",
      draw: (x, y) =>
        markup`${
          gate.map((span) => {
            const isLive = span.mode === "LIVE";
            const words = isLive ? "LIVE" : `DRY_RUN: ${span.reason}`;
            return drawBand(x, y, span, isLive ? "band-live" : "band-dry", words);
          })
        }`,
    },
    ...(killSwitch.length === 0 ? [] : [{
      label: "Kill switch",
      draw: (x: Scale, y: number) =>
        markup`${
          killSwitch.map((span) =>
            drawBand(x, y, span, "band-kill", `on from ${formatHourNy(span.fromMs)}`)
          )
        }`,
    }]),
    { label: "Orders", draw: (x, y) => drawOrders(view, x, y, isNarrow) },
    { label: "Refused", draw: (x, y) => drawRefusals(view, x, y, isNarrow) },
    { label: "Messages", draw: (x, y) => drawMessages(view, x, y) },
  ];
}

/** About the width of a letter: a label that would not fit its band is left to the title. */
const LETTER_WIDTH = 6.6;

/** @param wordsToMs Where the room for its words ends; absent: with the band. */
function drawBand(
  x: Scale,
  y: number,
  span: Span,
  kind: string,
  words: string,
  wordsToMs = span.toMs,
): Markup {
  const from = x(span.fromMs);
  const width = Math.max(2, round(x(span.toMs) - from));
  const text = [words, words.split(": ", 1)[0] ?? ""]
    .find((each) => each.length * LETTER_WIDTH + 12 <= x(wordsToMs) - from) ?? "";
  const tone = kind === "band-live" ? "t-live" : kind === "band-kill" ? "t-stop" : "t-dry";
  return markup`
    <g>
      <title>${words}, ${formatHourNy(span.fromMs)} to ${formatHourNy(span.toMs)}</title>
      <rect class="${kind}" x="${from}" y="${y}" width="${width}" height="${BAND_HEIGHT}"
        rx="4" />
      <text class="${tone}" x="${from + 7}" y="${y + 14}">${text}</text>
    </g>
  `;
}

const LABEL_DX = 9;

/** Whether a mark's label ends before the next mark begins. */
function hasRoom(label: string, at: number, nextAt: number | null): boolean {
  return nextAt === null || at + LABEL_DX + label.length * 7.6 + 8 <= nextAt;
}

/** Of a row that stays empty. */
function drawNone({ openMs }: DayView, x: Scale, y: number): Markup {
  return markup`<text x="${x(openMs)}" y="${y + 14}">none</text>`;
}

function drawOrders(view: DayView, x: Scale, y: number, isNarrow: boolean): Markup {
  const marks = view.symbols.flatMap((day) => [
    ...day.fills.map((fill) => ({
      atMs: fill.atMs,
      kind: fill.side === "buy" ? "buy" : "sell",
      label: day.symbol,
      words: `${fill.side === "buy" ? "bought" : "sold"} ${fill.qty} ${day.symbol}`,
    })),
    ...day.simulated.map((order) => ({
      atMs: order.atMs,
      kind: "sim",
      label: day.symbol,
      words: `would have bought ${order.qty} ${day.symbol}`,
    })),
  ]).sort((a, b) => a.atMs - b.atMs);
  if (marks.length === 0) return drawNone(view, x, y);
  return markup`${
    marks.map(({ atMs, kind, label, words }, index) => {
      const at = x(atMs);
      const next = marks[index + 1];
      const isFree = !isNarrow && hasRoom(label, at, next === undefined ? null : x(next.atMs));
      const shape = kind === "sell"
        ? `M${at - 6} ${y + 4} h12 l-6 11 Z`
        : `M${at} ${y + 4} l6 11 h-12 Z`;
      return markup`<g><title>${words}, ${formatHourNy(atMs)}</title>
<path class="${kind}" d="${shape}"/>${
        isFree ? markup`<text class="ink" x="${at + LABEL_DX}" y="${y + 14}">${label}</text>` : null
      }</g>`;
    })
  }`;
}

function drawRefusals(view: DayView, x: Scale, y: number, isNarrow: boolean): Markup {
  const refusals = view.orders.refusals.filter((row) => row.by !== "rule")
    .toSorted((a, b) => a.firstMs - b.firstMs);
  if (refusals.length === 0) return drawNone(view, x, y);
  return markup`${
    refusals.map((row, index) => {
      const from = x(row.firstMs);
      const next = refusals[index + 1];
      const isFree = !isNarrow &&
        hasRoom(row.symbol, from, next === undefined ? null : x(next.firstMs));
      const to = Math.max(from + 1.5, x(row.lastMs));
      const kind = row.by === "broker" ? "band-kill" : "band-dry";
      return markup`
        <g>
          <title>${row.symbol}: ${row.reason}, ${formatCounted(row.count, "time")}</title>
          <rect class="${kind} thin" x="${from}" y="${y + 16}" width="${
        round(to - from)
      }" height="3"/>
          <path class="tick" d="M${from} ${y + 3} v16"/>${
        isFree ? markup`<text class="ink" x="${from + 5}" y="${y + 12}">${row.symbol}</text>` : null
      }</g>
      `;
    })
  }`;
}

function drawMessages(view: DayView, x: Scale, y: number): Markup {
  const loud = view.alerts.filter((row) => row.level === "WARNING" || row.level === "ERROR")
    .map((row) => ({ atMs: row.atMs, words: `${row.level} ${row.title}` }));
  const errors = view.errors.map((row) => ({ atMs: row.firstMs, words: row.message }));
  const quiet = view.alerts.filter((row) => row.level !== "WARNING" && row.level !== "ERROR");
  if (loud.length + errors.length + quiet.length === 0) {
    return drawNone(view, x, y);
  }
  return markup`${
    quiet.map((row) =>
      markup`
        <circle class="band-dry" cx="${x(row.atMs)}" cy="${y + 10}" r="3">
          <title>${row.title}, ${formatHourNy(row.atMs)}</title>
        </circle>
      `
    )
  }${
    [...loud, ...errors].map(({ atMs, words }) => {
      const at = x(atMs);
      return markup`
        <path class="bad" d="M${at} ${y + 3} l7 7 l-7 7 l-7 -7 Z">
          <title>${words}, ${formatHourNy(atMs)}</title>
        </path>
      `;
    })
  }`;
}
