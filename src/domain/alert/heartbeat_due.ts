const MINUTE_MS = 60_000;

/** What a heartbeat's moment depends on. Monotonic time, ms. */
export interface HeartbeatMoment {
  readonly nowMs: number;
  /** When the next one is due; `null` before the first. */
  readonly dueAtMs: number | null;
  /** `SLACK_HEARTBEAT_MINUTES`; 0 for none. */
  readonly minutes: number;
  readonly isRunOnce: boolean;
  /** Whether processes end again and again: they are told as that, without a heartbeat each. */
  readonly isInLoop: boolean;
}

/**
 * Decides when a heartbeat is sent: the first after the first cycle, then every so many minutes; `--run-once` sends none
 * (interface, Slack).
 * @returns Whether it is due now, and when the next one is; `null` for never.
 */
export function decideHeartbeat(
  { nowMs, dueAtMs, minutes, isRunOnce, isInLoop }: HeartbeatMoment,
): { readonly isDue: boolean; readonly nextAtMs: number | null } {
  if (minutes === 0 || isRunOnce) return { isDue: false, nextAtMs: null };
  const nextAtMs = nowMs + minutes * MINUTE_MS;
  const atMs = dueAtMs ?? (isInLoop ? nextAtMs : nowMs);
  return nowMs < atMs ? { isDue: false, nextAtMs: atMs } : { isDue: true, nextAtMs };
}
