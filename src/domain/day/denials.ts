import { readText, type RecordedEvent } from "./events.ts";

/**
 * Makes a filter that is asked event by event, oldest first, whether a verdict denies again what it denied of the same pair
 * of bars for the same reason: that counts once for people (pipeline 4), though the audit trail has each. Releases before
 * name no bars: each of their denials is one of its own.
 */
export function createDenialFilter(): (event: RecordedEvent) => boolean {
  const seen = new Set<string>();
  return (event) => {
    const b2Start = readText(event, "b2_start");
    if (event.type !== "verdict" || event["is_allowed"] !== false || b2Start === null) return false;
    const key = [event.symbol, readText(event, "reason"), b2Start].join("\n");
    const isAgain = seen.has(key);
    seen.add(key);
    return isAgain;
  };
}
