import { assert, assertEquals } from "../assert.ts";
import type { EngineConfig } from "../../src/engine/ports.ts";
import { formatCloseCommand } from "../../src/domain/alert/alert_facts.ts";
import { askedIn, buildRefusal, listsSent, type Wording } from "./refusing_data.ts";
import { AAPL, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const BARS = "/v2/stocks/bars";
const TRADES = "/v2/stocks/trades/latest";
const BAD = { ...NVDA, symbol: "P5N994" };

/** NVDA, AAPL and a symbol that the data API refuses, traded for half an hour. */
async function trade(wording: Wording, status = 400): Promise<World> {
  const world = new World({ rows: [NVDA, AAPL, BAD] });
  await world.restart();
  world.setFaultPlan(buildRefusal(new Set([BAD.symbol]), { wording, status }));
  await world.cycle();
  await world.cycles(6, MINUTE_MS);
  return world;
}

for (const wording of ["named", "unnamed"] as const) {
  for (const status of [400, 422]) {
    Deno.test(`a symbol that the data API refuses with ${status}, ${wording}, takes no candidate with it`, async () => {
      const world = await trade(wording, status);
      assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 1]);
      assertEquals(world.buys(BAD.symbol), []);
    });
  }
}

Deno.test("a candidate that is left out is a warning in log and Slack, once a day over restarts, with a remedy", async () => {
  const world = await trade("named");
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  const said = world.said("left out");
  assertEquals(said.length, 1);
  assert(said[0]?.includes("P5N994: left out, the data API refuses their bars"), said[0]);
  assert(said[0]?.includes('HTTP 400 "invalid symbol: P5N994"'), said[0]);
  assert(said[0]?.includes("correct or remove their rows in the watchlist"), said[0]);
  assertEquals(world.alerted("Symbols left out").map(({ level }) => level), ["WARNING"]);
});

Deno.test("a candidate that was left out is asked again the next day", async () => {
  const world = await trade("named");
  world.goTo(world.nowMs + 24 * 60 * MINUTE_MS);
  world.list([NVDA, AAPL, BAD]);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  const asked = listsSent(world.sent, BARS).map((list) => list.includes(BAD.symbol));
  assertEquals(asked, [true, false, false]);
  assertEquals(world.said("left out").length, 1);
});

Deno.test("a removed row ends the warning: the remedy works", async () => {
  const world = await trade("named");
  world.goTo(world.nowMs + 24 * 60 * MINUTE_MS);
  world.list([NVDA, AAPL]);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("left out"), []);
});

Deno.test("a new process of --run-once does not search again for what is left out", async () => {
  const world = await trade("unnamed");
  world.forget();
  for (let run = 0; run < 3; run++) {
    await world.restart();
    await world.cycle();
  }
  assertEquals(listsSent(world.sent, BARS), [["NVDA", "AAPL"], ["NVDA", "AAPL"], ["NVDA", "AAPL"]]);
});

Deno.test("where every part is refused nobody is left out, and the request is said to be at fault, once a day", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.restart();
  world.setFaultPlan(buildRefusal(new Set(["NVDA", "AAPL"]), { wording: "unnamed" }));
  await world.cycle();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.alerted("Symbols left out"), []);
  assertEquals(world.said("the request is at fault, nobody is left out").length, 1);
  assertEquals(world.alerted("the request is at fault").map(({ level }) => level), ["ERROR"]);
  assertEquals(world.said("Bars unavailable (http)").length, 4);
  world.setFaults([]);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 1]);
});

Deno.test("a chunk that fails leaves what the other chunks brought, and names what is missing", async () => {
  const others = Array.from({ length: 700 }, (_, index) => ({
    ...NVDA,
    symbol: `C${String(index).padStart(4, "0")}`,
    pivotUsd: 500,
    r1Usd: 550,
    r2Usd: 600,
  }));
  const world = new World({ rows: [NVDA, ...others, AAPL] });
  await world.restart();
  await world.cycle();
  world.forget();
  for (const missing of ["AAPL", "NVDA"]) {
    world.setFaults([{ path: BARS, contains: missing, fault: { kind: "hang" } }]);
    await world.cycles(2, MINUTE_MS);
    assert(world.said("Bars not answered, nothing decided of ").length > 0, missing);
    assertEquals(world.said("Bars unavailable"), []);
  }
  assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 1]);
});

Deno.test("a managed symbol that is refused is asked by itself in each cycle, and the others' exits go on", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.buy();
  assertEquals([world.held("NVDA"), world.held("AAPL")], [10, 10]);
  world.setFaultPlan(buildRefusal(new Set(["AAPL"]), { wording: "unnamed", path: TRADES }));
  world.list([]);
  await world.cycles(1, MINUTE_MS);
  world.forget();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.sells("NVDA"), ["5 filled"]);
  assertEquals(listsSent(world.sent, TRADES), [["NVDA"], ["AAPL"], ["NVDA"], ["AAPL"]]);
});

Deno.test("a managed symbol that is refused is an error with the command that closes it, once a day", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.buy();
  world.setFaultPlan(buildRefusal(new Set(["AAPL"]), { path: TRADES }));
  await world.cycles(3, MINUTE_MS);
  const said = world.said("AAPL: the data API refuses its latest trades");
  assertEquals(said.length, 1);
  assert(said[0]?.includes(formatCloseCommand("AAPL")), said[0]);
  assertEquals(world.alerted("AAPL: the data API refuses").map(({ level }) => level), ["ERROR"]);
  world.setFaults([]);
  world.exchange.setPrice("AAPL", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.sells("AAPL"), ["5 filled"]);
});

Deno.test("an only managed symbol that is refused is named, and is not left out", async () => {
  const world = new World();
  await world.buy();
  world.setFaultPlan(buildRefusal(new Set(["NVDA"]), { path: TRADES }));
  await world.cycles(2, MINUTE_MS);
  const [said] = world.said("the request is at fault");
  assert(said?.includes(`no exit is decided for NVDA: ${formatCloseCommand("NVDA")}`), said);
  world.setFaults([]);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.sells("NVDA"), ["5 filled"]);
});

Deno.test("a row that can't be parsed costs its symbol, and is said once a day", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.restart();
  await world.cycle();
  world.forget();
  const bars = JSON.stringify({
    bars: {
      AAPL: [{ t: "2026-11-23T14:50:00Z", c: "much" }],
      NVDA: [{ t: "2026-11-23T14:40:00Z", c: 100 }, { t: "2026-11-23T14:50:00Z", c: 100 }],
    },
    next_page_token: null,
  });
  world.setFaults([{ path: BARS, fault: { kind: "malformed", body: bars } }]);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.said("can't be read"), [
    "warn Market data: bars of AAPL can't be read: nothing is confirmed in it until they can be",
  ]);
  assertEquals(
    world.events.some((event) => event.type === "signal" && event.symbol === "NVDA"),
    true,
  );
});

Deno.test("a refused managed symbol that is the only one left is no fault of the request", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.buy();
  world.setFaultPlan(buildRefusal(new Set(["AAPL"]), { path: TRADES }));
  await world.cycles(1, MINUTE_MS);
  world.list([]);
  world.exchange.setPrice("NVDA", 90);
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.held("NVDA"), world.held("AAPL")], [0, 10]);
  assertEquals(listsSent(world.sent, TRADES).at(-1), ["AAPL"]);
  assertEquals(world.said("the request is at fault"), []);
});

Deno.test("--run-once searches no longer than leaves its due entries their time", async () => {
  const world = new World({ rows: buildThousand() });
  await world.restart();
  const config = world.engine.ports.config as {
    -readonly [K in keyof EngineConfig]: EngineConfig[K];
  };
  config.isRunOnce = true;
  const refuse = buildRefusal(TWENTY, { wording: "unnamed" });
  world.setFaultPlan((request, count) => {
    if (request.path === BARS) world.pass(900);
    return refuse(request, count);
  });
  const startMs = world.nowMs;
  await world.cycle();
  const lists = listsSent(world.sent, BARS);
  assert(lists.length > 5 && lists.length < 15, String(lists.length));
  assert(world.nowMs - startMs < 12 * SECOND_MS, String(world.nowMs - startMs));
});

/** 1,000 candidates that break out, none of them due while the test runs. */
function buildThousand() {
  return Array.from({ length: 1_000 }, (_, index) => ({
    ...NVDA,
    symbol: `C${String(index).padStart(4, "0")}`,
  }));
}

/** Twenty, as far apart as they can be: the most costly to find. */
const TWENTY = new Set(
  Array.from({ length: 20 }, (_, index) => `C${String(index * 50 + 17).padStart(4, "0")}`),
);

/** Cycles over 1,000 candidates, each of a process of its own with `isRunOnce`: requests, and how many were decided. */
async function measure(
  wording: Wording,
  { cycles, isRunOnce = false }: { readonly cycles: number; readonly isRunOnce?: boolean },
): Promise<{ readonly requests: number[]; readonly decided: number[]; readonly world: World }> {
  const world = new World({ rows: buildThousand() });
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: "1800", ENTRY_DELAY_MAX_SECONDS: "1800" });
  world.setFaultPlan(buildRefusal(TWENTY, { wording }));
  const requests: number[] = [];
  const decided: number[] = [];
  for (let turn = 0; turn < cycles; turn++) {
    world.forget();
    if (isRunOnce) await world.restart();
    await world.cycle();
    requests.push(world.sent.length);
    const signals = world.events.filter((event) => event.type === "signal");
    decided.push(signals.length);
    world.pass(29 * SECOND_MS);
  }
  return { requests, decided, world };
}

Deno.test("1,000 candidates, 20 refused by name: 40 requests at most at first, 8 later, all 980 decided", async () => {
  const { requests, decided, world } = await measure("named", { cycles: 3 });
  assert(requests.every((count, turn) => count <= (turn === 0 ? 40 : 8)), requests.join());
  assertEquals(decided, [980, 980, 980]);
  assertEquals(world.sent.flatMap(askedIn).some((symbol) => TWENTY.has(symbol)), false);
});

for (const isRunOnce of [false, true]) {
  const how = isRunOnce ? "a process each" : "one process";
  Deno.test(`1,000 candidates, 20 refused without a name, ${how}: 40 requests a cycle at most, all 980 by the tenth`, async () => {
    const { requests, decided } = await measure("unnamed", { cycles: 11, isRunOnce });
    assert(requests.every((count) => count <= 40), requests.join());
    assertEquals(decided.slice(9), [980, 980], decided.join());
    assert((requests.at(-1) ?? Infinity) <= 8, requests.join());
  });
}
