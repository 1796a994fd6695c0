import { buildDiskFault, buildStateMessage } from "../domain/alert/alert_messages.ts";
import type { Engine } from "./engine.ts";

/** State key of the alert, for the alert port. */
const ALERT_KEY = "disk";
/** What the log has of it, by day and kind; there until its end was said too. */
const SAID_KEY = "disk:said";
const ROOM = "room";

/**
 * Looks after the reserve and says, once a NY day and cause, what keeps records from being made, and once that it is over
 * (pipeline 5, "A reserve of 4 MB"). Between the two there are no entries.
 */
export async function noticeDisk(engine: Engine): Promise<void> {
  const { disk, log } = engine.ports;
  const problem = await disk.look();
  const { fault, stateDir } = disk;
  if (fault === null) {
    if (problem !== null) sayNoReserve(engine, problem);
    return sayRoom(engine);
  }
  const value = `${engine.dateNy()} ${fault.kind}`;
  const message = buildDiskFault({ fault, stateDir, freeBytes: await disk.readFreeBytes() });
  if (engine.isNews(SAID_KEY, value)) {
    log.error(`${message.title}: ${message.text.replaceAll("\n", ". ")}`, { isDistinct: true });
  }
  engine.alert(buildStateMessage({ key: ALERT_KEY, value }, engine.state.alerted, message));
}

/** Without a reserve everything goes on; a full disk would then stop exits too. */
function sayNoReserve(engine: Engine, problem: string): void {
  if (!engine.isNews("disk:reserve", `${engine.dateNy()} ${problem}`)) return;
  engine.ports.log.warn(
    `No reserve for a full disk: ${problem}. Records are made without one; until it can be made, ` +
      "a full disk keeps exits from being recorded",
  );
}

function sayRoom(engine: Engine): void {
  const { [SAID_KEY]: said, [ALERT_KEY]: alerted, ...others } = engine.state.alerted;
  if (said === undefined) return;
  if (alerted === ROOM) return engine.updateState({ alerted: others });
  const text = `${engine.ports.disk.stateDir} takes records again: the reserve is whole, ` +
    "entries go on";
  if (!said.endsWith(ROOM) && engine.isNews(SAID_KEY, `${engine.dateNy()} ${ROOM}`)) {
    engine.ports.log.info(text);
  }
  const message = { level: "INFO", title: "Execution recovered", text } as const;
  const state = { key: ALERT_KEY, value: ROOM };
  engine.alert(buildStateMessage(state, engine.state.alerted, message));
}
