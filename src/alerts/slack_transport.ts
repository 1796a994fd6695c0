import type { ClockPort, HttpPort } from "../engine/ports.ts";

/** One POST of JSON to the webhook. */
export interface SlackRequest {
  /** The webhook: a secret, never in a message. */
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** From the start until the answer's body is read. */
  readonly timeoutMs: number;
}

/** The answer as far as alerts need it. */
export interface SlackAnswer {
  readonly status: number;
  /** Cut to `ANSWER_BYTES_MAX`. */
  readonly body: string;
  header(name: string): string | null;
}

/** Sends once. @throws {SlackTransportError} Where no answer came. */
export type SlackSend = (request: SlackRequest) => Promise<SlackAnswer>;

/** No answer. It has no cause on purpose: the runtime's own error names the URL, which is a secret. */
export class SlackTransportError extends Error {
  override readonly name = "SlackTransportError";
  constructor(readonly failure: "timeout" | "network") {
    super(`Cannot reach Slack: ${failure}`);
  }
}

/** More of an answer than this is not read; Slack's own are one word. */
export const ANSWER_BYTES_MAX = 4096;

/**
 * Makes the sender that the program uses. The deadline covers the answer's body, a redirect is not followed (it comes
 * back as the status it is), and the body is always consumed or cancelled.
 * @param ports `http` carries the message once: repeated by the runtime, it would stand in the channel twice; `clock`
 * measures the deadline.
 */
export function createSlackTransport(
  ports: { readonly http: HttpPort; readonly clock: ClockPort },
): SlackSend {
  return async ({ url, body, timeoutMs }) => {
    const request = new AbortController();
    const deadline = new AbortController();
    let isLate = false;
    const expiry = ports.clock.sleep(timeoutMs, deadline.signal).then(() => {
      isLate = !deadline.signal.aborted;
      request.abort();
    });
    try {
      const response = await ports.http.change({
        method: "POST",
        url,
        headers: { "content-type": "application/json; charset=utf-8" },
        body,
        signal: request.signal,
      });
      const text = await readCut(response);
      return { status: response.status, body: text, header: (name) => response.headers.get(name) };
    } catch {
      // The runtime's message names the URL, so it is not looked at.
      throw new SlackTransportError(isLate ? "timeout" : "network");
    } finally {
      deadline.abort();
      await expiry;
    }
  };
}

/** Reads at most `ANSWER_BYTES_MAX` and cancels the rest. */
async function readCut(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let readBytes = 0;
  while (readBytes < ANSWER_BYTES_MAX) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, ANSWER_BYTES_MAX - readBytes), { stream: true });
    readBytes += value.length;
  }
  await reader.cancel();
  return text;
}
