import type { Fault } from "../simulator/faults.ts";
import type { Prng } from "../simulation/prng.ts";
import type { CrashStage, KillTrigger } from "./crash_stage.ts";

/** When one program is killed, and how long it lives at most. */
export interface RandomPlan {
  readonly kind: "change" | "answer" | "request" | "file" | "start" | "time";
  readonly trigger: KillTrigger;
  /** Virtual ms; the program is killed then where nothing else came before. */
  readonly limitMs: number;
  /** Real ms after the start, or `null`. */
  readonly strikeAfterMs: number | null;
}

const MINUTE_MS = 60_000;
/** Orders change every few minutes; a wait longer than this is for none. */
const CHANGE_MS_MAX = 25 * MINUTE_MS;
/** Reads of a start and a few cycles. */
const READS_MAX = 60;
/** Changes of files in a start and a few cycles. */
const FILE_CHANGES_MAX = 150;
/** Around a process's start: its lock, its state, its first questions. */
const START_MS_MAX = 400;
/** Between an order's answer and the end of its settling. */
const ANSWER_MS_MAX = 12;

/** Draws a moment: half of them around requests that change an order, which are rare in a process's life. */
export function drawPlan(chance: Prng): RandomPlan {
  const base = { limitMs: chance.whole(1, 10) * MINUTE_MS, strikeAfterMs: null };
  const draw = chance.uniform();
  if (draw < 0.35) {
    return { ...base, limitMs: CHANGE_MS_MAX, kind: "change", trigger: drawChange(chance) };
  }
  if (draw < 0.55) {
    return { ...base, limitMs: CHANGE_MS_MAX, kind: "answer", trigger: drawAnswer(chance) };
  }
  if (draw < 0.7) return { ...base, kind: "request", trigger: drawRead(chance) };
  if (draw < 0.9) return { ...base, kind: "file", trigger: drawFile(chance) };
  const strikeAfterMs = chance.whole(1, START_MS_MAX);
  if (draw < 0.95) return { ...base, kind: "start", trigger: {}, strikeAfterMs };
  return { ...base, kind: "time", trigger: {} };
}

/** What becomes of the request that the program dies on. */
function drawFault(chance: Prng): Fault | null {
  return chance.pick<() => Fault | null>([
    () => ({ kind: "lost_before" }),
    () => ({ kind: "lost_after" }),
    () => ({ kind: "lost_after" }),
    () => null,
    () => ({ kind: "delay", ms: chance.pick([500, 3_000, 20_000, 50_000]) }),
  ])();
}

/** On one of the next requests that change an order. */
function drawChange(chance: Prng): KillTrigger {
  let left = chance.whole(1, 3);
  const fault = drawFault(chance);
  return {
    onRequest: ({ method }) => method !== "GET" && --left === 0 ? fault : undefined,
  };
}

/** Some milliseconds after such a request was answered. */
function drawAnswer(chance: Prng): KillTrigger {
  let left = chance.whole(1, 3);
  const afterMs = chance.whole(0, ANSWER_MS_MAX);
  return {
    onRequest: ({ method }, stage: CrashStage) => {
      if (method !== "GET" && --left === 0) stage.strikeAfter(afterMs);
      return undefined;
    },
  };
}

function drawRead(chance: Prng): KillTrigger {
  let left = chance.whole(1, READS_MAX);
  return { onRequest: () => --left === 0 ? null : undefined };
}

function drawFile(chance: Prng): KillTrigger {
  let left = chance.whole(1, FILE_CHANGES_MAX);
  return { onFile: () => --left === 0 };
}
