import { EMPTY_STATE } from "../../../src/domain/account/engine_state.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("EMPTY_STATE belongs to no account and remembers nothing", () => {
  assertEquals(EMPTY_STATE.host, null);
  assertEquals(EMPTY_STATE.accountId, null);
  assertEquals([...EMPTY_STATE.intents, ...EMPTY_STATE.positions], []);
  assertEquals(Object.keys(EMPTY_STATE.alerted), []);
  assertEquals([EMPTY_STATE.lastCycleAtMs, EMPTY_STATE.lastGate], [null, null]);
});
