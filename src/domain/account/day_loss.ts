import type { DayResult } from "./day_result.ts";
import { toValueMicros } from "../order/usd_flow.ts";

/** That a day's loss reached its limit, which holds for that New York day whatever the variable says later. */
export interface DayLoss {
  readonly dateNy: string;
  /** By the broker's clock, Unix ms. */
  readonly reachedAtMs: number;
  /** The day result at that moment, and the limit that it reached, both USD. */
  readonly resultUsd: number;
  readonly limitUsd: number;
}

/** What a day's loss says to a new entry (interface, `MAX_LIVE_LOSS_PER_DAY`). */
export type LossVerdict =
  /** No limit is set. */
  | { readonly kind: "unlimited" }
  | { readonly kind: "within" }
  | { readonly kind: "reached"; readonly loss: DayLoss }
  /** Whose part of the day result is not known, and why. */
  | { readonly kind: "unknown"; readonly why: string };

/** What the verdict is made of. */
export interface DayLossInputs {
  readonly dateNy: string;
  readonly nowMs: number;
  /** `MAX_LIVE_LOSS_PER_DAY` in USD, above 0; `null` where none is set. */
  readonly limitUsd: number | null;
  /** The last one on record, of whatever day. */
  readonly onRecord: DayLoss | null;
  /** `null` where the day's trail can't be read, or lacks what could not be written to it. */
  readonly result: DayResult | null;
}

/** Holds the day result against the limit: exactly at it denies (interface, `MAX_LIVE_LOSS_PER_DAY`). */
export function decideDayLoss(inputs: DayLossInputs): LossVerdict {
  const { dateNy, nowMs, limitUsd, onRecord, result } = inputs;
  if (onRecord?.dateNy === dateNy) return { kind: "reached", loss: onRecord };
  if (limitUsd === null) return { kind: "unlimited" };
  if (result === null) {
    return { kind: "unknown", why: "the day's audit trail can't be read or written" };
  }
  const { resultUsd, unknown } = result;
  if (resultUsd === null) {
    const why = unknown.map(({ symbol, why }) => `${symbol}: ${why}`).join("; ");
    return { kind: "unknown", why };
  }
  if (toValueMicros(1, resultUsd) > -toValueMicros(1, limitUsd)) return { kind: "within" };
  return { kind: "reached", loss: { dateNy, reachedAtMs: nowMs, resultUsd, limitUsd } };
}
