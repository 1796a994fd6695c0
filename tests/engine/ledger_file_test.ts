import { buildLedgerEntry, type LedgerEntry } from "../../src/domain/order/ledger.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { buildStateText } from "../../src/state/state_format.ts";
import { takeRequests } from "../../src/engine/releasing.ts";
import { assert, assertEquals } from "../assert.ts";
import { CrashError } from "../state/memory_disk.ts";
import {
  AAPL,
  at,
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  NVDA,
  PAPER_HOST,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

const TODAY = "2026-11-23";
const TUESDAY = "2026-11-24";
const ARCHIVE = `${STATE_DIR}/archive`;

function gates(world: World): string[] {
  return world.said("Gate mode=").map((line) => line.replace(/^info /, ""));
}

function blocked(problem: string): string {
  return `Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (${problem})`;
}

async function bought(): Promise<World> {
  const world = new World();
  await world.buy();
  return world;
}

/** An entry as somebody else records it. */
function byHand(symbol: string, change: Partial<LedgerEntry> = {}): LedgerEntry {
  return buildLedgerEntry({
    symbol,
    notionalUsd: 1500,
    timestamp: `${TODAY}T14:50:00.000Z`,
    side: "buy",
    orderId: `old-${symbol}`,
    status: "accepted",
    ...change,
  });
}

/** Copies of what another hand wrote. */
function copies(world: World): (string | null)[] {
  return world.disk.namesIn(ARCHIVE).filter((name) => name.includes(".damaged-"))
    .map((name) => world.disk.textOf(`${ARCHIVE}/${name}`));
}

Deno.test("a missing ledger is written anew from the records, without the broker, and blocks LIVE for that cycle", async () => {
  const world = await bought();
  const past = world.disk.textOf(LEDGER_PATH);
  await world.disk.remove(LEDGER_PATH);
  const down = { kind: "status", status: 503 } as const;
  world.setFaults([{ path: "/v2/orders", contains: "status=all", fault: down }]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([gates(world), world.disk.textOf(LEDGER_PATH)], [[blocked("ledger missing")], past]);
  assertEquals(world.said("warn Live ledger was missing: written anew from the records").length, 1);
  world.setFaults([]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.buys().length], [LIVE_PASS, 1]);
});

Deno.test("what another hand adds to the ledger is taken in and counts, and LIVE is blocked for that cycle", async () => {
  const world = await bought();
  const { ledger } = world;
  world.putLedgerFile({ ...ledger, entries: [...ledger.entries, byHand("MSFT")] });
  const theirs = world.disk.textOf(LEDGER_PATH);
  await world.restart({ MAX_LIVE_GROSS_NOTIONAL: "3000" });
  world.list([NVDA, AAPL]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gates(world), [blocked("ledger invalid")]);
  assertEquals([copies(world), world.entries().length], [[theirs], 2]);
  assertEquals(world.state.ledger, world.ledger);
  const [said, ...again] = world.alerted("Live ledger was changed by another hand");
  const text = said?.text ?? "";
  assert(text.includes("taken in: MSFT old-MSFT") && text.includes("ledger rebuild --yes"));
  await world.cycles(2, MINUTE_MS);
  assertEquals([gates(world).at(-1), again], [LIVE_PASS, []]);
  assert(world.said("Gate FAIL AAPL: max gross notional reached").length > 0);
  assertEquals(world.buys("AAPL"), []);
});

Deno.test("an order under our prefix that another hand wrote is looked up before it is believed", async () => {
  const world = await bought();
  const { ledger } = world;
  const id = `avwap-${TODAY}-MSFT-x`;
  world.putLedgerFile({
    ...ledger,
    entries: [...ledger.entries, byHand("MSFT", { clientOrderId: id, qty: 7 })],
  });
  await world.cycles(1, MINUTE_MS);
  const find = () => world.entries().find((entry) => entry.clientOrderId === id);
  assertEquals(find()?.status, "unknown");
  await world.cycles(12, 10 * SECOND_MS);
  assertEquals([find()?.status, find()?.reason], ["rejected", "not sent"]);
});

Deno.test("what another hand takes out of the ledger, or makes less of, is put back and goes on counting", async () => {
  for (const change of ["taken out", "rejected"]) {
    const world = await bought();
    const { ledger } = world;
    const entries = ledger.entries.map((entry) => ({ ...entry, status: "rejected" as const }));
    world.putLedgerFile({ ...ledger, entries: change === "taken out" ? [] : entries });
    await world.cycles(1, MINUTE_MS);
    assertEquals([gates(world), world.ledger], [[blocked("ledger invalid")], ledger], change);
    assertEquals(world.alerted("put back: NVDA avwap-").length, 1);
    assertEquals(world.said("Broker mismatch"), []);
    await world.cycles(1, MINUTE_MS);
    assertEquals(gates(world).at(-1), LIVE_PASS);
  }
});

Deno.test("a ledger that another hand changes while an order is decided keeps the order from leaving", async () => {
  const world = new World({ rows: [] });
  await world.restart();
  await world.cycles(2, SECOND_MS);
  world.list([NVDA]);
  let isDone = false;
  world.onEvent = (event) => {
    if (event.type !== "signal" || isDone) return;
    isDone = true;
    world.putLedgerFile({ ...world.ledger, entries: [byHand("MSFT")] });
  };
  await world.cycle();
  assert(isDone);
  assertEquals([world.buys(), world.entries().map(({ symbol }) => symbol)], [[], ["MSFT"]]);
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals(world.entries().map(({ symbol }) => symbol).sort(), ["MSFT", "NVDA"]);
  assertEquals(world.buys().length, 1);
});

Deno.test("a crash between the document and the ledger's file blocks nothing: the file is written, and the order looked up", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  const before = world.disk.textOf(LEDGER_PATH);
  // The record of the entry is durable in the document; the process dies before the ledger's file is.
  world.disk.fault = ({ op, path }) => {
    if (op !== "open" || !path.startsWith(LEDGER_PATH)) return null;
    world.disk.crashAtStep = world.disk.steps.length;
    throw new CrashError(op);
  };
  let isCrashed = false;
  await world.cycles(1, 5 * SECOND_MS).catch((error) => {
    if (!(error instanceof CrashError)) throw error;
    isCrashed = true;
  });
  assert(isCrashed);
  world.disk = world.disk.afterCrash(() => 1);
  assertEquals([world.disk.textOf(LEDGER_PATH), world.state.ledger?.entries.length], [before, 1]);
  assertEquals(world.buys(), []);
  world.forget();
  await world.restart();
  await world.cycles(1, SECOND_MS);
  assertEquals([gates(world), world.ledger], [[LIVE_PASS], world.state.ledger]);
  await world.cycles(12, 10 * SECOND_MS);
  assertEquals(world.buys().length, 1, "absence proven, the same intent leaves once");
  assertEquals(world.entries().length, 1);
});

Deno.test("without a durable ledger's file no order leaves, and none is lost", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.disk.fault = ({ op, path }) =>
    op === "write" && path.startsWith(LEDGER_PATH) ? "no space left on the device" : null;
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(world.buys(), []);
  world.disk.fault = () => null;
  await world.cycles(3, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.ledger], [LIVE_PASS, world.state.ledger]);
});

Deno.test("what changes in the records while an order's record is written does not keep the order back", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  let turns = 0;
  world.disk.fault = ({ op, path }) => {
    // As a look at the kill switch does in the middle of a write.
    if (op === "rename" && path.startsWith(STATE_PATH)) world.engine.isNews("look", `${turns++}`);
    return null;
  };
  await world.cycles(2, 5 * SECOND_MS);
  assert(turns > 0);
  assertEquals([world.buys().length, world.said("error")], [1, []]);
});

Deno.test("beside the old pipeline in DRY_RUN what it adds counts, and its file is left as it writes it", async () => {
  const world = new World({ rows: [] });
  const write = (symbols: readonly string[]) => {
    const entries = symbols.map((symbol) => ({
      order_id: `old-${symbol}`,
      symbol,
      notional: 2500,
      timestamp: `${TODAY}T14:40:00+00:00`,
    }));
    world.disk.put(LEDGER_PATH, JSON.stringify({ date_ny: TODAY, entries }));
    return world.disk.textOf(LEDGER_PATH);
  };
  const first = write(["MSFT"]);
  await world.restart({ DRY_RUN: "1" });
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.disk.textOf(LEDGER_PATH), first);
  const second = write(["MSFT", "TSLA"]);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.disk.textOf(LEDGER_PATH), copies(world)], [second, []]);
  assertEquals(world.alerted("another hand"), []);
  // The day of the swap: the old one is stopped, LIVE begins, and both of its orders count.
  world.list([NVDA]);
  await world.restart({ DRY_RUN: "0", MAX_LIVE_GROSS_NOTIONAL: "5000" });
  await world.cycles(2, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.ledger.host], [LIVE_PASS, PAPER_HOST]);
  assertEquals(world.entries().map(({ symbol }) => symbol), ["MSFT", "TSLA"]);
  assert(world.said("Gate FAIL NVDA: max gross notional reached").length > 0);
});

Deno.test("the old pipeline's file of a later day is taken in once the records have turned to it", async () => {
  const world = await bought();
  const past = world.ledger;
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  const entries = [{
    order_id: "old-1",
    symbol: "TSLA",
    notional: 900,
    timestamp: `${TUESDAY}T14:40:00+00:00`,
  }];
  world.disk.put(LEDGER_PATH, JSON.stringify({ date_ny: TUESDAY, entries }));
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.archived(TODAY), past);
  assertEquals(world.entries().map(({ symbol }) => symbol), ["TSLA"]);
  assertEquals([world.ledger.dateNy, gates(world).at(-1)], [TUESDAY, LIVE_PASS]);
});

/** The document as release 0.1.0 saves it: schema 1.1, without what it does not know. */
function as010(world: World): string {
  const { schema: _, ledger: _1, ledger_versions: _2, ...known } = JSON.parse(
    buildStateText(world.state),
  );
  for (const name of ["standings", "released", "unfinished"]) delete known[name];
  for (const position of known.positions) {
    for (
      const name of [
        "unexplained_since",
        "unexplained_from_qty",
        "beside_qty",
        "last_trade",
        "doubted_trade",
      ]
    ) {
      delete position[name];
    }
  }
  return JSON.stringify({ schema: { major: 1, minor: 1 }, ...known });
}

Deno.test("a document of 0.1.0 after a rollback is imported with its ledger, and blocks no cycle", async () => {
  const world = await bought();
  // Meanwhile 0.1.0 has bought, and knows of no other record.
  const { ledger } = world;
  world.disk.put(
    LEDGER_PATH,
    buildLedgerText({ ...ledger, entries: [...ledger.entries, byHand("MSFT")] }),
  );
  world.disk.put(STATE_PATH, as010(world));
  const file = world.ledger;
  world.forget();
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(new Set(gates(world)), new Set([LIVE_PASS]));
  assertEquals([world.alerted("another hand"), copies(world)], [[], []]);
  assertEquals([world.state.ledger?.entries, world.ledger.entries], [file.entries, file.entries]);
  assertEquals(world.position()?.qty, 10);
});

/** What `release NVDA --yes` leaves, and then a process of 0.1.0, which manages the shares again. */
async function releasedUnder010(world: World): Promise<void> {
  const position = world.position();
  const time = new Date(world.nowMs).toISOString();
  const request = { symbol: "NVDA", position_id: position?.positionId, time };
  world.disk.put(`${STATE_DIR}/release-NVDA.json`, JSON.stringify(request));
  await takeRequests(world.engine);
  const { positions: _, ...released } = world.state;
  assert(position !== undefined && released.released.length === 1);
  world.engine.state = { ...released, positions: [position] };
  world.disk.put(STATE_PATH, as010(world));
  world.forget();
  await world.restart();
}

Deno.test("what was released before a rollback to 0.1.0 is released after it, by the ledgers, and said", async () => {
  const world = await bought();
  await releasedUnder010(world);
  assertEquals(world.said("Released again, by the ledgers: NVDA").length, 1);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position(), world.changes, new Set(gates(world))], [
    undefined,
    [],
    new Set([LIVE_PASS]),
  ]);
  assertEquals(world.state.released.map(({ symbol }) => symbol), ["NVDA"]);
});

Deno.test("while the archive can't be read, nothing of a document of 0.1.0 is taken over", async () => {
  const world = await bought();
  world.disk.put(
    `${ARCHIVE}/live_orders_2026-11-20.json`,
    buildLedgerText({ ...world.ledger, dateNy: "2026-11-20", entries: [] }),
  );
  world.disk.fault = ({ op, path }) =>
    path.startsWith(ARCHIVE) && ["stat", "lstat", "list", "read"].includes(op) ? "broken" : null;
  await releasedUnder010(world);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([new Set(gates(world)), world.changes], [
    new Set([blocked("archive unreadable")]),
    [],
  ]);
  world.disk.fault = () => null;
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position(), gates(world).at(-1)], [undefined, LIVE_PASS]);
});

Deno.test("a document that is older than the ledger beside it is damaged, kept, and made anew", async () => {
  const world = await bought();
  const old = world.disk.textOf(STATE_PATH) ?? "";
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals(world.held("AAPL"), 10);
  // A copy of yesterday's, put back by hand.
  world.disk.put(STATE_PATH, old);
  world.forget();
  await world.restart();
  await world.cycles(1, MINUTE_MS);
  assertEquals(gates(world), [
    "Gate mode=DRY_RUN status=FAIL reason=invalid configuration (execution_state.json)",
  ]);
  assert(copies(world).includes(old));
  assert(world.said("an older copy was put back").length > 0);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gates(world).at(-1), LIVE_PASS);
  assertEquals(world.state.positions.map(({ symbol }) => symbol).sort(), ["AAPL", "NVDA"]);
  assertEquals([world.buys("AAPL").length, world.state.ledger?.dateNy], [1, TUESDAY]);
});
