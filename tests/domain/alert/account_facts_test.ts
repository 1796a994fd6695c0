import {
  buildMarketFact,
  findBrokerFailure,
  listForeign,
  listUnresolved,
} from "../../../src/domain/alert/account_facts.ts";
import { EMPTY_STATE } from "../../../src/domain/account/engine_state.ts";
import { assert, assertEquals } from "../../assert.ts";
import { ledgerEntry, liveLedger } from "../fixtures.ts";
import { CLOSED, endWorld, OPEN } from "../plan/end_world.ts";
import { heldPosition } from "../position_fixtures.ts";

const { records, end: { look } } = endWorld();
assert(look !== null);
const failed = (failure: "http" | "timeout") => ({ kind: "failed", failure }) as const;

Deno.test("buildMarketFact() says when the market opens or closes, or why nobody knows", () => {
  assertEquals(buildMarketFact(OPEN, null), { kind: "open", nextCloseMs: OPEN.nextCloseMs });
  assertEquals(buildMarketFact(CLOSED, null), { kind: "closed", nextOpenMs: CLOSED.nextOpenMs });
  assertEquals(buildMarketFact(null, "timeout"), {
    kind: "unknown",
    reason: "the broker's clock can't be read: timeout",
  });
  assertEquals(buildMarketFact(null, null), {
    kind: "unknown",
    reason: "the broker's clock can't be read",
  });
});

Deno.test("findBrokerFailure() names the clock first, then the first list that failed", () => {
  assertEquals(findBrokerFailure(OPEN, look), null);
  assertEquals(findBrokerFailure(OPEN, null), null);
  assertEquals(findBrokerFailure(null, look), "clock");
  const positions = failed("http");
  const account = failed("timeout");
  assertEquals(findBrokerFailure(OPEN, { ...look, positions }), "http");
  assertEquals(findBrokerFailure(OPEN, { ...look, positions, account }), "timeout");
  for (const list of ["openOrders", "dayOrders"] as const) {
    assertEquals(findBrokerFailure(OPEN, { ...look, [list]: positions }), "http", list);
  }
});

Deno.test("listForeign() lists what is held and not managed, shorts too", () => {
  const positions = {
    kind: "ok" as const,
    value: [heldPosition(), heldPosition({ symbol: "IBM", qty: -3 })],
  };
  assertEquals(listForeign({ ...look, positions }, records), [{ symbol: "IBM", qty: -3 }]);
  assertEquals(listForeign({ ...look, positions: failed("http") }, records), null);
  assertEquals(listForeign(null, records), null);
});

Deno.test("listUnresolved() lists orders without a usable answer, and none where there is no ledger", () => {
  const entries = [ledgerEntry(), ledgerEntry({ symbol: "QQQ", status: "unknown" })];
  assertEquals(listUnresolved({ ...EMPTY_STATE, ledger: liveLedger(entries) }), [
    { symbol: "QQQ", side: "buy" },
  ]);
  assertEquals(listUnresolved(EMPTY_STATE), null);
});
