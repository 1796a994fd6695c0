import { decideEntryEnd } from "../../../src/domain/entry/entry_end.ts";
import { assertEquals } from "../../assert.ts";

const AT_MS = 1_000_000;
const cases: {
  readonly when: string;
  readonly order?: Partial<Parameters<typeof decideEntryEnd>[0]["order"]>;
  readonly partialSinceMs?: number;
  readonly isLate?: boolean;
  readonly isLossReached?: boolean;
  readonly afterMs: number;
  readonly end: ReturnType<typeof decideEntryEnd>;
}[] = [
  {
    when: "nothing is filled 59.999 s after it was accepted",
    afterMs: 59_999,
    end: { kind: "wait", untilMs: AT_MS + 60_000 },
  },
  {
    when: "nothing is filled after 60 s",
    afterMs: 60_000,
    end: { kind: "cancel", why: "unfilled" },
  },
  {
    when: "it is wholly filled and not settled",
    order: { status: "calculated", filledQty: 10 },
    isLate: true,
    afterMs: 60_000,
    end: { kind: "over" },
  },
  {
    when: "it is done for the day without a fill",
    order: { status: "done_for_day" },
    afterMs: 60_000,
    end: { kind: "cancel", why: "unfilled" },
  },
  {
    when: "its cancel hangs",
    order: { status: "pending_cancel" },
    afterMs: 90_000,
    end: { kind: "cancel", why: "unfilled" },
  },
  {
    when: "its status is one that nobody knows",
    order: { status: "napping" },
    afterMs: 60_000,
    end: { kind: "cancel", why: "unfilled" },
  },
  {
    when: "it began to fill after 50 s",
    order: { status: "partially_filled", filledQty: 3 },
    partialSinceMs: AT_MS + 50_000,
    afterMs: 109_999,
    end: { kind: "wait", untilMs: AT_MS + 110_000 },
  },
  {
    when: "it has been partly filled for 60 s",
    order: { status: "partially_filled", filledQty: 3 },
    partialSinceMs: AT_MS + 50_000,
    afterMs: 110_000,
    end: { kind: "cancel", why: "partly filled" },
  },
  {
    when: "the close is near",
    isLate: true,
    afterMs: 1,
    end: { kind: "cancel", why: "close near" },
  },
  {
    when: "the day's loss has reached its limit",
    isLossReached: true,
    afterMs: 1,
    end: { kind: "cancel", why: "daily loss" },
  },
  ...["filled", "canceled", "expired", "rejected", "replaced"].map((status) => ({
    when: `it is ${status}`,
    order: { status },
    isLate: true,
    afterMs: 90_000,
    end: { kind: "over" as const },
  })),
];
for (
  const { when, order, partialSinceMs = null, isLate = false, isLossReached = false, afterMs, end }
    of cases
) {
  Deno.test(`decideEntryEnd() says ${end.kind} when ${when}`, () => {
    const shown = { status: "new", submittedAtMs: AT_MS, qty: 10, filledQty: 0, ...order };
    const nowMs = AT_MS + afterMs;
    assertEquals(
      decideEntryEnd({ order: shown, partialSinceMs, isLate, isLossReached, nowMs }),
      end,
    );
  });
}
