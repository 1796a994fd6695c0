import { decideOperator } from "../domain/gate/gate.ts";
import type { Engine } from "./engine.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { readOperatorInputs } from "./gate_reader.ts";
import { noticeKillSwitch } from "./notices.ts";

/**
 * Looks at the kill switch in the middle of whatever the engine does: says a change in log, audit trail and Slack, and
 * prints the gate anew while the market is open (runbook 2, "immediately"). It sends nothing and asks no broker; what
 * stops the orders is the look before each request (`findObjection` in `send.ts`).
 */
export async function lookAtOnce(engine: Engine): Promise<void> {
  if (!await noticeKillSwitch(engine)) return;
  engine.isCycleDue = true;
  const objection = decideOperator(await readOperatorInputs(engine));
  if (objection === null || !isMarketRunning(engine)) return;
  await printGateIfChanged(engine, { mode: "DRY_RUN", reason: objection });
}

/** While the market is closed the gate lines wait for the open (interface, Gate). */
function isMarketRunning(engine: Engine): boolean {
  const clock = engine.observation?.clock;
  if (engine.ports.config.isMarketHoursIgnored) return true;
  return clock !== undefined && clock.isOpen && engine.nowMs() < clock.nextCloseMs;
}
