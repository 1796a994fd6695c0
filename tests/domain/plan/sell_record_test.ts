import type { LedgerEntry } from "../../../src/domain/order/ledger.ts";
import {
  buildSellRecord,
  nextAttempt,
  renewDeadline,
  REQUEST_DEADLINE_MS,
} from "../../../src/domain/plan/sell_record.ts";
import { assertEquals } from "../../assert.ts";
import { ledgerEntry, TODAY } from "../fixtures.ts";
import { managedPosition } from "../position_fixtures.ts";

const POSITION = managedPosition({ openedAtMs: Date.parse(`${TODAY}T15:00:00Z`) });

const cases: {
  readonly what: string;
  readonly facts: Partial<LedgerEntry>;
  readonly stop: number;
  readonly exit: number;
}[] = [
  { what: "was taken", facts: { status: "accepted", orderId: "o-1" }, stop: 3, exit: 3 },
  { what: "was never taken", facts: { status: "rejected" }, stop: 2, exit: 2 },
  {
    what: "was taken and rejected",
    facts: { status: "rejected", orderId: "o-1" },
    stop: 3,
    exit: 3,
  },
  // What is stopped beside it are other shares; an exit is sent again, or not at all.
  { what: "may be at the broker", facts: { status: "unknown" }, stop: 3, exit: 2 },
  { what: "may have left", facts: { status: "pending" }, stop: 3, exit: 2 },
  // Its shares are those of the order that it replaces.
  { what: "may replace another", facts: { status: "unknown", replaces: "o-1" }, stop: 2, exit: 2 },
];
for (const { what, facts, stop, exit } of cases) {
  Deno.test(`nextAttempt() after one that ${what}`, () => {
    const attemptAfter = (reason: "stop" | "r1_trim") => {
      const { positionId } = POSITION;
      const entry = {
        side: "sell",
        orderId: null,
        reason,
        positionId,
        attempt: 2,
        ...facts,
      } as const;
      return nextAttempt([ledgerEntry(entry)], POSITION, reason, TODAY);
    };
    assertEquals([attemptAfter("stop"), attemptAfter("r1_trim")], [stop, exit]);
  });
}

Deno.test("renewDeadline() gives a request one that it meets where the record has none, or an earlier one", () => {
  const nowMs = POSITION.openedAtMs;
  const facts = {
    position: POSITION,
    reason: "stop",
    qty: 10,
    stopUsd: 95,
    replaces: null,
  } as const;
  const made = buildSellRecord(facts, 1, nowMs);
  assertEquals(renewDeadline(made, nowMs + 5_000), made);
  for (const each of [made, { ...made, deadlineAtMs: null }]) {
    const leftAtMs = nowMs + 5_001;
    const { deadlineAtMs } = renewDeadline(each, leftAtMs);
    assertEquals((deadlineAtMs ?? 0) >= leftAtMs + REQUEST_DEADLINE_MS, true);
  }
});
