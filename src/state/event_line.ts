import type { EngineEvent } from "../domain/day/events.ts";
import { joinPath } from "./file_system.ts";
import type { Redact } from "./redaction.ts";

/** Format of a line; a reader passes over lines of another. */
export const EVENT_VERSION = 1;
/** A line longer than this is cut: one absurd answer must not fill the day's file. */
export const LINE_CHARS_MAX = 256 * 1024;

const EVENT_FILE = /^events-(\d{4}-\d{2}-\d{2})\.jsonl$/;

/** The event file of a New York date. */
export function buildEventPath(stateDir: string, dateNy: string): string {
  return joinPath(stateDir, `events-${dateNy}.jsonl`);
}

/** The New York date of an event file by its name, `null` where it is none. */
export function parseEventFileName(name: string): string | null {
  return EVENT_FILE.exec(name)?.[1] ?? null;
}

/**
 * One line with its line feed: `{"v":1,"at":...,"type":...,...}`. Never throws: an event that is no JSON, or too long,
 * becomes a line that says so.
 */
export function buildEventLine(
  event: EngineEvent,
  { nowMs, redact }: { readonly nowMs: number; readonly redact: Redact },
): string {
  const head = { v: EVENT_VERSION, at: new Date(nowMs).toISOString(), type: event.type };
  const fields = buildFields(event, redact);
  const rest = fields === "{}" ? "}" : `,${fields.slice(1)}`;
  const line = JSON.stringify(head).slice(0, -1) + rest;
  if (line.length <= LINE_CHARS_MAX) return `${line}\n`;
  const start = line.slice(0, LINE_CHARS_MAX / 4);
  return `${JSON.stringify({ ...head, note: "cut: the event was too long", start })}\n`;
}

/** The event's own fields as a JSON object. */
function buildFields(event: EngineEvent, redact: Redact): string {
  try {
    const { v: _v, at: _at, type: _type, ...fields } = event;
    return redact(JSON.stringify(fields));
  } catch (error) {
    // A cycle or a BigInt; what else would be lost with the line must not stop trading.
    return JSON.stringify({
      note: `not recorded: ${error instanceof Error ? error.name : "no JSON"}`,
    });
  }
}
