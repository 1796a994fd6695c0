import type { SelfSigned } from "./self_signed.ts";

/** How a connection ends after a change was read and before it is answered. */
export type Break = "fin" | "reset" | "close_notify";

/** A server that answers every GET and the first changes, and breaks the connection of the change it is told to. */
export interface BreakingServer {
  readonly url: string;
  /** The method of each request that arrived. */
  readonly seen: readonly string[];
  /** Changes from now on break instead of being answered. */
  arm(how: Break): void;
  stop(): Promise<void>;
}

/** Less than a request with `PADDING`, more than its first record and all that comes before it on its connection. */
const RELAYED_BYTES_MAX = 20_000;

/** Makes a request so long that its end is still unread when its beginning was: closing then is a reset. */
export const PADDING = { "x-padding": "x".repeat(40_000) };

/** What a request begins with, and no body of ours. */
const METHOD = /^(GET|POST|PATCH|DELETE)(?= )/;
const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/** Starts it, behind TLS where a certificate is given; then a relay in front carries its bytes and breaks. */
export function startBreakingServer(tls: SelfSigned | null = null): BreakingServer {
  const seen: string[] = [];
  let how: Break | null = null;
  const open = new Set<Deno.Conn>();
  const address = { hostname: "127.0.0.1", port: 0 };
  const inner = tls === null ? Deno.listen(address) : Deno.listenTls({ ...address, ...tls });
  const relay = tls === null ? null : startRelay(inner.addr.port, open);

  async function serve(connection: Deno.Conn): Promise<void> {
    open.add(connection);
    const bytes = new Uint8Array(16_384);
    for (let length = await connection.read(bytes); length !== null;) {
      const method = METHOD.exec(new TextDecoder().decode(bytes.subarray(0, length)))?.[0];
      if (method !== undefined) {
        seen.push(method);
        if (method !== "GET" && how !== null) {
          if (how !== "close_notify") relay?.cut();
          break;
        }
        await connection.write(new TextEncoder().encode(ANSWER));
      }
      length = await connection.read(bytes);
    }
    connection.close();
    open.delete(connection);
  }

  const accepting = acceptAll(inner, serve);
  return {
    url: `${tls === null ? "http" : "https"}://127.0.0.1:${
      (relay ?? { port: inner.addr.port }).port
    }`,
    seen,
    arm: (chosen) => void (how = chosen),
    async stop() {
      inner.close();
      relay?.stop();
      for (const connection of open) tryClose(connection);
      await accepting;
      await relay?.done;
    },
  };
}

/** Serves each connection until the listener is closed; resolves when all have ended. */
async function acceptAll(
  listener: Deno.Listener,
  serve: (connection: Deno.Conn) => Promise<void>,
): Promise<void> {
  const serving: Promise<void>[] = [];
  for await (const connection of listener) {
    // What breaks here was broken on purpose.
    serving.push(serve(connection).catch(() => tryClose(connection)));
  }
  await Promise.all(serving);
}

function tryClose(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Carries bytes both ways, and at `cut()` closes the side of the client: a reset where bytes of it are unread. */
function startRelay(port: number, open: Set<Deno.Conn>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clients = new Set<Deno.Conn>();
  const over = Promise.withResolvers<void>();
  const done = acceptAll(listener, async (client) => {
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    clients.add(client);
    open.add(client).add(server);
    const ways = [
      carry(client, server, RELAYED_BYTES_MAX).then((isFull) => isFull ? over.promise : undefined),
      carry(server, client, Infinity),
    ];
    await Promise.race(ways).catch(() => {});
    tryClose(server);
    tryClose(client);
    await Promise.allSettled(ways);
  });
  return {
    port: listener.addr.port,
    done,
    cut: () => clients.forEach(tryClose),
    stop() {
      over.resolve();
      listener.close();
    },
  };
}

/** @returns Whether it ended because it carried all that it may. */
async function carry(from: Deno.Conn, to: Deno.Conn, bytesMax: number): Promise<boolean> {
  const bytes = new Uint8Array(4096);
  for (let carried = 0; carried < bytesMax;) {
    const length = await from.read(bytes);
    if (length === null) return false;
    await to.write(bytes.subarray(0, length));
    carried += length;
  }
  return true;
}
