import { assert, assertEquals } from "../assert.ts";
import { isDone } from "../simulator/order.ts";
import { at, MINUTE_MS, World } from "./support.ts";

// Positions and open orders are asked for one after the other: a broker that takes seconds for each answer never shows both
// within the five seconds for which a list answers.

/** More requests in one cycle than any sequence needs. */
const REQUESTS_MAX = 60;

async function bought(): Promise<World> {
  const world = new World();
  await world.buy();
  world.pass(MINUTE_MS);
  return world;
}

/** Five shares left after R1, which a good-till-canceled stop at 99 holds. */
async function trimmed(): Promise<World> {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  return world;
}

/** Ten shares whose legs a hand has cancelled. */
async function bare(): Promise<World> {
  const world = await bought();
  for (const order of world.orders((each) => each.side === "sell" && !isDone(each))) {
    world.exchange.desk.cancel(order);
  }
  world.pass(MINUTE_MS);
  return world;
}

const cases: {
  readonly what: string;
  readonly build: () => Promise<World>;
  readonly begin: (world: World) => void;
  readonly sells: readonly string[];
  readonly stops: readonly string[];
}[] = [
  {
    what: "a trim from the bracket's legs",
    build: bought,
    begin: (world) => world.exchange.setPrice("NVDA", 106),
    sells: ["5 filled"],
    stops: ["5@99 gtc"],
  },
  {
    what: "a trim from its own stop",
    build: trimmed,
    begin: (world) => world.exchange.setPrice("NVDA", 112),
    sells: ["5 filled", "2 filled"],
    stops: ["3@106 gtc"],
  },
  {
    what: "the stop of bare shares",
    build: bare,
    begin: () => {},
    sells: [],
    stops: ["10@95 gtc"],
  },
  {
    what: "the close of bare shares at their stop",
    build: bare,
    begin: (world) => world.exchange.setPrice("NVDA", 94),
    sells: ["10 filled"],
    stops: [],
  },
  {
    what: "the overnight stop",
    build: bought,
    begin: (world) => world.goTo(at("15:51")),
    sells: [],
    stops: ["10@95 gtc"],
  },
];

for (const { what, build, begin, sells, stops } of cases) {
  for (const lateMs of [3_000, 6_000, 9_000]) {
    Deno.test(`${what} is done in one cycle though each answer takes ${lateMs / 1000} s`, async () => {
      const world = await build();
      begin(world);
      world.forget();
      world.setFaultPlan(({ method }) => method === "GET" ? { kind: "late", ms: lateMs } : null);
      await world.cycle();
      assert(world.sent.length < REQUESTS_MAX, `${world.sent.length} requests`);
      assertEquals([world.sells(), world.stops()], [sells, stops]);
    });
  }
}
