import type { NoAnswer, Refusal, RefusalKind } from "../engine/ports.ts";
import { buildKeptBody, buildLine, type Redact } from "./redact.ts";
import type { Answer, ChangeAnswer } from "./request_sender.ts";
import { type ErrorBody, parseErrorBody } from "./wire.ts";

/** One row of broker.md's table: status, code and message together name a reason; no code alone does. */
interface Row {
  readonly status: number;
  readonly code: number;
  readonly message: RegExp;
  readonly why: RefusalKind;
}

const ROWS: readonly Row[] = [
  { status: 403, code: 40310000, message: /insufficient qty/, why: "insufficient_qty" },
  { status: 403, code: 40310000, message: /wash trade/, why: "wash_trade" },
  { status: 403, code: 40310000, message: /buying power/, why: "buying_power" },
  { status: 403, code: 40310000, message: /not authorized/, why: "unauthorized" },
  { status: 422, code: 42210000, message: /stop[_ ]price must be/, why: "stop_price" },
  { status: 422, code: 42210000, message: /sub-penny|price increment/, why: "price_increment" },
  {
    status: 422,
    code: 42210000,
    message: /order is already in|not cancelable|not replaceable|pending (cancel|replace)/,
    why: "not_cancelable",
  },
];

const DUPLICATE = /client_order_id must be unique/;
/** Statuses of a broker's no to an order, where its body is the broker's (broker.md, "Definitive"). */
const REFUSAL_STATUSES: ReadonlySet<number> = new Set([400, 403, 422]);

/**
 * Whether the broker says that an order with this client order id exists. Decided by the message whatever the code: to
 * take an existing order for a rejected one would be the more expensive mistake.
 */
export function isDuplicate(answer: ChangeAnswer): boolean {
  if (answer.kind !== "answer" || answer.status < 400 || answer.status >= 500) return false;
  const error = parseErrorBody(answer.body);
  return error !== null && DUPLICATE.test(error.message.toLowerCase());
}

/** The broker's words; a gateway says only that it found nothing. */
const NOT_FOUND = /^(order|position) not found/;

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
  if (status === 401) return buildRefusal("unauthorized", answer, error, redact);
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
    each.status === status && (error.code === null || error.code === each.code) &&
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
  const message = buildLine(error?.message ?? "", redact);
  return {
    kind: "rejected",
    why,
    httpStatus: answer.status,
    code: error?.code ?? null,
    message: message === "" ? `HTTP ${answer.status}` : message,
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
