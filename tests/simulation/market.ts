import { type Knot, PathScript } from "../simulator/price_path.ts";
import { buildSession, type SimSession } from "../simulator/sessions.ts";
import type { Prng } from "./prng.ts";

/** What a day's list says of a symbol; prices in USD per share. */
export interface ListRow {
  readonly symbol: string;
  readonly priceUsd: number;
  readonly pivotUsd: number;
  readonly distancePct: number;
  readonly stopUsd: number;
  readonly r1Usd: number;
  readonly r2Usd: number;
}

/** A market of a few days: its sessions, its prices, and the list of each day. */
export interface Market {
  readonly sessions: readonly SimSession[];
  readonly script: PathScript;
  /** By New York date. */
  readonly lists: ReadonlyMap<string, readonly ListRow[]>;
  readonly symbols: readonly string[];
}

/** Symbols that the lists name. */
const LISTED = ["AAA", "BBB", "CCC", "DDD", "EEE"] as const;
/** A symbol that no list names: somebody else's. */
export const FOREIGN_SYMBOL = "ZZZ";

const MINUTE_MS = 60_000;
/** Weeks that hold a half day, the end of summer time, the turn of a year, or nothing special. */
const STARTS_NY = [
  "2026-11-23",
  "2026-11-25",
  "2026-12-22",
  "2026-10-29",
  "2026-03-05",
  "2026-12-30",
  "2026-06-15",
] as const;
const HALF_DAYS: ReadonlySet<string> = new Set(["2026-11-27", "2026-12-24"]);
const HOLIDAYS: ReadonlySet<string> = new Set(["2026-11-26", "2026-12-25", "2027-01-01"]);

/** Makes a market. @param dayCount Sessions to trade in; one more lies before them, for yesterday's prices. */
export function buildMarket(chance: Prng, dayCount: number): Market {
  const sessions = buildSessions(chance.pick(STARTS_NY), dayCount + 1);
  const symbols = LISTED.slice(0, chance.pick([2, 2, 3, 3, 4, 5]));
  const paths: Record<string, Knot[]> = {};
  const rows = new Map<string, ListRow[]>();
  for (const symbol of symbols) buildSymbol(chance, symbol, sessions, paths, rows);
  paths[FOREIGN_SYMBOL] = sessions.map(({ openMs }) => ({ atMs: openMs, priceUsd: 31.4 }));
  return {
    sessions,
    script: new PathScript(paths, sessions),
    lists: rows,
    symbols: [...symbols, FOREIGN_SYMBOL],
  };
}

function buildSessions(startNy: string, count: number): SimSession[] {
  const sessions: SimSession[] = [];
  for (let day = 0; sessions.length < count; day++) {
    const date = new Date(Date.parse(`${startNy}T00:00:00Z`) + day * 86_400_000);
    const dateNy = date.toISOString().slice(0, 10);
    if ([0, 6].includes(date.getUTCDay()) || HOLIDAYS.has(dateNy)) continue;
    sessions.push(buildSession(dateNy, HALF_DAYS.has(dateNy) ? "13:00" : "16:00"));
  }
  return sessions;
}

function buildSymbol(
  chance: Prng,
  symbol: string,
  sessions: readonly SimSession[],
  paths: Record<string, Knot[]>,
  rows: Map<string, ListRow[]>,
): void {
  const knots: Knot[] = [];
  let priceUsd = chance.pick([0.8, 12, 40, 90, 180]) * chance.between(0.9, 1.2);
  const volatility = chance.between(0.002, 0.008);
  for (const { dateNy, openMs, closeMs } of sessions) {
    const row = buildRow(chance, symbol, priceUsd);
    const list = rows.get(dateNy) ?? [];
    rows.set(dateNy, [...list, row]);
    priceUsd *= 1 + chance.between(-0.006, 0.008);
    if (chance.isHit(0.15)) priceUsd *= 1 + chance.between(-0.06, 0.06);
    let drift = chance.between(-0.001, 0.003);
    knots.push({ atMs: openMs, priceUsd });
    for (let ms = openMs + 8 * MINUTE_MS; ms < closeMs; ms += 12 * MINUTE_MS) {
      if (chance.isHit(0.12)) drift = chance.between(-0.004, 0.004);
      priceUsd *= 1 + drift + volatility * (chance.uniform() + chance.uniform() - 1);
      knots.push({ atMs: ms, priceUsd });
      if (chance.isHit(0.02)) {
        // A gap: the next trade is somewhere else.
        priceUsd *= 1 + chance.between(-0.05, 0.05);
        knots.push({ atMs: ms + 1000, priceUsd });
      }
    }
  }
  paths[symbol] = knots;
}

function buildRow(chance: Prng, symbol: string, lastUsd: number): ListRow {
  const pivotUsd = lastUsd * (1 + chance.between(-0.003, 0.008));
  const r1Usd = pivotUsd * (1 + chance.between(0.004, 0.02));
  return {
    symbol,
    priceUsd: lastUsd,
    pivotUsd,
    distancePct: (pivotUsd / lastUsd - 1) * 100,
    stopUsd: pivotUsd * (1 - chance.between(0.006, 0.03)),
    r1Usd,
    r2Usd: r1Usd * (1 + chance.between(0.004, 0.02)),
  };
}

/** The day's list as the scan writes it (pipeline 1). */
export function buildListCsv(rows: readonly ListRow[]): string {
  const lines = rows.map((row) =>
    [
      "1",
      row.symbol,
      "Long",
      row.priceUsd.toFixed(4),
      row.pivotUsd.toFixed(4),
      row.distancePct.toFixed(3),
      row.stopUsd.toFixed(4),
      row.r1Usd.toFixed(4),
      row.r2Usd.toFixed(4),
    ].join(",")
  );
  return [
    "SchemaVersion,Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2",
    ...lines,
    "",
  ].join("\n");
}
