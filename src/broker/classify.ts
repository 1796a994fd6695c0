import type { NoAnswer, Refusal, RefusalKind } from "../domain/order/order_request.ts";
import { buildKeptBody, buildLine, type Redact } from "./redact.ts";
import type { Answer, ChangeAnswer } from "./request_sender.ts";
import { type ErrorBody, parseErrorBody } from "./wire.ts";

/** One row of broker.md's table: status, code and message together name a reason; no code alone does. */
interface Row {
  readonly status: number;
  /** Those under which the words were seen; an answer without a code may have any. */
  readonly codes: readonly number[];
  readonly message: RegExp;
  readonly why: RefusalKind;
}

const FORBIDDEN_CODES = [40310000];
const UNPROCESSABLE_CODES = [42210000, 40010001];

const ROWS: readonly Row[] = [
  {
    status: 403,
    codes: FORBIDDEN_CODES,
    message: /insufficient (available )?(qty|quantity)/,
    why: "insufficient_qty",
  },
  { status: 403, codes: FORBIDDEN_CODES, message: /wash[ -]trade/, why: "wash_trade" },
  { status: 403, codes: FORBIDDEN_CODES, message: /buying[ _]power/, why: "buying_power" },
  // The keys are right, and the account may not do this: no word about the operator's variables.
  { status: 403, codes: FORBIDDEN_CODES, message: /not (authorized|permitted)/, why: "account" },
  {
    status: 422,
    codes: UNPROCESSABLE_CODES,
    message: /sub-?penny|price increment/,
    why: "price_increment",
  },
  {
    status: 422,
    codes: UNPROCESSABLE_CODES,
    message: /stop[_ ]price must be (<|less|below|lower|under)/,
    why: "stop_price",
  },
  {
    status: 422,
    codes: UNPROCESSABLE_CODES,
    message:
      /order (is )?already in|not (cancell?able|replace?able)|(already )?pending[ _](cancel|replace)/,
    why: "not_cancelable",
  },
  {
    status: 422,
    codes: UNPROCESSABLE_CODES,
    message: /chain not fully replaced|cannot (replace|cancel) order|parameters are not changed/,
    why: "not_cancelable",
  },
];

/** The words of wrong keys, under 401 and 403 alike (broker.md, Refusals). */
const FORBIDDEN = /^(forbidden|unauthorized)\.?$/;
/** What the operator can do about keys that the broker refuses. */
export const KEYS_REMEDY =
  "check APCA_API_KEY_ID, APCA_API_SECRET_KEY and that ALPACA_PAPER matches the keys";

/** Whether the broker refuses the keys themselves, and not what was asked with them (broker.md, Refusals). */
export function areKeysRefused(answer: Pick<Answer, "status" | "body">): boolean {
  if (answer.status === 401) return true;
  const error = answer.status === 403 ? parseErrorBody(answer.body) : null;
  return error !== null && FORBIDDEN.test(error.message.trim().toLowerCase());
}

const CLIENT_ORDER_ID = /client[ _-]?order[ _-]?id/;
const TAKEN = /\b(unique|already|duplicated?|exists?|in use|been used|taken)\b/;
/** What is wrong with the id itself, or an order that is not there: neither says that one exists. */
const NOT_TAKEN = /\b(characters?|length|too long|at most|format|not found|not exist)\b/;
/** Statuses of a broker's no to an order, where its body is the broker's (broker.md, "Definitive"). */
const REFUSAL_STATUSES: ReadonlySet<number> = new Set([400, 403, 422]);

/**
 * Whether the broker says that an order with this client order id exists. Decided by the message, in whichever words
 * (broker.md, Refusals) and whatever the code: to take an existing order for a rejected one would be the more expensive
 * mistake.
 */
export function isDuplicate(answer: ChangeAnswer): boolean {
  if (answer.kind !== "answer" || answer.status < 400 || answer.status >= 500) return false;
  const message = parseErrorBody(answer.body)?.message.toLowerCase() ?? "";
  return CLIENT_ORDER_ID.test(message) && TAKEN.test(message) && !NOT_TAKEN.test(message);
}

/** The broker's words; a gateway says only that it found nothing. */
const NOT_FOUND = /\b(order|position) (was )?(not found|does not exist)/;

/** Whether a 404 is the broker's own "no such order": a page from a proxy proves nothing. */
export function isNotFound(answer: Answer): boolean {
  if (answer.status !== 404) return false;
  const error = parseErrorBody(answer.body);
  if (error === null) return false;
  return error.code === 40410000 || NOT_FOUND.test(error.message.toLowerCase());
}

/**
 * What an order-changing request came to where it was not a duplicate (broker.md, Refusals, "Definitive", "Ambiguous").
 * What matches nothing is `unknown`: a refusal must be certain, because it settles the order.
 * @param target `order`: the request names an order (cancel, replace, close), so that a 404 is an answer about it.
 * @returns `answered` for 2xx.
 */
export function decideChange(
  answer: ChangeAnswer,
  target: "new" | "order",
  redact: Redact,
): { readonly kind: "answered"; readonly answer: Answer } | Refusal | NoAnswer {
  if (answer.kind === "not_sent") return NOT_SENT;
  if (answer.kind === "failed") return buildNoAnswer(answer.failure, null, redact);
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: "answered", answer };
  // A redirect is not followed: whoever answered it is not the broker, and what it did is not known.
  if (status >= 500 || status < 400) return buildNoAnswer("server_error", answer, redact);
  const error = parseErrorBody(answer.body);
  if (areKeysRefused(answer)) return buildRefusal("unauthorized", answer, error, redact);
  if (status === 429) return buildRefusal("rate_limited", answer, error, redact);
  if (status === 404 && target === "order" && isNotFound(answer)) {
    return buildRefusal("not_found", answer, error, redact);
  }
  // Without a word of why, whoever answered may not be the broker: what matches nothing is unknown (broker.md).
  const isSilent = error === null || (error.message === "" && error.code === null);
  if (error === null || isSilent || !REFUSAL_STATUSES.has(status)) {
    return buildNoAnswer("malformed", answer, redact);
  }
  return buildRefusal(decideWhy(status, error), answer, error, redact);
}

function decideWhy(status: number, error: ErrorBody): RefusalKind {
  const message = error.message.toLowerCase();
  const row = ROWS.find((each) =>
    each.status === status && (error.code === null || each.codes.includes(error.code)) &&
    each.message.test(message)
  );
  return row?.why ?? "other";
}

/** The budget kept the request back: nothing left, so nothing can exist. */
const NOT_SENT: Refusal = {
  kind: "rejected",
  why: "rate_limited",
  httpStatus: 429,
  code: null,
  message: "not sent: the rate budget has no request left for it",
  body: "",
};

function buildRefusal(
  why: RefusalKind,
  answer: Answer,
  error: ErrorBody | null,
  redact: Redact,
): Refusal {
  const words = buildLine(error?.message ?? "", redact);
  const said = words === "" ? `HTTP ${answer.status}` : words;
  return {
    kind: "rejected",
    why,
    httpStatus: answer.status,
    code: error?.code ?? null,
    message: why === "unauthorized" ? `${said}; ${KEYS_REMEDY}` : said,
    body: buildKeptBody(answer.body, redact),
  };
}

/** No usable answer, with what there is of it. */
export function buildNoAnswer(
  why: NoAnswer["why"],
  answer: Answer | null,
  redact: Redact,
): NoAnswer {
  return {
    kind: "unknown",
    why,
    httpStatus: answer?.status ?? null,
    body: answer === null ? "" : buildKeptBody(answer.body, redact),
  };
}
