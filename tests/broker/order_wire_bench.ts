import { parseOrders } from "../../src/broker/order_wire.ts";
import { BRACKET, buildWireBracket, buildWireOrder, buildWorld } from "./scripted.ts";

// What the fault simulation pays a million times: run with `deno bench tests/broker`.

const FIVE_PLAIN = JSON.stringify(
  Array.from({ length: 5 }, (_, id) => buildWireOrder({ id: `${id}` })),
);
const FIVE_BRACKETS = JSON.stringify(
  Array.from({ length: 5 }, (_, id) => buildWireBracket({ id: `${id}` })),
);

Deno.bench("JSON.parse alone, a list of five plain orders", () => void JSON.parse(FIVE_PLAIN));
Deno.bench("parseOrders(), a list of five plain orders", () => void parseOrders(FIVE_PLAIN));
Deno.bench("parseOrders(), a list of five brackets", () => void parseOrders(FIVE_BRACKETS));

const answer = JSON.stringify(buildWireBracket());
const submitting = buildWorld(() => ({ body: answer, tookMs: 1_000 }), { onExchange: () => {} });
Deno.bench("submitBracket(), the whole client on a scripted transport", async () => {
  submitting.requests.length = 0;
  await submitting.client.submitBracket(BRACKET);
});
const listing = buildWorld(() => ({ body: FIVE_PLAIN, tookMs: 1_000 }));
Deno.bench("listOrders(), the whole client, five plain orders", async () => {
  listing.requests.length = 0;
  await listing.client.listOrders({ status: "open" });
});
