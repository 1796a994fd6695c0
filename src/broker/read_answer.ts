import { BrokerError } from "../engine/ports.ts";
import { areKeysRefused, KEYS_REMEDY } from "./classify.ts";
import { buildLine, type Redact } from "./redact.ts";
import type { Answer } from "./request_sender.ts";
import { MalformedError, parseErrorBody } from "./wire.ts";

/** What a message needs to say which read failed and where. */
export interface ReadContext {
  readonly what: string;
  readonly host: string;
  readonly redact: Redact;
}

/**
 * A read's answer through its parser.
 * @throws {BrokerError} `http` for any status but 2xx, `malformed` where the parser refuses the body.
 */
export function parseAnswer<T>(
  answer: Answer,
  parse: (body: string) => T,
  context: ReadContext,
): T {
  if (answer.status < 200 || answer.status >= 300) throw buildHttpError(answer, context);
  try {
    return parse(answer.body);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const why = buildLine(error.message, context.redact);
    throw new BrokerError("malformed", `${buildTried(context)}: ${why}`, { cause: error });
  }
}

/** The error for a status that is no success: the broker's words where it has some, never a page of HTML. */
export function buildHttpError(answer: Answer, context: ReadContext): BrokerError {
  const words = buildLine(parseErrorBody(answer.body)?.message ?? "", context.redact);
  const said = words === "" ? "" : ` "${words}"`;
  const remedy = isSipRefused(answer)
    ? "; set ALPACA_DATA_FEED to auto or iex"
    : buildRemedy(answer);
  const text = `${buildTried(context)}: HTTP ${answer.status}${said}${remedy}`;
  return new BrokerError("http", text, { areKeysRefused: areKeysRefused(answer) });
}

/** The plan lacks real-time SIP data (broker.md, Refusals). */
export function isSipRefused(answer: Answer): boolean {
  if (answer.status !== 403) return false;
  const message = parseErrorBody(answer.body)?.message.toLowerCase() ?? "";
  return message.includes("subscription does not permit") && message.includes("sip");
}

function buildTried(context: ReadContext): string {
  return `Cannot read ${context.what} from ${context.host}`;
}

function buildRemedy(answer: Answer): string {
  const { status } = answer;
  if (areKeysRefused(answer)) return `; ${KEYS_REMEDY}`;
  if (status === 429) return "; the broker's request limit is used up, wait a minute";
  if (status >= 300 && status < 400) {
    return "; redirects are not followed, check APCA_API_BASE_URL and APCA_API_DATA_URL";
  }
  return "";
}
