import { assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const TUESDAY = "2026-11-24";

const cases = [
  { what: "a stock dividend of 10 % on 9 shares", priceUsd: 222, ratio: 1.1, afterUsd: 90.91 },
  { what: "a split 3:2 of 1 share", priceUsd: 2000, ratio: 1.5, afterUsd: 66.67 },
  { what: "a reverse split 1:20 of 10 shares", priceUsd: 200, ratio: 0.05, afterUsd: 2000 },
];
for (const { what, priceUsd, ratio, afterUsd } of cases) {
  Deno.test(`${what} is a split: no exit, and nothing is sent in the symbol`, async () => {
    const world = new World({ rows: [{ ...NVDA, priceUsd }] });
    await world.buy();
    world.goTo(at("15:51"));
    await world.cycle();
    world.goTo(at("09:00", TUESDAY));
    for (const order of world.orders((each) => each.type === "stop" && each.status === "new")) {
      world.exchange.desk.cancel(order); // As the exchange does at a corporate action.
    }
    world.pass(SECOND_MS);
    world.exchange.split("NVDA", ratio);
    world.exchange.setPrice("NVDA", afterUsd);
    world.goTo(at("10:00:30", TUESDAY));
    world.list([AAPL]);
    world.exchange.setPrice("AAPL", 50);
    world.forget();
    await world.cycles(3, MINUTE_MS);
    const changes = world.changes.filter(({ body }) => body["symbol"] !== "AAPL");
    assertEquals([world.sells(), changes], [[], []]);
    assertEquals(world.alerted("no order behind it").length, 1);
  });
}
