import { LIST_BOUNDS } from "../../src/broker/answer_bounds.ts";
import { createFetchSend } from "../../src/broker/fetch_transport.ts";
import { HttpFailure, type HttpRequest } from "../../src/broker/transport.ts";
import { createHttp } from "../../src/runtime/http.ts";
import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { startBreakingServer } from "../support/breaking_server.ts";

const SECRET = "tesTSecRetKey-transport";
const send = createFetchSend(createHttp(fetch));

function buildRequest(url: string, change: Partial<HttpRequest> = {}): HttpRequest {
  const headers = { "apca-api-secret-key": SECRET };
  return {
    method: "GET",
    url,
    headers,
    body: null,
    timeoutMs: 5_000,
    bounds: LIST_BOUNDS,
    ...change,
  };
}

/** A server on a free loopback port for the time of `run`. */
async function withServer(
  handler: (request: Request) => Response | Promise<Response>,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  try {
    await run(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

/** A listener that does what no HTTP server does; counts the requests whose head arrived. */
async function withListener(
  serve: (connection: Deno.Conn) => Promise<void>,
  run: (url: string, requests: () => number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let requests = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      const head = await connection.read(new Uint8Array(65_536)).catch(() => null);
      if (head !== null) requests++;
      await serve(connection).catch(() => {});
      connection.close();
    }
  })();
  try {
    await run(`http://127.0.0.1:${listener.addr.port}`, () => requests);
  } finally {
    listener.close();
    await accepting;
  }
}

async function failureOf(request: HttpRequest): Promise<HttpFailure> {
  const failure = await assertRejects(() => send(request));
  assertInstanceOf(failure, HttpFailure);
  assertFalse(`${failure.message}${failure.stack}${String(failure.cause)}`.includes(SECRET));
  return failure;
}

Deno.test("createFetchSend() sends method, headers and body, and gives status, body and headers", async () => {
  await withServer(async (request) => {
    const seen = `${request.method} ${request.headers.get("apca-api-secret-key") === SECRET}`;
    return new Response(`${seen} ${await request.text()} \u20ac`, {
      status: 422,
      headers: { "X-RateLimit-Remaining": "7" },
    });
  }, async (url) => {
    const answer = await send(buildRequest(url, { method: "POST", body: "hi" }));
    assertEquals(answer.status, 422);
    assertEquals(answer.body, "POST true hi \u20ac");
    assertEquals(answer.header("x-ratelimit-remaining"), "7");
    assertEquals(answer.header("retry-after"), null);
  });
});

Deno.test("createFetchSend() puts a character together that arrives in two parts", async () => {
  const bytes = new TextEncoder().encode("\u20ac");
  const split: typeof fetch = () => {
    const parts = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.slice(0, 1));
        controller.enqueue(bytes.slice(1));
        controller.close();
      },
    });
    return Promise.resolve(new Response(parts));
  };
  assertEquals(
    (await createFetchSend(createHttp(split))(buildRequest("http://127.0.0.1"))).body,
    "\u20ac",
  );
});

for (const status of [301, 302, 303, 307, 308]) {
  Deno.test(`createFetchSend() ends at a ${status} and sends nothing to where it points`, async () => {
    let followed = 0;
    await withServer(() => {
      followed++;
      return new Response("elsewhere");
    }, async (other) => {
      const headers = { location: `${other}/steal` };
      await withServer(() => new Response(null, { status, headers }), async (url) => {
        for (const method of ["GET", "POST"] as const) {
          const body = method === "POST" ? "{}" : null;
          assertEquals((await send(buildRequest(url, { method, body }))).status, status);
        }
      });
    });
    assertEquals(followed, 0);
  });
}

Deno.test("createFetchSend() gives a 502 page as an answer", async () => {
  const page = "<html><h1>502 Bad Gateway</h1></html>";
  await withServer(() => new Response(page, { status: 502 }), async (url) => {
    const answer = await send(buildRequest(url));
    assertEquals([answer.status, answer.body], [502, page]);
  });
});

Deno.test("createFetchSend() times out when no answer begins", async () => {
  const gate = Promise.withResolvers<void>();
  await withServer(async () => {
    await gate.promise;
    return new Response("late");
  }, async (url) => {
    const failure = await failureOf(buildRequest(url, { timeoutMs: 50 }));
    gate.resolve();
    assertEquals(failure.failure, "timeout");
    assertStringIncludes(failure.message, "50 ms");
  });
});

Deno.test("createFetchSend() times out when the body never ends", async () => {
  await withServer(() => {
    const endless = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"id":'));
      },
    });
    return new Response(endless);
  }, async (url) => {
    assertEquals((await failureOf(buildRequest(url, { timeoutMs: 50 }))).failure, "timeout");
  });
});

Deno.test("createFetchSend() stops reading a body that is too large", async () => {
  const chunk = new Uint8Array(1024 * 1024);
  let sent = 0;
  await withServer(() => {
    const flood = new ReadableStream({
      pull(controller) {
        sent += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    return new Response(flood);
  }, async (url) => {
    const failure = await failureOf(buildRequest(url));
    assertEquals(failure.failure, "oversized");
    assertStringIncludes(failure.message, String(LIST_BOUNDS.bytesMax));
  });
  assertFalse(sent > 4 * LIST_BOUNDS.bytesMax, `the server could send ${sent} bytes`);
});

Deno.test("createFetchSend() bounds a small answer that unpacks to a large one", async () => {
  const zeros = new Blob([new Uint8Array(LIST_BOUNDS.bytesMax + 1)]).stream();
  const packed = await new Response(zeros.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  const headers = { "content-encoding": "gzip" };
  await withServer(() => new Response(packed, { headers }), async (url) => {
    assertEquals((await failureOf(buildRequest(url))).failure, "oversized");
  });
});

/** What can arrive before an answer's body begins, without end. */
const ENDLESS_HEADS = [
  { what: "a head", begin: "HTTP/1.1 200 OK\r\n", more: "x-more: 0123456789abcdef\r\n" },
  { what: "a header", begin: "HTTP/1.1 200 OK\r\nx-more: ", more: "0123456789abcdef" },
  { what: "interim answers", begin: "", more: "HTTP/1.1 103 Early Hints\r\n\r\n" },
];

for (const { what, begin, more } of ENDLESS_HEADS) {
  Deno.test(`createFetchSend() ends ${what} that never ends, at the latest at its deadline`, async () => {
    const part = new TextEncoder().encode(more.repeat(1_000));
    await withListener(async (connection) => {
      await connection.write(new TextEncoder().encode(begin));
      while (true) await connection.write(part);
    }, async (url) => {
      const { failure } = await failureOf(buildRequest(url, { timeoutMs: 300 }));
      assertMatch(failure, /^(network|timeout)$/);
    });
  });
}

Deno.test("createFetchSend() sends a POST once when the connection breaks before the answer", async () => {
  await withListener(() => Promise.resolve(), async (url, requests) => {
    const failure = await failureOf(buildRequest(url, { method: "POST", body: "{}" }));
    assertEquals(failure.failure, "network");
    assertEquals(requests(), 1);
  });
});

for (const method of ["POST", "PATCH", "DELETE"] as const) {
  Deno.test(`createFetchSend() sends a ${method} once, also where a connection was kept and breaks`, async () => {
    const server = startBreakingServer();
    const body = method === "DELETE" ? null : "{}";
    await send(buildRequest(server.url));
    await send(buildRequest(server.url, { method, body }));
    await send(buildRequest(server.url));
    server.arm("fin");
    assertEquals((await failureOf(buildRequest(server.url, { method, body }))).failure, "network");
    await server.stop();
    assertEquals(server.seen, ["GET", method, "GET", method]);
  });
}

Deno.test("createFetchSend() does not take half a body for an answer", async () => {
  await withListener(async (connection) => {
    const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":"1"}';
    await connection.write(new TextEncoder().encode(half));
  }, async (url) => {
    const failure = await failureOf(buildRequest(url, { method: "POST", body: "{}" }));
    assertEquals(failure.failure, "network");
  });
});

Deno.test("createFetchSend() fails on an answer that is not HTTP", async () => {
  await withListener(async (connection) => {
    await connection.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9.6\r\n"));
  }, async (url) => {
    assertEquals((await failureOf(buildRequest(url))).failure, "network");
  });
});

Deno.test("createFetchSend() says that nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const failure = await failureOf(buildRequest(url));
  assertEquals([failure.failure, failure.message], ["network", "Connection refused"]);
});

Deno.test("createFetchSend() does not quote a header that can't be sent", async () => {
  await withServer(() => new Response("reached"), async (url) => {
    const headers = { "apca-api-secret-key": `${SECRET}\nx` };
    const failure = await failureOf(buildRequest(url, { headers }));
    assertEquals([failure.failure, failure.message], ["network", "the connection failed"]);
  });
});

Deno.test("createFetchSend() says nothing of a header even where the host's error quotes it", async () => {
  const quoting: typeof fetch = () =>
    Promise.reject(new TypeError(`Invalid header value: ${SECRET}`, { cause: new Error(SECRET) }));
  const failure = await assertRejects(() =>
    createFetchSend(createHttp(quoting))(buildRequest("http://127.0.0.1"))
  );
  assertFalse(`${failure.message}${failure.stack}${String(failure.cause)}`.includes(SECRET));
});
