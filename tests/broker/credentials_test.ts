import { createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import { assert, assertEquals, assertFalse, assertInstanceOf, assertThrows } from "../assert.ts";
import {
  BRACKET,
  buildWireOrder,
  buildWorld,
  KEY_ID,
  SECRET_KEY,
  type Step,
  type World,
} from "./scripted.ts";

const ECHO = `apca-api-key-id: ${KEY_ID} apca-api-secret-key: ${SECRET_KEY}`;

/** Answers of a broken proxy that sends the request's headers back, in every place that is looked at. */
const ECHOES: { when: string; step: Step }[] = [
  { when: "a page", step: { status: 502, body: `<html>${ECHO}</html>` } },
  { when: "a refusal", step: { status: 403, body: { code: 40310000, message: ECHO } } },
  {
    when: "a duplicate",
    step: { status: 422, body: { message: `client_order_id must be unique ${ECHO}` } },
  },
  { when: "a status", step: { status: 401, body: ECHO } },
  { when: "a not found", step: { status: 404, body: { message: `not found ${ECHO}` } } },
  { when: "an order", step: { body: buildWireOrder({ note: ECHO }) } },
  { when: "a symbol", step: { body: { bars: { [ECHO]: 1, A: 1 }, trades: { [ECHO]: 1, A: 1 } } } },
  {
    when: "a list of items",
    step: { status: 207, body: [{ id: "o", status: 422, body: { message: ECHO } }] },
  },
  { when: "a field's name", step: { body: [{ [ECHO]: 1 }] } },
  {
    when: "a redirect",
    step: { status: 302, body: ECHO, headers: { location: `https://evil.example/${ECHO}` } },
  },
];

const CALLS: ((world: World) => Promise<unknown>)[] = [
  ({ client }) => client.readClock(),
  ({ client }) => client.readAccount(),
  ({ client }) => client.readAccountConfiguration(),
  ({ client }) => client.listPositions(),
  ({ client }) => client.listOrders({ status: "all" }),
  ({ client }) => client.readCalendar({ fromNy: "2026-01-20", toNy: "2026-01-20" }),
  ({ client }) => client.readOrder("o"),
  ({ client }) => client.lookUp(BRACKET.clientOrderId),
  ({ client }) => client.submitBracket(BRACKET),
  ({ client }) => client.submitMarketSell(BRACKET),
  ({ client }) => client.submitStop(BRACKET),
  ({ client }) => client.replaceOrder({ orderId: "o", clientOrderId: "avwap-r", qty: 1 }),
  ({ client }) => client.cancelOrder("o"),
  ({ client }) => client.cancelAllOrders(),
  ({ client }) => client.closeAllPositions({ cancelOrders: false }),
  ({ client }) => client.closePosition("SPY"),
  ({ client }) => client.listBars({ symbols: ["A"], window: { startMs: 0, endMs: 1 } }),
  ({ client }) => client.listLatestTrades({ symbols: ["A"] }),
];

/** Everything of an error that any log could print. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message} ${error.stack} ${Deno.inspect(error)} ${describe(error.cause ?? "")}`;
}

function assertClean(text: string): void {
  assertFalse(text.includes(KEY_ID), text);
  assertFalse(text.includes(SECRET_KEY), text);
}

for (const { when, step } of ECHOES) {
  Deno.test(`no error, outcome, line or report holds a credential that ${when} sent back`, async () => {
    for (const feed of ["auto", "iex"] as const) {
      const world = buildWorld(() => step, { feed });
      for (const call of CALLS) {
        const outcome = await call(world).catch((error: unknown) => describe(error));
        assertClean(typeof outcome === "string" ? outcome : JSON.stringify(outcome));
      }
      assertClean(world.lines.join("\n"));
      assertClean(JSON.stringify(world.exchanges));
      assertEquals(world.exchanges.length, 8);
    }
  });
}

Deno.test("credentials are in two headers of each request, and in no address or body", async () => {
  const world = buildWorld(() => ({ status: 503 }));
  for (const call of CALLS) await call(world).catch(() => {});
  assert(world.requests.length >= CALLS.length);
  for (const { url, body, headers } of world.requests) {
    assertClean(`${url} ${body}`);
    assertEquals([headers["apca-api-key-id"], headers["apca-api-secret-key"]], [
      KEY_ID,
      SECRET_KEY,
    ]);
    const host = new URL(url).host;
    assert(host === "paper-api.alpaca.markets" || host === "data.alpaca.markets", host);
  }
});

for (const key of ["", "line\nbreak", "two words", "caf\u00e9", `${SECRET_KEY}\u0000`]) {
  Deno.test(`createAlpacaClient() refuses ${JSON.stringify(key)} for a key, without saying it`, () => {
    const { clock } = buildWorld([]);
    for (const keys of [{ keyId: key, secretKey: SECRET_KEY }, { keyId: KEY_ID, secretKey: key }]) {
      const error = assertThrows(() =>
        createAlpacaClient({
          ...keys,
          tradingUrl: "https://paper-api.alpaca.markets",
          dataUrl: "https://data.alpaca.markets",
          send: () => Promise.reject(new Error("not used")),
          clock,
          chance: { uniform: () => 0 },
          feed: "iex",
          timeoutMs: 1_000,
          log: { info: () => {}, warn: () => {}, error: () => {} },
        })
      );
      assertInstanceOf(error, Error);
      assertFalse(key !== "" && error.message.includes(key));
      assertClean(error.message);
    }
  });
}
