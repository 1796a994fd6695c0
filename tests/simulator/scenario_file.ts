import { z } from "zod";
import { BehaviourWire, FaultRulesWire } from "./control.ts";
import { Exchange, SIM_KEY_ID, SIM_SECRET_KEY } from "./exchange.ts";
import { buildFaultPlan } from "./faults.ts";
import { type Knot, PathScript } from "./price_path.ts";
import type { PriceScript } from "./quotes.ts";
import { buildDay, buildSampleDay, SAMPLE_DAY_NY, sampleOpenMs } from "./scenario.ts";
import { type Simulator, startSimulator } from "./server.ts";
import { buildSession, nyMoment, type SimSession } from "./sessions.ts";
import { parseMoment } from "./wire.ts";

const Time = z.string().regex(/^\d{2}:\d{2}$/);
const DateNy = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const RowWire = z.strictObject({
  symbol: z.string(),
  direction: z.enum(["Long", "Short"]).default("Long"),
  priceUsd: z.number().positive(),
  pivotUsd: z.number().positive(),
  distancePct: z.number(),
  stopUsd: z.number().positive(),
  r1Usd: z.number().positive().nullable().default(null),
  r2Usd: z.number().positive(),
  anchor: z.string().default(""),
});
const PositionWire = z.strictObject({
  symbol: z.string(),
  qty: z.number(),
  averageUsd: z.number().positive(),
});
const ScenarioWire = z.strictObject({
  /** The day of paths and rows. */
  dateNy: DateNy.default(SAMPLE_DAY_NY),
  /** Absent: a session on `dateNy`. */
  sessions: z.array(z.strictObject({ dateNy: DateNy, close: Time.default("16:00") })).min(1)
    .optional(),
  /** RFC 3339; absent: the open of `dateNy`. */
  start: z.string().optional(),
  /** Virtual per real time; 0 stands still until `/sim/time`. */
  speed: z.number().min(0).default(1),
  latencyMs: z.number().min(0).default(0),
  port: z.int().min(0).max(65_535).default(0),
  cashUsd: z.number().default(100_000),
  keyId: z.string().default(SIM_KEY_ID),
  secretKey: z.string().default(SIM_SECRET_KEY),
  tickMs: z.int().positive().default(1000),
  /** Prices by symbol as `["HH:MM", USD]` on `dateNy`. */
  paths: z.record(z.string(), z.array(z.tuple([Time, z.number().positive()])).min(1)).optional(),
  /** Watchlist rows to make paths of, instead of `paths`. */
  rows: z.array(RowWire).min(1).optional(),
  positions: z.array(PositionWire).default([]),
  behaviour: BehaviourWire.default({}),
  faults: FaultRulesWire.default([]),
});
/** A scenario file, checked and with its defaults. */
export type Scenario = z.output<typeof ScenarioWire>;

/** A scenario that can't be used; its message says why. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
}

/**
 * Parses a scenario file; `{}` is the sample day in real time.
 * @throws {ScenarioError}
 */
export function parseScenario(text: string): Scenario {
  try {
    return ScenarioWire.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof z.ZodError) {
      throw new ScenarioError(z.prettifyError(error).replaceAll(/\s*\n\s*/g, " "));
    }
    if (error instanceof SyntaxError) throw new ScenarioError("it is not JSON");
    throw error;
  }
}

function buildPaths(scenario: Scenario, sessions: readonly SimSession[]): PathScript {
  const paths: Record<string, Knot[]> = {};
  for (const [symbol, points] of Object.entries(scenario.paths ?? {})) {
    paths[symbol] = points.map(([timeNy, priceUsd]) => ({
      atMs: nyMoment(scenario.dateNy, timeNy),
      priceUsd,
    }));
  }
  return new PathScript(paths, sessions);
}

function buildMarket(scenario: Scenario): { sessions: readonly SimSession[]; script: PriceScript } {
  const { dateNy, rows, paths } = scenario;
  const given = scenario.sessions?.map((each) => buildSession(each.dateNy, each.close));
  if (paths !== undefined) {
    const sessions = given ?? [buildSession(dateNy)];
    return { sessions, script: buildPaths(scenario, sessions) };
  }
  const sessions = given === undefined ? {} : { sessions: given };
  return rows === undefined ? buildSampleDay(dateNy) : buildDay(rows, { dateNy, ...sessions });
}

function buildExchange(scenario: Scenario): Exchange {
  const { sessions, script } = buildMarket(scenario);
  const { cashUsd, keyId, secretKey, tickMs } = scenario;
  const start = scenario.start === undefined ? null : parseMoment(scenario.start);
  if (scenario.start !== undefined && start === null) {
    throw new ScenarioError(`start "${scenario.start}" is not a time`);
  }
  const startMs = start?.ms ?? sampleOpenMs(scenario.dateNy);
  const exchange = new Exchange({ sessions, script, startMs, cashUsd, keyId, secretKey, tickMs });
  Object.assign(exchange.behaviour, scenario.behaviour);
  for (const { symbol, qty, averageUsd } of scenario.positions) {
    exchange.setPosition(symbol, qty, averageUsd);
  }
  return exchange;
}

/** A day without a session, or a path out of order, is the scenario's fault. */
function buildCheckedExchange(scenario: Scenario): Exchange {
  try {
    return buildExchange(scenario);
  } catch (error) {
    if (error instanceof RangeError) throw new ScenarioError(error.message);
    throw error;
  }
}

/**
 * Serves a scenario.
 * @throws {ScenarioError}
 */
export function startScenario(scenario: Scenario): Simulator {
  const exchange = buildCheckedExchange(scenario);
  const { speed, latencyMs, port } = scenario;
  const faults = buildFaultPlan(scenario.faults);
  return startSimulator({ exchange, speed, latencyMs, port, faults });
}
