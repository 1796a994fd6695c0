import {
  areKeysRefused,
  decideChange,
  isDuplicate,
  isNotFound,
  KEYS_REMEDY,
} from "../../src/broker/classify.ts";
import { buildRedact, KEPT_BODY_MAX } from "../../src/broker/redact.ts";
import type { Answer } from "../../src/broker/request_sender.ts";
import type { RefusalKind } from "../../src/domain/order/order_request.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertObjectMatch } from "../assert.ts";

const SECRET = "tesTSecRetKey-classify";
const redact = buildRedact([SECRET]);

function answer(status: number, body: unknown): Answer {
  return {
    kind: "answer",
    status,
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** Every row of broker.md's table of refusals, and the broker's other wordings of the same. */
const REFUSALS: {
  status: number;
  code: number | null;
  message: string;
  why: RefusalKind;
  target?: "order";
}[] = [
  {
    status: 403,
    code: 40310000,
    message: "insufficient qty available for order (requested: 37, available: 0)",
    why: "insufficient_qty",
  },
  {
    status: 403,
    code: 40310000,
    message: "potential wash trade detected. use complex orders",
    why: "wash_trade",
  },
  { status: 403, code: 40310000, message: "insufficient buying power", why: "buying_power" },
  {
    status: 403,
    code: 40310000,
    message: "insufficient day trading buying power",
    why: "buying_power",
  },
  {
    status: 403,
    code: 40310000,
    message: "account is not authorized to trade",
    why: "account",
  },
  {
    status: 403,
    code: 40310000,
    message: "new orders are not permitted for this account",
    why: "account",
  },
  {
    status: 403,
    code: 40310000,
    message: "insufficient quantity available for order",
    why: "insufficient_qty",
  },
  { status: 403, code: 40310000, message: "wash-trade prevented", why: "wash_trade" },
  {
    status: 422,
    code: 42210000,
    message: "stop_loss.stop_price must be <= base_price - 0.01",
    why: "stop_price",
  },
  {
    status: 422,
    code: 42210000,
    message: "stop price must be less than current price",
    why: "stop_price",
  },
  // It says nothing of where the market is: taken for that, shares would be sold.
  { status: 422, code: 42210000, message: "stop_price must be > 0", why: "other" },
  {
    status: 422,
    code: 42210000,
    message: "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing",
    why: "price_increment",
  },
  {
    status: 422,
    code: 42210000,
    message: "invalid stop_price 290.123. sub-penny increment does not fulfill minimum pricing",
    why: "price_increment",
  },
  { status: 422, code: 40010001, message: "qty must be integer", why: "other" },
  {
    status: 422,
    code: 40010001,
    message: "bracket orders require take_profit.limit_price",
    why: "other",
  },
  {
    status: 422,
    code: 42210000,
    message: 'order is already in "filled" state',
    why: "not_cancelable",
    target: "order",
  },
  {
    status: 422,
    code: 42210000,
    message: "order is not cancelable",
    why: "not_cancelable",
    target: "order",
  },
  {
    status: 422,
    code: 42210000,
    message: "order pending cancel",
    why: "not_cancelable",
    target: "order",
  },
  {
    status: 422,
    code: 40010001,
    message: "order is not cancelable",
    why: "not_cancelable",
    target: "order",
  },
  ...[
    "order chain not fully replaced",
    "cannot replace order in accepted status",
    "order parameters are not changed",
    "cannot cancel order in filled status",
    "order is not replaceable",
    "order already in pending_replace",
  ].map((message) => ({
    status: 422,
    code: 42210000,
    message,
    why: "not_cancelable" as const,
    target: "order" as const,
  })),
  {
    status: 404,
    code: 40410000,
    message: "order not found for 7b08df51",
    why: "not_found",
    target: "order",
  },
  { status: 401, code: null, message: "unauthorized.", why: "unauthorized" },
  { status: 403, code: null, message: "forbidden.", why: "unauthorized" },
  { status: 403, code: 40310000, message: "Forbidden", why: "unauthorized" },
  { status: 403, code: 40310000, message: "forbidden in this symbol", why: "other" },
  { status: 429, code: 42910000, message: "too many requests.", why: "rate_limited" },
  // A code alone names no reason, nor does a message under another status.
  { status: 403, code: 40310000, message: "a reason that appeared without notice", why: "other" },
  { status: 422, code: 42210000, message: "insufficient qty available for order", why: "other" },
  { status: 403, code: 40310000, message: "order is not cancelable", why: "other" },
  { status: 422, code: 50010000, message: "order is not cancelable", why: "other" },
  { status: 403, code: null, message: "Insufficient Qty Available", why: "insufficient_qty" },
  { status: 400, code: 40010000, message: "request body format is invalid", why: "other" },
];
for (const { status, code, message, why, target } of REFUSALS) {
  Deno.test(`decideChange() takes ${status} ${code} "${message}" for ${why}`, () => {
    const refused = answer(status, code === null ? { message } : { code, message });
    const outcome = decideChange(refused, target ?? "new", redact);
    assertEquals(outcome, {
      kind: "rejected",
      why,
      httpStatus: status,
      code,
      message: why === "unauthorized" ? `${message}; ${KEYS_REMEDY}` : message,
      body: refused.body,
    });
  });
}

const PAGE = "<html><h1>Forbidden</h1></html>";
const AMBIGUOUS: { when: string; status: number; body: unknown; why: string }[] = [
  { when: "500", status: 500, body: { code: 50010000, message: "internal" }, why: "server_error" },
  { when: "502 with a page", status: 502, body: PAGE, why: "server_error" },
  { when: "503, empty", status: 503, body: "", why: "server_error" },
  { when: "504", status: 504, body: { message: "timeout" }, why: "server_error" },
  { when: "301", status: 301, body: "", why: "server_error" },
  { when: "307", status: 307, body: "", why: "server_error" },
  { when: "403 with a page", status: 403, body: PAGE, why: "malformed" },
  { when: "422, empty", status: 422, body: "", why: "malformed" },
  { when: "422 with a list", status: 422, body: [1], why: "malformed" },
  { when: "422 without a word", status: 422, body: {}, why: "malformed" },
  { when: "400 with null", status: 400, body: "null", why: "malformed" },
  { when: "404 for a new order", status: 404, body: { message: "not found" }, why: "malformed" },
  { when: "408", status: 408, body: { message: "request timeout" }, why: "malformed" },
  { when: "409", status: 409, body: { message: "conflict" }, why: "malformed" },
  { when: "418", status: 418, body: { message: "teapot" }, why: "malformed" },
];
for (const { when, status, body, why } of AMBIGUOUS) {
  Deno.test(`decideChange() takes nothing for certain after ${when}`, () => {
    const outcome = decideChange(answer(status, body), "new", redact);
    assertObjectMatch(outcome, { kind: "unknown", why, httpStatus: status });
  });
}

for (const status of [401, 429]) {
  Deno.test(`decideChange() takes ${status} for a refusal whatever its body is`, () => {
    for (const body of ["", PAGE, "{"]) {
      assertObjectMatch(decideChange(answer(status, body), "new", redact), {
        kind: "rejected",
        httpStatus: status,
        message: status === 401 ? `HTTP 401; ${KEYS_REMEDY}` : `HTTP ${status}`,
      });
    }
  });
}

for (const status of [200, 201, 204, 207]) {
  Deno.test(`decideChange() takes ${status} for an answer`, () => {
    assertEquals(decideChange(answer(status, ""), "new", redact).kind, "answered");
  });
}

Deno.test("decideChange() keeps a request that never left apart from one that got no answer", () => {
  assertObjectMatch(decideChange({ kind: "not_sent" }, "new", redact), {
    kind: "rejected",
    why: "rate_limited",
    httpStatus: 429,
  });
  for (const failure of ["timeout", "network"] as const) {
    assertEquals(decideChange({ kind: "failed", failure }, "new", redact), {
      kind: "unknown",
      why: failure,
      httpStatus: null,
      body: "",
    });
  }
});

Deno.test("decideChange() keeps one clean line and a cut body, without the credentials", () => {
  const message = `no\r\n\u001b[31m${SECRET}\u2028 ${"x".repeat(10_000)}`;
  for (const status of [403, 502]) {
    const outcome = decideChange(answer(status, { code: 40310000, message }), "new", redact);
    assertFalse(JSON.stringify(outcome).includes(SECRET));
    assert(outcome.kind !== "answered" && outcome.body.length <= KEPT_BODY_MAX);
    if (outcome.kind === "rejected") assertMatch(outcome.message, /^[\x20-\x7e]{1,300}$/);
  }
});

Deno.test("decideChange() cuts the body only after the credentials are out of it", () => {
  const body = "x".repeat(KEPT_BODY_MAX - 5) + SECRET;
  const outcome = decideChange(answer(500, body), "new", redact);
  assert(outcome.kind === "unknown" && !outcome.body.includes(SECRET.slice(0, 4)));
});

const DUPLICATE = "client_order_id must be unique";
const DUPLICATES: { status: number; body: unknown; is: boolean }[] = [
  { status: 422, body: { code: 40010001, message: DUPLICATE }, is: true },
  { status: 422, body: { code: 42210000, message: DUPLICATE }, is: true },
  { status: 422, body: { message: `Error: ${DUPLICATE}.` }, is: true },
  { status: 409, body: { code: 40910000, message: DUPLICATE }, is: true },
  // broker.md: the duplicate in other words, under any code.
  { status: 422, body: { code: 40010001, message: "client order id must be unique" }, is: true },
  { status: 422, body: { code: 42210000, message: "client_order_id already exists" }, is: true },
  { status: 422, body: { message: "Client_Order_ID is already in use" }, is: true },
  { status: 400, body: { message: "duplicate client_order_id" }, is: true },
  { status: 403, body: { message: "order with this client_order_id exists" }, is: true },
  { status: 422, body: { message: "clientOrderId has already been taken" }, is: true },
  // About the id itself, or about an order that is not there: none says that one exists.
  { status: 422, body: { message: "client_order_id must be at most 128 characters" }, is: false },
  {
    status: 422,
    body: { message: "client_order_id must be unique, at most 128 characters" },
    is: false,
  },
  { status: 422, body: { message: "client_order_id is too long" }, is: false },
  { status: 422, body: { message: "client_order_id is invalid" }, is: false },
  { status: 404, body: { message: "order not found for client_order_id x" }, is: false },
  { status: 422, body: { message: "client_order_id does not exist" }, is: false },
  { status: 422, body: { message: "order already exists in the symbol" }, is: false },
  { status: 422, body: { code: 40010001, message: "qty must be integer" }, is: false },
  { status: 422, body: DUPLICATE, is: false },
  { status: 200, body: { message: DUPLICATE }, is: false },
  { status: 500, body: { message: DUPLICATE }, is: false },
];
for (const { status, body, is } of DUPLICATES) {
  Deno.test(`isDuplicate() is ${is} for ${status} ${JSON.stringify(body)}`, () => {
    assertEquals(isDuplicate(answer(status, body)), is);
  });
}

const NOT_FOUND: { status: number; body: unknown; is: boolean }[] = [
  { status: 404, body: { code: 40410000, message: "order not found for x" }, is: true },
  { status: 404, body: { code: "40410000", message: "" }, is: true },
  { status: 404, body: { message: "Order Not Found" }, is: true },
  { status: 404, body: { message: "order was not found for x" }, is: true },
  { status: 404, body: { message: "error: position does not exist" }, is: true },
  { status: 404, body: { message: "order service not found" }, is: false },
  { status: 404, body: { message: "404 page not found" }, is: false },
  { status: 404, body: "<html>404 Not Found</html>", is: false },
  { status: 404, body: "", is: false },
  { status: 404, body: "null", is: false },
  { status: 404, body: { code: 5, message: "no Route matched with those values" }, is: false },
  { status: 200, body: { code: 40410000, message: "order not found" }, is: false },
  { status: 410, body: { code: 40410000, message: "order not found" }, is: false },
];
for (const { status, body, is } of NOT_FOUND) {
  Deno.test(`isNotFound() is ${is} for ${status} ${JSON.stringify(body)}`, () => {
    assertEquals(isNotFound(answer(status, body)), is);
  });
}

const KEYS: { status: number; body: unknown; is: boolean }[] = [
  { status: 401, body: "", is: true },
  { status: 401, body: { message: "unauthorized." }, is: true },
  { status: 403, body: { message: "forbidden." }, is: true },
  { status: 403, body: { code: 40310000, message: "Forbidden" }, is: true },
  { status: 403, body: PAGE, is: false },
  { status: 403, body: { code: 40310000, message: "insufficient buying power" }, is: false },
  { status: 403, body: { code: 40310000, message: "account is not authorized" }, is: false },
  {
    status: 403,
    body: { message: "subscription does not permit querying recent SIP data" },
    is: false,
  },
  { status: 422, body: { message: "forbidden." }, is: false },
];
for (const { status, body, is } of KEYS) {
  Deno.test(`areKeysRefused() is ${is} for ${status} ${JSON.stringify(body)}`, () => {
    assertEquals(areKeysRefused(answer(status, body)), is);
  });
}
