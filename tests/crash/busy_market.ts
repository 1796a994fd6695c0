import type { Prng } from "../simulation/prng.ts";
import type { PathScript } from "../simulator/price_path.ts";
import type { PriceBounds, PriceScript } from "../simulator/quotes.ts";
import { buildDay, type Fate, type ScenarioRow } from "../simulator/scenario.ts";
import { buildSession, type SimSession } from "../simulator/sessions.ts";

/** Days on which much happens: breakouts all morning, each followed by trims, rising stops and a fall. */
export interface BusyMarket {
  /** The day before, then those that are traded. */
  readonly sessions: readonly SimSession[];
  readonly days: readonly BusyDay[];
  readonly script: PriceScript;
}

/** One of the days, and its list as the scan left it. */
export interface BusyDay {
  readonly session: SimSession;
  readonly watchlistCsv: string;
}

const FIRST_NY = "2026-11-02";
const DAY_MS = 86_400_000;
const HALF_DAYS: ReadonlyMap<string, string> = new Map([["2026-11-27", "13:00"]]);
const HOLIDAYS: ReadonlySet<string> = new Set(["2026-11-26"]);
/** Pivots in USD: from many shares to three. */
const PIVOTS_USD: Readonly<Record<string, number>> = {
  AAA: 124.2,
  BBB: 48.1,
  CCC: 231.5,
  DDD: 16.2,
  EEE: 418.4,
};
const FATES: readonly Fate[] = ["trends", "trends", "trends", "holds", "fails"];
/** The latest breakout is this part of the session after the first. */
const DELAY_MAX = 0.45;

/** Makes a market of so many days. */
export function buildBusyMarket(chance: Prng, dayCount: number): BusyMarket {
  const sessions = buildSessions(dayCount + 1);
  const rows = Object.entries(PIVOTS_USD).map(([symbol, pivotUsd]) => buildRow(symbol, pivotUsd));
  const scenarios = sessions.slice(1).map((session) => {
    const draw = <T>(one: () => T): Record<string, T> =>
      Object.fromEntries(rows.map(({ symbol }) => [symbol, one()]));
    const fates = draw(() => chance.pick(FATES));
    const delays = draw(() => chance.between(0, DELAY_MAX));
    const { dateNy } = session;
    const { script, watchlistCsv } = buildDay(rows, { dateNy, sessions, fates, delays });
    return { session, script, watchlistCsv };
  });
  return { sessions, days: scenarios, script: new DaysScript(scenarios) };
}

function buildSessions(count: number): SimSession[] {
  const sessions: SimSession[] = [];
  for (let ms = Date.parse(`${FIRST_NY}T00:00:00Z`); sessions.length < count; ms += DAY_MS) {
    const date = new Date(ms);
    const dateNy = date.toISOString().slice(0, 10);
    if ([0, 6].includes(date.getUTCDay()) || HOLIDAYS.has(dateNy)) continue;
    sessions.push(buildSession(dateNy, HALF_DAYS.get(dateNy) ?? "16:00"));
  }
  return sessions;
}

function buildRow(symbol: string, pivotUsd: number): ScenarioRow {
  const at = (ratio: number): number => Math.round(pivotUsd * ratio * 100) / 100;
  return {
    symbol,
    direction: "Long",
    priceUsd: at(0.99),
    pivotUsd,
    distancePct: -1,
    stopUsd: at(0.945),
    r1Usd: at(1.042),
    r2Usd: at(1.1),
    anchor: "YTD",
  };
}

/** The paths of single days, one after the other. */
class DaysScript implements PriceScript {
  constructor(
    readonly days: readonly { readonly session: SimSession; readonly script: PathScript }[],
  ) {}

  priceAtUsd(symbol: string, ms: number): number | null {
    return this.#dayAt(ms).script.priceAtUsd(symbol, ms);
  }

  boundsUsd(symbol: string, fromMs: number, toMs: number): PriceBounds | null {
    const first = this.days.indexOf(this.#dayAt(fromMs));
    const last = this.days.indexOf(this.#dayAt(toMs));
    const found = this.days.slice(first, last + 1).flatMap(({ script }) =>
      script.boundsUsd(symbol, fromMs, toMs) ?? []
    );
    if (found.length === 0) return null;
    return {
      lowUsd: Math.min(...found.map(({ lowUsd }) => lowUsd)),
      highUsd: Math.max(...found.map(({ highUsd }) => highUsd)),
    };
  }

  /** The day whose session is open at the moment or was the last one; the first before all. */
  #dayAt(ms: number) {
    const day = this.days.findLast(({ session }) => session.openMs <= ms) ?? this.days[0];
    if (day === undefined) throw new RangeError("a market needs a day");
    return day;
  }
}
