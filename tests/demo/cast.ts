import type { Candidate } from "../../src/domain/entry/candidate.ts";
import { buildQty } from "../../src/domain/entry/sizing.ts";
import type { Fate, ScenarioRow } from "../simulator/scenario.ts";

/** Which symbol plays which part. A short watchlist leaves parts out, the last ones first. */
export interface Cast {
  /** Filled, trimmed at R1 and R2, its stop raised behind it. */
  readonly lead: ScenarioRow;
  /** Breaks out, and the allowlist lacks it. */
  readonly unlisted: ScenarioRow | null;
  /** Breaks out when the gross cap is used up. */
  readonly capped: ScenarioRow | null;
  /** Filled, turns, and falls to its bracket's stop. */
  readonly stopped: ScenarioRow | null;
  /** Never break out. */
  readonly others: readonly ScenarioRow[];
}

/** What the operator of the story sets for LIVE, and what the simulated account is worth. */
export interface Limits {
  readonly equityUsd: number;
  readonly allowlist: string;
  readonly grossUsd: number;
  readonly perSymbolUsd: number;
}

/** Shares that leave something to sell at R1, at R2 and at the stop. */
const LEAD_QTY_MIN = 4;
const EQUITY_USD = 100_000;
const STEP_USD = 50;

/** Whether a price path through pivot, R1 and R2 can be made for it. */
export function isPlayable(row: ScenarioRow): boolean {
  const { stopUsd, pivotUsd, r1Usd, r2Usd } = row;
  const isOrdered = stopUsd < pivotUsd && pivotUsd < r2Usd;
  return isOrdered && (r1Usd === null || (pivotUsd < r1Usd && r1Usd < r2Usd));
}

/** A watchlist row as the simulated market needs it. */
export function buildRow(candidate: Candidate): ScenarioRow {
  return { ...candidate, direction: "Long" };
}

/**
 * Gives the first playable rows the parts of the story, in the order of the file.
 * @returns `null` where no row is playable.
 */
export function buildCast(rows: readonly ScenarioRow[]): Cast | null {
  const playable = rows.filter(isPlayable);
  // A row with R1 of its own tells the better story: without one, the pivot counts as R1.
  const lead = playable.find((row) => row.r1Usd !== null) ?? playable[0];
  if (lead === undefined) return null;
  const [unlisted, capped, stopped, ...others] = playable.filter((row) => row !== lead);
  return {
    lead,
    unlisted: unlisted ?? null,
    capped: capped ?? null,
    stopped: stopped ?? null,
    others,
  };
}

/** The fate of each symbol, and how much later it breaks out. */
export function buildFates(
  cast: Cast,
): { readonly fates: Record<string, Fate>; readonly delays: Record<string, number> } {
  const fates: Record<string, Fate> = {};
  const delays: Record<string, number> = {};
  const give = (row: ScenarioRow | null, fate: Fate, delay: number) => {
    if (row === null) return;
    fates[row.symbol] = fate;
    delays[row.symbol] = delay;
  };
  for (const row of cast.others) give(row, "teases", 0);
  give(cast.lead, "trends", 0);
  give(cast.stopped, "fails", 0.06);
  give(cast.unlisted, "holds", 0.1);
  give(cast.capped, "holds", 0.2);
  return { fates, delays };
}

/** Limits under which each part comes out as it is meant, whatever the prices of the list. */
export function buildLimits(cast: Cast): Limits {
  const { lead, unlisted, capped, stopped, others } = cast;
  const bought = [lead, stopped, capped].flatMap((row) => row === null ? [] : [row]);
  const equityUsd = Math.max(
    EQUITY_USD,
    ...[...bought, ...(unlisted === null ? [] : [unlisted])]
      .map((row) => buildEquityUsd(row, row === lead ? LEAD_QTY_MIN : 1)),
  );
  const costUsd = (row: ScenarioRow | null): number =>
    row === null ? 0 : buildQty(equityUsd, row) * buildEntryPriceUsd(row);
  // Room for lead and stopped, and for half of what comes after them.
  const roomUsd = costUsd(lead) + costUsd(stopped) +
    (capped === null ? costUsd(lead) : costUsd(capped) / 2);
  const listed = [...bought, ...others].map((row) => row.symbol);
  return {
    equityUsd,
    allowlist: [...new Set(listed)].sort().join(","),
    grossUsd: Math.round(roomUsd / STEP_USD) * STEP_USD,
    perSymbolUsd: Math.max(1000, Math.ceil(Math.max(...bought.map(costUsd)) * 1.2 / 100) * 100),
  };
}

/** Equity at which the sizing rule gives the row at least `qty` shares. */
function buildEquityUsd(row: ScenarioRow, qty: number): number {
  const sharePerUsd = buildQty(1e9, row) / 1e9;
  return sharePerUsd === 0 ? EQUITY_USD : Math.ceil((qty + 0.01) / sharePerUsd / 1000) * 1000;
}

/** Where the paths of the scenario hold after the breakout, a little above the pivot. */
function buildEntryPriceUsd({ pivotUsd, r1Usd, r2Usd }: ScenarioRow): number {
  return pivotUsd + 0.4 * ((r1Usd ?? (pivotUsd + r2Usd) / 2) - pivotUsd);
}
