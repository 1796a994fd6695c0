/** Equal errors within this are one message. */
export const THROTTLE_WINDOW_MS = 5 * 60_000;
/** Different errors remembered at once; past it the oldest is forgotten, and may be said again early. */
export const THROTTLE_KEYS_MAX = 200;

/** More of a first line than this does not tell errors apart. */
const KEY_CHARS_MAX = 300;

/** When an error was last said, and how often it was held back since. */
interface ThrottleWindow {
  readonly sentAtMs: number;
  readonly suppressed: number;
}

/** What has been said lately, by normalised text. A value: the caller keeps the newest. */
export type ThrottleState = ReadonlyMap<string, ThrottleWindow>;

/** Nothing said yet. */
export const EMPTY_THROTTLE: ThrottleState = new Map();

/** Whether to say it now. `note` is empty or tells how often it was held back since the last time. */
export type ThrottleDecision =
  | { readonly kind: "send"; readonly note: string; readonly state: ThrottleState }
  | { readonly kind: "suppress"; readonly suppressed: number; readonly state: ThrottleState };

/**
 * Decides whether an error is said or counted: the same one at most once in `THROTTLE_WINDOW_MS`.
 * Two errors are the same when title and first line (which names the symbol) differ in numbers and ids alone.
 * @param nowMs Monotonic milliseconds: a wall clock that jumps must not keep an error from the operator.
 */
export function decideThrottle(
  state: ThrottleState,
  alert: { readonly title: string; readonly text: string },
  nowMs: number,
): ThrottleDecision {
  const key = buildThrottleKey(alert);
  const window = state.get(key);
  const next = new Map(state);
  if (window === undefined) {
    next.set(key, { sentAtMs: nowMs, suppressed: 0 });
    return { kind: "send", note: "", state: cutState(next, nowMs) };
  }
  const ageMs = nowMs - window.sentAtMs;
  if (ageMs < THROTTLE_WINDOW_MS) {
    const suppressed = window.suppressed + 1;
    next.set(key, { ...window, suppressed });
    return { kind: "suppress", suppressed, state: next };
  }
  next.delete(key); // so that insertion order stays the order of sending
  next.set(key, { sentAtMs: nowMs, suppressed: 0 });
  const note = formatSuppressed(window.suppressed, ageMs);
  return { kind: "send", note, state: cutState(next, nowMs) };
}

/** Title and first line with ids and standing numbers masked; letters, and so symbols, are kept. */
export function buildThrottleKey(alert: { readonly title: string; readonly text: string }): string {
  const firstLine = alert.text.split("\n", 1)[0] ?? "";
  return `${alert.title}\n${firstLine}`.slice(0, KEY_CHARS_MAX)
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "#")
    .replace(/(?<![\w.-])[+-]?\d[\d.,:]*(?![\w-])/g, "#");
}

function formatSuppressed(suppressed: number, ageMs: number): string {
  if (suppressed === 0) return "";
  const minutes = Math.max(THROTTLE_WINDOW_MS, ageMs) / 60_000;
  return `(and ${suppressed} more in the last ${Math.ceil(minutes)} minutes)`;
}

/** Forgets windows that are over and owe no count, then the oldest past the bound. */
function cutState(state: Map<string, ThrottleWindow>, nowMs: number): ThrottleState {
  for (const [key, { sentAtMs, suppressed }] of state) {
    if (suppressed === 0 && nowMs - sentAtMs >= THROTTLE_WINDOW_MS) state.delete(key);
  }
  for (const key of state.keys()) {
    if (state.size <= THROTTLE_KEYS_MAX) break;
    state.delete(key);
  }
  return state;
}
