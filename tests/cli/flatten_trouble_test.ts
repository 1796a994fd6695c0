import { sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assertEquals, assertMatch } from "../assert.ts";

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
