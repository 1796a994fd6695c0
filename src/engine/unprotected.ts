import type { ManagedPosition } from "../domain/engine_state.ts";
import {
  buildPositionWithoutStop,
  buildStateMessage,
  buildWithdrawal,
} from "../domain/alert_messages.ts";
import { formatGateMode, type GateDecision } from "../domain/gate.ts";
import { isSplit } from "../domain/position_account.ts";
import { countCovered, countGtcCovered } from "../domain/protection.ts";
import { CONVERT_BEFORE_CLOSE_MS, untilCloseMs } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { listPositionFacts } from "./notices.ts";
import { findOwnGroups, readShares } from "./shares.ts";

/** The last call while not LIVE, before day orders die with the close. */
export const LAST_CALL_MS = 20 * 60_000;
const HOUR_MS = 3_600_000;

/** The most shares that a managed position may have, and how many of them a working sell covers. `null`: the broker could not be asked. */
export interface Coverage {
  readonly heldQty: number;
  readonly coveredQty: number;
  readonly gtcQty: number;
}

/** What protects a managed position, as last read. */
export function readCoverage(engine: Engine, position: ManagedPosition): Coverage | null {
  const found = findOwnGroups(engine, position);
  if (found === null) return null;
  const groups = isSplit(position, engine.nowMs()) ? [] : found;
  return {
    // In doubt what was held last is still held.
    heldQty: readShares(engine, position)?.mostHeldQty ?? position.qty ?? 0,
    coveredQty: countCovered(groups),
    gtcQty: countGtcCovered(groups),
  };
}

/**
 * Raises `Position without stop`, a state alert: while not LIVE for a managed position without a good-till-canceled stop,
 * at the change, hourly, and 20 minutes before the close; in LIVE for one that the cycle could not protect (pipeline 5,
 * "When"). Slack being away loses none: it is offered in each cycle until it was delivered or is no longer true.
 * @param isBlind The broker's clock can't be read; what was observed last stands.
 */
export function checkUnprotected(engine: Engine, gate: GateDecision, isBlind = false): void {
  forgetGone(engine);
  const leftMs = untilCloseMs(engine);
  // Without the broker's clock nothing leaves: day orders that were seen last die with the close.
  if (isBlind && (engine.observation?.clock.isOpen !== true || leftMs > LAST_CALL_MS)) return;
  for (const position of engine.state.positions) {
    const read = readCoverage(engine, position);
    // At the last call what can't be read is not taken for covered.
    const isUnread = read === null && gate.mode === "DRY_RUN" && leftMs <= LAST_CALL_MS;
    const coverage = isUnread ? { heldQty: position.qty ?? 0, coveredQty: 0, gtcQty: 0 } : read;
    if (coverage === null || coverage.heldQty <= 0) continue;
    const isGtcNeeded = isBlind || gate.mode === "DRY_RUN" || leftMs <= CONVERT_BEFORE_CLOSE_MS;
    const safeQty = isGtcNeeded ? coverage.gtcQty : coverage.coveredQty;
    if (safeQty >= coverage.heldQty) {
      forget(engine, buildKey(position.positionId));
      continue;
    }
    if (gate.mode === "LIVE" && position.partialSinceMs !== null) continue;
    const stage = leftMs <= LAST_CALL_MS ? "close" : "day";
    const hour = Math.floor(engine.nowMs() / HOUR_MS);
    say(engine, position, {
      value: `${gate.mode}:${hour}:${stage}`,
      gateLine: formatGateMode(gate),
      closesAtMs: engine.observation?.clock.isOpen === true ? engine.nowMs() + leftMs : null,
      log: `${coverage.heldQty} shares, ` +
        (isUnread
          ? "and what covers them can't be read"
          : `${safeQty} covered by a ${isGtcNeeded ? "good-till-canceled " : ""}stop`) +
        `; engine's stop ${position.stopUsd}`,
    });
  }
}

const KEY_PREFIX = "unprotected:";

function buildKey(positionId: string): string {
  return `${KEY_PREFIX}${positionId}`;
}

function say(
  engine: Engine,
  position: ManagedPosition,
  facts: {
    readonly value: string;
    readonly gateLine: string;
    readonly closesAtMs: number | null;
    readonly log: string;
  },
): void {
  const { value, gateLine, closesAtMs } = facts;
  const key = buildKey(position.positionId);
  const { symbol } = position;
  if (engine.unprotectedSaid.get(key) !== value && engine.state.alerted[key] !== value) {
    engine.ports.log.error(`Position without stop ${symbol}: ${facts.log}`);
  }
  engine.unprotectedSaid.set(key, value);
  const fact = listPositionFacts(engine).find((each) => each.symbol === symbol) ??
    { symbol, qty: null, stops: null };
  const message = buildPositionWithoutStop({ position: fact, gateLine, closesAtMs });
  engine.alert(buildStateMessage({ key, value }, engine.state.alerted, message));
}

/** Takes back what still waits for Slack, and forgets that it was said: the next time is news again. */
function forget(engine: Engine, key: string): void {
  const isSaid = engine.unprotectedSaid.delete(key);
  const { [key]: alerted, ...others } = engine.state.alerted;
  if (!isSaid && alerted === undefined) return;
  if (alerted !== PROTECTED) engine.alert(buildWithdrawal({ key, value: PROTECTED }));
  engine.updateState({ alerted: others });
}

/** What the alert port reports as delivered after a withdrawal; dropped like everything else of the key. */
const PROTECTED = "protected";

/** Positions that are managed no longer need no memory. */
function forgetGone(engine: Engine): void {
  const managed = new Set(engine.state.positions.map((each) => buildKey(each.positionId)));
  for (const key of [...engine.unprotectedSaid.keys(), ...Object.keys(engine.state.alerted)]) {
    if (key.startsWith(KEY_PREFIX) && !managed.has(key)) forget(engine, key);
  }
}
