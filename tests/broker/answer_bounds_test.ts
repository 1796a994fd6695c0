import {
  AnswerCount,
  decideAnswerBounds,
  LIST_BOUNDS,
  ONE_BOUNDS,
} from "../../src/broker/answer_bounds.ts";
import { listWire } from "../../src/broker/list_wire.ts";
import { HttpFailure } from "../../src/broker/transport.ts";
import { parseBody } from "../../src/broker/wire.ts";
import { z } from "zod";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { buildWorld } from "./scripted.ts";

const PATHS = [
  { path: "/v2/clock", bounds: ONE_BOUNDS },
  { path: "/v2/account", bounds: ONE_BOUNDS },
  { path: "/v2/account/configurations", bounds: ONE_BOUNDS },
  { path: "/v2/orders/61e69015?nested=true", bounds: ONE_BOUNDS },
  { path: "/v2/orders:by_client_order_id?client_order_id=avwap-1", bounds: ONE_BOUNDS },
  { path: "/v2/account/activities", bounds: LIST_BOUNDS },
  { path: "/v2/orders", bounds: LIST_BOUNDS },
  { path: "/v2/orders?status=all&limit=500", bounds: LIST_BOUNDS },
  { path: "/v2/positions", bounds: LIST_BOUNDS },
  { path: "/v2/calendar?start=2026-01-05", bounds: LIST_BOUNDS },
  { path: "/v2/stocks/bars?symbols=A", bounds: LIST_BOUNDS },
  { path: "/v1/anything/new", bounds: LIST_BOUNDS },
];

for (const { path, bounds } of PATHS) {
  Deno.test(`decideAnswerBounds() takes the answer to ${path} for ${bounds === ONE_BOUNDS ? "one object" : "a list"}`, () => {
    assertEquals(decideAnswerBounds(path), bounds);
  });
}

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("AnswerCount takes exactly as many bytes and values as there may be, over all parts", () => {
  const count = new AnswerCount({ bytesMax: 12, valuesMax: 4 });
  count.add(encode("[{},{"));
  count.add(encode("}]     "));
  assertThrows(() => count.add(encode(" ")), HttpFailure, "larger than 12 bytes");
  const values = new AnswerCount({ bytesMax: 12, valuesMax: 4 });
  values.add(encode("[{},{"));
  assertThrows(() => values.add(encode("},")), HttpFailure, "more than 4 values");
});

Deno.test("listWire() names the first wrong row and its field", () => {
  const rows = listWire(z.object({ a: z.number() }));
  assertEquals(parseBody(rows, '[{"a":1},{"a":2}]'), [{ a: 1 }, { a: 2 }]);
  assertThrows(() => parseBody(rows, '[{"a":1},{"a":"x"},{}]'), Error, "1.a is missing");
  assertThrows(() => parseBody(rows, "{}"), Error, "the answer is missing");
});

Deno.test("listWire() keeps an account of one wrong row, however many there are", () => {
  const parsed = listWire(z.object({ a: z.number() })).safeParse(Array(1_000).fill({}));
  assertEquals(parsed.error?.issues.map(({ path }) => path), [[0, "a"]]);
});

Deno.test("a read whose answer is too large fails as malformed and is not asked again", async () => {
  const world = buildWorld([{ failure: "oversized" }]);
  const error = await assertRejects(() => world.client.listPositions(), Error, "Cannot read");
  assertEquals(error instanceof Error && "failure" in error && error.failure, "malformed");
  assertEquals(world.requests.length, 1);
});
