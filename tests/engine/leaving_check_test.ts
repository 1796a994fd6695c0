import { InvariantError } from "../../src/domain/assert.ts";
import type { OrderRequest } from "../../src/domain/order/order_request.ts";
import { sendLive } from "../../src/engine/send.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { MINUTE_MS, NVDA, World } from "./support.ts";

/** Five shares left after R1, which a stop at 99 holds; what is sent beside it leaves with the permit of an exit begun. */
async function trimmed(): Promise<World> {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  world.forget();
  return world;
}

function stopOf(qty: number, symbol = "NVDA"): OrderRequest {
  return { op: "stop", request: { clientOrderId: "avwap-x-stop-1", symbol, qty, stopUsd: 98 } };
}

const breaches: { readonly when: string; readonly request: (world: World) => OrderRequest }[] = [
  { when: "a stop for shares that a stop holds", request: () => stopOf(1) },
  {
    when: "a sell of shares that a stop holds",
    request: () => ({
      op: "sell",
      request: { clientOrderId: "avwap-x-stop_exit-1", symbol: "NVDA", qty: 5 },
    }),
  },
  {
    when: "a replacement by a larger stop than shares are held",
    request: (world) => ({
      op: "replace",
      symbol: "NVDA",
      request: {
        orderId: world.orders((each) => each.type === "stop" && each.status === "new")[0]?.id ?? "",
        clientOrderId: "avwap-x-stop-2",
        qty: 6,
      },
    }),
  },
  { when: "a stop in a symbol that nothing is held of", request: () => stopOf(1, "AAPL") },
];
for (const { when, request } of breaches) {
  Deno.test(`sendLive() sends nothing and says why: ${when}`, async () => {
    const world = await trimmed();
    const order = request(world);
    await assertRejects(
      () => sendLive(world.engine, { kind: "exit_rest" }, order),
      InvariantError,
      "more than is held for sure",
    );
    const said: string[] = [];
    world.engine.onBreach = (message) => said.push(message);
    const result = await sendLive(world.engine, { kind: "exit_rest" }, order);
    assertEquals([result.kind, said.length, world.changes], ["stopped", 1, []]);
  });
}

Deno.test("sendLive() lets a stop be raised and shrunk, whatever else is held", async () => {
  const world = await trimmed();
  const [stop] = world.orders((each) => each.type === "stop" && each.status === "new");
  const result = await sendLive(world.engine, { kind: "exit_rest" }, {
    op: "replace",
    symbol: NVDA.symbol,
    request: { orderId: stop?.id ?? "", clientOrderId: "avwap-x-stop-9", qty: 3, stopUsd: 100 },
  });
  assertEquals([result.kind, world.stops()], ["accepted", ["3@100 gtc"]]);
});
