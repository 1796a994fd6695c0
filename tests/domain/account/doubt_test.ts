import { decideGate, formatGateLines } from "../../../src/domain/gate/gate.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../../src/runtime/config.ts";
import { readEnvironment } from "../../../src/runtime/environment.ts";
import { assertEquals } from "../../assert.ts";
import { LIVE_INPUTS } from "../fixtures.ts";

type Variables = Readonly<Record<string, string>>;

/** An operator who turned both keys; each case changes one variable of it. */
const LIVE_ENVIRONMENT: Variables = {
  LIVE_TRADING: "1",
  LIVE_CONFIRM_TOKEN: "correct-horse",
  APCA_API_KEY_ID: "key-of-no-one",
  APCA_API_SECRET_KEY: "secret-of-no-one",
};

function linesOf(change: Variables): string[] {
  const variables = { ...LIVE_ENVIRONMENT, ...change };
  const environment = readEnvironment((name) => variables[name]);
  const { engine } = buildConfig(environment, NO_RUN_FLAGS).config;
  const decision = decideGate({ ...LIVE_INPUTS, ...engine, envToken: engine.confirmToken });
  return formatGateLines(decision, engine);
}

function reasonOf(change: Variables): string {
  return linesOf(change)[0]?.replace(/^.*reason=/, "") ?? "";
}

const LIVE = "live trading confirmed";
const ON = ["1", "true", "TRUE", "True", "yes", "on", "ON"];
const OFF = ["", "0", "false", "no", "off", "OFF"];
const DOUBT = ["2", "y", "n", "enabled", "true!", "0 0", "-1", "null", "'1'", "½", "１"];

for (const text of [...ON, ...DOUBT]) {
  Deno.test(`a safety that says ${JSON.stringify(text)} is on`, () => {
    assertEquals(reasonOf({ DRY_RUN: text }), "DRY_RUN enabled");
    assertEquals(reasonOf({ KILL_SWITCH: text }), "kill switch active (env)");
  });
}

for (const text of [...OFF, ...DOUBT]) {
  Deno.test(`the risk that says ${JSON.stringify(text)} is off`, () => {
    assertEquals(reasonOf({ LIVE_TRADING: text }), "LIVE_TRADING disabled");
  });
}

Deno.test("an exact off frees a safety and an exact on permits the risk", () => {
  for (const text of OFF) assertEquals(reasonOf({ DRY_RUN: text, KILL_SWITCH: text }), LIVE);
  for (const text of ON) assertEquals(reasonOf({ LIVE_TRADING: text }), LIVE);
});

const CAPS = [
  "MAX_LIVE_ORDERS_PER_DAY",
  "MAX_LIVE_POSITIONS",
  "MAX_LIVE_GROSS_NOTIONAL",
  "MAX_LIVE_NOTIONAL_PER_SYMBOL",
];
const NOT_CAPS = [
  "0",
  "-1",
  "-0",
  "500$",
  "$500",
  "5,000",
  "5 000",
  " ",
  "1e999",
  "NaN",
  "Infinity",
  "inf",
  "0x10",
  "1_000",
  "1e",
  "five",
  "None",
  "５",
];
for (const variable of CAPS) {
  for (const text of NOT_CAPS) {
    Deno.test(`${variable}=${text} blocks LIVE under its name and is not shown as a limit`, () => {
      const lines = linesOf({ [variable]: text });
      assertEquals(
        lines[0],
        `Gate mode=DRY_RUN status=FAIL reason=invalid configuration (${variable})`,
      );
      assertEquals(lines[2], "Gate caps(invalid)");
    });
  }
}

for (const variable of CAPS.slice(0, 2)) {
  Deno.test(`${variable} takes no part of an order or a position`, () => {
    assertEquals(reasonOf({ [variable]: "1.5" }), `invalid configuration (${variable})`);
  });
}

Deno.test("a cap that is unset or empty has the runbook's default", () => {
  const expected = "Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.0)";
  assertEquals(linesOf({})[2], expected);
  const empty = Object.fromEntries(CAPS.map((variable) => [variable, ""]));
  assertEquals([linesOf(empty)[2], reasonOf(empty)], [expected, LIVE]);
});

for (const text of [",", " ", " , ", "AAPL;MSFT", "AAPL MSFT", "AAPL,$F", "*", "ALL!", "AAPL,1X"]) {
  Deno.test(`ALLOWLIST_SYMBOLS=${JSON.stringify(text)} blocks LIVE and never means all`, () => {
    const lines = linesOf({ ALLOWLIST_SYMBOLS: text });
    assertEquals(lines.slice(0, 2), [
      "Gate mode=DRY_RUN status=FAIL reason=invalid configuration (ALLOWLIST_SYMBOLS)",
      "Gate allowlist=invalid",
    ]);
  });
}

Deno.test("an allowlist is trimmed, upper-cased, sorted and each ticker named once", () => {
  const lines = linesOf({ ALLOWLIST_SYMBOLS: " msft ,aapl,MSFT,,brk.b," });
  assertEquals(lines.slice(0, 2), [
    `Gate mode=LIVE status=PASS reason=${LIVE}`,
    "Gate allowlist=AAPL,BRK.B,MSFT",
  ]);
});
