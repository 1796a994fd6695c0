import type { SlackAnswer } from "./slack_transport.ts";

/** What one attempt came to. `why` is for the log and holds nothing of the webhook. */
export type DeliveryOutcome =
  | { readonly kind: "delivered" }
  /** May go better later. */
  | { readonly kind: "failed"; readonly why: string }
  /** Slack asked for a pause: nothing is sent to it before that. */
  | { readonly kind: "rate_limited"; readonly why: string; readonly pauseMs: number }
  /** Slack understood and said no: only the operator can change that. */
  | { readonly kind: "refused"; readonly why: string };

/** What follows a failed attempt. */
export type RetryDecision =
  | { readonly kind: "retry"; readonly waitMs: number }
  | { readonly kind: "give_up" };

/** Attempts for an alert that is not a state. */
export const ATTEMPTS_MAX = 3;
/** First wait; each next one is four times as long. */
export const BACKOFF_FIRST_MS = 2000;
/** Longest wait between two attempts. */
export const BACKOFF_MAX_MS = 60_000;
/** A longer `Retry-After` than this is not believed. */
export const PAUSE_MAX_MS = 120_000;
/** The pause where Slack names none that can be read. */
export const PAUSE_DEFAULT_MS = 30_000;

/** Reads Slack's answer: 2xx is delivered, 429 a pause, 408 and 5xx a failure, anything else a refusal. */
export function readOutcome(answer: SlackAnswer): DeliveryOutcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 429) {
    return {
      kind: "rate_limited",
      why: "HTTP 429",
      pauseMs: parseRetryAfterMs(answer.header("retry-after")),
    };
  }
  if (status === 408 || status >= 500) return { kind: "failed", why: `HTTP ${status}` };
  if (status >= 300 && status < 400) {
    return { kind: "refused", why: `HTTP ${status}, redirect not followed` };
  }
  // Slack's own words are one snake_case word (`no_service`, `invalid_payload`); any other body could hold anything.
  const word = /^[a-z]+(_[a-z]+)+$/.test(answer.body) && answer.body.length <= 40;
  return { kind: "refused", why: `HTTP ${status}${word ? ` ${answer.body}` : ""}` };
}

/**
 * Decides whether an alert is tried again. A state alert is, until it is delivered or no longer true; any other one a
 * bounded number of times, and not after a refusal.
 * @param alert `attempts` made so far, this one included.
 */
export function decideRetry(
  outcome: Exclude<DeliveryOutcome, { kind: "delivered" }>,
  alert: { readonly attempts: number; readonly isState: boolean },
): RetryDecision {
  if (!alert.isState && (outcome.kind === "refused" || alert.attempts >= ATTEMPTS_MAX)) {
    return { kind: "give_up" };
  }
  if (outcome.kind === "rate_limited") return { kind: "retry", waitMs: outcome.pauseMs };
  if (outcome.kind === "refused") return { kind: "retry", waitMs: BACKOFF_MAX_MS };
  const waitMs = BACKOFF_FIRST_MS * 4 ** (alert.attempts - 1);
  return { kind: "retry", waitMs: Math.min(BACKOFF_MAX_MS, waitMs) };
}

/** Whole seconds; a date, a negative number or nothing at all gives the default. */
function parseRetryAfterMs(value: string | null): number {
  if (value === null || !/^\d{1,9}$/.test(value.trim())) return PAUSE_DEFAULT_MS;
  return Math.min(PAUSE_MAX_MS, Math.max(1000, Number(value) * 1000));
}
