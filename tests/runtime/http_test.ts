import http2 from "node:http2";
import { createChangeClient, createHttp, createStoppableHttp } from "../../src/runtime/http.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { buildSelfSigned, type SelfSigned } from "../support/self_signed.ts";
import { BREAK_CASES, callBackInHandshake, listSeen } from "./sent_once.ts";

const CHANGE = { method: "POST", headers: {}, body: "{}" } as const;

/** The program's way to the network, with a certificate that it trusts and clients that the test can close. */
function openHttp({ cert }: SelfSigned) {
  const pool = Deno.createHttpClient({ caCerts: [cert] });
  const changes = createChangeClient({ caCerts: [cert] });
  const { read, change } = createHttp(
    (input, init) => fetch(input, { client: pool, ...init }),
    changes,
  );
  const close = () => {
    pool.close();
    changes.close();
  };
  return { close, read, change };
}

for (const each of BREAK_CASES) {
  const { name, method } = each;
  Deno.test(`change() leaves once, on a connection that was never used: ${name}`, async () => {
    assertEquals(await listSeen(each, "program"), ["GET", method, method]);
  });
}

for (const each of BREAK_CASES.filter(({ isRepeated }) => isRepeated)) {
  const { name, method } = each;
  Deno.test(`a kept connection would send a change twice, which is why change() keeps none: ${name}`, async () => {
    assertEquals(await listSeen(each, "pooled"), ["GET", method, method, method]);
  });
}

Deno.test("change() speaks HTTP/1.1 where the server offers HTTP/2, and read() takes what is offered", async () => {
  const tls = await buildSelfSigned();
  const offered = { hostname: "127.0.0.1", port: 0, alpnProtocols: ["h2", "http/1.1"] };
  const listener = Deno.listenTls({ ...offered, ...tls });
  const { close, read, change } = openHttp(tls);
  const spoken: (string | null)[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      spoken.push((await connection.handshake()).alpnProtocol);
      connection.close();
    }
  })();
  const url = `https://127.0.0.1:${listener.addr.port}/`;
  const signal = AbortSignal.timeout(10_000);
  await assertRejects(() => change({ ...CHANGE, url, signal }));
  const changes = spoken.splice(0);
  await assertRejects(() => read(url, { headers: {}, signal }));
  listener.close();
  await accepting;
  close();
  assertEquals(changes, ["http/1.1"]);
  assert(spoken.includes("h2"));
});

Deno.test("a change over HTTP/2 would be repeated even on a new connection, so change() does not speak it", async () => {
  const tls = await buildSelfSigned();
  const seen: string[] = [];
  const server = http2.createSecureServer(tls);
  server.on("stream", (stream) => {
    seen.push("POST");
    stream.on("error", () => {});
    if (seen.length === 1) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    stream.respond({ ":status": 200 });
    stream.end("{}");
  });
  server.on("sessionError", () => {});
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const url = `https://127.0.0.1:${port}/`;
  const signal = AbortSignal.timeout(10_000);
  const client = Deno.createHttpClient({ caCerts: [tls.cert], poolMaxIdlePerHost: 0 });
  await (await fetch(url, { ...CHANGE, signal, client })).text();
  client.close();
  const repeated = seen.splice(0);
  const { close, change } = openHttp(tls);
  await assertRejects(() => change({ ...CHANGE, url, signal }));
  close();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  assertEquals(repeated, ["POST", "POST"]);
  assertEquals(seen, []);
});

Deno.test("change() gives the whole body, though its client is closed when the answer begins", async () => {
  const parts = Array.from({ length: 100 }, (_, index) => `${index},`.repeat(10_000));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    let next = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          const part = parts[next++];
          if (part === undefined) controller.close();
          else controller.enqueue(new TextEncoder().encode(part));
        },
      }),
    );
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const signal = AbortSignal.timeout(10_000);
  const answer = await createHttp(fetch).change({ ...CHANGE, url, signal });
  assertEquals(await answer.text(), parts.join(""));
  await server.shutdown();
});

Deno.test("a change that is called back in its handshake never leaves", async () => {
  assertEquals(await callBackInHandshake(), { isEnded: true, afterBytes: 0 });
});

Deno.test("a change after one that was called back leaves as ever", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("taken"),
  );
  const { http, stopChanges } = createStoppableHttp(createHttp(fetch));
  stopChanges();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const answer = await http.change({ ...CHANGE, url, signal: AbortSignal.timeout(10_000) });
  assertEquals(await answer.text(), "taken");
  await server.shutdown();
});

Deno.test("a change whose answer has begun is read to its end, though it is called back", async () => {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode("tak"));
            begun.resolve();
            await goOn.promise;
            controller.enqueue(new TextEncoder().encode("en"));
            controller.close();
          },
        }),
      ),
  );
  const { http, stopChanges } = createStoppableHttp(createHttp(fetch));
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const answer = await http.change({ ...CHANGE, url, signal: AbortSignal.timeout(10_000) });
  await begun.promise;
  stopChanges();
  goOn.resolve();
  assertEquals(await answer.text(), "taken");
  await server.shutdown();
});
