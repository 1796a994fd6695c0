import { readText, readTimeMs, type RecordedEvent } from "./events.ts";

/** A stretch of the day, Unix ms. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long the gate gave one answer. */
export interface GateSpan extends Span {
  readonly mode: "LIVE" | "DRY_RUN";
  readonly reason: string;
}

/** How long a process ran; `isClean` where it said that it ended. */
export interface RunSpan extends Span {
  readonly isClean: boolean;
}

/** The states of a day on the time line. */
export interface DaySpans {
  readonly gate: readonly GateSpan[];
  readonly killSwitch: readonly Span[];
  readonly runs: readonly RunSpan[];
  /** While the broker's clock could not be read, which counts as closed. */
  readonly marketUnknown: readonly Span[];
}

/**
 * Builds the day's states from its changes. A state lasts until the next change or the end of the process, and never
 * beyond the last line of the trail: what comes after it nobody has seen. The gate's ends with the session, after which
 * it is not asked.
 */
export function buildDaySpans(
  events: readonly RecordedEvent[],
  session: { readonly openMs: number; readonly closeMs: number },
): DaySpans {
  const runs = listRuns(events);
  const lastMs = runs.at(-1)?.toMs ?? session.openMs;
  return {
    gate: listGate(events, { ...session, lastMs, runs }),
    killSwitch: listKillSwitch(events, lastMs),
    runs,
    marketUnknown: listUnknown(events, lastMs),
  };
}

function listRuns(events: readonly RecordedEvent[]): RunSpan[] {
  const runs: RunSpan[] = [];
  let current: Span | null = null;
  for (const event of events) {
    const atMs = readTimeMs(event);
    if (atMs === null) continue;
    if (event.type === "engine_started" && current !== null) {
      runs.push({ ...current, isClean: false });
      current = null;
    }
    // Events of the operator's commands come from no running engine.
    if (current === null && event.type === "engine_stopped") continue;
    const fromMs: number = current?.fromMs ?? atMs;
    current = { fromMs, toMs: Math.max(fromMs, atMs) };
    if (event.type !== "engine_stopped") continue;
    runs.push({ ...current, isClean: true });
    current = null;
  }
  // The last one may still be running: nothing says otherwise.
  return current === null ? runs : [...runs, { ...current, isClean: true }];
}

function listGate(
  events: readonly RecordedEvent[],
  bounds: { readonly closeMs: number; readonly lastMs: number; readonly runs: readonly RunSpan[] },
): GateSpan[] {
  const spans: GateSpan[] = [];
  let current: GateSpan | null = null;
  const end = (toMs: number) => {
    if (current === null) return;
    const cutMs = Math.min(toMs, Math.max(bounds.closeMs, current.fromMs));
    spans.push({ ...current, toMs: Math.max(current.fromMs, cutMs) });
    current = null;
  };
  for (const event of events) {
    const atMs = readTimeMs(event);
    if (atMs === null) continue;
    if (event.type === "engine_stopped") end(atMs);
    // A process that died gave no answer after its last line.
    if (event.type === "engine_started") {
      end(bounds.runs.findLast((run) => run.toMs <= atMs && !run.isClean)?.toMs ?? atMs);
    }
    if (event.type !== "gate") continue;
    const mode = readText(event, "mode") === "LIVE" ? "LIVE" as const : "DRY_RUN" as const;
    const reason = readText(event, "reason") ?? "";
    const isSame: boolean = isSameGate(current, mode, reason);
    if (isSame) continue;
    end(atMs);
    current = { fromMs: atMs, toMs: atMs, mode, reason };
  }
  end(bounds.lastMs);
  return spans;
}

function isSameGate(current: GateSpan | null, mode: string, reason: string): boolean {
  return current !== null && current.mode === mode && current.reason === reason;
}

function listUnknown(events: readonly RecordedEvent[], lastMs: number): Span[] {
  return listSpans(
    events.filter((event) => event.type === "market"),
    (event) => event["is_open"] === null,
    lastMs,
  );
}

function listKillSwitch(events: readonly RecordedEvent[], lastMs: number): Span[] {
  return listSpans(
    events.filter((event) => event.type === "kill_switch"),
    (event) => event["is_active"] === true,
    lastMs,
  );
}

/** From each event that turns a state on to the next that turns it off. */
function listSpans(
  changes: readonly RecordedEvent[],
  isOn: (event: RecordedEvent) => boolean,
  lastMs: number,
): Span[] {
  const spans: Span[] = [];
  let fromMs: number | null = null;
  for (const event of changes) {
    const atMs = readTimeMs(event);
    if (atMs === null) continue;
    if (isOn(event)) fromMs ??= atMs;
    else if (fromMs !== null) {
      spans.push({ fromMs, toMs: atMs });
      fromMs = null;
    }
  }
  return fromMs === null ? spans : [...spans, { fromMs, toMs: Math.max(fromMs, lastMs) }];
}
