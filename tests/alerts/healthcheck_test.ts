import { askHealthcheck, BEAT_MS, createHealthcheck } from "../../src/alerts/healthcheck.ts";
import { createHttp } from "../../src/runtime/http.ts";
import { assertEquals, assertFalse } from "../assert.ts";
import { MemoryLog } from "../state/support.ts";
import { ManualClock } from "./manual_clock.ts";

/** A switch on loopback that answers as it is told, and tells when it has. */
async function withSwitch(
  act: (server: { url: string; status: number; asked: () => number }) => Promise<void>,
): Promise<void> {
  let asked = 0;
  const state = { url: "", status: 200, asked: () => asked };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    asked++;
    return new Response("OK", { status: state.status });
  });
  state.url = `http://127.0.0.1:${server.addr.port}/ping/a-secret`;
  try {
    await act(state);
  } finally {
    await server.shutdown();
  }
}

Deno.test("askHealthcheck() says why the switch did not answer, and nothing of its address", () =>
  withSwitch(async (server) => {
    const ask = (url = server.url) =>
      askHealthcheck({ url, http: createHttp(fetch), clock: new ManualClock() });
    assertEquals(await ask(), null);
    server.status = 404;
    assertEquals(await ask(), "HTTP 404");
    server.status = 302;
    assertEquals(await ask(), "HTTP 302");
    assertEquals(await ask("http://127.0.0.1:1/ping/a-secret"), "network");
  }));

Deno.test("the healthcheck is asked at most once a minute, and failures in a row are counted", async () => {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const answers = [500, 500, 200];
  const http = {
    read: () => Promise.resolve(new Response(null, { status: answers.shift() ?? 200 })),
    change: () => Promise.reject(new Error("nothing is changed")),
  };
  const health = createHealthcheck({ url: "https://hc.example/a-secret", http, clock, log });
  const failures: number[] = [];
  for (let minute = 0; minute < 3; minute++) {
    health.beat();
    health.beat();
    // The request is answered within the turns of the queue that is ahead of us.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    failures.push(health.failures);
    clock.advance(BEAT_MS);
  }
  assertEquals([failures, answers], [[1, 2, 0], []]);
  assertEquals(log.lines.length, 2);
  assertFalse(log.lines.join("\n").includes("a-secret"));
});
