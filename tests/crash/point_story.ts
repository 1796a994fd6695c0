import { buildDay, type ScenarioRow } from "../simulator/scenario.ts";
import { buildSession } from "../simulator/sessions.ts";
import type { CrashStage, CrashStageOptions } from "./crash_stage.ts";

const SESSION = buildSession("2026-11-23");
const MINUTE_MS = 60_000;

/** The one candidate: 14 shares, a breakout at 9:50, trims of 7 and 3. */
const ROW: ScenarioRow = {
  symbol: "NVDA",
  direction: "Long",
  priceUsd: 120,
  pivotUsd: 124.2,
  distancePct: -1,
  stopUsd: 117.1,
  r1Usd: 129.4,
  r2Usd: 136.6,
  anchor: "earnings gap",
};

export const SYMBOL = ROW.symbol;
/** Above R1 and R2, USD. */
export const FIRST_TARGET_USD = 130;
export const SECOND_TARGET_USD = 137;

/** The market of the stories: it broke out, holds, and goes where the story sets it. */
export function buildStoryOptions(): CrashStageOptions {
  const sessions = [buildSession("2026-11-20"), SESSION, buildSession("2026-11-24")];
  const { script } = buildDay([ROW], { sessions, fates: { NVDA: "holds" }, delays: { NVDA: 0 } });
  return {
    sessions,
    script,
    startMs: SESSION.openMs + 30 * MINUTE_MS,
    caps: { ordersPerDay: 2, positions: 1, grossUsd: 4000, perSymbolUsd: 2500 },
    strideMs: 2_000,
    environment: {
      EXECUTION_POLL_SECONDS: "20",
      ENTRY_DELAY_MIN_SECONDS: "1",
      ENTRY_DELAY_MAX_SECONDS: "1",
    },
  };
}

/** The list of the day. */
export function buildStoryList(): string {
  return buildDay([ROW], { sessions: [SESSION] }).watchlistCsv;
}

/** The close of the story's day, Unix ms. */
export const CLOSE_MS = SESSION.closeMs;

/** The entry's order at the broker, or those of them that there are. */
export function listEntryOrders({ exchange }: CrashStage) {
  return exchange.orders.filter((order) => order.parent === null && order.side === "buy");
}

/** Whether shares are held, all protected, and nothing is unsettled. */
export function isHeldAndSettled(stage: CrashStage): boolean {
  return stage.exchange.position(SYMBOL) !== null && isSettled(stage);
}

/** Whether every share is protected and nothing is unsettled, by a cycle that was LIVE to its end. */
export function isSettled({ audit }: CrashStage): boolean {
  return audit.liveCyclesNow > 0 && audit.listUnsettled().length === 0 &&
    audit.listUnprotected().length === 0;
}
