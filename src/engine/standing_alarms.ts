import {
  type Alarm,
  type AlarmContext,
  listAlarms,
  listNamed,
} from "../domain/account/standing_alarms.ts";
import { buildAlarm, buildStateMessage, buildWithdrawal } from "../domain/alert/alert_messages.ts";
import type { Engine } from "./engine.ts";
import { listPositionFacts } from "./notices.ts";

const KEY_PREFIX = "standing:";
/** What the alert port reports as delivered after a withdrawal; dropped like everything else of the key. */
const OVER = "over";

/** The moment in which it is said. */
export interface AlarmMoment extends AlarmContext {
  /** Whether this cycle printed the gate: the line of one before it may be another by now. */
  readonly isGateAsked: boolean;
}

/**
 * Tells the operator what waits, one message a cause. Slack being away loses none: each is offered in every cycle until it was
 * delivered or is no longer true.
 */
export function sayAlarms(engine: Engine, context: AlarmMoment): void {
  const alarms = listAlarms(engine.state.standings, context);
  for (const key of [...engine.alarmsSaid.keys(), ...Object.keys(engine.state.alerted)]) {
    if (key.startsWith(KEY_PREFIX) && !isStillTrue(engine, key, alarms)) forget(engine, key);
  }
  for (const alarm of alarms) say(engine, alarm, context);
}

/**
 * Whether what was said of a cause still stands. Also where the same shares wait for another one by now: a broker that is away
 * every other minute would else be news in each of them.
 */
function isStillTrue(engine: Engine, key: string, alarms: readonly Alarm[]): boolean {
  const said = listNamed(engine.alarmsSaid.get(key) ?? engine.state.alerted[key] ?? "");
  return alarms.some((alarm) =>
    buildKey(alarm) === key ||
    (key.startsWith(`${KEY_PREFIX}${alarm.kind}:`) &&
      alarm.standings.some(({ symbol }) => said.includes(symbol)))
  );
}

function buildKey({ kind, cause }: Alarm): string {
  return `${KEY_PREFIX}${kind}:${cause}`;
}

function say(engine: Engine, alarm: Alarm, context: AlarmMoment): void {
  const { kind, cause, value, standings } = alarm;
  const key = buildKey(alarm);
  const symbols = new Set(standings.map(({ symbol }) => symbol));
  const positions = listPositionFacts(engine).filter(({ symbol }) => symbols.has(symbol));
  if (engine.alarmsSaid.get(key) !== value && engine.state.alerted[key] !== value) {
    for (const { symbol, trouble } of positions) {
      const what = kind === "bare" ? "Position without stop" : "Exit overdue";
      // Slack may be off: the trail has it all the same, and the report counts it among the errors.
      engine.logError(`${what} ${symbol}: ${trouble}`);
    }
  }
  engine.alarmsSaid.set(key, value);
  const isOpen = !context.isClosed && Number.isFinite(context.untilCloseMs);
  const message = buildAlarm({
    kind,
    cause,
    positions,
    gateLine: context.isGateAsked && !context.isLive ? engine.state.lastGate : null,
    closesAtMs: isOpen ? context.nowMs + context.untilCloseMs : null,
  });
  engine.alert(buildStateMessage({ key, value }, engine.state.alerted, message));
}

/** Takes back what still waits for Slack, and forgets that it was said: the next time is news again. */
function forget(engine: Engine, key: string): void {
  const isSaid = engine.alarmsSaid.delete(key);
  const { [key]: alerted, ...others } = engine.state.alerted;
  if (!isSaid && alerted === undefined) return;
  if (alerted !== OVER) engine.alert(buildWithdrawal({ key, value: OVER }));
  engine.updateState({ alerted: others });
}
