import type { Candidate, DroppedRow, Watchlist } from "./candidate.ts";
import { isTicker } from "./symbol.ts";

/** One record of the file: the line it starts on (the header's is usually 1) and its fields as they are. */
export interface WatchlistRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

const REQUIRED_COLUMNS = [
  "Symbol",
  "Price",
  "Entry_Level",
  "Entry_DistPct",
  "Stop_Loss",
  "Target_R2",
] as const;
const OPTIONAL_COLUMNS = ["SchemaVersion", "ScanDate", "Direction", "Target_R1", "Anchor"] as const;

type Column = (typeof REQUIRED_COLUMNS)[number] | (typeof OPTIONAL_COLUMNS)[number];
/** A column's field in a row, surrounding space cut; empty where row or file do not have it. */
type Row = (column: Column) => string;

/** Longest part of a field that a reason or message repeats. */
const QUOTED_CHARS_MAX = 40;

/**
 * Decides which rows of the scan's file may be traded (pipeline 1 with its **[ours]**).
 * @param records The header first, blank lines left out.
 * @returns Usable rows and the dropped ones with line and reason, or why the whole file is refused.
 */
export function parseWatchlist(records: readonly WatchlistRecord[]): Watchlist {
  const [header, ...rows] = records;
  if (header === undefined) return refuse("it is empty: no header row");
  const columns = parseHeader(header);
  if (typeof columns === "string") return refuse(columns);
  const candidates: Candidate[] = [];
  const dropped: DroppedRow[] = [];
  const lineBySymbol = new Map<string, number>();
  let scanDate: string | null = null;
  for (const { line, fields } of rows) {
    const row: Row = (column) => fields[columns.get(column) ?? -1]?.trim() ?? "";
    const version = row("SchemaVersion");
    if (version !== "" && parseNumber(version) !== 1) {
      return refuse(`line ${line}: SchemaVersion is ${quote(version)}, this release reads 1`);
    }
    scanDate ??= parseScanDate(row("ScanDate"));
    const parsed = parseRow(row);
    const earlier = typeof parsed === "string" ? undefined : lineBySymbol.get(parsed.symbol);
    if (typeof parsed === "string") {
      dropped.push({ line, symbol: cut(row("Symbol")), reason: parsed });
    } else if (earlier !== undefined) {
      dropped.push({ line, symbol: parsed.symbol, reason: `duplicate of line ${earlier}` });
    } else {
      lineBySymbol.set(parsed.symbol, line);
      candidates.push(parsed);
    }
  }
  return { kind: "parsed", candidates, dropped, scanDate };
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

/** A usable row, or why it is dropped. */
function parseRow(row: Row): Candidate | string {
  const written = row("Symbol");
  if (written === "") return "symbol is empty";
  const symbol = written.toUpperCase();
  // Outside ASCII, upper-casing can make a ticker of what is none ("ß" becomes "SS").
  if (!/^[A-Za-z0-9.]+$/.test(written) || !isTicker(symbol)) return "symbol is not a ticker";
  const direction = row("Direction").toLowerCase();
  if (direction === "short") return "direction short";
  if (direction !== "" && direction !== "long") {
    return `unknown direction ${quote(row("Direction"))}`;
  }
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
  const r1 = parseNumber(row("Target_R1"));
  const r1Usd = r1 !== null && r1 > 0 ? r1 : null;
  const anchor = cut(row("Anchor"));
  return { symbol, priceUsd, pivotUsd, distancePct, stopUsd, r1Usd, r2Usd, anchor };
}

/** USD per share above 0, or why the row is dropped. */
function parsePrice(row: Row, column: Column): number | string {
  const usd = parseNumber(row(column));
  if (usd === null) return describeNoNumber(row, column);
  return usd > 0 ? usd : `${column} ${usd} is not above 0`;
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

function parseScanDate(text: string): string | null {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : null;
}

function quote(text: string): string {
  return `"${cut(text)}"`;
}

/** Short, and on one line: what a file says goes into log lines and messages. */
function cut(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ");
  return plain.length <= QUOTED_CHARS_MAX ? plain : `${plain.slice(0, QUOTED_CHARS_MAX)}...`;
}
