import type { AnswerBounds } from "./answer_bounds.ts";

/** One request, complete: nothing is added to it on the way. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Bounds the whole exchange: connecting, sending, and reading the body to its end. */
  readonly timeoutMs: number;
  /** A larger answer is a failure. */
  readonly bounds: AnswerBounds;
}

/** An answer whose body was read to its end. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  /** A header by its name in any case, or `null`. */
  header(name: string): string | null;
}

/**
 * No answer that can be used came. `oversized`: it is larger than it may be, and was not read on: asked again it would be
 * no smaller. Its message never carries a credential.
 */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  constructor(
    readonly failure: "timeout" | "network" | "oversized",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Sends one request once and follows no redirect. What tests and the fault simulation replace.
 * @throws {HttpFailure} Where no complete answer came; whether the request arrived is then not known.
 */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;
