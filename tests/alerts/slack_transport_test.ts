import { createSlackAlerts, type SlackAlerts } from "../../src/alerts/slack.ts";
import {
  ANSWER_BYTES_MAX,
  createSlackTransport,
  SlackTransportError,
} from "../../src/alerts/slack_transport.ts";
import { createHttp } from "../../src/runtime/http.ts";
import { assert, assertEquals, assertFalse, assertRejects } from "../assert.ts";
import { startBreakingServer } from "../support/breaking_server.ts";
import { createMemoryLog, ERROR, INFO, parsePayload, stateAlert } from "./fake_slack.ts";
import { ManualClock } from "./manual_clock.ts";

const PATH = "/services/T0SECRET/B0SECRET/x9SECRETx9";

type Respond = (request: Request, count: number) => Response | Promise<Response>;

/** A webhook on loopback; its requests are read whole before they are answered. */
function startSink(respond: Respond) {
  const requests: { method: string; path: string; type: string | null; body: string }[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.text();
      const path = new URL(request.url).pathname;
      requests.push({
        method: request.method,
        path,
        type: request.headers.get("content-type"),
        body,
      });
      return await respond(request, requests.length);
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}${PATH}`;
  return { server, requests, url };
}

async function withSink(
  respond: Respond,
  run: (sink: ReturnType<typeof startSink>, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const sink = startSink(respond);
  try {
    await run(sink, new ManualClock());
  } finally {
    await sink.server.shutdown();
  }
}

function sendOnce(url: string, clock: ManualClock) {
  return createSlackTransport({ http: createHttp(fetch), clock })({
    url,
    body: '{"text":"é"}',
    timeoutMs: 5000,
  });
}

const ok = () => new Response("ok");

Deno.test("the transport sends a message once, also where an earlier connection was kept and breaks", async () => {
  const server = startBreakingServer();
  const clock = new ManualClock();
  await sendOnce(server.url, clock);
  server.arm("fin");
  await assertRejects(() => sendOnce(server.url, clock), SlackTransportError);
  await server.stop();
  assertEquals(server.seen, ["POST", "POST"]);
});

Deno.test("the transport posts JSON, reads the answer and leaves no timer", async () => {
  await withSink(ok, async (sink, clock) => {
    const answer = await sendOnce(sink.url, clock);
    assertEquals([answer.status, answer.body], [200, "ok"]);
    assertEquals(sink.requests, [{
      method: "POST",
      path: PATH,
      type: "application/json; charset=utf-8",
      body: '{"text":"é"}',
    }]);
    assertEquals(clock.sleeps(), []);
  });
});

Deno.test("the transport gives status and headers of a refusal", async () => {
  const limited = () =>
    new Response("rate_limited", { status: 429, headers: { "Retry-After": "7" } });
  await withSink(limited, async (sink, clock) => {
    const answer = await sendOnce(sink.url, clock);
    assertEquals([answer.status, answer.header("retry-after"), answer.header("x-none")], [
      429,
      "7",
      null,
    ]);
  });
});

Deno.test("the transport reads an answer without a body", async () => {
  await withSink(() => new Response(null, { status: 204 }), async (sink, clock) => {
    assertEquals((await sendOnce(sink.url, clock)).body, "");
  });
});

Deno.test("the transport reads a bounded part of an endless answer", async () => {
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(97)),
      }),
    );
  await withSink(endless, async (sink, clock) => {
    assertEquals((await sendOnce(sink.url, clock)).body, "a".repeat(ANSWER_BYTES_MAX));
  });
});

Deno.test("the transport cancels what it does not read of an answer", async () => {
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(5000)),
    cancel: () => void (isCancelled = true),
  });
  const send = createSlackTransport({
    http: createHttp(() => Promise.resolve(new Response(endless))),
    clock: new ManualClock(),
  });
  await send({ url: "http://127.0.0.1:9/", body: "{}", timeoutMs: 5000 });
  assert(isCancelled);
});

Deno.test("the transport does not follow a redirect", async () => {
  await withSink(ok, async (target, clock) => {
    const redirect = () => new Response(null, { status: 307, headers: { location: target.url } });
    await withSink(redirect, async (sink) => {
      assertEquals((await sendOnce(sink.url, clock)).status, 307);
    });
    assertEquals(target.requests, []);
  });
});

Deno.test("the transport ends at its deadline where no answer comes", async () => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const hang = async () => {
    arrived.resolve();
    await release.promise;
    return new Response("late");
  };
  await withSink(hang, async (sink, clock) => {
    const sent = assertRejects(() => sendOnce(sink.url, clock), SlackTransportError, "timeout");
    await arrived.promise;
    assertEquals(clock.sleeps(), [5000]);
    clock.advance(5000);
    await sent;
    release.resolve();
  });
});

Deno.test("the transport ends at its deadline where the answer's body hangs", async () => {
  const begun = Promise.withResolvers<void>();
  const body = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("o")),
      pull: () => begun.resolve(),
    }, { highWaterMark: 0 });
  await withSink(() => new Response(body()), async (sink, clock) => {
    const sent = assertRejects(() => sendOnce(sink.url, clock), SlackTransportError, "timeout");
    await begun.promise;
    clock.advance(5000);
    await sent;
  });
});

Deno.test("the transport names neither URL nor cause when the connection is reset", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const reset = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(1));
    connection.close();
  })();
  const { port } = listener.addr;
  const clock = new ManualClock();
  const error = await assertRejects(
    () => sendOnce(`http://127.0.0.1:${port}${PATH}`, clock),
    SlackTransportError,
    "network",
  );
  await reset;
  listener.close();
  assertFalse(Deno.inspect(error).includes("SECRET"));
  assertEquals([error.message, error.cause, clock.sleeps()], [
    "Cannot reach Slack: network",
    undefined,
    [],
  ]);
});

Deno.test("the transport says network where nobody listens or the URL is none", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (const url of [`http://127.0.0.1:${port}${PATH}`, "not a url SECRET"]) {
    const sent = await assertRejects(() => sendOnce(url, new ManualClock()), SlackTransportError);
    assertEquals(sent.message, "Cannot reach Slack: network");
  }
});

/** The whole adapter against a real HTTP server, with the test's clock. */
function createAlerts(url: string, clock: ManualClock): { alerts: SlackAlerts; lines: string[] } {
  const log = createMemoryLog();
  const alerts = createSlackAlerts({
    webhookUrl: url,
    minLevel: "INFO",
    channel: null,
    username: null,
    send: createSlackTransport({ http: createHttp(fetch), clock }),
    clock,
    log,
    mark: () => "LIVE paper",
  });
  return { alerts, lines: log.lines };
}

Deno.test("alerts over HTTP come in order, once each, while everything works", async () => {
  await withSink(ok, async (sink, clock) => {
    const { alerts, lines } = createAlerts(sink.url, clock);
    alerts.send(INFO);
    alerts.send(ERROR);
    alerts.send(stateAlert("file"));
    await alerts.drain(3000);
    const titles = sink.requests.map(({ body }) => parsePayload(body).text.split("\n")[0]);
    assertEquals(titles, [
      "[AVWAP][EXECUTION][INFO] Execution heartbeat",
      "[AVWAP][EXECUTION][ERROR] Execution error",
      "[AVWAP][EXECUTION][WARNING] Kill switch active",
    ]);
    assertEquals(alerts.takeDelivered(), [{ key: "kill_switch", value: "file" }]);
    assertEquals(lines, []);
  });
});

Deno.test("a state alert over HTTP survives 500, 429, a redirect and a hang until it is taken", async () => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const answers: Respond[] = [
    () => new Response("down", { status: 500 }),
    () => new Response("rate_limited", { status: 429, headers: { "retry-after": "9" } }),
    () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:9/" } }),
    async () => {
      arrived.resolve();
      await release.promise;
      return new Response("late");
    },
    ok,
  ];
  const respond: Respond = (request, count) => (answers[count - 1] ?? ok)(request, count);
  await withSink(respond, async (sink, clock) => {
    const { alerts, lines } = createAlerts(sink.url, clock);
    alerts.send(stateAlert("file"));
    for (const waitMs of [2000, 9000, 60_000]) {
      await clock.untilSleeping(waitMs);
      assertEquals(alerts.takeDelivered(), []);
      clock.advance(waitMs);
    }
    await arrived.promise;
    clock.advance(5000);
    await clock.untilSleeping(60_000);
    release.resolve();
    clock.advance(60_000);
    await alerts.drain(3000);
    assertEquals(sink.requests.length, 5);
    assertEquals(alerts.takeDelivered(), [{ key: "kill_switch", value: "file" }]);
    assertEquals(lines.length, 2);
    assert(lines.every((line) => !/SECRET|127\.0\.0\.1/.test(line)), lines.join("\n"));
  });
});

Deno.test("a state alert over HTTP that a dying process did not deliver is sent by the next one", async () => {
  let isUp = false;
  const respond = () => isUp ? ok() : new Response("down", { status: 503 });
  await withSink(respond, async (sink, clock) => {
    const first = createAlerts(sink.url, clock);
    first.alerts.send(stateAlert("env"));
    await clock.untilSleeping(2000);
    first.alerts.close();
    assertEquals(first.alerts.takeDelivered(), []);

    isUp = true;
    const second = createAlerts(sink.url, clock);
    second.alerts.send(stateAlert("env"));
    await second.alerts.drain(3000);
    assertEquals(second.alerts.takeDelivered(), [{ key: "kill_switch", value: "env" }]);
    assertEquals(sink.requests.length, 2);
  });
});

Deno.test("drain() over HTTP gives a hanging Slack up at its limit", async () => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const hang = async () => {
    arrived.resolve();
    await release.promise;
    return new Response("late");
  };
  await withSink(hang, async (sink, clock) => {
    const { alerts } = createAlerts(sink.url, clock);
    alerts.send(stateAlert("file"));
    const drained = alerts.drain(3000);
    await arrived.promise;
    clock.advance(3000);
    await drained;
    assertEquals(alerts.takeDelivered(), []);
    alerts.close();
    clock.advance(2000);
    await alerts.drain(1000);
    release.resolve();
  });
});
