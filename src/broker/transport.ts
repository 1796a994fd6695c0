/** One request, complete: nothing is added to it on the way. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Bounds the whole exchange: connecting, sending, and reading the body to its end. */
  readonly timeoutMs: number;
}

/** An answer whose body was read to its end. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  /** A header by its name in any case, or `null`. */
  header(name: string): string | null;
}

/** No complete answer came. Its message never carries a credential. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  constructor(readonly failure: "timeout" | "network", message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Sends one request once and follows no redirect. What tests and the fault simulation replace.
 * @throws {HttpFailure} Where no complete answer came; whether the request arrived is then not known.
 */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;
