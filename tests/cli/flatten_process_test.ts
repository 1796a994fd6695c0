import { sampleOpenMs } from "../simulator/scenario.ts";
import { startProgram, startUnread } from "../support/real_program.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assertEquals } from "../assert.ts";

// What has begun to cancel stops must come to its end, whatever becomes of the terminal that it was typed into.

const START_MS = sampleOpenMs() + 40 * 60_000;
const YES = ["flatten", "--close-positions", "--all", "--yes"];
/** A flatten that has not ended by then is held up. */
const ENDED_MS_MAX = 20_000;

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

async function untilEnded(end: Promise<void>): Promise<"ended" | "held up"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"held up">((resolve) => {
    timer = setTimeout(() => resolve("held up"), ENDED_MS_MAX);
  });
  const how = await Promise.race([end.then(() => "ended" as const), late]);
  clearTimeout(timer);
  return how;
}

Deno.test("flatten closes everything behind an output that nobody reads, and what it said can be read at its end", () =>
  withPosition(async (program) => {
    const { dir, environment } = program;
    const sold = Promise.withResolvers<void>();
    program.simulator.setFaults(({ method }) => {
      if (method === "POST") sold.resolve();
      return null;
    });
    const unread = await startUnread({ args: YES, env: environment, writeDir: dir });
    try {
      assertEquals(await untilEnded(sold.promise), "ended", "it waits for its reader");
      const text = unread.read();
      assertEquals(await unread.ended, 0);
      assertEquals(listHeld(program), []);
      assertEquals((await text).match(/^(Cancel 1 order|Selling TSLA|Done\.)/gm), [
        "Cancel 1 order",
        "Selling TSLA",
        "Done.",
      ]);
    } finally {
      await unread.close();
    }
  }));

Deno.test("flatten goes on when its terminal hangs up between the cancel and the sell", () =>
  withPosition(async (program) => {
    const { dir, environment, simulator } = program;
    const running = startProgram({ args: YES, env: environment, writeDir: dir });
    simulator.setFaults(({ method }) => {
      if (method === "DELETE") running.kill("SIGHUP");
      return null;
    });
    const { status, stderr } = await running.end();
    assertEquals([status, stderr, listHeld(program)], [0, "", []]);
  }));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`flatten goes on, and says so, at one ${signal} between the cancel and the sell`, () =>
    withPosition(async (program) => {
      const { dir, environment, simulator } = program;
      const running = startProgram({ args: YES, env: environment, writeDir: dir });
      simulator.setFaults(({ method }) => {
        if (method === "DELETE") running.kill(signal);
        return null;
      });
      const { status, stdout, stderr } = await running.end();
      assertEquals([status, stderr, listHeld(program)], [0, "", []]);
      assertEquals(stdout.match(/^(Not stopped: |Done\.)/gm), ["Not stopped: ", "Done."]);
    }));
}
