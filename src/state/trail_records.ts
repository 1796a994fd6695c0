import type { RecordsEvent } from "../domain/day/events.ts";
import { STATE_FILE } from "./execution_state.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { LEDGER_FILE } from "./live_ledger.ts";
import type { Redact } from "./redaction.ts";
import { parseJson, readText } from "./text_file.ts";

/** A record larger than this stays out of the audit trail; twenty times what a busy day leaves. */
export const TRAIL_RECORD_BYTES_MAX = 1024 * 1024;
/** Characters of a part: what they become in a line is at most six times as long, and within its bound. */
export const PART_CHARS = 40_000;

/**
 * The records of a state directory as they are now, for the audit trail: whoever reads a day back starts from what its
 * process started from. Never throws: what can't be read is said in its place.
 */
export async function readTrailRecords(
  fs: FileSystem,
  { stateDir, redact }: { readonly stateDir: string; readonly redact: Redact },
): Promise<RecordsEvent[]> {
  const events: RecordsEvent[] = [];
  for (const file of [STATE_FILE, LEDGER_FILE]) {
    const read = await readText(fs, joinPath(stateDir, file), TRAIL_RECORD_BYTES_MAX);
    if (read.kind !== "text") {
      events.push({ type: "records", file, part: 1, parts: 1, text: null, why: read.message });
      continue;
    }
    const text = hide(read.text, redact);
    const parts = Math.max(1, Math.ceil(text.length / PART_CHARS));
    for (let part = 1; part <= parts; part++) {
      const chars = text.slice((part - 1) * PART_CHARS, part * PART_CHARS);
      events.push({ type: "records", file, part, parts, text: chars, why: null });
    }
  }
  return events;
}

/** Before it is cut: a secret that lies across two parts would be seen in neither. */
function hide(text: string, redact: Redact): string {
  const hidden = parseJson(text).kind === "json" ? redact(text) : text;
  const whole: unknown = JSON.parse(redact(JSON.stringify(hidden)));
  return String(whole);
}
