import { createChangeClient, createHttp, createStoppableHttp } from "../../src/runtime/http.ts";
import type { HttpChange } from "../../src/engine/ports.ts";
import { type Break, PADDING, startBreakingServer } from "../support/breaking_server.ts";
import { buildSelfSigned, type SelfSigned } from "../support/self_signed.ts";

/** One way in which the connection of a change breaks before the answer. */
export interface BreakCase {
  readonly name: string;
  readonly method: HttpChange["method"];
  readonly how: Break;
  readonly isTls: boolean;
  /** Whether Deno 2.9.6 repeats it where a connection is kept. Where the stream was torn, it does not. */
  readonly isRepeated: boolean;
}

/** Each method with each way to break: all that can happen to an order on its way. */
export const BREAK_CASES: readonly BreakCase[] = (["POST", "PATCH", "DELETE"] as const).flatMap(
  (method) =>
    ([
      { how: "fin", isTls: false, isRepeated: true },
      { how: "reset", isTls: false, isRepeated: true },
      { how: "close_notify", isTls: true, isRepeated: true },
      { how: "fin", isTls: true, isRepeated: false },
      { how: "reset", isTls: true, isRepeated: false },
    ] as const).map((each) => ({
      name: `${method} over ${each.isTls ? "TLS" : "TCP"} that ends by ${each.how}`,
      method,
      ...each,
    })),
);

/** Sends one change. */
type Change = (request: HttpChange) => Promise<Response>;

/** How a change is sent: as the program does it, or by a client that keeps its connections, as the runtime's own does. */
export type Way = "program" | "pooled";

/**
 * Sends a GET and a change that are answered, then the change whose connection breaks.
 * @returns The methods that the server saw, in order.
 */
export async function listSeen(
  { method, how, isTls }: BreakCase,
  way: Way,
): Promise<readonly string[]> {
  const tls = isTls ? await buildSelfSigned() : null;
  const server = startBreakingServer(tls);
  const pool = Deno.createHttpClient(trust(tls));
  const pooled: typeof fetch = (input, init) => fetch(input, { client: pool, ...init });
  const changes = createChangeClient(trust(tls));
  const http = createHttp(pooled, changes);
  const change: Change = way === "program"
    ? http.change
    : ({ url, ...init }) => pooled(url, { ...init, redirect: "manual" });
  const signal = AbortSignal.timeout(10_000);
  const url = `${server.url}/v2/orders`;
  const request = { method, url, headers: {}, body: method === "DELETE" ? null : "{}", signal };
  try {
    await (await http.read(url, { headers: {}, signal })).text();
    await (await change(request)).text();
    server.arm(how);
    const headers: Record<string, string> = how === "reset" ? PADDING : {};
    const end = await change({ ...request, headers }).catch((error) => error);
    if (end instanceof Response) await end.text();
    return server.seen;
  } finally {
    pool.close();
    changes.close();
    await server.stop();
  }
}

function trust(tls: SelfSigned | null): Deno.CreateHttpClientOptions {
  return tls === null ? {} : { caCerts: [tls.cert] };
}

/**
 * Calls a change back in the middle of its handshake.
 * @returns What came of it: `ended` long before its deadline, and how many bytes the server got `after` that.
 */
export async function callBackInHandshake(): Promise<{ isEnded: boolean; afterBytes: number }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { http, stopChanges } = createStoppableHttp(createHttp(fetch));
  const url = `https://127.0.0.1:${listener.addr.port}/v2/orders`;
  const signal = AbortSignal.timeout(10_000);
  const change = http.change({ method: "POST", url, headers: {}, body: "{}", signal })
    .then(() => false, () => !signal.aborted);
  const connection = await listener.accept();
  const bytes = new Uint8Array(4096);
  await connection.read(bytes);
  stopChanges();
  const isEnded = await change;
  const afterBytes = await connection.read(bytes).catch(() => null) ?? 0;
  connection.close();
  listener.close();
  return { isEnded, afterBytes };
}
