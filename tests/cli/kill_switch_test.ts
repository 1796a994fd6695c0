import type { Environment } from "../../src/runtime/environment.ts";
import { watchKillSwitch } from "../../src/state/kill_switch_watch.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertLess, assertMatch } from "../assert.ts";
import { inOperatorDir } from "./operator_host.ts";

const TOKEN = "token-of-the-kill-switch";
const LIVE: Environment = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
const START_MS = sampleOpenMs() + 40 * 60_000;
const ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const LOOP = ["--poll-seconds=300", "--entry-delay-min=0", "--entry-delay-max=0"];
/** The specification's bound. */
const SEEN_WITHIN_MS = 1_000;

/** A loop that can be LIVE, and buys NVDA in its first cycle. */
function withReadyLoop(act: (program: SimulatedProgram) => Promise<void>): Promise<void> {
  return withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await Deno.mkdir(program.stateDir);
    await Deno.writeTextFile(`${program.stateDir}/live_confirm_token.txt`, TOKEN);
    await program.run(ONCE, { ...LIVE, ALLOWLIST_SYMBOLS: "TSLA" });
    await act(program);
  });
}

function listChanges({ simulator }: SimulatedProgram): string[] {
  return simulator.exchange.requests.filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path}`);
}

/** Makes the switch and resolves with the milliseconds to the line. */
function kill({ stateDir, onLine }: SimulatedProgram): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const madeMs = performance.now();
  onLine("Kill switch active (file)", () => resolve(performance.now() - madeMs));
  Deno.writeTextFileSync(`${stateDir}/KILL_SWITCH`, "");
  return promise;
}

function untilLine(program: SimulatedProgram, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  program.onLine(text, resolve);
  return promise;
}

Deno.test("a waiting loop says the kill switch and the gate within a second, long before its poll", () =>
  withReadyLoop(async (program) => {
    const submitted = untilLine(program, "SUBMITTED NVDA");
    const loop = program.run(LOOP, LIVE);
    await submitted;
    const gate = untilLine(
      program,
      "Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)",
    );
    const before = listChanges(program);
    assertLess(await kill(program), SEEN_WITHIN_MS);
    await gate;
    program.raise("SIGTERM");
    const { status, lines } = await loop;
    assertEquals(status, 0);
    assertEquals(lines.filter((line) => line.includes("Kill switch active")).length, 1);
    assertEquals(listChanges(program), before);
  }));

Deno.test("a loop in the middle of a cycle says it while the broker keeps it waiting, and sends nothing", () =>
  withReadyLoop(async (program) => {
    const asked = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    let isAnswered = false;
    // The price that the entry's notional needs: the order would be the next request.
    const { fetch } = globalThis;
    const slow: typeof fetch = async (input, init) => {
      if (String(input).includes("/trades/latest")) {
        asked.resolve();
        await held.promise;
        isAnswered = true;
      }
      return await fetch(input, init);
    };
    const loop = program.run(LOOP, LIVE, { fetch: slow });
    await asked.promise;
    const gate = untilLine(
      program,
      "Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)",
    );
    assertLess(await kill(program), SEEN_WITHIN_MS);
    await gate;
    assertEquals(isAnswered, false);
    const ended = untilLine(program, "Gate caps(");
    held.resolve();
    await ended;
    program.raise("SIGTERM");
    assertEquals((await loop).status, 0);
    assertEquals(listChanges(program), []);
  }));

Deno.test("an order whose connection is still being made when the kill switch comes never leaves", () =>
  withReadyLoop(async (program) => {
    const connecting = Promise.withResolvers<void>();
    const connected = Promise.withResolvers<void>();
    const { fetch } = globalThis;
    const slow: typeof fetch = async (input, init) => {
      if (init?.method === "POST") {
        connecting.resolve();
        await connected.promise;
      }
      return await fetch(input, init);
    };
    const loop = program.run(LOOP, LIVE, { fetch: slow });
    await connecting.promise;
    await kill(program);
    const ended = untilLine(program, "Gate caps(");
    connected.resolve();
    await ended;
    program.raise("SIGTERM");
    assertEquals((await loop).status, 0);
    assertEquals(listChanges(program), []);
  }));

Deno.test("an order that the broker had when the kill switch came is looked up, though its answer is not waited for", () =>
  withReadyLoop(async (program) => {
    const taken = Promise.withResolvers<void>();
    const { fetch } = globalThis;
    const silent: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (init?.method !== "POST") return answer;
      taken.resolve();
      await answer.body?.cancel();
      return await new Promise((_, reject) =>
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason))
      );
    };
    const loop = program.run(LOOP, LIVE, { fetch: silent });
    await taken.promise;
    const found = untilLine(program, "Position NVDA: qty=7");
    await kill(program);
    await found;
    program.raise("SIGTERM");
    const { status, lines } = await loop;
    assertEquals(status, 0, lines.join("\n"));
    assertEquals(listChanges(program), ["POST /v2/orders"]);
    const ledger = await Deno.readTextFile(`${program.stateDir}/live_orders_today.json`);
    assertMatch(ledger, /"status": ?"accepted"/);
  }));

Deno.test("nothing leaves when the kill switch comes between an order's record and its request", () =>
  withReadyLoop(async (program) => {
    program.onLine("Gate PASS NVDA", () => {
      Deno.writeTextFileSync(`${program.stateDir}/KILL_SWITCH`, "");
    });
    const { status, lines } = await program.run(ONCE, LIVE);
    assertEquals(status, 0);
    assert(
      lines.some((line) => line.includes("reason=kill switch active (file)")),
      lines.join("\n"),
    );
    assertEquals(listChanges(program), []);
  }));

Deno.test("watchKillSwitch() tells of the file alone, in each place, and works without a directory to watch", () =>
  inOperatorDir(async (dir) => {
    const watch = watchKillSwitch({ stateDir: `${dir}/own`, otherStateDirs: [dir] });
    let told = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    watch.listen(() => {
      told++;
      resolve();
    });
    await Deno.writeTextFile(`${dir}/other`, "");
    assertEquals(told, 0);
    await Deno.writeTextFile(`${dir}/KILL_SWITCH`, "");
    await promise;
    watch.close();
    const none = watchKillSwitch({ stateDir: `${dir}/nowhere`, otherStateDirs: [] });
    none.listen(() => assert(false));
    none.close();
  }));
