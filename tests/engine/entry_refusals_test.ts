import type { FaultPlan, FaultRule } from "../simulator/faults.ts";
import { assertEquals } from "../assert.ts";
import { MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

// What the broker must refuse is not sent, and is nobody's rejection (pipeline 4).

async function ready(): Promise<World> {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  return world;
}

/** The account as the broker answers it, with these fields changed. */
function answerAccount(world: World, change: Readonly<Record<string, unknown>>): FaultRule {
  const account = { id: world.exchange.accountId, status: "ACTIVE", equity: "100000", ...change };
  const body = JSON.stringify(account);
  return { method: "GET", path: "/v2/account", fault: { kind: "status", status: 200, body } };
}

const blocked: readonly Readonly<Record<string, unknown>>[] = [
  { trading_blocked: true },
  { account_blocked: true },
  { trade_suspended_by_user: true },
  { status: "ACCOUNT_CLOSED_PENDING" },
];
for (const change of blocked) {
  Deno.test(`no entry leaves from an account with ${JSON.stringify(change)}, and none is rejected`, async () => {
    const world = await ready();
    world.setFaults([answerAccount(world, change)]);
    await world.cycles(3, 20 * SECOND_MS);
    assertEquals(world.said("Gate FAIL NVDA: account blocked").length, 1);
    assertEquals([world.changes, world.ledger.entries], [[], []]);
    world.setFaults([]);
    await world.cycles(1, 20 * SECOND_MS);
    assertEquals(world.buys().length, 1);
  });
}

Deno.test("flags that are absent block nothing", async () => {
  const world = await ready();
  world.setFaults([answerAccount(world, {})]);
  await world.cycle();
  assertEquals(world.buys().length, 1);
});

Deno.test("an account status that nobody knows blocks nothing, and is said once a day", async () => {
  const world = await ready();
  world.setFaults([answerAccount(world, { status: "NAPPING" })]);
  await world.cycle();
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.buys().length, 1);
  assertEquals(world.said('The account has the status "NAPPING"').length, 1);
});

Deno.test("a blocked account is no reason against an exit: its stop goes on resting", async () => {
  const world = new World();
  await world.buy();
  world.setFaults([answerAccount(world, { trading_blocked: true })]);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [10, ["10@95 day"]]);
});

/** The latest trade of NVDA, so long before now. */
function answerTrade(world: World, priceUsd: number, agoMs: number): FaultRule {
  const t = new Date(world.nowMs - agoMs).toISOString();
  const body = JSON.stringify({
    trades: { NVDA: { t, p: priceUsd, s: 1, x: "V", i: 1, z: "C", c: [] } },
  });
  return { path: "/v2/stocks/trades/latest", fault: { kind: "status", status: 200, body } };
}

// Target 111, stop 95; the bar that confirmed began 10 to 20 minutes ago, and closed at 100.
const prices: readonly {
  readonly when: string;
  readonly priceUsd: number;
  readonly agoMs: number;
  readonly isSent: boolean;
}[] = [
  { when: "at the target", priceUsd: 111, agoMs: SECOND_MS, isSent: false },
  { when: "above the target", priceUsd: 112, agoMs: SECOND_MS, isSent: false },
  { when: "right below the target", priceUsd: 110.99, agoMs: SECOND_MS, isSent: true },
  { when: "at the stop", priceUsd: 95, agoMs: SECOND_MS, isSent: false },
  { when: "below the stop", priceUsd: 50, agoMs: SECOND_MS, isSent: false },
  { when: "right above the stop", priceUsd: 95.01, agoMs: SECOND_MS, isSent: true },
  { when: "below the stop, months ago", priceUsd: 50, agoMs: 90 * 86_400_000, isSent: true },
  {
    when: "above the target, half an hour ago",
    priceUsd: 112,
    agoMs: 30 * MINUTE_MS,
    isSent: true,
  },
  {
    when: "below the stop, since the bar began",
    priceUsd: 50,
    agoMs: 9 * MINUTE_MS,
    isSent: false,
  },
];
for (const { when, priceUsd, agoMs, isSent } of prices) {
  Deno.test(`an entry whose latest trade was ${when} is ${isSent ? "sent" : "not sent"}`, async () => {
    const world = await ready();
    world.setFaults([answerTrade(world, priceUsd, agoMs)]);
    await world.cycle();
    assertEquals(world.buys().length, isSent ? 1 : 0);
    assertEquals(world.said("Gate FAIL NVDA: price outside bracket").length, isSent ? 0 : 1);
    assertEquals(world.ledger.entries.filter((entry) => entry.status === "rejected"), []);
  });
}

/** Two entries are due, and the request of the first hangs; `act` then happens before the second is decided. */
async function whileFirstHangs(act: (world: World) => FaultPlan): Promise<World> {
  const world = new World({ rows: [{ ...NVDA, symbol: "AAPL" }, NVDA] });
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  let then: FaultPlan = () => null;
  world.setFaultPlan((request, count) => {
    if (request.method !== "POST") return then(request, count);
    then = act(world);
    return { kind: "delay", ms: 8 * SECOND_MS };
  });
  await world.cycle();
  return world;
}

Deno.test("an account that is blocked while another entry's request hangs takes no further order", async () => {
  const world = await whileFirstHangs((world) => {
    const { path, fault } = answerAccount(world, { trading_blocked: true });
    return (request) => request.path === path ? fault : null;
  });
  assertEquals([world.buys("AAPL").length, world.buys("NVDA").length], [1, 0]);
  assertEquals(world.said("Gate FAIL NVDA: account blocked").length, 1);
});

Deno.test("an order of somebody else's that comes while a slow price is read is seen before the entry leaves", async () => {
  const world = await whileFirstHangs((world) => (request) => {
    if (!request.path.includes("/trades/latest")) return null;
    world.exchange.placeByHand({
      symbol: "NVDA",
      qty: "3",
      side: "buy",
      type: "limit",
      limit_price: "90",
      time_in_force: "day",
    });
    return { kind: "delay", ms: 6 * SECOND_MS };
  });
  assertEquals(world.buys("NVDA").map((order) => order.type), ["limit"]);
  assertEquals(world.said("SKIP NVDA: open order/position exists").length, 1);
});
