import { sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { rewriteList } from "../support/rewritten.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";

// The broker is most likely to be in trouble when everything must be closed.

const START_MS = sampleOpenMs() + 40 * 60_000;
const YES = ["flatten", "--close-positions", "--all", "--yes"];

/** A position with a stop at the broker. */
function withPosition(act: (program: SimulatedProgram) => Promise<void>): Promise<void> {
  return withSimulatedProgram({ startMs: START_MS, speed: 20 }, async (program) => {
    await Deno.mkdir(program.stateDir);
    const { exchange } = program.simulator;
    exchange.setPosition("TSLA", 3, 160);
    exchange.placeByHand({
      symbol: "TSLA",
      qty: "3",
      side: "sell",
      type: "stop",
      stop_price: "100",
      time_in_force: "gtc",
    });
    program.simulator.advanceTo(program.simulator.nowMs() + 2_000);
    await act(program);
  });
}

function listHeld({ simulator }: SimulatedProgram): string[] {
  simulator.nowMs();
  const { positions } = simulator.exchange.portfolio;
  return [...positions.values()].map(({ symbol, qty }) => `${symbol} ${qty}`);
}

Deno.test("flatten sells though the broker can't be read for a moment after the cancel", () =>
  withPosition(async (program) => {
    const { simulator } = program;
    let cancelledAtMs = Infinity;
    simulator.setFaults(({ method }) => {
      if (method === "DELETE") cancelledAtMs = simulator.nowMs();
      const sinceMs = simulator.nowMs() - cancelledAtMs;
      // From the end of the wait for the cancel on, for 15 s.
      return method === "GET" && sinceMs > 100 && sinceMs < 15_000
        ? { kind: "status", status: 503 }
        : null;
    });
    const { status, lines, error } = await program.run(YES);
    assertEquals([status, error], [0, ""], lines.join("\n"));
    assertEquals(listHeld(program), []);
  }));

for (const path of ["/v2/clock", "/v2/account"]) {
  Deno.test(`flatten needs no answer from ${path}`, () =>
    withPosition(async (program) => {
      program.simulator.setFaults((request) =>
        request.path === path ? { kind: "status", status: 503 } : null
      );
      const { status, lines, error } = await program.run([...YES, "--symbol=TSLA"]);
      assertEquals([status, error], [0, ""], lines.join("\n"));
      assertEquals(listHeld(program), []);
    }));
}

Deno.test("flatten says NOT DONE, and what may be bare, where the broker can't be read any more after the cancel", () =>
  withPosition(async (program) => {
    let isCancelled = false;
    program.simulator.setFaults(({ method }) => {
      if (method === "DELETE") isCancelled = true;
      return method === "GET" && isCancelled ? { kind: "status", status: 503 } : null;
    });
    const { status, lines, error } = await program.run(YES);
    assertEquals([status, error], [1, ""]);
    assertMatch(
      lines.at(-1) ?? "",
      /^NOT DONE: Cannot read \S+ from \S+: HTTP 503.*; it is not known what is left.*TSLA 3/,
    );
  }));

Deno.test("flatten is NOT DONE while positions lack what no sell explains, and names it: one empty answer is not nothing held", () =>
  withPosition(async (program) => {
    const rewrite = rewriteList("/v2/positions", () => []);
    let isCancelled = false;
    program.simulator.setFaults((request) => {
      if (request.method === "DELETE") isCancelled = true;
      return isCancelled ? rewrite(request) : null;
    });
    const { status, lines } = await program.run(YES);
    assertEquals([status, listHeld(program)], [1, ["TSLA 3"]], lines.join("\n"));
    assertStringIncludes(lines.join("\n"), "Positions left: TSLA 3 (not shown any more");
  }));

Deno.test("flatten sells what an answer of some seconds lacked", () =>
  withPosition(async (program) => {
    const { simulator } = program;
    const rewrite = rewriteList("/v2/positions", () => []);
    let cancelledAtMs = Infinity;
    simulator.setFaults((request) => {
      if (request.method === "DELETE") cancelledAtMs = simulator.nowMs();
      const sinceMs = simulator.nowMs() - cancelledAtMs;
      return sinceMs >= 0 && sinceMs < 5_000 ? rewrite(request) : null;
    });
    const { status, lines } = await program.run(YES);
    assertEquals([status, listSells(program)], [0, ["3 filled"]], lines.join("\n"));
  }));

/** Sells that `flatten` sent, as `qty status`. */
function listSells({ simulator }: SimulatedProgram): string[] {
  return simulator.exchange.orders.filter(({ clientOrderId }) =>
    clientOrderId.startsWith("avwap-flatten-")
  ).map(({ qty, status }) => `${qty} ${status}`);
}

/** The price falls to the stop; time stops at its first fill. */
function fallToStop({ simulator }: SimulatedProgram): void {
  const { exchange } = simulator;
  exchange.setPrice("TSLA", 99);
  for (let step = 0; step < 50; step++) {
    if (exchange.orders.some(({ filledQty }) => filledQty > 0)) return;
    simulator.advanceTo(simulator.nowMs() + 100);
  }
}

const LAGS_MS = [
  { positionsLagMs: 1_000, listsLagMs: 0 },
  { positionsLagMs: 3_000, listsLagMs: 0 },
  { positionsLagMs: 3_000, listsLagMs: 3_000 },
];
for (const lag of LAGS_MS) {
  const when = `positions ${lag.positionsLagMs} ms and lists ${lag.listsLagMs} ms behind`;

  Deno.test(`flatten never sells what a stop sold while it was cancelled, ${when}`, () =>
    withPosition(async (program) => {
      const { behaviour } = program.simulator.exchange;
      Object.assign(behaviour, lag, { isShortingAllowed: true, cancelOutcome: () => "filled" });
      const { status, lines } = await program.run(YES);
      assertEquals([status, listSells(program)], [0, []], lines.join("\n"));
      assertEquals(listHeld(program), []);
    }));

  Deno.test(`flatten never sells what a stop sold just before it began, ${when}`, () =>
    withPosition(async (program) => {
      const { simulator } = program;
      Object.assign(simulator.exchange.behaviour, lag, { isShortingAllowed: true });
      fallToStop(program);
      assertEquals(listHeld(program), []);
      const { status, lines } = await program.run([...YES, "--symbol=TSLA"]);
      assertEquals([status, listSells(program)], [0, []], lines.join("\n"));
      assertEquals(listHeld(program), []);
    }));

  Deno.test(`flatten sells what a stop left, ${when}`, () =>
    withPosition(async (program) => {
      const { simulator } = program;
      const { behaviour } = simulator.exchange;
      Object.assign(behaviour, lag, { isShortingAllowed: true });
      behaviour.partialFills = ({ type }) => type === "stop" ? [{ afterMs: 0, qty: 2 }] : null;
      fallToStop(program);
      assertEquals(listHeld(program), ["TSLA 1"]);
      const { status, lines } = await program.run(YES);
      assertEquals([status, listSells(program)], [0, ["1 filled"]], lines.join("\n"));
      assertEquals(listHeld(program), []);
    }));
}

Deno.test("flatten sells as soon as the cancel is known by id, though a list still shows the stop", () =>
  withPosition(async (program) => {
    const { simulator } = program;
    Object.assign(simulator.exchange.behaviour, { listsLagMs: 10_000, openListsLagMs: 0 });
    const { status, lines } = await program.run(YES);
    assertEquals([status, listSells(program)], [0, ["3 filled"]], lines.join("\n"));
    assertEquals(lines.filter((line) => line.includes("still reserved")), []);
  }));

Deno.test("flatten closes though past orders can't be read, once positions must show every fill", () =>
  withPosition(async (program) => {
    const { simulator } = program;
    simulator.setFaults(({ path, query }) =>
      path === "/v2/orders" && query.get("status") === "all"
        ? { kind: "status", status: 503 }
        : null
    );
    const { status, lines, error } = await program.run(YES);
    assertEquals([status, error, listSells(program)], [0, "", ["3 filled"]], lines.join("\n"));
    assertStringIncludes(lines.join("\n"), "positions are read again in 10 s instead");
  }));
