import { assert, assertEquals, assertGreaterOrEqual, assertMatch } from "../assert.ts";
import { SimDisk } from "./disk.ts";
import { buildGapTimes, Gaps } from "./gaps.ts";
import { mutate, runMutation, withBug } from "./mutate.ts";
import { MUTATIONS } from "./mutations.ts";
import { TESTED_BUGS } from "./tested_bugs.ts";
import { Prng } from "./prng.ts";
import {
  addResult,
  buildTotals,
  formatFailure,
  formatReplay,
  formatTotals,
  type Totals,
} from "./report.ts";
import { runSeed, type SeedResult } from "./run.ts";
import { readCoverage } from "./truth.ts";
import { LEDGER_PATH, STATE_PATH, TOKEN_PATH, World } from "./world.ts";
import { nyDateAt } from "../simulator/sessions.ts";

const ROOT = new URL("../../", import.meta.url);
/** The seeds of every test run: more than 2,000 days. */
const SEEDS = 1_240;
const DAYS_MIN = 2_000;
const WORKERS = 2;

/** Runs seeds on another core until there are no more. */
async function runOn(seeds: Iterator<number>, take: (result: SeedResult) => void) {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      const runNext = () => {
        const next = seeds.next();
        if (next.done === true) resolve();
        else worker.postMessage(next.value);
      };
      worker.onmessage = (event: MessageEvent<SeedResult>) => {
        take(event.data);
        runNext();
      };
      runNext();
    });
  } finally {
    worker.terminate();
  }
}

async function runAll(): Promise<{ totals: Totals; failures: SeedResult[] }> {
  const totals = buildTotals();
  const failures: SeedResult[] = [];
  const take = (result: SeedResult) => {
    addResult(totals, result);
    if (result.violation !== null) failures.push(result);
  };
  // One seed may cost as much as a hundred others: who is free takes the next.
  const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1).values();
  await Promise.all(Array.from({ length: WORKERS }, () => runOn(seeds, take)));
  return { totals, failures };
}

Deno.test("the engine keeps its promises through 2,000 days of faults", async () => {
  const { totals, failures } = await runAll();
  const first = failures.sort((a, b) => a.seed - b.seed)[0];
  assertEquals(failures.length, 0, first === undefined ? "" : formatFailure(first));
  assertGreaterOrEqual(totals.days, DAYS_MIN);
  // A simulation in which nothing happens would keep every promise.
  const least: [string, number][] = [
    ["crashes", 300],
    ["closes checked", 200],
    ["gate LIVE", 20_000],
    ["order entry filled", 1_000],
    ["order r1_trim filled", 400],
    ["order r2_trim filled", 200],
    ["order stop filled", 300],
    ["order stop replaced", 1_000],
    ["partial fills", 200],
    ["cancels stuck", 20],
    ["cancels filled", 20],
    ["trouble: net lost_after", 100],
    ["trouble: net delay", 100],
    ["trouble: operator kill", 100],
    ["trouble: account split", 20],
    // Of each day and trade: status, Slack, summary, the report's page, period, JSON and CSV are one number.
    ["day results compared", 500],
    ["trade results compared", 400],
    ["messages of a trade's end compared", 500],
    ["summaries held against what left for Slack", 50],
    ["trade results held against the exchange's books", 100],
  ];
  for (const [what, count] of least) {
    assertGreaterOrEqual(totals.counts.get(what) ?? 0, count, what);
  }
});

Deno.test("a seed takes the same steps every time", async () => {
  for (const seed of [4, 12, 77]) {
    const first = await runSeed(seed);
    const second = await runSeed(seed);
    assertEquals(second.hash, first.hash, `seed ${seed}`);
    assertEquals(second.counts, first.counts, `seed ${seed}`);
  }
});

Deno.test("two seeds take different steps", async () => {
  const [first, second] = [await runSeed(5), await runSeed(6)];
  assert(first.hash !== second.hash);
});

Deno.test("formatFailure() names the seed, the promise, and the one command that replays it", () => {
  const text = formatFailure({
    seed: 17,
    days: 1,
    violation: { invariant: "never short", detail: "AAA -3" },
    hash: "0",
    trace: ["a step"],
    counts: {},
    gaps: buildGapTimes(),
  });
  for (const part of ["a step", "seed 17 breaks: never short", "AAA -3", formatReplay(17)]) {
    assert(text.includes(part), part);
  }
  assertMatch(formatReplay(17), /^deno task simulate --days 1 --seed 17$/);
});

Deno.test("formatTotals() says how long shares were without a stop by each cause: p50, p99 and the longest", () => {
  const totals = buildTotals();
  totals.gapsMs["broker away"].push(...Array.from({ length: 100 }, (_, at) => (at + 1) * 10));
  totals.gapsMs["our own sequence"].push(7, 90);
  const text = formatTotals(totals, { failures: 0, seconds: 1 });
  for (
    const line of [
      "without a stop, undisturbed: 0, p50 0 ms, p99 0 ms, max 0 ms",
      "without a stop, broker's refusal: 0, p50 0 ms, p99 0 ms, max 0 ms",
      "without a stop, broker away: 100, p50 500 ms, p99 990 ms, max 1000 ms",
      "without a stop, operator's switch: 0, p50 0 ms, p99 0 ms, max 0 ms",
      "without a stop, our own sequence: 2, p50 7 ms, p99 90 ms, max 90 ms",
    ]
  ) assert(text.includes(line), `${line}\n${text}`);
});

Deno.test("SimDisk.crash() takes what was not synced, and nothing that was", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const world = new World(1);
    world.isDead = false;
    const disk = new SimDisk(world);
    disk.put("/state/keep", "kept");
    const file = await disk.open("/state/new", { kind: "create" });
    await file.write(new TextEncoder().encode("12345"));
    await file.sync();
    await file.write(new TextEncoder().encode("67890"));
    if (seed % 2 === 0) await disk.syncDir("/state");
    disk.crash(new Prng(seed));
    assertEquals(new TextDecoder().decode(disk.bytesOf("/state/keep") ?? undefined), "kept");
    const left = disk.bytesOf("/state/new");
    if (seed % 2 === 0) assert(left !== null, "a synced name stays");
    if (left !== null) assertMatch(new TextDecoder().decode(left), /^12345(6|67|678|6789|67890)?$/);
  }
});

Deno.test("readCoverage() counts whole shares only: a part of one has no stop", () => {
  const world = new World(1);
  for (const [qty, heldQty] of [[0.5, 0], [18.5, 18], [18, 18], [-2, -2]] as const) {
    world.exchange.setPosition("AAA", qty, 190);
    assertEquals(readCoverage(world, "AAA").heldQty, heldQty, `${qty}`);
  }
});

Deno.test("a symbol that is strange for good stays so when it was hidden and is shown again", () => {
  const world = new World(1);
  world.markHidden("AAA");
  world.markStrange("BBB");
  world.markHidden("BBB");
  world.markHidden("CCC");
  world.markStrange("CCC");
  world.showHidden();
  assertEquals([...world.strange].sort(), ["BBB", "CCC"]);
});

Deno.test("Gaps lays a stop that rests without trading on the broker, a buy beside the shares on somebody else", () => {
  const times = (sleeping: boolean, buying: boolean) => {
    const world = new World(1);
    world.settings = { LIVE_TRADING: "true", LIVE_CONFIRM_TOKEN: "token" };
    world.disk.put(TOKEN_PATH, "token");
    const { exchange } = world;
    exchange.setPosition("AAA", 10, 190);
    const order = { symbol: "AAA", time_in_force: "gtc", client_order_id: "hand" };
    const stop = { ...order, side: "sell", type: "stop", qty: "10", stop_price: "0.5" };
    const buy = { ...order, side: "buy", type: "limit", qty: "3", limit_price: "0.5" };
    if (sleeping || buying) assertEquals(exchange.placeByHand(sleeping ? stop : buy).status, 200);
    exchange.advanceTo(world.trueMs + 1_000);
    const placed = exchange.orders.at(-1);
    if (sleeping && placed !== undefined) {
      exchange.desk.beginSpell(placed, { status: "suspended", ms: Infinity, then: "resumes" });
    }
    const gaps = new Gaps(world);
    gaps.watch(new Set(), ["AAA"]);
    gaps.ended();
    return Object.entries(gaps.times).flatMap(([cause, each]) => each.length > 0 ? [cause] : []);
  };
  assertEquals(times(true, false), ["broker's refusal"]);
  assertEquals(times(false, true), ["somebody else"]);
  assertEquals(times(false, false), ["our own sequence"]);
});

/** Ten bare shares of a managed position, as a cycle's end finds them; the session is open, LIVE is wanted. */
function bareWorld(): World {
  const world = new World(1);
  world.settings = { LIVE_TRADING: "true", LIVE_CONFIRM_TOKEN: "token" };
  world.disk.put(TOKEN_PATH, "token");
  world.exchange.setPosition("AAA", 10, 190);
  return world;
}

function listCauses(gaps: Gaps): string[] {
  gaps.ended();
  return Object.entries(gaps.times).flatMap(([cause, each]) => each.length > 0 ? [cause] : []);
}

Deno.test("Gaps lays what a locked ledger keeps bare on the other engine that locked it", () => {
  const world = bareWorld();
  const ledger = { date_ny: nyDateAt(world.trueMs), entries: [], mismatches: 2 };
  world.disk.put(LEDGER_PATH, JSON.stringify(ledger));
  const gaps = new Gaps(world);
  gaps.watch(new Set(), ["AAA"]);
  assertEquals(listCauses(gaps), ["somebody else"]);
});

for (
  const { kind, place, path } of [
    { kind: "dir", place: "ledger", path: LEDGER_PATH },
    { kind: "symlink", place: "ledger", path: LEDGER_PATH },
    { kind: "dir", place: "document", path: STATE_PATH },
    { kind: "symlink", place: "document", path: STATE_PATH },
  ] as const
) {
  Deno.test(`Gaps lays what is bare while a ${kind} is in the ${place}'s place on who put it there`, () => {
    const world = bareWorld();
    world.disk.putOther(path, kind);
    const gaps = new Gaps(world);
    gaps.watch(new Set(), ["AAA"]);
    world.advance(60 * 60_000);
    gaps.watch(new Set(), ["AAA"]);
    assertEquals([world.violations, listCauses(gaps)], [[], ["somebody else"]]);
  });
}

for (
  const { what, ledger, state, isKept } of [
    { what: "another account's records", ledger: "other", state: "other", isKept: true },
    { what: "another's state beside no ledger", ledger: null, state: "other", isKept: true },
    { what: "this account's records", ledger: "own", state: "own", isKept: false },
    { what: "this account's state beside no ledger", ledger: null, state: "own", isKept: false },
    { what: "records that name no account", ledger: null, state: null, isKept: false },
  ]
) {
  Deno.test(`Gaps lays what is bare with ${what} on ${isKept ? "the operator" : "us"}, long after the start`, () => {
    const world = bareWorld();
    const name = (owner: string | null) =>
      owner === null ? {} : { account_id: owner === "own" ? world.exchange.accountId : owner };
    if (ledger !== null) world.disk.put(LEDGER_PATH, JSON.stringify(name(ledger)));
    world.disk.put(STATE_PATH, JSON.stringify(name(state)));
    const gaps = new Gaps(world);
    gaps.disturbed("operator restarts with another account");
    gaps.restarted();
    world.advance(60 * 60_000);
    gaps.watch(new Set(), ["AAA"]);
    world.advance(60 * 60_000);
    gaps.watch(new Set(), ["AAA"]);
    const broken = world.violations.map(({ invariant }) => invariant);
    assertEquals(broken, isKept ? [] : ["the time without a stop is bounded"]);
    assertEquals(listCauses(gaps), [isKept ? "operator's switch" : "our own sequence"]);
  });
}

for (
  const { afterMs, cancelled, cause } of [
    { afterMs: 50_000, cancelled: [], cause: "operator's switch" },
    { afterMs: 90_000, cancelled: [], cause: "our own sequence" },
    { afterMs: 15_000, cancelled: ["AAA"], cause: "operator's switch" },
  ]
) {
  const what = cancelled.length > 0 ? "an exit left bare" : "an entry's parts left bare";
  Deno.test(`Gaps lays what ${what} on ${cause} where that came ${afterMs / 1000} s later`, () => {
    const world = bareWorld();
    const gaps = new Gaps(world);
    gaps.watch(new Set(cancelled), ["AAA"]);
    world.advance(afterMs);
    gaps.disturbed("operator token changed");
    assertEquals(listCauses(gaps), [cause]);
  });
}

Deno.test("World.isOwned() counts what somebody buys after the engine's shares are sold as his", () => {
  const world = new World(1);
  const { exchange } = world;
  world.advance(exchange.sessions.nextOpenMs(world.trueMs) + 60_000 - world.trueMs);
  exchange.advanceTo(world.trueMs);
  const trade = (side: string, qty: number, id: string) => {
    const order = { symbol: "AAA", type: "market", time_in_force: "day", client_order_id: id };
    assertEquals(exchange.placeByHand({ ...order, side, qty: `${qty}` }).status, 200);
    world.advance(60_000);
    exchange.advanceTo(world.trueMs);
    return world.isOwned("AAA");
  };
  assertEquals(trade("buy", 10, "avwap-2026-01-05-AAA-1"), true);
  assertEquals(trade("buy", 3, "hand-1"), true);
  assertEquals(trade("sell", 10, "avwap-2026-01-05-AAA-1-stop_exit-1"), true);
  assertEquals(trade("sell", 3, "hand-2"), false);
  assertEquals(trade("buy", 5, "hand-3"), false);
  assertEquals(trade("buy", 7, "avwap-2026-01-05-AAA-2"), true);
});

Deno.test("readCoverage() takes a good-till-canceled stop that is done for the day for the night's, not for this session's", () => {
  const world = bareWorld();
  const stop = { symbol: "AAA", side: "sell", type: "stop", qty: "10", stop_price: "0.5" };
  const rest = (timeInForce: string) => {
    const order = { ...stop, time_in_force: timeInForce, client_order_id: `avwap-${timeInForce}` };
    assertEquals(world.exchange.placeByHand(order).status, 200);
    world.exchange.advanceTo(world.trueMs += 1_000);
    const placed = world.exchange.orders.at(-1);
    assert(placed !== undefined);
    const spell = { status: "done_for_day", ms: Infinity, then: "resumes" } as const;
    world.exchange.desk.beginSpell(placed, spell);
    const { coveredQty, gtcQty } = readCoverage(world, "AAA");
    world.exchange.desk.cancel(placed);
    world.exchange.advanceTo(world.trueMs += 1_000);
    return [coveredQty, gtcQty];
  };
  assertEquals([rest("gtc"), rest("day")], [[0, 10], [0, 0]]);
});

Deno.test("every mutation's text is in the source exactly once", async () => {
  for (const mutation of [...MUTATIONS, ...TESTED_BUGS]) {
    for (const { file } of mutation.edits) {
      const text = await Deno.readTextFile(new URL(file, ROOT));
      assert(mutate(text, mutation, file) !== text, mutation.name);
    }
  }
  for (const issue of [3, 4]) {
    const count = MUTATIONS.filter((mutation) => mutation.issue === issue).length;
    assertGreaterOrEqual(count, 10, `issue ${issue}`);
  }
});

/** Caught within a few seeds: all of them are `deno task mutations`. */
const FAST = [
  "the entry leaves before its record",
  "the directory is not synced after a rename",
  "the caps count fills",
  "the sell leaves before the cancel is final",
  "the stop for the rest is not on record first",
  "day legs are left to die with the day",
];

for (const name of FAST) {
  Deno.test(`the simulation catches that ${name}`, async () => {
    const mutation = MUTATIONS.find((each) => each.name === name);
    assert(mutation !== undefined);
    const { caught, output } = await runMutation(ROOT, mutation);
    assert(caught !== null, output.slice(-400));
  });
}

Deno.test("runMutation() takes no alarm for a catch that the source raises without the bug too", async () => {
  const broken = MUTATIONS.find((each) => each.name === "the caps count fills");
  assert(broken !== undefined);
  const harmless = { ...broken, edits: [] };
  const { caught, falseAlarms } = await withBug(
    ROOT,
    broken,
    (copy) => runMutation(new URL(`file://${copy}/`), harmless),
  );
  assertEquals(caught, null);
  assertEquals(falseAlarms.length, 3);
});
