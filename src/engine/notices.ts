import type { ManagedPosition } from "../domain/account/engine_state.ts";
import { isMissing, readShares } from "../domain/account/position_shares.ts";
import { formatTrouble, type Standing } from "../domain/account/standing.ts";
import { buildLastSeen, type PositionFact } from "../domain/alert/alert_facts.ts";
import {
  buildEntriesPaused,
  buildKillSwitchActive,
  buildLiveTradingEnabled,
  buildStateMessage,
  listNamedPositions,
} from "../domain/alert/alert_messages.ts";
import type { GateDecision, OperatorInputs } from "../domain/gate/gate.ts";
import { countSelling, listStopFacts } from "../domain/order/protection.ts";
import type { Engine } from "./engine.ts";
import { findHeld, findSellGroups } from "./observe.ts";
import { sightOf } from "./sight.ts";

/** Keys of what is alerted once per change (interface, Slack). */
const GATE_KEY = "gate";
const KILL_SWITCH_KEY = "kill_switch";
const PAUSE_KEY = "entries_paused";

/** A managed position, the stops that protect it as last read, and how it stood at the end of the last cycle. */
export function listPositionFacts(engine: Engine): PositionFact[] {
  return engine.state.positions.map((position) => {
    const { symbol, positionId } = position;
    const standing = engine.state.standings.find((each) => each.positionId === positionId);
    const groups = findSellGroups(engine, symbol);
    return {
      symbol,
      qty: readHeldQty(engine, position),
      sellingQty: countSelling(groups ?? []),
      stops: groups === null ? null : listStopFacts(groups),
      lastSeen: standing === undefined ? null : buildLastSeen(standing),
      trouble: standing === undefined ? null : formatTrouble(standing),
    };
  });
}

/**
 * Whole shares of a position as positions show them, by the one count where fills of a moment ago explain what they do not show
 * yet (pipeline 5); `null` where they can't be read.
 */
function readHeldQty(engine: Engine, position: ManagedPosition): number | null {
  const held = findHeld(engine, position.symbol);
  if (held === null) return null;
  const sight = sightOf(engine);
  const count = position.unexplainedQty === null ? readShares(sight, position) : null;
  if (count === null) return held?.qty ?? 0;
  const isLagging = held === undefined && !isMissing(sight, position, count);
  return count.isExplained || isLagging ? count.mostHeldQty : held?.qty ?? 0;
}

/** `Live trading enabled`, once per change into LIVE, also across restarts. */
export function noticeGate(engine: Engine, decision: GateDecision): void {
  const { endpoint } = engine.ports.config;
  const { host } = engine.ports.broker;
  const message = decision.mode === "LIVE"
    ? buildLiveTradingEnabled(decision, { endpoint, host })
    : null;
  const state = { key: GATE_KEY, value: decision.mode };
  engine.alert(buildStateMessage(state, engine.state.alerted, message));
}

/** Looks at the kill switch, and says what changed. @returns Whether it changed since the last look. */
export async function noticeKillSwitch(engine: Engine): Promise<boolean> {
  const { config, operatorFiles } = engine.ports;
  return await sayKillSwitch(engine, {
    isKillSwitchEnv: config.isKillSwitchEnv,
    isKillSwitchFile: config.isKillSwitchEnv || await operatorFiles.isKillSwitchOn(),
  });
}

/**
 * Alerts `Kill switch active` once per change, also across restarts: at a cycle's end, when what the operator's act left
 * behind is known, and never while something is under way that changes it.
 */
export function alertKillSwitch(engine: Engine): void {
  const source = engine.killSwitchSeen;
  const orders = engine.observation?.openOrders;
  const message = source === null ? null : buildKillSwitchActive({
    source,
    positions: engine.isStateLoaded ? listPositionFacts(engine) : null,
    seenAtMs: orders?.kind === "ok"
      ? engine.nowMs() - (engine.ports.clock.monotonicMs() - orders.atMonotonicMs)
      : null,
  });
  const state = { key: KILL_SWITCH_KEY, value: source ?? "off" };
  engine.alert(buildStateMessage(state, engine.state.alerted, message));
}

/**
 * Notes whose bare shares `Kill switch active` names: in this cycle's message, or in the one that was delivered and they stand
 * no worse since. What came to be bare after it is nobody's news but the alarm's.
 */
export function noteToldBare(engine: Engine): void {
  const source = engine.killSwitchSeen;
  const isSaidNow = source !== null && engine.state.alerted[KILL_SWITCH_KEY] !== source;
  const named = new Set(listNamedPositions(listPositionFacts(engine)).map(({ symbol }) => symbol));
  const told = engine.state.standings.filter((standing) => {
    const before = engine.toldBare.find(({ symbol }) => symbol === standing.symbol);
    return standing.bareSinceMs !== null &&
      (isSaidNow ? named.has(standing.symbol) : before !== undefined && !isWorse(standing, before));
  });
  engine.toldBare = source === null ? [] : told;
}

function isWorse(now: Standing, before: Standing): boolean {
  return now.bareQty > before.bareQty || now.coveredQty < before.coveredQty;
}

/**
 * Says a change of the kill switch in log and audit trail.
 * @param seen As just looked at.
 * @returns Whether it changed since the last look.
 */
export async function sayKillSwitch(
  engine: Engine,
  seen: Pick<OperatorInputs, "isKillSwitchEnv" | "isKillSwitchFile">,
): Promise<boolean> {
  const { log } = engine.ports;
  const source = seen.isKillSwitchEnv ? "env" : seen.isKillSwitchFile ? "file" : null;
  const isChanged = engine.killSwitchSeen !== source;
  engine.killSwitchSeen = source;
  if (!isChanged) return false;
  if (source !== null) log.warn(`Kill switch active (${source})`);
  else log.info("Kill switch cleared");
  await engine.event({
    type: "kill_switch",
    is_active: source !== null,
    source,
    by: "engine",
  });
  return true;
}

/**
 * Looks whether the operator has paused entries, and says a change in log, audit trail and Slack, `Entries paused` once per
 * change, also across restarts.
 */
export async function noticePause(engine: Engine): Promise<void> {
  const { log, operatorFiles } = engine.ports;
  const isPaused = await operatorFiles.areEntriesPaused();
  const state = { key: PAUSE_KEY, value: isPaused ? "on" : "off" };
  engine.alert(
    buildStateMessage(state, engine.state.alerted, isPaused ? buildEntriesPaused() : null),
  );
  if (engine.isPauseSeen === isPaused) return;
  engine.isPauseSeen = isPaused;
  if (isPaused) log.warn("Entries paused (ENTRIES_PAUSED): exits, stops and protection go on");
  else log.info("Entries are not paused any more");
  await engine.event({ type: "entries_paused", is_active: isPaused });
}

/** Remembers which state alerts the operator has got. */
export function takeDelivered(engine: Engine): void {
  const delivered = engine.ports.alerts.takeDelivered();
  if (delivered.length === 0) return;
  const alerted = { ...engine.state.alerted };
  for (const { key, value } of delivered) alerted[key] = value;
  engine.updateState({ alerted });
}
