import type { LiveLedger } from "../../src/domain/order/ledger.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { assert, assertEquals } from "../assert.ts";
import type { FaultRule } from "../simulator/faults.ts";
import {
  at,
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  NVDA,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

const ARCHIVE = `${STATE_DIR}/archive`;
const FRIDAY = "2026-11-20";
const FRIDAY_PATH = `${ARCHIVE}/live_orders_${FRIDAY}.json`;
const STATE_BLOCK = blocked("invalid configuration (execution_state.json)");
const NOT_REBUILT = "is not rebuilt, and nothing is written over";

function blocked(reason: string): string {
  return `Gate mode=DRY_RUN status=FAIL reason=${reason}`;
}

function gates(world: World): string[] {
  return world.said("Gate mode=").map((line) => line.replace(/^info /, ""));
}

/** Makes reads of a path, or of what is under it, fail as a broken disk does. */
function breakDisk(world: World, path: string): void {
  world.disk.fault = ({ op, path: at }) =>
    at.startsWith(path) && ["lstat", "stat", "list", "read"].includes(op)
      ? "input/output error of the device"
      : null;
}

function mendDisk(world: World): void {
  world.disk.fault = () => null;
}

function serverError(path: string, contains = ""): FaultRule {
  return { method: "GET", path, contains, fault: { kind: "status", status: 500 } };
}

/** A LIVE position of today, and a day before it in the archive. */
async function bought(): Promise<World> {
  const world = new World();
  await world.buy();
  world.disk.put(FRIDAY_PATH, buildLedgerText({ ...world.ledger, dateNy: FRIDAY, entries: [] }));
  return world;
}

const unreadable: {
  readonly what: string;
  readonly lost: readonly string[];
  readonly path: string;
  readonly reason: string;
}[] = [
  {
    what: "the ledger, the state lost",
    lost: [STATE_PATH],
    path: LEDGER_PATH,
    reason: "ledger unreadable",
  },
  {
    what: "the archive, the state lost",
    lost: [STATE_PATH],
    path: ARCHIVE,
    reason: "archive unreadable",
  },
  {
    what: "a day of the archive, the state lost",
    lost: [STATE_PATH],
    path: FRIDAY_PATH,
    reason: "archive unreadable",
  },
  {
    what: "the archive, the ledger lost with its records",
    lost: [LEDGER_PATH],
    path: ARCHIVE,
    reason: "archive unreadable",
  },
  {
    what: "the archive, both lost",
    lost: [LEDGER_PATH, STATE_PATH],
    path: ARCHIVE,
    reason: "archive unreadable",
  },
  { what: "the state", lost: [], path: STATE_PATH, reason: "state unreadable" },
  {
    what: "the state, the ledger lost",
    lost: [LEDGER_PATH],
    path: STATE_PATH,
    reason: "state unreadable",
  },
];
for (const { what, lost, path, reason } of unreadable) {
  Deno.test(`unreadable is not missing: ${what}: nothing is rebuilt or written over, and the gate says ${reason}`, async () => {
    const world = await bought();
    const before = world.position();
    if (what.includes("with its records")) await world.loseLedger();
    for (const each of lost) {
      if (world.disk.textOf(each) !== null) await world.disk.remove(each);
    }
    const isStateKept = !lost.includes(STATE_PATH) && path !== STATE_PATH;
    const watched = [LEDGER_PATH, FRIDAY_PATH, ...(isStateKept ? [] : [STATE_PATH])];
    const files = watched.map((each) => world.disk.textOf(each));
    world.forget();
    breakDisk(world, path);
    await world.restart();
    await world.cycles(3, MINUTE_MS);
    // Said again only where it changed.
    assertEquals(new Set(gates(world)), new Set([blocked(`ledger unavailable (${reason})`)]));
    assertEquals(world.changes, []);
    assertEquals(watched.map((each) => world.disk.textOf(each)), files);
    const said = world.said(NOT_REBUILT);
    assert(said.length > 0 && new Set(said).size === said.length, "once per cause and day");
    assert(said.every((line) => line.includes("input/output error")), said.join("\n"));
    mendDisk(world);
    await world.cycles(3, MINUTE_MS);
    assertEquals(gates(world).at(-1), LIVE_PASS);
    const after = world.position();
    const plan = (position: typeof after) => [
      position?.positionId,
      position?.r2Usd,
      position?.stopUsd,
      position?.qty,
      // Neither is known to the broker.
      ...(lost.length === 2 ? [] : [position?.pivotUsd, position?.r1Usd]),
    ];
    assertEquals(plan(after), plan(before));
    assertEquals(world.buys().length, 1);
  });
}

Deno.test("while the state can't be read, what it manages is not called foreign", async () => {
  const world = await bought();
  // No record of the last days has it.
  world.ledger = { ...world.ledger, entries: [] };
  world.goTo(at("10:00:30", "2026-11-24"));
  world.list([]);
  breakDisk(world, STATE_PATH);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position(), world.said("Foreign")], [undefined, []]);
  mendDisk(world);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.said("Foreign"), world.position()?.qty], [[], 10]);
});

for (
  const { how, reason } of [
    { how: "reads again", reason: blocked("ledger unavailable (ledger invalid)") },
    { how: "was moved away", reason: STATE_BLOCK },
  ]
) {
  Deno.test(`what a hand takes out of the ledger while the state can't be read is on record once the state ${how}`, async () => {
    const world = await bought();
    const ids = () => world.ledger.entries.map((entry) => entry.clientOrderId).toSorted();
    const before = ids();
    breakDisk(world, STATE_PATH);
    await world.restart();
    world.putLedgerFile({ ...world.ledger, entries: [] });
    const text = world.disk.textOf(LEDGER_PATH);
    world.forget();
    await world.cycles(2, MINUTE_MS);
    const waits = blocked("ledger unavailable (state unreadable)");
    assertEquals(new Set(gates(world)), new Set([waits]));
    assertEquals([world.disk.textOf(LEDGER_PATH), world.changes], [text, []]);
    mendDisk(world);
    if (how === "was moved away") world.disk.remove(STATE_PATH);
    await world.restart();
    world.forget();
    await world.cycle();
    assertEquals([gates(world), ids(), world.changes], [[reason], before, []]);
  });
}

Deno.test("a state that is lost while the ledger is no JSON is not rebuilt around it", async () => {
  const world = await bought();
  world.disk.remove(STATE_PATH);
  world.disk.put(LEDGER_PATH, new Uint8Array([0xff, 0xfe]));
  await world.restart();
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals(new Set(gates(world)), new Set([blocked("ledger unavailable (ledger unreadable)")]));
  assertEquals([world.disk.textOf(STATE_PATH), world.changes], [null, []]);
  assertEquals(world.said(`execution_state.json ${NOT_REBUILT}`).length, 1);
  assertEquals(world.alerted("ledger rebuild --yes").length, 1);
});

Deno.test("a state that is there and of no use is named, while what it is rebuilt from is waited for", async () => {
  const world = await bought();
  world.disk.put(STATE_PATH, "{");
  await world.restart();
  world.forget();
  breakDisk(world, ARCHIVE);
  await world.cycles(2, MINUTE_MS);
  assertEquals([new Set(gates(world)), world.disk.textOf(STATE_PATH)], [
    new Set([STATE_BLOCK]),
    "{",
  ]);
  assertEquals(world.said(`execution_state.json ${NOT_REBUILT}`).length, 1);
  mendDisk(world);
  await world.cycles(2, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.position()?.r1Usd], [LIVE_PASS, 105]);
});

const failedReads: {
  readonly what: string;
  readonly rule: FaultRule;
  readonly first: string;
  readonly foreign?: boolean;
}[] = [
  {
    what: "positions",
    rule: serverError("/v2/positions"),
    first: "positions unavailable (http)",
  },
  {
    what: "account",
    rule: serverError("/v2/account"),
    first: "ledger unavailable (broker unreachable)",
  },
  {
    what: "orders of the day",
    rule: serverError("/v2/orders", "status=all"),
    first: "ledger unavailable (broker unreachable)",
  },
  {
    what: "open orders",
    rule: serverError("/v2/orders", "status=open"),
    first: "ledger unavailable (broker unreachable)",
  },
  {
    what: "orders of the last 90 days",
    rule: serverError("/v2/orders", "symbols="),
    first: "ledger unavailable (broker unreachable)",
    foreign: true,
  },
];
for (const { what, rule, first, foreign = false } of failedReads) {
  Deno.test(`a first start whose ${what} can't be read waits for them, and names no file that is not there`, async () => {
    const world = new World();
    if (foreign) world.exchange.setPosition("MSFT", 5, 90);
    await world.restart();
    world.setFaults([rule]);
    await world.cycle();
    assertEquals(gates(world), [blocked(first)]);
    assertEquals(world.disk.textOf(STATE_PATH), null);
    assertEquals(world.said(`execution_state.json ${NOT_REBUILT}`).length, 1);
    assert(world.said(NOT_REBUILT)[0]?.includes(what) === true);
    world.setFaults([]);
    await world.cycles(2, 5 * SECOND_MS);
    assertEquals(world.said("invalid configuration (execution_state.json)"), []);
    assertEquals(gates(world).at(-1), LIVE_PASS);
    assert(world.state.host !== null && world.state.accountId !== null);
  });
}

Deno.test("a first start with one failed read of the positions is as one a cycle later", async () => {
  const world = new World();
  await world.restart();
  world.setFaults([serverError("/v2/positions")]);
  await world.cycle();
  world.setFaults([]);
  await world.cycles(1, MINUTE_MS);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gates(world), [
    blocked("positions unavailable (http)"),
    blocked("ledger unavailable (ledger missing)"),
    LIVE_PASS,
  ]);
});

Deno.test("state and ledger carry host and account from their first write on", async () => {
  const world = new World();
  await world.restart();
  world.setFaults([serverError("/v2/account")]);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.disk.textOf(STATE_PATH), world.disk.textOf(LEDGER_PATH)], [null, null]);
  world.setFaults([]);
  await world.cycle();
  const { accountId, host } = world.state;
  assert(accountId !== null && host !== null);
  assertEquals([world.ledger.accountId, world.ledger.host], [accountId, host]);
});

Deno.test("a ledger of the old pipeline is owned by the write that turns it to today", async () => {
  const world = new World();
  world.disk.put(LEDGER_PATH, `{"date_ny":"${FRIDAY}","entries":[]}`);
  const owners: (string | null)[] = [];
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  owners.push(world.ledger.host, world.ledger.accountId);
  assertEquals(world.ledger.dateNy, "2026-11-23");
  assert(owners.every((owner) => owner !== null));
});

/** A day of the account before: a paper account that was reset, for instance. */
function theirArchive(): LiveLedger {
  return {
    dateNy: FRIDAY,
    entries: [],
    host: null,
    accountId: "the-account-before",
    mismatches: 0,
    unknownFields: {},
  };
}

for (const made of ["nothing else", "a ledger made by hand", "ledger and state of this account"]) {
  Deno.test(`another account's archive, and ${made}: blocked under ALPACA_PAPER, with the file named`, async () => {
    const world = new World();
    if (made.startsWith("ledger and")) await world.buy();
    if (made.includes("by hand")) {
      world.disk.put(LEDGER_PATH, '{"date_ny":"2026-11-23","entries":[]}');
    }
    world.disk.put(FRIDAY_PATH, buildLedgerText(theirArchive()));
    const before = [LEDGER_PATH, STATE_PATH].map((path) => world.disk.textOf(path));
    await world.restart();
    await world.cycles(3, 5 * MINUTE_MS);
    assertEquals(gates(world).at(-1), blocked("invalid configuration (ALPACA_PAPER)"));
    assertEquals([LEDGER_PATH, STATE_PATH].map((path) => world.disk.textOf(path)), before);
    const said = world.alerted(`archive/live_orders_${FRIDAY}.json is of another broker host`);
    assert(said.length > 0 && said.every((alert) => alert.level === "ERROR"));
    assertEquals(world.buys().length, before[0] !== null && !made.includes("hand") ? 1 : 0);
    // As the line says.
    world.disk.remove(FRIDAY_PATH);
    world.disk.put(`${FRIDAY_PATH}.old`, buildLedgerText(theirArchive()));
    await world.cycles(3, MINUTE_MS);
    assertEquals(gates(world).at(-1), LIVE_PASS);
  });
}

Deno.test("an archived ledger that is of no use is named once, and keeps nothing waiting", async () => {
  const world = await bought();
  world.disk.put(FRIDAY_PATH, "{");
  world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  assertEquals(gates(world).at(-1), LIVE_PASS);
  assertEquals(world.said("Archived file left out").length, 1);
  assertEquals(world.said("Archived file left out")[0]?.includes(FRIDAY_PATH), true);
});

Deno.test("another account's copy of the records makes none, and is named", async () => {
  const world = await bought();
  const path = `${ARCHIVE}/execution_state_2026-11-23.json`;
  const copy = world.disk.textOf(path) ?? "";
  const { accountId } = world.state;
  world.disk.put(path, copy.replaceAll(accountId ?? "", "the-account-before"));
  world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(gates(world).at(-1), blocked("invalid configuration (ALPACA_PAPER)"));
  assertEquals(world.disk.textOf(STATE_PATH), null);
  const file = "archive/execution_state_2026-11-23.json is of another broker host";
  assertEquals(world.alerted(file).length, 1);
  world.disk.remove(path);
  await world.cycles(2, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.position()?.r1Usd], [LIVE_PASS, 105]);
});

Deno.test("what is waited for is said again at the change, and when it is there", async () => {
  const world = await bought();
  world.disk.remove(STATE_PATH);
  await world.restart();
  world.forget();
  const says = () => world.said(`execution_state.json ${NOT_REBUILT}`).length;
  for (const [fault, count] of [["archive", 1], ["ledger", 2], ["archive", 3]] as const) {
    breakDisk(world, fault === "archive" ? ARCHIVE : LEDGER_PATH);
    await world.cycles(2, MINUTE_MS);
    assertEquals(says(), count, fault);
  }
  mendDisk(world);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.said("execution_state.json: what it waited for is there").length, 1);
});

Deno.test("an order that the newest copy has, and the broker does not list yet, counts in a ledger that is made anew", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  await world.loseLedger();
  await world.restart();
  world.setFaults([{
    method: "GET",
    path: "/v2/orders",
    contains: "status=all",
    fault: { kind: "status", status: 200, body: "[]" },
  }]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gates(world).at(-1), blocked("ledger unavailable (ledger missing)"));
  assertEquals(world.entries().map((entry) => entry.status), ["accepted"]);
});

Deno.test("a rebuilt state that is not durable is none: LIVE stays blocked, and the disk is named", async () => {
  const world = await bought();
  world.disk.remove(STATE_PATH);
  await world.restart();
  world.forget();
  world.disk.fault = ({ op, path }) =>
    op === "open" && path.startsWith(STATE_PATH) ? "no space left on the device" : null;
  await world.cycles(2, MINUTE_MS);
  assertEquals(gates(world).at(-1), blocked("ledger unavailable (state unreadable)"));
  assertEquals([world.disk.textOf(STATE_PATH), world.changes], [null, []]);
  assertEquals(world.said(`execution_state.json ${NOT_REBUILT}`).length, 1);
  mendDisk(world);
  await world.cycles(2, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.position()?.r1Usd], [LIVE_PASS, 105]);
});

Deno.test("before the account is known, nothing of the archive is taken for a position", async () => {
  const before = await bought();
  const world = new World({ rows: [] });
  world.exchange.setPosition("NVDA", 10, 100);
  const other = { ...before.ledger, dateNy: FRIDAY, accountId: "other" };
  world.disk.put(FRIDAY_PATH, buildLedgerText(other));
  world.disk.put(LEDGER_PATH, '{"date_ny":"2026-11-23","entries":[]}');
  await world.restart();
  world.setFaults([serverError("/v2/account")]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.position(), undefined);
  world.setFaults([]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gates(world).at(-1), blocked("invalid configuration (ALPACA_PAPER)"));
  assertEquals([world.position(), world.changes], [undefined, []]);
});
