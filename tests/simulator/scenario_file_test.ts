import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { KEYS } from "./harness.ts";
import { parseScenario, ScenarioError, startScenario } from "./scenario_file.ts";
import { nyMoment } from "./sessions.ts";

const ROW = {
  symbol: "AMD",
  priceUsd: 150,
  pivotUsd: 155,
  distancePct: -3,
  stopUsd: 145,
  r2Usd: 170,
};

Deno.test("an empty scenario is the sample day from its open", async () => {
  const simulator = startScenario(parseScenario("{}"));
  const { exchange } = simulator;
  assert(exchange.nowMs >= nyMoment("2026-11-23", "09:30"));
  assertEquals(exchange.quotes.lastTrade("NVDA", exchange.nowMs)?.priceUsd, 122.07);
  await simulator.stop();
});

Deno.test("a scenario sets day, paths, keys, positions, behaviour and faults", async () => {
  const simulator = startScenario(parseScenario(JSON.stringify({
    dateNy: "2026-11-27",
    sessions: [{ dateNy: "2026-11-27", close: "13:00" }],
    start: "2026-11-27T10:00:00-05:00",
    speed: 0,
    cashUsd: 5000,
    keyId: "k",
    secretKey: "s",
    paths: { AMD: [["09:30", 100], ["11:30", 200]] },
    positions: [{ symbol: "AMD", qty: 3, averageUsd: 90 }],
    behaviour: { cancelDelayMs: 5 },
    faults: [{ path: "/v2/account", fault: { kind: "status", status: 503 } }],
  })));
  const { exchange } = simulator;
  assertEquals(exchange.quotes.lastTrade("AMD", exchange.nowMs)?.priceUsd, 125);
  assertEquals(exchange.equityUsd, 5375);
  assertEquals(exchange.behaviour.cancelDelayMs, 5);
  const client = Deno.createHttpClient({});
  const statuses: number[] = [];
  for (const path of ["/v2/account", "/v2/clock", "/v2/calendar"]) {
    const headers = path === "/v2/calendar"
      ? KEYS
      : { "apca-api-key-id": "k", "apca-api-secret-key": "s" };
    const response = await fetch(simulator.url + path, { headers, client });
    await response.text();
    statuses.push(response.status);
  }
  client.close();
  assertEquals(statuses, [503, 200, 401]);
  await simulator.stop();
});

Deno.test("a scenario of watchlist rows gives each symbol a path", async () => {
  const simulator = startScenario(parseScenario(JSON.stringify({ rows: [ROW], speed: 0 })));
  const { exchange } = simulator;
  assertEquals(exchange.quotes.lastTrade("AMD", exchange.nowMs)?.priceUsd, 152);
  await simulator.stop();
});

const WRONG: { when: string; text: string; says: string }[] = [
  { when: "it is not JSON", text: "{", says: "it is not JSON" },
  { when: "it has a field that no scenario has", text: '{"sped":1}', says: '"sped"' },
  { when: "the speed is negative", text: '{"speed":-1}', says: "speed" },
  { when: "a path is empty", text: '{"paths":{"AMD":[]}}', says: "paths.AMD" },
  { when: "a fault is unknown", text: '{"faults":[{"fault":{"kind":"x"}}]}', says: "faults" },
  { when: "the start is no time", text: '{"start":"noon"}', says: 'start "noon" is not a time' },
  {
    when: "the day has no session",
    text: '{"dateNy":"2026-11-26"}',
    says: "no session on 2026-11-26",
  },
  {
    when: "a path goes back in time",
    text: '{"paths":{"AMD":[["10:00",1],["09:30",1]]}}',
    says: "the price path of AMD is empty or not in order",
  },
  {
    when: "sessions are not in order",
    text: '{"sessions":[{"dateNy":"2026-11-24"},{"dateNy":"2026-11-23"}],' +
      '"paths":{"AMD":[["10:00",1]]}}',
    says: "sessions are not in order at 2026-11-23",
  },
];
for (const { when, text, says } of WRONG) {
  Deno.test(`a scenario is refused when ${when}`, () => {
    const error = assertThrows(() => startScenario(parseScenario(text)), ScenarioError);
    assertStringIncludes(error.message, says);
  });
}
