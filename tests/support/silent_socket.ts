/** A socket that never answers: it counts the connections that sent a byte, and ends each. */
export interface SilentSocket {
  readonly port: number;
  /** @returns How many connections sent something. */
  stop(): Promise<number>;
}

/** Listens on a free port of loopback, or on `port`. */
export function startSilentSocket(port = 0): SilentSocket {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  let spoken = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      const length = await connection.read(new Uint8Array(1024)).catch(() => null);
      if (length !== null) spoken++;
      connection.close();
    }
  })();
  return {
    port: listener.addr.port,
    async stop() {
      listener.close();
      await serving;
      return spoken;
    },
  };
}

/** Each variable that names a proxy to the runtime, in both cases, and an exception that must not be taken for ours. */
export function listProxyVariables(port: number): Record<string, string> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const address = `http://127.0.0.1:${port}`;
  return Object.fromEntries([
    ...[...names, ...names.map((name) => name.toLowerCase())].map((name) => [name, address]),
    ["no_proxy", "example.com"],
    ["NO_PROXY", "example.com"],
  ]);
}
