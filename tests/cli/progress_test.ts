import { PATIENCE_MS } from "../../src/cli/progress.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, NOW_MS, runOperator } from "./operator_host.ts";

const ENV = { APCA_API_KEY_ID: "key-of-nobody", APCA_API_SECRET_KEY: "secret-of-nobody" };

/** `status --broker` at a broker that fails after `tookMs` of a clock that only its waits move. */
async function ask(tookMs: number) {
  let nowMs = 0;
  const waiting: { readonly atMs: number; readonly wake: () => void }[] = [];
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      waiting.push({ atMs: nowMs + ms, wake: resolve });
      signal?.addEventListener("abort", () => resolve());
    });
  const goTo = (ms: number) => {
    nowMs = ms;
    for (const { wake } of waiting.splice(0).filter(({ atMs }) => atMs <= ms)) wake();
  };
  let ended = { status: 0, out: "", error: "" };
  await inOperatorDir(async (dir) => {
    ended = await runOperator(["status", "--broker"], { ...ENV, AVWAP_STATE_DIR: dir }, {
      clock: { nowMs: () => NOW_MS + nowMs, monotonicMs: () => nowMs, sleep },
      fetch: async () => {
        goTo(nowMs + tookMs);
        await Promise.resolve();
        await Promise.resolve();
        // What no reader can repair ends the command at once.
        return new Response("no", { status: 403 });
      },
    });
  });
  return ended;
}

Deno.test("a command that waits for the broker longer than two seconds says what for and how long", async () => {
  const { status, out, error } = await ask(PATIENCE_MS);
  assertEquals([status, out], [69, ""]);
  const [first = ""] = error.split("\n");
  assertEquals(
    first,
    "avwap-execution: waiting for paper-api.alpaca.markets to answer GET /v2/clock, at most 8 s more",
  );
});

Deno.test("a command whose broker answers in time says nothing of waiting", async () => {
  const { status, error } = await ask(PATIENCE_MS - 1);
  assertEquals(status, 69);
  assertEquals(error.includes("waiting for"), false);
  assertStringIncludes(error, "broker unreachable");
});
