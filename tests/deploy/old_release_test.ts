import { buildLedgerEntry } from "../../src/domain/order/ledger.ts";
import {
  AAPL,
  at,
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  NVDA,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "../engine/support.ts";
import { takeRequests } from "../../src/engine/releasing.ts";
import { assert, assertEquals } from "../assert.ts";
import { withOldRelease } from "./old_release.ts";

const TODAY = "2026-11-23";
const TUESDAY = "2026-11-24";

function gates(world: World): Set<string> {
  return new Set(world.said("Gate mode=").map((line) => line.slice(line.indexOf("Gate"))));
}

function schemaOf(world: World): unknown {
  return JSON.parse(world.disk.textOf(STATE_PATH) ?? "{}").schema;
}

/** What is known, counted and protected, and how often each order was sent. */
function sum(world: World) {
  const { positions } = JSON.parse(world.disk.textOf(STATE_PATH) ?? "{}");
  return {
    positions: positions.map((each: { symbol: string; qty: number; stop: number }) =>
      `${each.symbol} ${each.qty} ${each.stop}`
    ),
    entries: world.entries().map(({ symbol, status }) => `${symbol} ${status}`),
    buys: world.buys().length + world.buys("AAPL").length,
    sells: [...world.sells(), ...world.sells("AAPL")],
    stops: [...world.stops(), ...world.stops("AAPL")],
  };
}

Deno.test("0.1.0 goes up in the middle of a day, down, and up again, and so over a night: all is known, nothing sent twice", async () => {
  const world = new World();
  await withOldRelease(world, async (old) => {
    await old.start();
    await old.cycles(3, 5 * SECOND_MS);
    world.exchange.setPrice("NVDA", 106);
    await old.cycles(2, MINUTE_MS);
    const trimmed = {
      positions: ["NVDA 5 99"],
      entries: ["NVDA accepted"],
      buys: 1,
      sells: ["5 filled"],
      stops: ["5@99 gtc"],
    };
    assertEquals([sum(world), schemaOf(world)], [trimmed, { major: 1, minor: 1 }]);
    // Up, with an open position and a resting stop; this release buys another.
    world.forget();
    world.list([AAPL]);
    await world.restart();
    await world.cycles(2, MINUTE_MS);
    const both = {
      positions: ["NVDA 5 99", "AAPL 10 95"],
      entries: ["NVDA accepted", "AAPL accepted"],
      buys: 2,
      sells: ["5 filled"],
      stops: ["5@99 gtc", "10@95 day"],
    };
    assertEquals([gates(world), sum(world)], [new Set([LIVE_PASS]), both]);
    assertEquals([schemaOf(world), world.state.ledger], [{ major: 1, minor: 2 }, world.ledger]);
    // Down: it knows what this release bought, and trims it.
    world.forget();
    await old.start();
    await old.cycles(2, MINUTE_MS);
    assertEquals([gates(world), sum(world)], [new Set([LIVE_PASS]), both]);
    world.exchange.setPrice("AAPL", 106);
    await old.cycles(2, MINUTE_MS);
    const done = {
      ...both,
      positions: ["NVDA 5 99", "AAPL 5 99"],
      sells: ["5 filled", "5 filled"],
      stops: ["5@99 gtc", "5@99 gtc"],
    };
    assertEquals([sum(world), schemaOf(world)], [done, { major: 1, minor: 1 }]);
    // Up again, the same day and, over the old one's night, the next.
    for (const dateNy of [TODAY, TUESDAY]) {
      if (dateNy === TUESDAY) {
        world.goTo(at("10:00:30", TUESDAY));
        world.list([]);
        await old.start();
        await old.cycles(2, MINUTE_MS);
      }
      world.forget();
      await world.restart();
      await world.cycles(2, MINUTE_MS);
      const entries = dateNy === TODAY ? done.entries : [];
      assertEquals([gates(world), sum(world)], [new Set([LIVE_PASS]), { ...done, entries }]);
      assertEquals([world.alerted("another hand"), world.changes], [[], []]);
      assertEquals(world.state.ledger, world.ledger);
    }
  });
});

/** The list of the old pipeline's day, whose code is older than this repository: just its four fields. */
const FOUR_FIELDS = [{
  order_id: "old-1",
  symbol: "TSLA",
  notional: 2000.5,
  timestamp: `${TODAY}T14:40:00+00:00`,
}];

/** What the old pipeline reads of the ledger's file. */
function readByOldPipeline(world: World) {
  const { date_ny, entries } = JSON.parse(world.disk.textOf(LEDGER_PATH) ?? "{}");
  const four = entries.map(({ order_id, symbol, notional, timestamp }: typeof FOUR_FIELDS[0]) => ({
    order_id,
    symbol,
    notional,
    timestamp,
  }));
  return { date_ny, entries: four };
}

const losses = [
  { when: "its answer was lost", fault: { kind: "lost_after" }, cycles: 2 },
  { when: "it was lost on its way", fault: { kind: "lost_before" }, cycles: 12 },
] as const;
for (const { when, fault, cycles } of losses) {
  Deno.test(`0.1.0 goes up from the old pipeline's file, with an open position, a resting stop and an entry that it left unresolved, since ${when}; down, and up again: all is known, counted and sent once`, async () => {
    const world = new World();
    world.disk.put(LEDGER_PATH, JSON.stringify({ date_ny: TODAY, entries: FOUR_FIELDS }));
    await withOldRelease(world, async (old) => {
      await old.start();
      await old.cycles(3, 5 * SECOND_MS);
      world.exchange.setPrice("NVDA", 106);
      await old.cycles(2, MINUTE_MS);
      world.list([AAPL]);
      old.setFaults([
        { method: "POST", path: "/v2/orders", times: 1, fault },
        { path: "/v2/orders:by_client_order_id", fault: { kind: "status", status: 503 } },
      ]);
      await old.start();
      await old.cycles(1, MINUTE_MS);
      assertEquals(sum(world), {
        positions: ["NVDA 5 99"],
        entries: ["TSLA accepted", "NVDA accepted", "AAPL unknown"],
        buys: fault.kind === "lost_after" ? 2 : 1,
        sells: ["5 filled"],
        stops: fault.kind === "lost_after" ? ["5@99 gtc", "10@95 day"] : ["5@99 gtc"],
      });
      const settled = {
        positions: ["NVDA 5 99", "AAPL 10 95"],
        entries: ["TSLA accepted", "NVDA accepted", "AAPL accepted"],
        buys: 2,
        sells: ["5 filled"],
        stops: ["5@99 gtc", "10@95 day"],
      };
      old.setFaults([]);
      for (const way of ["up", "down", "up"]) {
        world.forget();
        if (way === "up") await world.restart();
        else await old.start();
        if (way === "up") await world.cycles(cycles, 10 * SECOND_MS);
        else await old.cycles(2, MINUTE_MS);
        assertEquals([way, gates(world), sum(world)], [way, new Set([LIVE_PASS]), settled]);
        const { date_ny, entries } = readByOldPipeline(world);
        assertEquals([date_ny, entries[0]], [TODAY, FOUR_FIELDS[0]]);
        // Each in a form that it reads: a symbol, an amount that counts, a time.
        for (const { symbol, notional, timestamp } of entries) {
          assert(["TSLA", "NVDA", "AAPL"].includes(symbol) && notional > 0);
          assert(Number.isFinite(Date.parse(timestamp)));
        }
      }
      assertEquals(world.alerted("another hand"), []);
    });
  });
}

Deno.test("an entry that 0.1.0 left unresolved is looked up by this release, and counts until it is settled", async () => {
  const world = new World();
  await withOldRelease(world, async (old) => {
    await old.start();
    await old.cycles(1, SECOND_MS);
    const lost = buildLedgerEntry({
      symbol: "QQQ",
      notionalUsd: 700,
      timestamp: `${TODAY}T15:00:00.000Z`,
      side: "buy",
      qty: 7,
      clientOrderId: `avwap-${TODAY}-QQQ-1`,
      status: "unknown",
    });
    world.putLedgerFile({ ...world.ledger, entries: [lost] });
    world.forget();
    await world.restart();
    await world.cycles(2, 10 * SECOND_MS);
    assertEquals(gates(world), new Set([LIVE_PASS]));
    assertEquals(sum(world).entries, ["QQQ unknown", "NVDA accepted"]);
    await world.cycles(12, 10 * SECOND_MS);
    assert(world.lookUps().length > 0);
    assertEquals([sum(world).entries, sum(world).buys], [["QQQ rejected", "NVDA accepted"], 1]);
    await old.start();
    await old.cycles(2, MINUTE_MS);
    assertEquals([sum(world).entries, sum(world).buys], [["QQQ rejected", "NVDA accepted"], 1]);
  });
});

/** Asks for what `release NVDA --yes` asks for. */
async function release(world: World): Promise<void> {
  const position_id = world.position()?.positionId;
  const time = new Date(world.nowMs).toISOString();
  const text = JSON.stringify({ symbol: "NVDA", position_id, time });
  world.disk.put(`${STATE_DIR}/release-NVDA.json`, text);
  await takeRequests(world.engine);
}

for (
  const { when, days } of [
    { when: "at once", days: [TODAY] },
    { when: "days later", days: [TODAY, TUESDAY, "2026-11-25"] },
  ]
) {
  Deno.test(`what was released is the operator's again after 0.1.0, ${when}, whatever that made of it`, async () => {
    const world = new World();
    await world.buy();
    await release(world);
    assertEquals(world.state.released.map(({ symbol }) => symbol), ["NVDA"]);
    await withOldRelease(world, async (old) => {
      for (const dateNy of days) {
        if (dateNy !== TODAY) world.goTo(at("10:00:30", dateNy));
        world.list([NVDA]);
        await old.start();
        await old.cycles(3, MINUTE_MS);
        // It knows no release, and manages what it bought.
        assertEquals(sum(world).positions, ["NVDA 10 95"]);
      }
      world.forget();
      await world.restart();
      await world.cycles(3, MINUTE_MS);
      assertEquals([gates(world), sum(world).positions], [new Set([LIVE_PASS]), []]);
      assertEquals(world.state.released.map(({ symbol }) => symbol), ["NVDA"]);
      assertEquals([world.changes, world.alerted("mismatch")], [[], []]);
    });
  });
}

Deno.test("what 0.1.0 bought after the released shares were gone is managed", async () => {
  const world = new World();
  await world.buy();
  await release(world);
  await withOldRelease(world, async (old) => {
    world.exchange.setPosition("NVDA", 0, 0);
    world.goTo(at("10:00:30", TUESDAY));
    world.list([NVDA]);
    await old.start();
    await old.cycles(5, MINUTE_MS);
    assertEquals(sum(world).positions, ["NVDA 9 95"]);
    await world.restart();
    await world.cycles(3, MINUTE_MS);
    assertEquals([sum(world).positions, world.state.released], [["NVDA 9 95"], []]);
  });
});
