import type { SimRequest, SimResponse } from "./wire.ts";

/** What happens on the wire: an answer, a connection that breaks without one, or silence. */
export type HttpReply =
  | { readonly kind: "answer"; readonly response: SimResponse }
  | { readonly kind: "broken" }
  | { readonly kind: "hang" };

/** A listening server. */
export interface HttpServer {
  readonly port: number;
  /** Closes the listener and every connection, and waits until all is gone. */
  stop(): Promise<void>;
}

const HEAD_BYTES_MAX = 64 * 1024;
const BODY_BYTES_MAX = 1024 * 1024;
const READ_BYTES = 16 * 1024;
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  207: "Multi-Status",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Bytes of one connection, read as they are needed. */
class Reader {
  #bytes = new Uint8Array(0);

  constructor(readonly conn: Deno.Conn) {}

  /** The bytes up to and with the blank line; `null` at the end of the connection or beyond the limit. */
  async readHead(): Promise<string | null> {
    for (;;) {
      const end = this.#findBlankLine();
      if (end >= 0) return new TextDecoder().decode(this.#take(end));
      if (this.#bytes.length > HEAD_BYTES_MAX || !await this.#readMore()) return null;
    }
  }

  /** Exactly `length` bytes as text; `null` where the connection ends before. */
  async readBody(length: number): Promise<string | null> {
    while (this.#bytes.length < length) {
      if (!await this.#readMore()) return null;
    }
    return new TextDecoder().decode(this.#take(length));
  }

  /** Waits until the other side closes. */
  async readToEnd(): Promise<void> {
    while (await this.#readMore()) this.#bytes = new Uint8Array(0);
  }

  #findBlankLine(): number {
    for (let at = 3; at < this.#bytes.length; at++) {
      const isEnd = this.#bytes[at] === 10 && this.#bytes[at - 1] === 13 &&
        this.#bytes[at - 2] === 10 && this.#bytes[at - 3] === 13;
      if (isEnd) return at + 1;
    }
    return -1;
  }

  #take(length: number): Uint8Array {
    const taken = this.#bytes.slice(0, length);
    this.#bytes = this.#bytes.slice(length);
    return taken;
  }

  async #readMore(): Promise<boolean> {
    const chunk = new Uint8Array(READ_BYTES);
    const count = await this.conn.read(chunk);
    if (count === null) return false;
    const joined = new Uint8Array(this.#bytes.length + count);
    joined.set(this.#bytes);
    joined.set(chunk.subarray(0, count), this.#bytes.length);
    this.#bytes = joined;
    return true;
  }
}

function parseHead(head: string): Omit<SimRequest, "body"> | null {
  const [first = "", ...lines] = head.split("\r\n");
  const match = /^([A-Z]+) (\/\S*) HTTP\/1\.1$/.exec(first);
  if (match === null) return null;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const target = match[2] ?? "/";
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1));
  return { method: match[1] ?? "", path, query, headers };
}

async function readRequest(reader: Reader): Promise<SimRequest | null> {
  const text = await reader.readHead();
  const head = text === null ? null : parseHead(text);
  if (head === null) return null;
  const length = Number(head.headers["content-length"] ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > BODY_BYTES_MAX) return null;
  const body = length === 0 ? "" : await reader.readBody(length);
  return body === null ? null : { ...head, body: body === "" ? null : body };
}

function buildBytes({ status, headers, body }: SimResponse): Uint8Array {
  const content = new TextEncoder().encode(body);
  const lines = [`HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (status !== 204) lines.push(`content-length: ${content.length}`);
  const head = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

type Answerer = (request: SimRequest) => Promise<HttpReply>;

async function serveConnection(conn: Deno.Conn, answer: Answerer): Promise<void> {
  const reader = new Reader(conn);
  for (;;) {
    const request = await readRequest(reader);
    if (request === null) return;
    const reply = await answer(request);
    if (reply.kind === "broken") return;
    if (reply.kind === "hang") return await reader.readToEnd();
    await writeAll(conn, buildBytes(reply.response));
  }
}

/** Whether the other side, or `stop`, closed the connection: how most connections of a fault test end. */
function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.NotConnected;
}

/**
 * A small HTTP/1.1 server on loopback. `Deno.serve` can't break a connection before the first byte of an answer, and
 * that is the fault that matters most.
 * @param port 0: any free one.
 */
export function serveHttp(answer: Answerer, port = 0): HttpServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port, transport: "tcp" });
  const open = new Map<Deno.Conn, Promise<void>>();
  const serve = async (conn: Deno.Conn): Promise<void> => {
    try {
      await serveConnection(conn, answer);
    } catch (error) {
      if (!isClosed(error)) throw error;
    } finally {
      open.delete(conn);
      closeQuietly(conn);
    }
  };
  const accepting = acceptAll(listener, (conn) => open.set(conn, serve(conn)));
  const stop = async (): Promise<void> => {
    closeQuietly(listener);
    const serving = [...open.values()];
    for (const conn of open.keys()) closeQuietly(conn);
    await Promise.all([accepting, ...serving]);
  };
  return { port: listener.addr.port, stop };
}

async function acceptAll(
  listener: Deno.TcpListener,
  take: (conn: Deno.Conn) => void,
): Promise<void> {
  try {
    for await (const conn of listener) take(conn);
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
