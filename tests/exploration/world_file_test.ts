import { buildStateText } from "../../src/state/state_format.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { buildBare } from "./begins.ts";
import { PlannedClient } from "./planned_client.ts";
import { NOW_MS, POSITION_ID, SYMBOL, toBrokerOrder } from "./wire_map.ts";
import { describePlan, parseWorld, WorldError } from "./world_file.ts";

const BROKER = buildBare();

/** A world in which the day's legs are gone, and four shares are bare. */
function buildText(changes: Readonly<Record<string, unknown>> = {}): string {
  const [begin] = new PlannedClient([BROKER]).begins;
  if (begin === undefined) throw new RangeError("no world to begin with");
  const entry = toBrokerOrder({ order: BROKER.orders[0] ?? fail(), legs: [] });
  const submittedAt = new Date(entry.submittedAtMs).toISOString();
  return JSON.stringify({
    now: new Date(NOW_MS).toISOString(),
    state: JSON.parse(buildStateText(begin.client.records)),
    positions: [{
      symbol: SYMBOL,
      side: "long",
      qty: "4",
      avg_entry_price: "105",
      cost_basis: "420",
      current_price: "105",
    }],
    open_orders: [],
    day_orders: [{
      id: "o1",
      client_order_id: POSITION_ID,
      symbol: SYMBOL,
      side: "buy",
      type: "market",
      order_class: "bracket",
      time_in_force: "day",
      status: "filled",
      qty: "4",
      filled_qty: "4",
      filled_avg_price: "105",
      limit_price: null,
      stop_price: null,
      submitted_at: submittedAt,
      updated_at: submittedAt,
      filled_at: submittedAt,
      replaced_by: null,
      replaces: null,
      legs: null,
    }],
    trades: { [SYMBOL]: 105 },
    ...changes,
  });
}

function fail(): never {
  throw new RangeError("the broker has no order");
}

Deno.test("for a world in which shares are bare the plan sends their stop, and says so", () => {
  const text = describePlan(parseWorld(buildText()));
  assertStringIncludes(text, "next: send");
  assertStringIncludes(text, '"op": "stop"');
  assertStringIncludes(text, `"stopUsd": 95`);
  assertStringIncludes(text, `${SYMBOL}: {\n  "kind": "protection"`);
});

Deno.test("the same world under the kill switch is a rest", () => {
  const text = describePlan(parseWorld(buildText({ is_kill_switch_on: true })));
  assertEquals(text.split("\n")[0], "next: rest");
});

Deno.test("a row that can't be read is named, and its symbol waits", () => {
  const text = describePlan(parseWorld(buildText({ positions: [{ symbol: SYMBOL }] })));
  assertStringIncludes(text, "next: rest");
  assertStringIncludes(text, `can't be read: ${SYMBOL}`);
});

Deno.test("what is no world is said by name", () => {
  const cases: [string, string][] = [
    ["{", "it is not JSON"],
    ["{}", "now: "],
    [buildText({ now: "yesterday" }), "now: "],
    [buildText({ state: {} }), 'Cannot parse "state"'],
    [buildText({ colour: "red" }), "colour"],
    [buildText({ open_orders: [{}] }), "open_orders"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parseWorld(text), WorldError, message);
  }
});
