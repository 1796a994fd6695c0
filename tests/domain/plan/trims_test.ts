import type { EngineState, ManagedPosition } from "../../../src/domain/account/engine_state.ts";
import type { LedgerEntry } from "../../../src/domain/order/ledger.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { reviseTrims } from "../../../src/domain/plan/trims.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger } from "../fixtures.ts";
import { buildSight, ENTRY, lookRecords, POSITION } from "./look.ts";

/** A trim at R1 as its record has it. */
function trim(facts: Partial<LedgerEntry> = {}): LedgerEntry {
  return ledgerEntry({
    side: "sell",
    reason: "r1_trim",
    positionId: POSITION.positionId,
    clientOrderId: `${POSITION.positionId}-r1`,
    orderId: "t-1",
    qty: 5,
    ...facts,
  });
}

function ended(filledQty: number): LedgerEntry["broker"] {
  return { status: "canceled", filledQty, filledAvgPriceUsd: null, updatedAtMs: 1 };
}

function revise(
  position: Partial<ManagedPosition>,
  { today = [], past = [], fresh = [], orders = [ENTRY] }: {
    readonly today?: readonly LedgerEntry[] | null;
    readonly past?: readonly LedgerEntry[];
    readonly fresh?: readonly string[];
    readonly orders?: Parameters<typeof buildSight>[0];
  },
): { readonly positions: EngineState["positions"]; readonly said: readonly string[] } {
  const records = lookRecords({
    positions: [{ ...POSITION, ...position }],
    ledger: today === null ? null : liveLedger(today),
  });
  const look = { sight: buildSight(orders), past, fresh: new Set(fresh) };
  const { change, say } = reviseTrims(records, look);
  return { positions: apply(records, change).positions, said: say.map(({ value }) => value.kind) };
}

const TRIMMED = { ...POSITION, isTrimmedR1: true, stopUsd: 101 };

Deno.test("a trim that the broker took and that ended without a share sold is due again, and said", () => {
  const { positions, said } = revise(TRIMMED, { today: [trim({ broker: ended(0) })] });
  assertEquals([positions, said], [[{ ...TRIMMED, isTrimmedR1: false }], ["trim_undone"]]);
});

Deno.test("a trim of an earlier day that sold is done, and its stop where the trim wants it", () => {
  const { positions, said } = revise({}, { past: [trim({ broker: ended(5) })] });
  assertEquals([positions, said], [[TRIMMED], []]);
});

Deno.test("what today's records have of a trim stands before those of the days before", () => {
  const { positions } = revise({}, {
    today: [trim({ broker: ended(0) })],
    past: [trim({ broker: ended(5) })],
  });
  assertEquals(positions, [POSITION]);
});

Deno.test("trim flags stay beside a working entry, without a ledger, and where it was adopted just now", () => {
  const past = [trim({ broker: ended(5) })];
  const working = brokerOrder({ ...ENTRY, status: "partially_filled", qty: 20 });
  assertEquals(revise({}, { past, orders: [working] }).positions, [POSITION]);
  assertEquals(revise({}, { past, today: null }).positions, [POSITION]);
  assertEquals(revise({}, { past, fresh: [POSITION.positionId] }).positions, [POSITION]);
});
