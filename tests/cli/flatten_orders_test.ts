import type { Environment } from "../../src/runtime/environment.ts";
import { SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { buildLedgerEntry, type LedgerEntry } from "../../src/domain/order/ledger.ts";
import { formatUtc } from "../../src/domain/time/ny_time.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { SIMPLE_LEDGER } from "../state/support.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";

// What no list shows yet is ended all the same, and what was sold is not sold again (pipeline 5).

const START_MS = sampleOpenMs() + 40 * 60_000;
const AT_ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const TOKEN = "token-of-the-flatten-test";
const LIVE: Environment = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
const YES = ["flatten", "--close-positions", "--all", "--yes"];

/** A LIVE day on which NVDA breaks out. */
function withLiveDay(act: (program: SimulatedProgram) => Promise<void>): Promise<void> {
  return withSimulatedProgram({ startMs: START_MS, speed: 20 }, async (program) => {
    await Deno.mkdir(program.stateDir);
    await Deno.writeTextFile(`${program.stateDir}/live_confirm_token.txt`, TOKEN);
    await act(program);
  });
}

/** One more cycle, two seconds later. */
async function runCycle(program: SimulatedProgram): Promise<void> {
  program.simulator.advanceTo(program.simulator.nowMs() + 2_000);
  await program.run(AT_ONCE, LIVE);
}

/** Positions and working orders as they really are at the broker. */
function readAccount({ simulator }: SimulatedProgram) {
  simulator.nowMs();
  const { exchange } = simulator;
  const working = [...exchange.desk.active.values()].flatMap((book) => [...book.working]);
  return {
    positions: [...exchange.portfolio.positions.values()].map(({ symbol, qty }) =>
      `${symbol} ${qty}`
    ),
    orders: working.map(({ symbol, side, type }) => `${symbol} ${side} ${type}`),
  };
}

/** Buys NVDA; the entry works on, without a fill. */
async function enter(program: SimulatedProgram): Promise<void> {
  const { exchange } = program.simulator;
  exchange.behaviour.partialFills = ({ side }) => side === "buy" ? [] : null;
  for (let cycle = 0; cycle < 3 && exchange.orders.length === 0; cycle++) await runCycle(program);
  assert(exchange.orders.length > 0);
}

for (const scope of [YES, ["flatten", "--yes"], [...YES, "--symbol=NVDA"]]) {
  Deno.test(`flatten cancels an entry that no list shows yet: ${scope.join(" ")}`, () =>
    withLiveDay(async (program) => {
      await enter(program);
      program.simulator.exchange.behaviour.listsLagMs = 10_000;
      const { status, lines } = await program.run(scope);
      assertEquals(readAccount(program), { positions: [], orders: [] }, lines.join("\n"));
      assertEquals(status, 0, lines.join("\n"));
    }));
}

Deno.test("flatten knows what the engine sent by its document, where the ledger can't be read", () =>
  withLiveDay(async (program) => {
    await enter(program);
    await Deno.writeTextFile(`${program.stateDir}/live_orders_today.json`, "{");
    program.simulator.exchange.behaviour.listsLagMs = 10_000;
    const { lines } = await program.run(YES);
    assertEquals(readAccount(program), { positions: [], orders: [] }, lines.join("\n"));
  }));

/** A position of somebody else's with its stop; the market would let it be sold short. */
async function withStop(
  act: (program: SimulatedProgram, stopId: string) => Promise<void>,
): Promise<void> {
  await withSimulatedProgram({ startMs: START_MS, speed: 20 }, async (program) => {
    await Deno.mkdir(program.stateDir);
    const { exchange } = program.simulator;
    exchange.behaviour.isShortingAllowed = true;
    exchange.setPosition("TSLA", 3, 160);
    const stop = { symbol: "TSLA", qty: "3", side: "sell", type: "stop", stop_price: "100" };
    exchange.placeByHand({ ...stop, time_in_force: "gtc" });
    program.simulator.advanceTo(program.simulator.nowMs() + 20_000);
    await act(program, exchange.orders[0]?.id ?? "");
  });
}

/** A hand replaces a stop by one at another price. */
function replaceByHand({ simulator }: SimulatedProgram, orderId: string, stopUsd: number): void {
  const { status } = simulator.exchange.handle({
    method: "PATCH",
    path: `/v2/orders/${orderId}`,
    query: new URLSearchParams(),
    body: JSON.stringify({ stop_price: String(stopUsd) }),
    headers: { "apca-api-key-id": SIM_KEY_ID, "apca-api-secret-key": SIM_SECRET_KEY },
  });
  assertEquals(status, 200);
}

Deno.test("flatten never sells what was sold by an order that took a stop's place unseen", () =>
  withStop(async (program, stopId) => {
    const { simulator } = program;
    const { exchange } = simulator;
    replaceByHand(program, stopId, 150);
    simulator.advanceTo(simulator.nowMs() + 500);
    exchange.setPrice("TSLA", 149);
    for (let step = 0; step < 50 && exchange.position("TSLA") !== null; step++) {
      simulator.advanceTo(simulator.nowMs() + 50);
    }
    assertEquals(readAccount(program).positions, []);
    Object.assign(exchange.behaviour, { positionsLagMs: 8_000, listsLagMs: 10_000 });
    const { lines } = await program.run([...YES, "--symbol=TSLA"]);
    assertEquals(readAccount(program), { positions: [], orders: [] }, lines.join("\n"));
    assertEquals(listSells(program), []);
  }));

Deno.test("flatten cancels what took a stop's place a moment ago, and sells", () =>
  withStop(async (program, stopId) => {
    const { simulator } = program;
    replaceByHand(program, stopId, 150);
    simulator.advanceTo(simulator.nowMs() + 500);
    simulator.exchange.behaviour.listsLagMs = 10_000;
    const { status, lines } = await program.run([...YES, "--symbol=TSLA"]);
    assertEquals(
      [status, readAccount(program)],
      [0, { positions: [], orders: [] }],
      lines.join("\n"),
    );
    assertEquals(listSells(program), ["3 filled"]);
  }));

/** Sells that `flatten` sent, as `qty status`. */
function listSells({ simulator }: SimulatedProgram): string[] {
  return simulator.exchange.orders.filter(({ clientOrderId }) =>
    clientOrderId.startsWith("avwap-flatten-")
  ).map(({ qty, status }) => `${qty} ${status}`);
}

const SELL_ID = "avwap-2026-11-23-NVDA-0-1-stop_exit-1";

/** The engine's ledger has an order of 7 NVDA, made at this moment, whose answer is out: a sell, where nothing else is said. */
async function recordOrder(
  { simulator, stateDir }: SimulatedProgram,
  facts: Partial<LedgerEntry>,
): Promise<void> {
  const entry = buildLedgerEntry({
    symbol: "NVDA",
    notionalUsd: 0,
    timestamp: formatUtc(simulator.nowMs()),
    side: "sell",
    qty: 7,
    clientOrderId: SELL_ID,
    reason: "stop_exit",
    deadlineAtMs: simulator.nowMs() + 15_000,
    ...facts,
  });
  const ledger = { ...SIMPLE_LEDGER, host: null, accountId: null, dateNy: "2026-11-23" };
  const text = buildLedgerText({ ...ledger, entries: [entry] });
  await Deno.writeTextFile(`${stateDir}/live_orders_today.json`, text);
}

for (const status of ["unknown", "pending"] as const) {
  Deno.test(`flatten never sells what a sell on record as ${status} has sold, which no list shows yet`, () =>
    withStop(async (program) => {
      const { simulator } = program;
      const { exchange } = simulator;
      exchange.setPosition("NVDA", 7, 120);
      simulator.advanceTo(simulator.nowMs() + 20_000);
      const sell = { symbol: "NVDA", qty: "7", side: "sell", type: "market" };
      exchange.placeByHand({ ...sell, time_in_force: "day", client_order_id: SELL_ID });
      await recordOrder(program, { status });
      simulator.advanceTo(simulator.nowMs() + 1_000);
      Object.assign(exchange.behaviour, { positionsLagMs: 8_000, listsLagMs: 10_000 });
      const { lines } = await program.run([...YES, "--symbol=NVDA"]);
      assertEquals(exchange.position("NVDA"), null, lines.join("\n"));
      assertEquals(listSells(program), []);
    }));
}

Deno.test("flatten sells what a sell on record has not sold, once no request for it can be under way", () =>
  withStop(async (program) => {
    const { simulator } = program;
    simulator.exchange.setPosition("NVDA", 7, 120);
    await recordOrder(program, { status: "pending" });
    const { status, lines } = await program.run([...YES, "--symbol=NVDA"]);
    assertEquals([status, listSells(program)], [0, ["7 filled"]], lines.join("\n"));
  }));

Deno.test("flatten is NOT DONE, and sells nothing twice, while nobody knows of a sell on record", () =>
  withStop(async (program) => {
    const { simulator } = program;
    simulator.exchange.setPosition("NVDA", 7, 120);
    await recordOrder(program, { status: "unknown" });
    simulator.setFaults(({ path }) =>
      path === "/v2/orders:by_client_order_id" ? { kind: "status", status: 503 } : null
    );
    const { status, lines } = await program.run([...YES, "--symbol=NVDA"]);
    assertEquals([status, listSells(program)], [1, []], lines.join("\n"));
    assertStringIncludes(
      lines.join("\n"),
      `NVDA sell 7 (${SELL_ID}) may be at the broker, which has not said: do it again, or look there`,
    );
  }));

const BUY_ID = "avwap-2026-11-23-NVDA-0-1";

for (
  const { sinceMs, ends, status } of [
    { sinceMs: 1_000, ends: "NOT DONE", status: 1 },
    { sinceMs: 71_000, ends: "done", status: 0 },
  ]
) {
  Deno.test(`flatten is ${ends} where the broker has no entry of ours ${sinceMs / 1000} s after its deadline`, () =>
    withLiveDay(async (program) => {
      const deadlineAtMs = program.simulator.nowMs() - sinceMs;
      await recordOrder(program, {
        side: "buy",
        clientOrderId: BUY_ID,
        reason: null,
        status: "unknown",
        deadlineAtMs,
      });
      const ended = await program.run(["flatten", "--yes"]);
      assertEquals(ended.status, status, ended.lines.join("\n"));
      const doubt = `NVDA buy 7 (${BUY_ID}) may be at the broker, which has not said`;
      assertEquals(ended.lines.filter((line) => line.startsWith(doubt)).length, status);
    }));
}

Deno.test("flatten sells what an entry bought while it was cancelled, which positions do not show yet", () =>
  withLiveDay(async (program) => {
    await enter(program);
    const { behaviour } = program.simulator.exchange;
    behaviour.positionsLagMs = 9_000;
    behaviour.cancelOutcome = ({ side }) => side === "buy" ? "filled" : "canceled";
    behaviour.partialFills = null;
    const { status, lines } = await program.run(YES);
    const account = readAccount(program);
    assertEquals([status, account], [0, { positions: [], orders: [] }], lines.join("\n"));
    assertEquals(listSells(program), ["7 filled"]);
  }));
