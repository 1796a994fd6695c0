import { decideLeadMs } from "../domain/entry/entry_lead.ts";
import type { EntryIntent } from "../domain/account/entry_intent.ts";
import * as pure from "../domain/entry/entry_plan.ts";
import { decidePauseEnd } from "../domain/plan/pause_end.ts";
import type { Engine } from "./engine.ts";
import { noticeKillSwitch, noticePause } from "./notices.ts";
import { buildEndWorld } from "./standings.ts";

/** How often the pause before an entry's moment looks at the operator's switches, and how short before the moment it does last. */
const LOOK_MS = 500;
const LAST_LOOK_MS = 10;

/**
 * How long before its moment an intent's cycle begins (pipeline 4). Nothing is prepared in DRY_RUN, where nothing leaves, nor by
 * `--run-once`, which decides what is due by its cycle and waits for nothing.
 */
export function readLeadMs({ gateMode, ports }: Engine): number {
  return gateMode !== "LIVE" || ports.config.isRunOnce
    ? 0
    : decideLeadMs(ports.broker.slowestAnswerMs);
}

/** The intents that this cycle decides. */
export function listPressing(engine: Engine): readonly EntryIntent[] {
  return pure.listPressing(engine.state.intents, engine.nowMs(), readLeadMs(engine));
}

/**
 * The pause inside the cycle, until an entry's moment. Of what may change meanwhile the operator's switches are looked at, and
 * once more right before the request (`sendLive`).
 * @returns Whether the moment has come: not where the process is to stop, or the operator has changed something.
 */
export async function awaitMoment(engine: Engine, atMs: number): Promise<boolean> {
  const { clock } = engine.ports;
  const beganMs = clock.monotonicMs();
  let isUndisturbed = !engine.isCycleDue;
  while (isUndisturbed && engine.nowMs() < atMs) {
    const leftMs = engine.leftMs(atMs);
    const isLast = leftMs <= LAST_LOOK_MS;
    await clock.sleep(isLast ? leftMs : Math.min(leftMs - LAST_LOOK_MS, LOOK_MS), engine.stop);
    // At the moment itself only what the watch has seen: whatever is asked then makes the entry late.
    isUndisturbed = !engine.stop.aborted && !engine.isCycleDue &&
      (isLast || !await isDisturbed(engine));
  }
  engine.pausedMs += clock.monotonicMs() - beganMs;
  return isUndisturbed;
}

async function isDisturbed(engine: Engine): Promise<boolean> {
  // A cycle at once: what the switch has left behind is told at its end.
  if (await noticeKillSwitch(engine)) engine.isCycleDue = true;
  await noticePause(engine);
  return engine.isCycleDue || engine.isPauseSeen;
}

/** How long the cycle may wait for an entry's moment, Unix ms by the broker's clock. */
export function readPauseEndMs(engine: Engine): number {
  const { observation, momentsAhead, wakeAtMs, ports } = engine;
  const world = buildEndWorld(engine, observation?.clock ?? null, { gate: null, objection: null });
  const momentsMs = [...momentsAhead, ...wakeAtMs];
  return decidePauseEnd(world, { momentsMs, pollSeconds: ports.config.pollSeconds });
}
