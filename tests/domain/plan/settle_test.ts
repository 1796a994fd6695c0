import { EMPTY_STATE } from "../../../src/domain/account/engine_state.ts";
import { buildLedgerEntry } from "../../../src/domain/order/ledger.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { settle } from "../../../src/domain/plan/settle.ts";
import { NOTHING_UNDER_WAY } from "../../../src/domain/account/unfinished.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder, liveLedger } from "../fixtures.ts";
import { managedPosition } from "../position_fixtures.ts";

const POSITION = managedPosition();
const { symbol, positionId } = POSITION;
const NOW = { brokerMs: 1_000_000, monotonicMs: 0 };

Deno.test("an exit that the broker takes is refused no longer, and another one's refusal stays", () => {
  const clientOrderId = `${positionId}-r1_trim-2`;
  const facts = { symbol, side: "sell", qty: 5, notionalUsd: 500 } as const;
  const timestamp = "2026-11-23T15:00:00.000Z";
  const entry = { ...facts, timestamp, clientOrderId, positionId, reason: "r1_trim" };
  const records = {
    ...EMPTY_STATE,
    positions: [POSITION],
    ledger: liveLedger([buildLedgerEntry(entry)]),
    unfinished: [{
      positionId,
      isBare: false,
      stopRefusedAtMs: null,
      spentHandStopUsd: null,
      besideBuyAtMs: null,
      sellRefusedAtMs: { r1_trim: 900_000, r2_trim: 800_000 },
      underWay: NOTHING_UNDER_WAY,
    }],
  };
  const request = { op: "sell", request: { symbol, qty: 5, clientOrderId } } as const;
  const order = brokerOrder({ symbol, side: "sell", qty: 5, clientOrderId });
  const { change } = settle(records, request, { kind: "accepted", order, body: "" }, NOW);
  assertEquals(apply(records, change).unfinished[0]?.sellRefusedAtMs, { r2_trim: 800_000 });
});
