import { type Knot, PathScript } from "./price_path.ts";
import { buildSession, nyMoment, type SimSession } from "./sessions.ts";

/** A watchlist row as the scan writes it (pipeline 1); prices in USD per share. */
export interface ScenarioRow {
  readonly symbol: string;
  readonly direction: "Long" | "Short";
  readonly priceUsd: number;
  readonly pivotUsd: number;
  readonly distancePct: number;
  readonly stopUsd: number;
  readonly r1Usd: number | null;
  readonly r2Usd: number;
  readonly anchor: string;
}

/** What a symbol does in a scripted session. */
export type Fate =
  /** Breaks out, trends through R1 and R2, later falls to the stop that was raised behind it. */
  | "trends"
  /** Breaks out and holds. */
  | "holds"
  /** Breaks out, turns, falls to its stop. */
  | "fails"
  /** Looks over its pivot for moments, never closes two bars above it. */
  | "teases";

/** A market to start an exchange with, and the watchlist that goes with it. */
export interface ScenarioDay {
  readonly sessions: readonly SimSession[];
  readonly script: PathScript;
  readonly rows: readonly ScenarioRow[];
  readonly watchlistCsv: string;
}

/** The ordinary day and the half day of the samples. */
export const SAMPLE_DAY_NY = "2026-11-23";
export const SAMPLE_HALF_DAY_NY = "2026-11-27";

/** The week of the samples: Thursday is Thanksgiving, Friday closes at 13:00. */
export function buildSampleSessions(): SimSession[] {
  return [
    buildSession("2026-11-20"),
    buildSession(SAMPLE_DAY_NY),
    buildSession("2026-11-24"),
    buildSession("2026-11-25"),
    buildSession(SAMPLE_HALF_DAY_NY, "13:00"),
    buildSession("2026-11-30"),
  ];
}

/** Point of a path: part of the session gone, and the level then. */
type Shape = readonly (readonly [part: number, level: Level])[];
/** `ratio` of the way from `from` to `to`. */
interface Level {
  readonly from: keyof Levels;
  readonly to: keyof Levels;
  readonly ratio: number;
}
interface Levels {
  readonly stop: number;
  readonly pivot: number;
  readonly r1: number;
  readonly r2: number;
}

function between(from: keyof Levels, to: keyof Levels, ratio: number): Level {
  return { from, to, ratio };
}

const BELOW = between("stop", "pivot", 0.7);
const NEAR = between("stop", "pivot", 0.92);
const OVER = between("pivot", "r1", 0.35);

/** Parts are of the session, so that a half day tells the same story faster. `delay` moves the breakout. */
function buildShape(fate: Fate, delay: number): Shape {
  const at = (part: number): number => delay + part * (1 - delay);
  switch (fate) {
    case "trends":
      return [
        [0, BELOW],
        [at(0.04), NEAR],
        [at(0.05), OVER],
        [at(0.22), between("pivot", "r1", 0.6)],
        [at(0.27), between("r1", "r2", 0.2)],
        [at(0.45), between("r1", "r2", 0.6)],
        [at(0.5), between("r1", "r2", 1.1)],
        [at(0.6), between("r1", "r2", 1.5)],
        [at(0.72), between("r1", "r2", 1.3)],
        [at(0.8), between("pivot", "r1", 0.1)],
        [1, between("pivot", "r1", 0.1)],
      ];
    case "holds":
      return [[0, BELOW], [at(0.04), NEAR], [at(0.05), OVER], [1, between("pivot", "r1", 0.5)]];
    case "fails":
      return [
        [0, BELOW],
        [at(0.04), NEAR],
        [at(0.05), OVER],
        [at(0.25), OVER],
        [at(0.5), between("stop", "pivot", -0.25)],
        [1, between("stop", "pivot", -0.3)],
      ];
    case "teases":
      return [
        [0, BELOW],
        [at(0.1), NEAR],
        [at(0.12), between("pivot", "r1", 0.05)],
        [at(0.125), NEAR],
        [at(0.5), BELOW],
        [at(0.7), NEAR],
        [1, BELOW],
      ];
  }
}

/** R1 half-way to R2 where the row has none, so that every path has four levels in order. */
function buildLevels(row: ScenarioRow): Levels {
  const r1 = row.r1Usd !== null && row.r1Usd > row.pivotUsd && row.r1Usd < row.r2Usd
    ? row.r1Usd
    : (row.pivotUsd + row.r2Usd) / 2;
  return { stop: row.stopUsd, pivot: row.pivotUsd, r1, r2: row.r2Usd };
}

function buildKnots(shape: Shape, levels: Levels, session: SimSession): Knot[] {
  const lengthMs = session.closeMs - session.openMs;
  return shape.map(([part, { from, to, ratio }]) => ({
    atMs: Math.round(session.openMs + part * lengthMs),
    priceUsd: Math.max(0.01, levels[from] + (levels[to] - levels[from]) * ratio),
  }));
}

function hashSymbol(symbol: string): number {
  let hash = 7;
  for (let at = 0; at < symbol.length; at++) hash = (hash * 31 + symbol.charCodeAt(at)) % 65_521;
  return hash;
}

const FATES: readonly Fate[] = ["trends", "holds", "fails", "teases"];

/** The fate that `buildDay` gives a symbol where none is asked for: always the same one. */
export function chooseFate(symbol: string): Fate {
  return FATES[hashSymbol(symbol) % FATES.length] ?? "teases";
}

/** What `buildDay` may be told. */
export interface DayOptions {
  readonly dateNy?: string;
  readonly sessions?: readonly SimSession[];
  /** By symbol; who is not named gets `chooseFate`. */
  readonly fates?: Readonly<Record<string, Fate>>;
  /** By symbol: how much later it breaks out, as a part of the session; else up to a tenth, by the symbol. */
  readonly delays?: Readonly<Record<string, number>>;
}

/**
 * A scripted session for any watchlist: each symbol moves around its own pivot, targets and stop.
 * @throws {RangeError} Where there is no session on `dateNy`, or no row.
 */
export function buildDay(rows: readonly ScenarioRow[], options: DayOptions = {}): ScenarioDay {
  const { dateNy = SAMPLE_DAY_NY, sessions = buildSampleSessions(), fates, delays } = options;
  const session = sessions.find((each) => each.dateNy === dateNy);
  if (session === undefined) throw new RangeError(`no session on ${dateNy}`);
  if (rows.length === 0) throw new RangeError("no watchlist row to make a path of");
  const paths: Record<string, Knot[]> = {};
  for (const row of rows) {
    const fate = fates?.[row.symbol] ?? chooseFate(row.symbol);
    const delay = delays?.[row.symbol] ?? hashSymbol(row.symbol) % 10 / 100;
    paths[row.symbol] = buildKnots(buildShape(fate, delay), buildLevels(row), session);
  }
  const script = new PathScript(paths, sessions);
  return { sessions, script, rows, watchlistCsv: buildWatchlistCsv(rows, dateNy) };
}

const COLUMNS = [
  "SchemaVersion",
  "ScanDate",
  "Symbol",
  "Direction",
  "Price",
  "Entry_Level",
  "Entry_DistPct",
  "Stop_Loss",
  "Target_R1",
  "Target_R2",
  "Anchor",
  "Sector",
];

/** The watchlist file for the rows. @param dateNy The day that it is for; the scan used the bars of the day before. */
export function buildWatchlistCsv(rows: readonly ScenarioRow[], dateNy: string): string {
  const scanMs = Date.parse(`${dateNy}T00:00:00Z`) - 24 * 3_600_000;
  const scanDate = new Date(scanMs).toISOString().slice(0, 10);
  const lines = rows.map((row) =>
    [
      1,
      scanDate,
      row.symbol,
      row.direction,
      row.priceUsd,
      row.pivotUsd,
      row.distancePct,
      row.stopUsd,
      row.r1Usd ?? "",
      row.r2Usd,
      `"${row.anchor.replaceAll('"', '""')}"`,
      "Technology",
    ].join(",")
  );
  return [COLUMNS.join(","), ...lines, ""].join("\r\n");
}

function buildRow(
  symbol: string,
  levels: { readonly pivotUsd: number; readonly stopUsd: number; readonly r1Usd: number },
  more: { readonly r2Usd: number; readonly distancePct: number; readonly anchor: string },
): ScenarioRow {
  const priceUsd = Math.round(levels.pivotUsd * (1 + more.distancePct / 100) * 100) / 100;
  return { symbol, direction: "Long", priceUsd, ...levels, ...more };
}

/** What the operator sets for the sample day: TSLA is not allowed, and MSFT finds the gross cap used up. */
export const SAMPLE_SETTINGS = {
  ALLOWLIST_SYMBOLS: "AAPL,BRK.B,META,MSFT,NVDA",
  MAX_LIVE_ORDERS_PER_DAY: "5",
  MAX_LIVE_POSITIONS: "5",
  MAX_LIVE_GROSS_NOTIONAL: "1500",
  MAX_LIVE_NOTIONAL_PER_SYMBOL: "1000",
} as const;

/** Equity that the sample's quantities are made for, USD: 7 NVDA, 1 BRK.B, 1 MSFT, 3 TSLA, 2 AAPL. */
export const SAMPLE_EQUITY_USD = 100_000;

/** The six rows of the sample day. */
export function buildSampleRows(): ScenarioRow[] {
  const nvda = { pivotUsd: 124.2, stopUsd: 117.1, r1Usd: 129.4 };
  const brkb = { pivotUsd: 481, stopUsd: 451.2, r1Usd: 497 };
  const aapl = { pivotUsd: 231.5, stopUsd: 217.9, r1Usd: 240.4 };
  const tsla = { pivotUsd: 162.3, stopUsd: 151.6, r1Usd: 169.3 };
  const msft = { pivotUsd: 418.4, stopUsd: 391.2, r1Usd: 433 };
  const meta = { pivotUsd: 593.1, stopUsd: 612.3, r1Usd: 575 };
  const short = buildRow("META", meta, { r2Usd: 556, distancePct: 1.2, anchor: "52w high" });
  return [
    buildRow("NVDA", nvda, { r2Usd: 136.6, distancePct: -3.4, anchor: "earnings gap" }),
    buildRow("BRK.B", brkb, { r2Usd: 519, distancePct: -4.6, anchor: "swing low, May" }),
    buildRow("AAPL", aapl, { r2Usd: 251.3, distancePct: -4.4, anchor: "YTD" }),
    buildRow("TSLA", tsla, { r2Usd: 178.5, distancePct: -4.5, anchor: "swing low" }),
    buildRow("MSFT", msft, { r2Usd: 452.8, distancePct: -4.7, anchor: 'the "March" low' }),
    { ...short, direction: "Short" },
  ];
}

/**
 * The sample market day: NVDA trends through R1 and R2 and falls to its raised stop, BRK.B fails to its stop, TSLA
 * breaks out against the allowlist, MSFT against the cap, AAPL never confirms, META is a Short row.
 * @param dateNy `SAMPLE_DAY_NY` or `SAMPLE_HALF_DAY_NY`.
 */
export function buildSampleDay(dateNy = SAMPLE_DAY_NY): ScenarioDay {
  return buildDay(buildSampleRows(), {
    dateNy,
    fates: {
      NVDA: "trends",
      "BRK.B": "fails",
      AAPL: "teases",
      TSLA: "holds",
      MSFT: "holds",
      META: "holds",
    },
    delays: { NVDA: 0, "BRK.B": 0.08, AAPL: 0, TSLA: 0.16, MSFT: 0.26, META: 0.05 },
  });
}

/** The open of a session of the sample week, Unix ms. */
export function sampleOpenMs(dateNy = SAMPLE_DAY_NY): number {
  return nyMoment(dateNy, "09:30");
}
