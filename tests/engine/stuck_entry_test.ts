import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, SECOND_MS, World } from "./support.ts";

/** Three of ten shares are filled, and the cancel of the rest hangs. */
async function stuck(isWashTradeChecked: boolean): Promise<World> {
  const world = new World();
  const { behaviour } = world.exchange;
  behaviour.partialFills = (order) => order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  behaviour.cancelOutcome = () => "stuck";
  behaviour.isWashTradeChecked = isWashTradeChecked;
  await world.buy();
  assertEquals(world.held(), 3);
  await world.cycles(3, MINUTE_MS);
  return world;
}

Deno.test("what an entry whose cancel hangs has bought gets a stop beside it", async () => {
  const world = await stuck(false);
  assertEquals(world.stops(), ["3@95 gtc"]);
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes.filter((each) => each.method === "POST"), []);
});

Deno.test("where the broker takes no stop beside an entry that hangs, it is tried once a minute and told", async () => {
  const world = await stuck(true);
  assert(world.alerted("Position without stop").length > 0);
  world.forget();
  await world.cycles(12, 10_000);
  const tries = world.changes.filter((each) => each.method === "POST").length;
  assert(tries >= 1 && tries <= 4, `${tries} tries`);
  assertEquals(world.stops(), []);
});

Deno.test("an entry that is done for the day with some shares filled gets its stop too", async () => {
  const world = new World();
  const { behaviour } = world.exchange;
  behaviour.partialFills = (order) => order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  await world.buy();
  const [entry] = world.buys();
  assert(entry !== undefined);
  world.exchange.desk.beginSpell(entry, { status: "done_for_day", ms: Infinity, then: "resumes" });
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [3, ["3@95 gtc"]]);
});

Deno.test("what an entry that works on buys after a stop sold its first part is managed, not somebody else's", async () => {
  const world = new World();
  const { behaviour } = world.exchange;
  const steps = [{ afterMs: 0, qty: 3 }, { afterMs: 10 * MINUTE_MS, qty: 7 }];
  behaviour.partialFills = (order) => order.side === "buy" ? steps : null;
  behaviour.cancelOutcome = ({ side }) => side === "buy" ? "stuck" : "canceled";
  behaviour.isWashTradeChecked = false;
  await world.buy();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.stops(), ["3@95 gtc"]);
  world.exchange.setPrice("NVDA", 94);
  await world.cycles(2, 10 * SECOND_MS);
  assertEquals(world.held(), 0);
  const before = world.position()?.positionId;
  world.exchange.setPrice("NVDA", 100);
  world.list([AAPL]);
  await world.cycles(10, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [7, ["7@95 gtc"]]);
  assertEquals([world.position()?.qty, world.position()?.positionId], [7, before]);
  assertEquals(world.said("oreign"), []);
});

/** Ten shares whose entry is done and not settled for hours. */
async function calculated(): Promise<World> {
  const world = new World();
  world.exchange.behaviour.isShortingAllowed = true;
  world.exchange.behaviour.spellOf = ({ side }) =>
    side === "buy" ? { status: "calculated", ms: 20 * 60 * MINUTE_MS, then: "fills" } : null;
  await world.buy();
  assertEquals([world.held(), world.buys()[0]?.status], [10, "calculated"]);
  return world;
}

Deno.test("an entry that is wholly filled and not settled is not cancelled, and holds up no exit", async () => {
  const world = await calculated();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.position()], [0, undefined]);
});

Deno.test("the legs of an entry that is not settled become a good-till-canceled stop before the close", async () => {
  const world = await calculated();
  world.goTo(at("15:50:30"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
});
