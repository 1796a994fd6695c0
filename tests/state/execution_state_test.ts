import * as fc from "fast-check";
import { InvariantError } from "../../src/domain/assert.ts";
import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import type { LiveLedger } from "../../src/domain/order/ledger.ts";
import { StateError, type StatePort } from "../../src/engine/ports.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { createExecutionState } from "../../src/state/execution_state.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { assertState, buildStateText, parseState } from "../../src/state/state_format.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";
import { CrashError, MemoryDisk } from "./memory_disk.ts";
import { withDir } from "./real_disk.ts";
import { buildFate, draws, SIMPLE_LEDGER, STATE_DIR, states } from "./support.ts";

const PATH = `${STATE_DIR}/execution_state.json`;
const ARCHIVE = `${STATE_DIR}/archive`;

const STATE_TEXT = JSON.stringify({
  schema: { major: 1, minor: 2 },
  host: "paper-api.alpaca.markets",
  account_id: "a-1",
  last_cycle_at: "2026-11-23T15:00:00.000Z",
  last_gate: "Gate mode=LIVE status=PASS reason=live trading confirmed",
  intents: [{
    client_order_id: "avwap-2026-11-23-NVDA-x",
    date_ny: "2026-11-23",
    symbol: "NVDA",
    qty: 3,
    pivot: 120.5,
    stop: 115,
    r1: 125,
    r2: 130,
    ref_price: 121,
    b2_start: "2026-11-23T14:40:00.000Z",
    distance_pct: -0.5,
    confirmed_at: "2026-11-23T15:00:00.000Z",
    scheduled_at: "2026-11-23T15:02:00.000Z",
    expires_at: "2026-11-23T15:17:00.000Z",
  }],
  positions: [{
    symbol: "AAPL",
    position_id: "avwap-2026-11-20-AAPL-y",
    adopted_qty: 0,
    beside_qty: 0,
    pivot: 200,
    r1: 205,
    r2: 210,
    stop: 195,
    high_water: 207.25,
    trimmed_r1: true,
    trimmed_r2: false,
    qty: 5,
    cost_basis: 1001.25,
    unexplained_qty: null,
    unexplained_since: null,
    opened_at: "2026-11-20T15:00:00.000Z",
    partial_since: null,
  }],
  released: [{
    symbol: "MSFT",
    position_id: "avwap-2026-11-20-MSFT-y",
    released_at: "2026-11-23T15:00:00.000Z",
  }],
  alerted: { kill_switch: "off" },
  mismatches: SIMPLE_LEDGER.mismatches,
  standings: [{
    symbol: "AAPL",
    position_id: "avwap-2026-11-20-AAPL-y",
    sure_qty: 5,
    doubtful_qty: 0,
    most_held_qty: 5,
    covered_qty: 2,
    gtc_qty: 0,
    is_cover_read: true,
    is_gtc_needed: false,
    bare_qty: 3,
    due: "stop",
    cause: "buy",
    why: "a buy of somebody's rests",
    bare_since: "2026-11-23T14:58:00.000Z",
    due_since: null,
  }],
  unfinished: [{
    position_id: "avwap-2026-11-20-AAPL-y",
    bare: true,
    stop_refused_at: "2026-11-23T14:59:00.000Z",
    spent_hand_stop: 198.5,
    beside_entry_at: null,
    sell_refused_at: { r1_trim: "2026-11-23T14:57:00.000Z" },
  }],
  absences: [{
    what: "order",
    id: "avwap-2026-11-23-AAPL-z",
    process_id: "1764000000000",
    first_ms: 12_000.5,
    last_ms: 22_000.25,
  }],
  date_seen: "2026-11-23",
  day_loss: {
    date_ny: "2026-11-23",
    reached_at: "2026-11-23T14:59:30.000Z",
    result_usd: -512.3,
    limit_usd: 500,
  },
  ledger: JSON.parse(buildLedgerText(SIMPLE_LEDGER)),
  ledger_versions: ["0123456789abcdef"],
});

function buildWorld(content: string | null): { disk: MemoryDisk; state: StatePort } {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  if (content !== null) disk.put(PATH, content);
  return { disk, state: createExecutionState({ fs: disk, stateDir: STATE_DIR }) };
}

function parseOk(text: string): EngineState {
  const parsed = parseState(text);
  if (parsed.kind !== "ok") throw new Error(`${parsed.kind}: ${parsed.message}`);
  return parsed.state;
}

/** The good file with one value put at a path like `positions.0.qty`; `undefined` removes it. */
function change(path: string, value: unknown): string {
  const parts = path.split(".");
  const walk = (node: unknown, depth: number): unknown => {
    if (depth === parts.length) return value;
    const part = parts[depth] ?? "";
    if (Array.isArray(node)) {
      return node.map((each, index) => index === Number(part) ? walk(each, depth + 1) : each);
    }
    const fields = new Map(Object.entries(Object(node)));
    fields.set(part, walk(fields.get(part), depth + 1));
    return Object.fromEntries(fields);
  };
  return JSON.stringify(walk(JSON.parse(STATE_TEXT), 0));
}

Deno.test("parseState() reads every field of the file", () => {
  const state = parseOk(STATE_TEXT);
  assertEquals(state.positions[0], {
    symbol: "AAPL",
    positionId: "avwap-2026-11-20-AAPL-y",
    adoptedQty: 0,
    besideQty: 0,
    pivotUsd: 200,
    r1Usd: 205,
    r2Usd: 210,
    stopUsd: 195,
    highWaterUsd: 207.25,
    isTrimmedR1: true,
    isTrimmedR2: false,
    qty: 5,
    costBasisUsd: 1001.25,
    unexplainedQty: null,
    unexplainedSinceMs: null,
    openedAtMs: Date.UTC(2026, 10, 20, 15),
    partialSinceMs: null,
  });
  assertEquals(state.released, [{
    symbol: "MSFT",
    positionId: "avwap-2026-11-20-MSFT-y",
    releasedAtMs: Date.UTC(2026, 10, 23, 15),
  }]);
  assertEquals(state.absences, [{
    what: "order",
    id: "avwap-2026-11-23-AAPL-z",
    processId: "1764000000000",
    firstMs: 12_000.5,
    lastMs: 22_000.25,
  }]);
  assertEquals(state.dateSeenNy, "2026-11-23");
  assertEquals(state.intents[0]?.scheduledAtMs, Date.UTC(2026, 10, 23, 15, 2));
  assertEquals(state.lastCycleAtMs, Date.UTC(2026, 10, 23, 15));
  assertEquals(JSON.parse(buildStateText(state)), JSON.parse(STATE_TEXT));
});

Deno.test("parseState() gives back every state that buildStateText() wrote", () => {
  fc.assert(
    fc.property(states, (state) => assertEquals(parseOk(buildStateText(state)), state)),
    { numRuns: 500 },
  );
  assertEquals(parseOk(buildStateText(EMPTY_STATE)), EMPTY_STATE);
});

Deno.test("buildStateText() lays a state out as JSON with two blanks, a ledger that was written before too", () => {
  fc.assert(fc.property(states, fc.string(), (state, lastGate) => {
    for (const each of [state, { ...state, lastGate }]) {
      const text = buildStateText(each);
      assertEquals(text, `${JSON.stringify(JSON.parse(text), null, 2)}\n`);
      assertEquals(parseOk(text), each);
    }
  }));
});

Deno.test("parseState() refuses every truncation of a state", () => {
  for (let length = 0; length < STATE_TEXT.length; length++) {
    assertEquals(parseState(STATE_TEXT.slice(0, length)).kind, "damaged");
  }
});

Deno.test("parseState() refuses a changed character or reads every intent and position", () => {
  const changes = fc.record({
    at: fc.nat(STATE_TEXT.length - 1),
    to: fc.constantFrom(...'0123456789-+.eE"{}[]:,nulltrufaseX \\'),
  });
  fc.assert(
    fc.property(changes, ({ at, to }) => {
      const parsed = parseState(STATE_TEXT.slice(0, at) + to + STATE_TEXT.slice(at + 1));
      if (parsed.kind !== "ok") return;
      assertEquals([parsed.state.intents.length, parsed.state.positions.length], [1, 1]);
      const text = buildStateText(parsed.state);
      assertEquals(buildStateText(parseOk(text)), text);
    }),
    { numRuns: 3000 },
  );
});

const DAMAGE: { path: string; value: unknown }[] = [
  { path: "schema", value: undefined },
  { path: "schema", value: 1 },
  { path: "schema.major", value: "1" },
  { path: "schema.minor", value: -1 },
  { path: "mismatches", value: -1 },
  { path: "mismatches", value: 0.5 },
  { path: "mismatches", value: null },
  { path: "schema.minor", value: 0.5 },
  { path: "host", value: undefined },
  { path: "host", value: 5 },
  { path: "account_id", value: false },
  { path: "last_cycle_at", value: 5 },
  { path: "last_cycle_at", value: "soon" },
  { path: "intents", value: {} },
  { path: "intents", value: undefined },
  { path: "intents.0", value: null },
  { path: "intents.0.client_order_id", value: "theirs-1" },
  { path: "intents.0.client_order_id", value: `avwap-${"x".repeat(128)}` },
  { path: "intents.0.date_ny", value: "2026-11-31" },
  { path: "intents.0.symbol", value: "" },
  { path: "intents.0.qty", value: 0 },
  { path: "intents.0.qty", value: 1.5 },
  { path: "intents.0.qty", value: "3" },
  { path: "intents.0.pivot", value: 0 },
  { path: "intents.0.stop", value: -1 },
  { path: "intents.0.r2", value: null },
  { path: "intents.0.distance_pct", value: null },
  { path: "intents.0.expires_at", value: undefined },
  { path: "intents.0.surprise", value: 1 },
  { path: "positions.0.stop", value: 0 },
  { path: "positions", value: null },
  { path: "positions.0.position_id", value: "" },
  { path: "positions.0.adopted_qty", value: -1 },
  { path: "positions.0.stop", value: "195" },
  { path: "positions.0.high_water", value: -1 },
  { path: "positions.0.trimmed_r1", value: "yes" },
  { path: "positions.0.trimmed_r2", value: 1 },
  { path: "positions.0.qty", value: "5" },
  { path: "positions.0.opened_at", value: null },
  { path: "positions.0.surprise", value: 1 },
  { path: "alerted", value: [] },
  { path: "alerted", value: { kill_switch: 1 } },
  { path: "ledger", value: [] },
  { path: "ledger.date_ny", value: "2026-11-31" },
  { path: "ledger.entries.0.notional", value: -1 },
  { path: "ledger_versions", value: [1] },
  { path: "unfinished.0.bare", value: "yes" },
  { path: "unfinished.0.position_id", value: "" },
  { path: "unfinished.0.stop_refused_at", value: "soon" },
  { path: "unfinished.0.spent_hand_stop", value: 0 },
  { path: "unfinished.0.sell_refused_at", value: { stop: "2026-11-23T14:57:00.000Z" } },
  { path: "unfinished.0.surprise", value: 1 },
  { path: "standings", value: null },
  { path: "standings.0.bare_qty", value: -1 },
  { path: "standings.0.due", value: "soon" },
  { path: "standings.0.bare_since", value: "soon" },
  { path: "standings.0.surprise", value: 1 },
  { path: "surprise", value: 1 },
];
for (const { path, value } of DAMAGE) {
  Deno.test(`parseState() refuses ${path} ${JSON.stringify(value) ?? "removed"}`, () => {
    const parsed = parseState(change(path, value));
    assert(parsed.kind === "damaged", parsed.kind);
    assert(!parsed.message.includes("\n"), parsed.message);
  });
}

Deno.test("parseState() refuses numbers beyond all bounds", () => {
  for (const name of ["pivot", "distance_pct", "cost_basis", "high_water"]) {
    const text = STATE_TEXT.replace(new RegExp(`"${name}":[-0-9.]+`), `"${name}":1e999`);
    assertEquals(parseState(text).kind, "damaged", name);
  }
});

Deno.test("parseState() refuses an id of an intent or a position, or a symbol, that is there twice", () => {
  const { intents, positions } = JSON.parse(STATE_TEXT);
  assertEquals(parseState(change("intents", [...intents, ...intents])).kind, "damaged");
  assertEquals(parseState(change("positions", [...positions, ...positions])).kind, "damaged");
  const { unfinished } = JSON.parse(STATE_TEXT);
  assertEquals(parseState(change("unfinished", [...unfinished, ...unfinished])).kind, "damaged");
});

Deno.test("parseState() reads a newer minor version with fields that it does not know", () => {
  const newer = JSON.parse(STATE_TEXT);
  newer.schema.minor = 3;
  newer.added = { a: 1 };
  newer.intents[0].added = true;
  newer.positions[0].added = "x";
  newer.unfinished[0].added = null;
  newer.schema.added = 1;
  assertEquals(parseOk(JSON.stringify(newer)), parseOk(STATE_TEXT));
  newer.positions[0].stop = "195";
  assertEquals(parseState(JSON.stringify(newer)).kind, "damaged", "what it knows is still checked");
});

Deno.test("parseState() reads a file of a release before, which knows no ledger or mismatches", () => {
  const before = JSON.parse(STATE_TEXT);
  before.schema.minor = 1;
  delete before.ledger;
  delete before.ledger_versions;
  before.mismatches = 1;
  const old = { ...parseOk(STATE_TEXT), mismatches: 1, ledger: null, ledgerVersions: [] };
  assertEquals(parseOk(JSON.stringify(before)), old);
  before.schema.minor = 0;
  delete before.mismatches;
  assertEquals(parseOk(JSON.stringify(before)), { ...old, mismatches: 0 });
});

Deno.test("buildStateText() writes schema 1.2, over which release 0.1.0 passes", () => {
  const { schema } = JSON.parse(buildStateText(parseOk(STATE_TEXT)));
  assertEquals(schema, { major: 1, minor: 2 });
});

Deno.test("write() leaves a state that can't be read for a moment, and what it holds", async () => {
  const { disk, state } = buildWorld(STATE_TEXT);
  let failures = 1;
  disk.fault = (step) => step.op === "read" && failures-- > 0 ? "input/output error" : null;
  await assertRejects(() => state.write(EMPTY_STATE), StateError, "input/output error");
  assertEquals([disk.textOf(PATH), disk.namesIn(ARCHIVE)], [STATE_TEXT, []]);
});

Deno.test("parseState() takes an intent of an earlier release's for one whose second bar is as old as it can be", () => {
  const before = JSON.parse(STATE_TEXT);
  before.schema.minor = 1;
  delete before.intents[0].b2_start;
  const [intent] = parseOk(JSON.stringify(before)).intents;
  assertEquals(intent?.b2StartMs, Date.UTC(2026, 10, 23, 14, 39));
});

Deno.test("parseState() calls another major version newer", () => {
  for (const major of [0, 2, 99]) {
    assertEquals(parseState(change("schema.major", major)).kind, "newer");
  }
});

Deno.test("assertState() calls a state that could not be read back a bug", () => {
  const state = parseOk(STATE_TEXT);
  const [intent] = state.intents;
  const [position] = state.positions;
  const [unfinished] = state.unfinished;
  const [absence] = state.absences;
  assert(intent !== undefined && position !== undefined);
  assert(unfinished !== undefined && absence !== undefined);
  const faults: EngineState[] = [
    { ...state, lastCycleAtMs: NaN },
    { ...state, mismatches: NaN },
    { ...state, intents: [{ ...intent, qty: NaN }] },
    { ...state, intents: [{ ...intent, stopUsd: NaN }] },
    { ...state, intents: [{ ...intent, r2Usd: Infinity }] },
    { ...state, intents: [{ ...intent, distancePct: NaN }] },
    { ...state, intents: [{ ...intent, expiresAtMs: Infinity }] },
    { ...state, intents: [intent, intent] },
    { ...state, positions: [position, position] },
    { ...state, unfinished: [...state.unfinished, ...state.unfinished] },
    { ...state, unfinished: [{ ...unfinished, stopRefusedAtMs: NaN }] },
    { ...state, absences: [absence, absence] },
    { ...state, absences: [{ ...absence, lastMs: NaN }] },
    { ...state, dayLoss: { dateNy: "2026-11-23", reachedAtMs: NaN, resultUsd: -1, limitUsd: 1 } },
    { ...state, positions: [{ ...position, stopUsd: NaN }] },
    { ...state, positions: [{ ...position, highWaterUsd: -1 }] },
    { ...state, positions: [{ ...position, adoptedQty: NaN }] },
    { ...state, positions: [{ ...position, qty: Infinity }] },
    { ...state, positions: [{ ...position, openedAtMs: NaN }] },
    { ...state, positions: [{ ...position, partialSinceMs: NaN }] },
  ];
  assertState(state);
  for (const fault of faults) assertThrows(() => assertState(fault), InvariantError);
});

const READS: { when: string; place: (disk: MemoryDisk) => void; kind: string; words: string }[] = [
  { when: "there is no file", place: () => {}, kind: "missing", words: "does not exist" },
  {
    when: "it is a directory",
    place: (disk) => disk.putDir(PATH),
    kind: "unreadable",
    words: "a directory",
  },
  {
    when: "it is a link",
    place: (disk) => {
      disk.put("/good", STATE_TEXT);
      disk.putLink(PATH, "/good");
    },
    kind: "unreadable",
    words: "a symbolic link",
  },
  {
    when: "it is not UTF-8",
    place: (disk) => disk.put(PATH, new Uint8Array([0xc0])),
    kind: "damaged",
    words: "UTF-8",
  },
  {
    when: "it is over 5 MB",
    place: (disk) => disk.put(PATH, STATE_TEXT + " ".repeat(5 * 1024 * 1024)),
    kind: "unreadable",
    words: "too large",
  },
  {
    when: "the disk fails",
    place: (disk) => disk.fault = (step) => step.op === "lstat" ? "input/output error" : null,
    kind: "unreadable",
    words: "input/output error",
  },
  {
    when: "another release wrote it",
    place: (disk) => disk.put(PATH, change("schema.major", 2)),
    kind: "newer",
    words: "run the release that wrote it",
  },
];
for (const { when, place, kind, words } of READS) {
  Deno.test(`the execution state reads as ${kind} when ${when}`, async () => {
    const { disk, state } = buildWorld(null);
    place(disk);
    const read = await state.read();
    assert(read.kind !== "ok");
    assertEquals(read.kind, kind);
    assertStringIncludes(read.message, words);
  });
}

Deno.test("the execution state gives the same object for the same content", async () => {
  const { disk, state } = buildWorld(STATE_TEXT);
  const first = await state.read();
  const again = await state.read();
  assert(first.kind === "ok" && again.kind === "ok");
  assertStrictEquals(again.state, first.state);
  disk.put(PATH, "{");
  assertEquals((await state.read()).kind, "damaged");
});

Deno.test("write() copies a damaged state aside before it is gone, at any crash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), draws, async (crashAtStep, fates) => {
      const { disk, state } = buildWorld("{damaged");
      disk.crashAtStep = crashAtStep;
      let isDone = true;
      await state.write(EMPTY_STATE).catch((error) => {
        if (!(error instanceof CrashError)) throw error;
        isDone = false;
      });
      const after = disk.afterCrash(buildFate(fates));
      const copies = after.namesIn(ARCHIVE).map((name) => after.textOf(`${ARCHIVE}/${name}`));
      assert(after.textOf(PATH) === "{damaged" || copies.includes("{damaged"));
      if (isDone) assertEquals(after.textOf(PATH), buildStateText(EMPTY_STATE));
    }),
    { numRuns: 300 },
  );
});

Deno.test("write() leaves a state of another release alone", async () => {
  const newer = change("schema.major", 2);
  const { disk, state } = buildWorld(newer);
  await assertRejects(() => state.write(EMPTY_STATE), StateError, "format 2");
  assertEquals(disk.textOf(PATH), newer);
});

Deno.test("write() refuses a state that would be too large to read back", async () => {
  const { disk, state } = buildWorld(null);
  const large = { ...EMPTY_STATE, lastGate: "x".repeat(5 * 1024 * 1024) };
  await assertRejects(() => state.write(large), StateError, "larger");
  assertEquals(disk.namesIn(STATE_DIR), []);
});

Deno.test("the execution state works on the real disk, mode 0600", () =>
  withDir(async (dir) => {
    const state = createExecutionState({ fs: createDenoFileSystem(), stateDir: dir });
    assertEquals((await state.read()).kind, "missing");
    await state.write(parseOk(STATE_TEXT));
    const read = await state.read();
    assert(read.kind === "ok");
    assertEquals(read.state, parseOk(STATE_TEXT));
    const info = await Deno.stat(`${dir}/execution_state.json`);
    assertEquals((info.mode ?? 0) & 0o777, 0o600);
  }));

const COPY = `${ARCHIVE}/execution_state_2026-11-23.json`;

/** A document of a day, to be copied. */
function documentOf(dateNy: string): EngineState & { readonly ledger: LiveLedger } {
  return { ...parseOk(STATE_TEXT), ledger: { ...SIMPLE_LEDGER, dateNy } };
}

Deno.test("keepCopy() keeps one copy a day, the last, and readCopy() gives the newest", async () => {
  const { disk, state } = buildWorld(null);
  assertEquals(await state.readCopy(), { kind: "ok", state: null, unusable: [] });
  const monday = documentOf("2026-11-23");
  const tuesday = documentOf("2026-11-24");
  await state.keepCopy({ ...monday, lastGate: null });
  await state.keepCopy(monday);
  await state.keepCopy(tuesday);
  assertEquals(disk.namesIn(ARCHIVE), [
    "execution_state_2026-11-23.json",
    "execution_state_2026-11-24.json",
  ]);
  assertEquals(disk.textOf(COPY), buildStateText(monday));
  assertEquals(await state.readCopy(), { kind: "ok", state: tuesday, unusable: [] });
});

Deno.test("keepCopy() leaves the copy before or the one after, at any crash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), draws, async (crashAtStep, fates) => {
      const { disk, state } = buildWorld(null);
      const before = documentOf("2026-11-23");
      await state.keepCopy(before);
      disk.crashAtStep = disk.steps.length + crashAtStep;
      await state.keepCopy({ ...before, lastGate: null }).catch((error) => {
        if (!(error instanceof CrashError)) throw error;
      });
      const text = disk.afterCrash(buildFate(fates)).textOf(COPY);
      assert([before, { ...before, lastGate: null }].map(buildStateText).includes(text ?? ""));
    }),
    { numRuns: 200 },
  );
});

Deno.test("readCopy() names the copies that are of no use, and takes the newest that is", async () => {
  const { disk, state } = buildWorld(null);
  const monday = documentOf("2026-11-23");
  await state.keepCopy(monday);
  disk.put(`${ARCHIVE}/execution_state_2026-11-24.json`, "{");
  disk.put(`${ARCHIVE}/execution_state_2026-11-25.json`, buildStateText(monday)); // another day's
  const copy = await state.readCopy();
  assert(copy.kind === "ok");
  assertEquals(copy.state, monday);
  assertEquals(copy.unusable.map(({ path }) => /state_(.{10})/.exec(path)?.[1]), [
    "2026-11-25",
    "2026-11-24",
  ]);
});

Deno.test("readCopy() is unreadable, and names the path, where the newest copy can't be read", async () => {
  const { disk, state } = buildWorld(null);
  await state.keepCopy(documentOf("2026-11-20"));
  disk.putDir(COPY);
  const copy = await state.readCopy();
  assert(copy.kind === "unreadable");
  assertEquals(copy.path, COPY);
});
