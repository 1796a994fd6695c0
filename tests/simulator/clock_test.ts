import { assert, assertEquals } from "../assert.ts";
import { buildMarket, readText, TEN_MS } from "./harness.ts";
import { CLOCK_FAULTS, type ClockFault } from "./clock_fault.ts";

const NIGHT_MS = TEN_MS + 12 * 3_600_000;

/** Whether the answer says what no market does, by its own times. */
function isContradicting(clock: Readonly<Record<string, unknown>>): boolean {
  const read = (field: string) => Date.parse(readText(clock, field));
  const [now, open, close] = [read("timestamp"), read("next_open"), read("next_close")];
  return clock["is_open"] === true && !(now < close && close < open);
}

Deno.test("a clock without a fault contradicts itself neither by day nor by night", () => {
  for (const ms of [TEN_MS, NIGHT_MS]) {
    const market = buildMarket();
    market.exchange.advanceTo(ms);
    const { json } = market.call("GET", "/v2/clock");
    assertEquals(json["is_open"], ms === TEN_MS);
    assertEquals(isContradicting(json), false);
  }
});

const CONTRADICTIONS: readonly [ClockFault, number][] = [
  ["close_past", TEN_MS],
  ["close_past", NIGHT_MS],
  ["close_after_open", TEN_MS],
  ["close_after_open", NIGHT_MS],
];

for (const [fault, ms] of CONTRADICTIONS) {
  Deno.test(`the clock says open and contradicts itself for ${fault} at ${ms}`, () => {
    const market = buildMarket({ clockFault: fault });
    market.exchange.advanceTo(ms);
    const { json, status } = market.call("GET", "/v2/clock");
    assertEquals(status, 200);
    assert(isContradicting(json), JSON.stringify(json));
  });
}

Deno.test("a clock that is open at night contradicts only the calendar, and tells the truth by day", () => {
  const market = buildMarket({ clockFault: "open_at_night" });
  assertEquals(market.call("GET", "/v2/clock").json["is_open"], true);
  market.exchange.advanceTo(NIGHT_MS);
  const { json } = market.call("GET", "/v2/clock");
  assertEquals(json["is_open"], true);
  assertEquals(isContradicting(json), false);
});

Deno.test("a clock that can't be read lacks a field, or has one of another kind", () => {
  const read = (fault: ClockFault) => buildMarket({ clockFault: fault }).call("GET", "/v2/clock");
  assertEquals(Object.hasOwn(read("no_close").json, "next_close"), false);
  assertEquals(read("text_flag").json["is_open"], "true");
  assertEquals(read("no_time").json["timestamp"], "");
  for (const fault of CLOCK_FAULTS) assertEquals(read(fault).status, 200);
});
