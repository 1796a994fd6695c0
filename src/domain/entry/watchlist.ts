import type { Candidate, DroppedRow, Watchlist } from "./candidate.ts";
import { replaceUnprintable } from "../one_line.ts";
import { parseTicker } from "../order/symbol.ts";

/** One record of the file: the line it starts on (the header's is usually 1) and its fields as they are. */
export interface WatchlistRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Columns without which the file is refused (pipeline 1). */
export const REQUIRED_COLUMNS = [
  "Symbol",
  "Price",
  "Entry_Level",
  "Entry_DistPct",
  "Stop_Loss",
  "Target_R2",
] as const;
/** Columns that are read where the file has them; any other is passed over. */
export const OPTIONAL_COLUMNS = [
  "SchemaVersion",
  "ScanDate",
  "Direction",
  "Target_R1",
  "Anchor",
] as const;

type Column = (typeof REQUIRED_COLUMNS)[number] | (typeof OPTIONAL_COLUMNS)[number];
/** A column's field in a row, surrounding space cut; empty where row or file do not have it. */
type Row = (column: Column) => string;

/** Longest part of a field that a reason or message repeats. */
const QUOTED_CHARS_MAX = 40;
/** A list with more rows is refused (pipeline 1). */
export const WATCHLIST_ROWS_MAX = 10_000;

/**
 * Decides which rows of the scan's file may be traded (pipeline 1 with its **[ours]**).
 * @param records The header first, blank lines left out; what follows `WATCHLIST_ROWS_MAX` + 1 rows need not be there.
 * @returns Usable rows and the dropped ones with line and reason, or why the whole file is refused.
 */
export function parseWatchlist(records: readonly WatchlistRecord[]): Watchlist {
  const [header, ...rows] = records;
  if (header === undefined) return refuse("it is empty: no header row");
  const columns = parseHeader(header);
  if (typeof columns === "string") return refuse(columns);
  if (rows.length > WATCHLIST_ROWS_MAX) {
    return refuse(`it has more than ${WATCHLIST_ROWS_MAX} rows`);
  }
  const headerLength = header.fields.findLastIndex((name) => name.trim() !== "") + 1;
  const candidates: Candidate[] = [];
  const dropped: DroppedRow[] = [];
  const dates = new ScanDates();
  const lineBySymbol = new Map<string, number>();
  for (const { line, fields } of rows) {
    const row: Row = (column) => fields[columns.get(column) ?? -1]?.trim() ?? "";
    const version = row("SchemaVersion");
    if (version !== "" && parseNumber(version) !== 1) {
      return refuse(`line ${line}: SchemaVersion is ${quote(version)}, this release reads 1`);
    }
    dates.add(line, row("ScanDate"));
    const isShifted = fields.slice(headerLength).some((field) => field.trim() !== "");
    const parsed = judgeRow(row, { line, isShifted, lineBySymbol });
    if (typeof parsed !== "string") candidates.push(parsed);
    else dropped.push({ line, symbol: formatSymbol(row("Symbol")), reason: parsed });
  }
  return { kind: "parsed", candidates, dropped, scanDate: dates.oldest, oddScanDate: dates.odd };
}

/** What the rows say of the day that the scan used. */
class ScanDates {
  oldest: { readonly line: number; readonly dateNy: string } | null = null;
  odd: { readonly line: number; readonly text: string } | null = null;

  add(line: number, text: string): void {
    if (text === "") return;
    if (!isScanDate(text)) this.odd ??= { line, text: cut(text) };
    else if (this.oldest === null || text < this.oldest.dateNy) {
      this.oldest = { line, dateNy: text };
    }
  }
}

function refuse(reason: string): Watchlist {
  return { kind: "refused", reason };
}

/** Where each column is, or why the file is refused. Columns that are not ours may be anything. */
function parseHeader({ line, fields }: WatchlistRecord): ReadonlyMap<Column, number> | string {
  const columns = new Map<Column, number>();
  const names = fields.map((field) => field.trim());
  for (const column of [...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS]) {
    const index = names.indexOf(column);
    if (index < 0) continue;
    if (names.indexOf(column, index + 1) >= 0) return `line ${line}: two columns ${column}`;
    columns.set(column, index);
  }
  const missing = REQUIRED_COLUMNS.filter((column) => !columns.has(column));
  if (missing.length === 0) return columns;
  return `line ${line}: missing column${missing.length > 1 ? "s" : ""} ${missing.join(", ")}`;
}

/**
 * A usable row, or why it is dropped. Of a symbol's Long rows the first decides, usable or not: a row whose direction or
 * place can't be read may be that one. A Short row decides nothing.
 * @param lineBySymbol The lines that have decided so far; this row is added.
 */
function judgeRow(
  row: Row,
  { line, isShifted, lineBySymbol }: {
    readonly line: number;
    readonly isShifted: boolean;
    readonly lineBySymbol: Map<string, number>;
  },
): Candidate | string {
  const written = row("Symbol");
  if (written === "") return "symbol is empty";
  const symbol = parseTicker(written);
  if (symbol === null) return `symbol is not a ticker${describeForeign(written)}`;
  const direction = row("Direction").toLowerCase();
  if (direction === "short") return "direction short";
  const earlier = lineBySymbol.get(symbol);
  if (earlier !== undefined) return `duplicate of line ${earlier}`;
  lineBySymbol.set(symbol, line);
  if (isShifted) return "more fields than the header has: it is shifted";
  if (direction !== "" && direction !== "long") {
    return `unknown direction ${quote(row("Direction"))}`;
  }
  return parseRow(symbol, row);
}

/** Names the first character that is no printable ASCII: it may look like a letter that it is not, or like nothing. */
function describeForeign(written: string): string {
  const foreign = [...written].find((character) => !/^[ -~]$/.test(character));
  const code = foreign?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  return code === undefined ? "" : `: it holds U+${code}`;
}

/** How messages call a row. */
function formatSymbol(written: string): string {
  return parseTicker(written) ?? cut(written);
}

/** The prices of a row whose place and symbol are known, or why it is dropped. */
function parseRow(symbol: string, row: Row): Candidate | string {
  const priceUsd = parsePrice(row, "Price");
  if (typeof priceUsd === "string") return priceUsd;
  const pivotUsd = parsePrice(row, "Entry_Level");
  if (typeof pivotUsd === "string") return pivotUsd;
  const distancePct = row("Entry_DistPct") === "" ? 0 : parseNumber(row("Entry_DistPct"));
  if (distancePct === null) return describeNoNumber(row, "Entry_DistPct");
  const stopUsd = parsePrice(row, "Stop_Loss");
  if (typeof stopUsd === "string") return stopUsd;
  const r2Usd = parsePrice(row, "Target_R2");
  if (typeof r2Usd === "string") return r2Usd;
  if (!(stopUsd < r2Usd)) return `Stop_Loss ${stopUsd} is not below Target_R2 ${r2Usd}`;
  const r1Usd = parseTargetR1(row);
  if (typeof r1Usd === "string") return r1Usd;
  const anchor = cut(row("Anchor"));
  return { symbol, priceUsd, pivotUsd, distancePct, stopUsd, r1Usd, r2Usd, anchor };
}

/** USD per share above 0, or why the row is dropped. */
function parsePrice(row: Row, column: Column): number | string {
  const usd = parseNumber(row(column));
  if (usd === null) return describeNoNumber(row, column);
  return usd > 0 ? usd : `${column} ${usd} is not above 0`;
}

/** The first trim level, `null` where the row has none: it is empty or NaN, which data frames write for it. */
function parseTargetR1(row: Row): number | string | null {
  const written = row("Target_R1");
  return written === "" || /^nan$/i.test(written) ? null : parsePrice(row, "Target_R1");
}

function describeNoNumber(row: Row, column: Column): string {
  const written = row(column);
  return written === "" ? `${column} is empty` : `${column} ${quote(written)} is not a number`;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Plain decimal or exponent notation, finite; `null` for everything else ("0x10", "1,000", "NaN", "1e999"). */
function parseNumber(text: string): number | null {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  // Adding 0 turns -0 into 0.
  return Number.isFinite(value) ? value + 0 : null;
}

/** `YYYY-MM-DD`, of a day that there is. */
function isScanDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

function quote(text: string): string {
  return `"${cut(text)}"`;
}

/** Short, and on one line: what a file says goes into log lines and messages. */
function cut(text: string): string {
  const plain = replaceUnprintable(text, () => " ");
  return plain.length <= QUOTED_CHARS_MAX ? plain : `${plain.slice(0, QUOTED_CHARS_MAX)}...`;
}
