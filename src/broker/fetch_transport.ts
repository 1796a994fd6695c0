import type { HttpPort } from "../engine/ports.ts";
import { type AnswerBounds, AnswerCount } from "./answer_bounds.ts";
import { HttpFailure, type HttpRequest, type HttpResponse, type HttpSend } from "./transport.ts";

/** Words of the host's errors that help an operator. Anything else of them could quote a header, so it is left out. */
const CAUSES = [
  "Connection refused",
  "Connection reset",
  "connection closed",
  "unexpected end of file",
  "dns error",
  "certificate",
  "No route to host",
  "Network is unreachable",
  "blocked",
] as const;

/**
 * The real transport.
 * @returns A sender that follows no redirect (a 3xx is the answer), bounds time and size, and leaves no body unread.
 */
export function createFetchSend(http: HttpPort): HttpSend {
  return async function sendByFetch(request: HttpRequest): Promise<HttpResponse> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), request.timeoutMs);
    try {
      const response = await begin(http, request, abort.signal);
      const body = await readBody(response, request.bounds);
      return { status: response.status, body, header: (name) => response.headers.get(name) };
    } catch (error) {
      const isTimedOut = abort.signal.aborted;
      // Lets go of a connection whose body was not read to its end.
      abort.abort();
      if (error instanceof HttpFailure) throw error;
      throw buildFailure(error, request, isTimedOut);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Only a read may take a kept connection: what changes something leaves once (pipeline 6). */
function begin(http: HttpPort, request: HttpRequest, signal: AbortSignal): Promise<Response> {
  const { method, url, headers, body } = request;
  return method === "GET"
    ? http.read(url, { headers, signal })
    : http.change({ method, url, headers, body, signal });
}

async function readBody(response: Response, bounds: AnswerBounds): Promise<string> {
  if (response.body === null) return "";
  const chunks: string[] = [];
  const decoder = new TextDecoder();
  const count = new AnswerCount(bounds);
  for await (const chunk of response.body) {
    count.add(chunk);
    chunks.push(decoder.decode(chunk, { stream: true }));
  }
  chunks.push(decoder.decode());
  return chunks.join("");
}

function buildFailure(error: unknown, request: HttpRequest, isTimedOut: boolean): HttpFailure {
  if (isTimedOut) {
    return new HttpFailure("timeout", `no complete answer within ${request.timeoutMs} ms`);
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new HttpFailure("network", "this process has no permission to reach the host");
  }
  const text = buildText(error).toLowerCase();
  const cause = CAUSES.find((words) => text.includes(words.toLowerCase()));
  return new HttpFailure("network", cause ?? "the connection failed");
}

/** Some versions of the runtime say what happened in the error, others in its cause. */
function buildText(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message;
}
