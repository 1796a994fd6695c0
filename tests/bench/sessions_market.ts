import type { PriceScript } from "../simulator/quotes.ts";
import type { ScenarioRow } from "../simulator/scenario.ts";
import { buildSession, nyDateAt, nyTimeAt, type SimSession } from "../simulator/sessions.ts";

const DAY_MS = 86_400_000;
/** The Monday that the sessions begin with. */
const FIRST_MS = Date.UTC(2026, 0, 5, 12);
/** Each day so many of the candidates break out, others every day: two run to their target, two come back to their stop. */
const BREAKING = 4;

/** Sessions on weekdays, one after the other. */
export function listSessions(count: number): SimSession[] {
  const sessions: SimSession[] = [];
  for (let ms = FIRST_MS; sessions.length < count; ms += DAY_MS) {
    const weekday = new Date(ms).getUTCDay();
    if (weekday !== 0 && weekday !== 6) sessions.push(buildSession(nyDateAt(ms)));
  }
  return sessions;
}

/** Candidates with a pivot each, the same on every day. */
export function buildRows(count: number): ScenarioRow[] {
  return Array.from({ length: count }, (_, at): ScenarioRow => {
    const pivotUsd = 20 + at % 300;
    return {
      symbol: nameSymbol(at),
      direction: "Long",
      priceUsd: pivotUsd,
      pivotUsd,
      distancePct: -2,
      stopUsd: pivotUsd * 0.95,
      r1Usd: pivotUsd * 1.05,
      r2Usd: pivotUsd * 1.1,
      anchor: "bench",
    };
  });
}

function nameSymbol(at: number): string {
  return `S${String(at).padStart(4, "0")}`;
}

/** Prices as parts of the pivot, from a New York time on. */
const RUNS = [["09:30", 0.98], ["10:00", 1.01], ["11:30", 1.06], ["13:00", 1.11]] as const;
const FALLS = [["09:30", 0.98], ["10:00", 1.01], ["12:30", 0.94]] as const;

/** The market of these rows: below every pivot, but for the day's few. */
export function buildScript(rows: readonly ScenarioRow[], sessions: readonly SimSession[]) {
  const pivots = new Map(rows.map(({ symbol, pivotUsd }, at) => [symbol, { at, pivotUsd }]));
  const dayOf = new Map(sessions.map(({ dateNy }, day) => [dateNy, day]));
  const priceAtUsd = (symbol: string, ms: number): number | null => {
    const row = pivots.get(symbol);
    const day = dayOf.get(nyDateAt(ms));
    const timeNy = nyTimeAt(ms);
    if (row === undefined || day === undefined || timeNy < "09:30" || timeNy >= "16:00") {
      return null;
    }
    const turn = (row.at - day * BREAKING % rows.length + rows.length) % rows.length;
    if (turn >= BREAKING) return row.pivotUsd * 0.98;
    const steps = turn < BREAKING / 2 ? RUNS : FALLS;
    const part = steps.findLast(([fromNy]) => timeNy >= fromNy)?.[1] ?? 0.98;
    return row.pivotUsd * part;
  };
  const script: PriceScript = {
    priceAtUsd,
    boundsUsd: (symbol) => {
      const pivotUsd = pivots.get(symbol)?.pivotUsd;
      return pivotUsd === undefined ? null : { lowUsd: pivotUsd * 0.9, highUsd: pivotUsd * 1.2 };
    },
  };
  return script;
}
