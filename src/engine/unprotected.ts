import type { ManagedPosition } from "../domain/engine_state.ts";
import type { GateDecision } from "../domain/gate.ts";
import { countCovered, countGtcCovered } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import { closeMsOf, findHeld, findSellGroups } from "./observe.ts";
import { CONVERT_BEFORE_CLOSE_MS } from "./protecting.ts";

/** The last call while not LIVE, before day orders die with the close. */
export const LAST_CALL_MS = 20 * 60_000;
const HOUR_MS = 3_600_000;

/** A managed position's shares and how many of them a working sell covers. `null`: the broker could not be asked. */
export interface Coverage {
  readonly heldQty: number;
  readonly coveredQty: number;
  readonly gtcQty: number;
}

/** What protects a managed position, as last read. */
export function readCoverage(engine: Engine, position: ManagedPosition): Coverage | null {
  const held = findHeld(engine, position.symbol);
  const groups = findSellGroups(engine, position.symbol);
  if (held === null || groups === null) return null;
  return {
    heldQty: held?.qty ?? 0,
    coveredQty: countCovered(groups),
    gtcQty: countGtcCovered(groups),
  };
}

/**
 * Raises `Position without stop`: while not LIVE for a managed position without a good-till-canceled stop, at the change,
 * hourly, and 20 minutes before the close; in LIVE for one that the cycle could not protect (pipeline 5, "When").
 */
export function checkUnprotected(engine: Engine, gate: GateDecision): void {
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  const leftMs = closeMs === null ? Infinity : closeMs - engine.nowMs();
  for (const position of engine.state.positions) {
    const key = `unprotected:${position.positionId}`;
    const coverage = readCoverage(engine, position);
    if (coverage === null || coverage.heldQty <= 0) continue;
    const isGtcNeeded = gate.mode === "DRY_RUN" || leftMs <= CONVERT_BEFORE_CLOSE_MS;
    const safeQty = isGtcNeeded ? coverage.gtcQty : coverage.coveredQty;
    if (safeQty >= coverage.heldQty) {
      if (engine.state.alerted[key] !== undefined) forget(engine, key);
      continue;
    }
    if (gate.mode === "LIVE" && position.partialSinceMs !== null) continue;
    const stage = leftMs <= LAST_CALL_MS ? "close" : "day";
    const hour = Math.floor(engine.nowMs() / HOUR_MS);
    if (!engine.isNews(key, `${gate.mode}:${hour}:${stage}`)) continue;
    const message = `${position.symbol}: ${coverage.heldQty} shares, ${safeQty} covered by a ` +
      `${isGtcNeeded ? "good-till-canceled " : ""}stop; engine's stop ${position.stopUsd}`;
    engine.ports.log.error(`Position without stop ${message}`);
    engine.alert({
      level: "ERROR",
      title: "Position without stop",
      text:
        `${message}\nClose it: avwap-execution flatten --close-positions --symbol ${position.symbol} --yes`,
    });
  }
}

function forget(engine: Engine, key: string): void {
  const { [key]: _gone, ...alerted } = engine.state.alerted;
  engine.updateState({ alerted });
}
