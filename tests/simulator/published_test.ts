import { z } from "zod";
import { assert, assertEquals } from "../assert.ts";
import { type AnswerStyle, findKind, restyle } from "./answer_style.ts";
import {
  buildForeignOrder,
  buildForeignPosition,
  isPublished,
  NEW_VALUES,
  ORDER_KINDS,
  POSITION_KINDS,
  UNREADABLE_ORDERS,
  UNREADABLE_POSITIONS,
} from "./foreign_rows.ts";
import { BRACKET, buildMarket, STOP } from "./harness.ts";
import { PUBLISHED_FIELDS, PUBLISHED_VALUES, type PublishedKind } from "./published.ts";

/** Where the documents lie beside this directory, for those who have them. */
const DOCUMENT = new URL("../../../shared/spec/alpaca/trading-api.json", import.meta.url);

const SchemaWire = z.object({
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.object({ nullable: z.boolean().default(false) })).default({}),
  enum: z.array(z.string().nullable()).default([]),
});
const DocumentWire = z.object({
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

async function readSchemas(): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const text = await Deno.readTextFile(DOCUMENT);
    return DocumentWire.parse(JSON.parse(text)).components.schemas;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

const schemas = await readSchemas();
const KINDS: readonly PublishedKind[] = ["order", "position", "account", "clock"];

Deno.test("the table of published schemas is in order: each field once, what may be null among them", () => {
  for (const kind of KINDS) {
    const { required, optional, nullable } = PUBLISHED_FIELDS[kind];
    const all = [...required, ...optional];
    assertEquals(new Set(all).size, all.length, kind);
    assertEquals(nullable.filter((name) => !all.includes(name)), [], kind);
  }
});

if (schemas === null) {
  Deno.test("the published documents are not here: the table of them is held against nothing", () => {
    assertEquals(schemas, null);
  });
} else {
  for (const kind of KINDS) {
    const { schema, required, optional, nullable } = PUBLISHED_FIELDS[kind];
    Deno.test(`the table of ${schema} agrees with the published document`, () => {
      const wire = SchemaWire.parse(schemas[schema]);
      const names = Object.keys(wire.properties);
      assertEquals(required, wire.required.toSorted());
      assertEquals(optional, names.filter((name) => !wire.required.includes(name)).sort());
      assertEquals(nullable, names.filter((name) => wire.properties[name]?.nullable).sort());
    });
  }
  for (const { schema, values } of Object.values(PUBLISHED_VALUES)) {
    Deno.test(`the values of ${schema} agree with the published document`, () => {
      assertEquals<unknown>(values, SchemaWire.parse(schemas[schema]).enum.toSorted());
    });
  }
}

/** A sequence of numbers that is the same each time. */
function buildChance(): () => number {
  let state = 7;
  return () => (state = state * 16_807 % 2_147_483_647) / 2_147_483_647;
}

function lacks(row: Readonly<Record<string, unknown>>, kind: PublishedKind): string[] {
  return PUBLISHED_FIELDS[kind].required.filter((name) => !Object.hasOwn(row, name));
}

for (const kind of POSITION_KINDS) {
  const isReadable = !UNREADABLE_POSITIONS.has(kind);
  Deno.test(`a foreign position is shown as it is: ${kind}`, () => {
    const row = buildForeignPosition(kind, "QQQ", buildChance());
    if (isReadable) assertEquals(lacks(row, "position"), []);
    const market = buildMarket({ extraPositions: [row] });
    market.exchange.setPosition("NVDA", 10, 100);
    const { list } = market.call("GET", "/v2/positions");
    assertEquals(list.map((each) => each["symbol"]), [row["symbol"], "NVDA"]);
    assertEquals(list[0], row);
  });
}

for (const kind of ORDER_KINDS) {
  const isReadable = !UNREADABLE_ORDERS.has(kind);
  Deno.test(`a foreign order is in the lists of open and of all orders: ${kind}`, () => {
    const market = buildMarket();
    const { nowMs } = market.exchange;
    const row = buildForeignOrder(kind, { symbol: "QQQ", atMs: nowMs, seq: 1 }, buildChance());
    if (isReadable) assertEquals(lacks(row, "order"), []);
    market.exchange.behaviour.extraOrders = [row];
    market.call("POST", "/v2/orders", "", { ...BRACKET, client_order_id: "avwap-1" });
    for (const query of ["status=open&nested=true", "status=all&nested=true"]) {
      const { list } = market.call("GET", "/v2/orders", query);
      assertEquals(list.map((each) => each["client_order_id"]), [
        row["client_order_id"],
        "avwap-1",
      ]);
      assertEquals(list[0], row);
    }
    assertEquals(market.call("GET", "/v2/orders", "status=closed").list, []);
    assertEquals(market.call("GET", "/v2/orders", "symbols=NVDA").list.length, 1);
  });
}

Deno.test("a foreign order keeps to the time and the number that a list is asked for", () => {
  const market = buildMarket();
  const atMs = market.exchange.nowMs - 3_600_000;
  const row = buildForeignOrder("notional", { symbol: "QQQ", atMs, seq: 1 }, buildChance());
  market.exchange.behaviour.extraOrders = [row];
  market.call("POST", "/v2/orders", "", BRACKET);
  const list = (query: string) => market.call("GET", "/v2/orders", query).list.length;
  assertEquals(list(`status=all&after=${new Date(atMs + 1).toISOString()}`), 1 + 2);
  assertEquals(list(`status=all&until=${new Date(atMs).toISOString()}`), 0);
  assertEquals(list("status=all&limit=1"), 1);
});

Deno.test("new values are in no published enumeration", () => {
  assertEquals(isPublished("status", NEW_VALUES.status), false);
  assertEquals(isPublished("type", NEW_VALUES.type), false);
  assertEquals(isPublished("side", NEW_VALUES.side), false);
  assertEquals(isPublished("orderClass", NEW_VALUES.order_class), false);
  assertEquals(isPublished("timeInForce", NEW_VALUES.time_in_force), false);
  assert(isPublished("status", "held"));
});

function buildStyle(changes: Partial<AnswerStyle>): AnswerStyle {
  return {
    chance: buildChance(),
    dropRate: 0,
    keeps: [],
    hasLongDecimals: false,
    hasNewFields: false,
    ...changes,
  };
}

Deno.test("what the documents do not require can be absent, but for what tells one order from another", () => {
  const market = buildMarket({ answerStyle: buildStyle({ dropRate: 1 }) });
  market.exchange.setPosition("NVDA", 10, 100);
  market.call("POST", "/v2/orders", "", { ...STOP, client_order_id: "avwap-1" });
  const [position] = market.call("GET", "/v2/positions").list;
  assertEquals(Object.keys(position ?? {}).sort(), [...PUBLISHED_FIELDS.position.required]);
  const account = market.call("GET", "/v2/account").json;
  assertEquals(Object.keys(account).sort(), [...PUBLISHED_FIELDS.account.required]);
  const [order] = market.call("GET", "/v2/orders", "status=open").list;
  assertEquals(lacks(order ?? {}, "order"), []);
  assertEquals([order?.["client_order_id"], order?.["qty"]], ["avwap-1", "10"]);
  assert(!Object.hasOwn(order ?? {}, "created_at"));
});

Deno.test("an optional field that is kept is there in every answer", () => {
  const style = buildStyle({ dropRate: 1, keeps: ["qty_available"] });
  const market = buildMarket({ answerStyle: style });
  market.exchange.setPosition("NVDA", 10, 100);
  assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty_available"], "10");
});

Deno.test("decimals can have twenty places, and are the same numbers", () => {
  const market = buildMarket({ answerStyle: buildStyle({ hasLongDecimals: true }) });
  market.exchange.setPosition("NVDA", 10, 100.25);
  const [position] = market.call("GET", "/v2/positions").list;
  for (
    const [field, value] of [
      ["qty", 10],
      ["avg_entry_price", 100.25],
      ["change_today", 0],
    ] as const
  ) {
    const text = String(position?.[field]);
    assert((text.split(".")[1] ?? "").length >= 19, text);
    assertEquals(Number(text), value);
  }
});

Deno.test("fields that no document knows can be anywhere, legs included", () => {
  const market = buildMarket({ answerStyle: buildStyle({ hasNewFields: true }) });
  market.call("POST", "/v2/orders", "", BRACKET);
  const [order] = market.call("GET", "/v2/orders", "status=open&nested=true").list;
  const legs = z.array(z.record(z.string(), z.unknown())).parse(order?.["legs"]);
  for (const each of [order ?? {}, ...legs]) assert(Object.hasOwn(each, "x-new"));
});

Deno.test("restyle() writes the same answer for the same chance, and keeps what is no object", () => {
  const body = JSON.stringify([{ id: "1", qty: "3", created_at: null }, 7, null]);
  const write = () => restyle(body, "order", buildStyle({ dropRate: 0.5, hasLongDecimals: true }));
  assertEquals(write(), write());
  assertEquals(JSON.parse(write()).slice(1), [7, null]);
});

Deno.test("findKind() knows the lists and the single objects, and leaves the rest as it is", () => {
  const kinds = [
    "/v2/account",
    "/v2/positions",
    "/v2/positions/NVDA",
    "/v2/orders",
    "/v2/orders/1",
    "/v2/orders:by_client_order_id",
    "/v2/clock",
    "/v2/account/configurations",
    "/v2/stocks/bars",
  ].map(findKind);
  assertEquals(kinds.slice(0, 3), ["account", "position", "position"]);
  assertEquals(kinds.slice(3, 6), ["order", "order", "order"]);
  assertEquals(kinds.slice(6), [null, null, null]);
});
