import { readText, type RecordedEvent } from "./events.ts";
import { SKIP } from "../entry/skip_reason.ts";

/**
 * Which of a symbol's decisions says why it was not entered: the last on an intent of it, but that the close is near. Of each
 * symbol whose breakout stands in the afternoon that is the last word, whatever kept it out all day.
 * @param decisions Of one symbol, oldest first.
 */
export function findFate(decisions: readonly RecordedEvent[]): RecordedEvent | undefined {
  const ofIntents = decisions.filter((event) => readText(event, "client_order_id") !== null);
  const own = ofIntents.length > 0 ? ofIntents : decisions;
  return own.findLast((event) => readText(event, "reason") !== SKIP.closeNear) ?? own.at(-1);
}
