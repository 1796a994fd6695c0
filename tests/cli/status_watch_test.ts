import type { ProgramHost } from "../../src/cli/command.ts";
import { ASK_MS, SHOW_MS, watchRate, watchScreen } from "../../src/cli/status_watch.ts";
import { BrokerError } from "../../src/engine/ports.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

/** A host whose time moves with its sleeps, and that is told to stop after so long. */
function buildHost(endMs: number, change: Partial<ProgramHost> = {}) {
  let nowMs = 0;
  const screens: string[] = [];
  const stops: (() => void)[] = [];
  const host: ProgramHost = {
    args: [],
    environment: {},
    pid: 1,
    clock: {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      sleep: (ms) => {
        nowMs += ms;
        if (nowMs >= endMs) { for (const stop of stops) stop(); }
        return Promise.resolve();
      },
    },
    chance: { uniform: () => 0.5 },
    fetch: () => Promise.resolve(new Response()),
    signals: {
      addSignalListener: (_signal, stop) => void stops.push(stop),
      removeSignalListener: () => {},
    },
    isPermitted: () => true,
    writeOut: (text) => void screens.push(text),
    writeError: () => {},
    exitNow: () => {},
    ...change,
  };
  return { host, screens };
}

const render = (look: number | null) => Promise.resolve(`look ${look ?? "none"}`);

Deno.test("status --watch shows the screen every 2 s until it is told to stop, from files alone", async () => {
  const { host, screens } = buildHost(5 * SHOW_MS);
  await watchScreen(host, { ask: null, render });
  assertEquals(screens.length, 5);
  assertStringIncludes(screens[0] ?? "", "look none");
});

Deno.test("status --watch asks the broker at most every 30 s, and says how old its prices are", async () => {
  const { host, screens } = buildHost(2 * ASK_MS);
  let asked = 0;
  await watchScreen(host, { ask: () => Promise.resolve(++asked), render });
  assertEquals(asked, 2);
  assertStringIncludes(screens[0] ?? "", "(prices 0 s old)");
  assertStringIncludes(screens[10] ?? "", "look 1\n(prices 20 s old)");
});

Deno.test("status --watch keeps what it was told while the broker can't be asked", async () => {
  const { host, screens } = buildHost(ASK_MS + 2 * SHOW_MS);
  let asked = 0;
  const ask = () =>
    ++asked === 1
      ? Promise.resolve(1)
      : Promise.reject(new BrokerError("timeout", "no answer in time"));
  await watchScreen(host, { ask, render });
  assertStringIncludes(screens.at(-1) ?? "", "look 1\n");
  assertStringIncludes(
    screens.at(-1) ?? "",
    "prices 32 s old; the broker can't be asked: no answer",
  );
});

Deno.test("status --watch asks nothing that would leave fewer than 100 requests of the broker's minute", async () => {
  const fetch = () =>
    Promise.resolve(new Response(null, { headers: { "x-ratelimit-remaining": "105" } }));
  const { host, screens } = buildHost(ASK_MS + 2 * SHOW_MS, { fetch });
  let asked = 0;
  const ask = async (asking: ProgramHost) => {
    await asking.fetch("http://127.0.0.1/");
    return ++asked;
  };
  await watchScreen(host, { ask, render });
  assertEquals(asked, 1);
  assertStringIncludes(screens.at(-1) ?? "", "not asked again below 100 requests left");
  const rate = watchRate(fetch, () => 0);
  await rate.fetch("http://127.0.0.1/");
  assertEquals([rate.mayAsk(59_999), rate.mayAsk(60_000)], [false, true]);
});

Deno.test("status refuses --watch with --json", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    const { status, error } = await runOperator(["status", "--watch", "--json"], env);
    assertEquals(status, 64);
    assert(error.includes("--watch and --json"), error);
  }));
