import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { makeLinks } from "../state/real_disk.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { runRemedy } from "./remedy.ts";

const START_MS = sampleOpenMs() + 40 * 60_000;
const AT_ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const TOKEN = "token-of-the-remedy-test";
const LIVE = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
const LIVE_PASS = "Gate mode=LIVE status=PASS reason=live trading confirmed";
const FRIDAY = "archive/live_orders_2026-11-20.json";
const COPY = "archive/execution_state_2026-11-23.json";

interface Shape {
  readonly what: string;
  readonly make: (path: string) => Promise<void>;
}

async function clear(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true });
}

/** What may stand in a record's place. */
const SHAPES = {
  directory: {
    what: "a directory",
    make: async (path) => {
      await clear(path);
      await Deno.mkdir(path);
    },
  },
  fullDirectory: {
    what: "a directory with a file in it",
    make: async (path) => {
      await clear(path);
      await Deno.mkdir(path);
      await Deno.writeTextFile(`${path}/x`, "1");
    },
  },
  link: {
    what: "a link to what it was",
    make: async (path) => {
      await Deno.rename(path, `${path}.real`);
      await makeLinks({ [path]: `${path}.real` });
    },
  },
  brokenLink: {
    what: "a link to nothing",
    make: async (path) => {
      await clear(path);
      await makeLinks({ [path]: "/nowhere/at/all" });
    },
  },
  large: {
    what: "6 MB",
    make: (path) => Deno.writeFile(path, new Uint8Array(6_000_000)),
  },
  notUtf8: {
    what: "no UTF-8",
    make: (path) => Deno.writeFile(path, new Uint8Array([0xff, 0xfe])),
  },
  empty: { what: "empty", make: (path) => Deno.writeTextFile(path, "") },
} satisfies Readonly<Record<string, Shape>>;

/** Of a day that has not come. */
const FUTURE: Shape = {
  what: "of a day still to come",
  make: (path) => Deno.writeTextFile(path, '{"date_ny":"2026-11-24","entries":[]}'),
};

const UNREADABLE: readonly Shape[] = [
  SHAPES.directory,
  SHAPES.fullDirectory,
  SHAPES.link,
  SHAPES.brokenLink,
  SHAPES.large,
];

interface Case extends Shape {
  readonly record: string;
  readonly item: string;
  readonly reason: string;
  /** What is lost beside it, so that the record is needed. */
  readonly lost?: string;
}

const CASES: readonly Case[] = [
  ...[...UNREADABLE, SHAPES.notUtf8, SHAPES.empty].map((shape) => ({
    ...shape,
    record: "live_orders_today.json",
    item: "live ledger",
    reason: "ledger unavailable (ledger unreadable)",
  })),
  {
    what: "changed by another hand",
    make: async (path) => {
      const ledger = JSON.parse(await Deno.readTextFile(path));
      ledger.entries[0].notional = 1;
      await Deno.writeTextFile(path, JSON.stringify(ledger));
    },
    record: "live_orders_today.json",
    item: "live ledger",
    reason: "ledger unavailable (ledger invalid)",
  },
  {
    ...FUTURE,
    record: "live_orders_today.json",
    item: "live ledger",
    reason: "ledger unavailable (ledger invalid)",
  },
  ...UNREADABLE.map((shape) => ({
    ...shape,
    record: "execution_state.json",
    item: "engine state",
    reason: "ledger unavailable (state unreadable)",
  })),
  ...[FRIDAY, COPY].flatMap((record) =>
    [SHAPES.directory, SHAPES.link].map((shape) => ({
      ...shape,
      record,
      item: "archive",
      reason: "ledger unavailable (archive unreadable)",
      lost: "execution_state.json",
    }))
  ),
];

/** A LIVE day with an order in its ledger, and a day in its archive. */
function withRecords(act: (program: SimulatedProgram) => Promise<void>) {
  return withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const { stateDir } = program;
    await Deno.mkdir(`${stateDir}/archive`, { recursive: true });
    await Deno.writeTextFile(`${stateDir}/live_confirm_token.txt`, TOKEN);
    await Deno.writeTextFile(`${stateDir}/${FRIDAY}`, '{"date_ny":"2026-11-20","entries":[]}');
    for (let run = 0; run < 2; run++) await program.run(AT_ONCE, LIVE);
    program.simulator.advanceTo(program.simulator.nowMs() + 5_000);
    await act(program);
  });
}

interface Item {
  readonly name: string;
  readonly grade: string;
  readonly detail: string;
  readonly remedy: { readonly kind: string; readonly text: string } | null;
}

async function readItem(program: SimulatedProgram, name: string): Promise<Item> {
  const { lines } = await program.run(["check", "--json"], LIVE);
  const { items }: { items: Item[] } = JSON.parse(lines.join("\n"));
  const found = items.find((item) => item.name === name);
  assert(found !== undefined, name);
  return found;
}

async function gateOf(program: SimulatedProgram): Promise<string> {
  const { lines } = await program.run(AT_ONCE, LIVE);
  const line = lines.find((each) => each.includes("Gate mode="));
  return line?.slice(line.indexOf("Gate mode=")) ?? "";
}

for (const { record, what, make, item, reason, lost } of CASES) {
  const beside = lost === undefined ? "" : `, and ${lost} is lost`;
  Deno.test(`${record} is ${what}${beside}: the remedy that check names makes the next run pass the gate`, () =>
    withRecords(async (program) => {
      const path = `${program.stateDir}/${record}`;
      await make(path);
      if (lost !== undefined) await Deno.remove(`${program.stateDir}/${lost}`);
      const found = await readItem(program, item);
      assertEquals([found.grade, found.remedy?.kind], ["FAIL", "command"]);
      const mode = await readItem(program, "mode");
      assertStringIncludes(mode.detail, reason);
      const blocked = `Gate mode=DRY_RUN status=FAIL reason=${reason}`;
      assertEquals(await gateOf(program), blocked);
      await runRemedy(program, found.remedy?.text ?? "", LIVE);
      // What was lost beside it is rebuilt in a cycle that is blocked for it.
      if (lost !== undefined) await gateOf(program);
      assertEquals(await gateOf(program), LIVE_PASS);
      const { lines } = await program.run(["ledger", "show"], LIVE);
      assertEquals(lines.filter((line) => line.includes("NVDA")).length, 1);
    }));
}

Deno.test("a ledger and the archive that can't be read: the remedies of check, in its order, pass the gate", () =>
  withRecords(async (program) => {
    await SHAPES.directory.make(`${program.stateDir}/live_orders_today.json`);
    await SHAPES.directory.make(`${program.stateDir}/${FRIDAY}`);
    const ledger = await readItem(program, "live ledger");
    await runRemedy(program, ledger.remedy?.text ?? "", LIVE);
    assertEquals((await readItem(program, "archive")).grade, "PASS");
    assertEquals(await gateOf(program), LIVE_PASS);
  }));

Deno.test("the remedy for a state works again where an earlier one left something under its name", () =>
  withRecords(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    for (const shape of [SHAPES.large, SHAPES.directory, SHAPES.large]) {
      await shape.make(path);
      const { remedy } = await readItem(program, "engine state");
      await runRemedy(program, remedy?.text ?? "", LIVE);
      assertEquals(await gateOf(program), LIVE_PASS, shape.what);
    }
    const kept = [...Deno.readDirSync(program.stateDir)].map(({ name }) => name)
      .filter((name) => name.startsWith("execution_state.json.old"));
    assertEquals(kept.length, 3);
  }));

Deno.test("ledger rebuild says what it could only move away, and keeps what was in it", () =>
  withRecords(async (program) => {
    await SHAPES.fullDirectory.make(`${program.stateDir}/live_orders_today.json`);
    const { status, lines } = await program.run(["ledger", "rebuild", "--yes"], LIVE);
    assertEquals(status, 0);
    const said = lines.find((line) => line.includes("moved away whole")) ?? "";
    const kept = said.slice(said.indexOf("/"));
    assertEquals(await Deno.readTextFile(`${kept}/x`), "1");
  }));

Deno.test("ledger rebuild names an archive that can't be read, and makes nothing without it", () =>
  withRecords(async (program) => {
    // The document is a record of the day's orders too.
    for (const name of ["live_orders_today.json", "execution_state.json"]) {
      await Deno.remove(`${program.stateDir}/${name}`);
    }
    await SHAPES.directory.make(`${program.stateDir}/${FRIDAY}`);
    const { status, error } = await program.run(["ledger", "rebuild", "--yes"], LIVE);
    assertEquals(status, 78);
    assertStringIncludes(error, FRIDAY);
    const item = await readItem(program, "archive");
    await runRemedy(program, item.remedy?.text ?? "", LIVE);
    assertEquals((await program.run(["ledger", "rebuild", "--yes"], LIVE)).status, 0);
  }));

Deno.test("another account's archive is named by check and by ledger rebuild", () =>
  withRecords(async (program) => {
    await Deno.writeTextFile(
      `${program.stateDir}/${FRIDAY}`,
      '{"date_ny":"2026-11-20","account_id":"the-account-before","entries":[]}',
    );
    assertEquals(
      await gateOf(program),
      "Gate mode=DRY_RUN status=FAIL reason=invalid configuration (ALPACA_PAPER)",
    );
    const item = await readItem(program, "endpoint");
    assertEquals(item.grade, "FAIL");
    assertStringIncludes(item.detail, FRIDAY);
    const rebuilt = await program.run(["ledger", "rebuild", "--yes"], LIVE);
    assertEquals(rebuilt.status, 78);
    assertStringIncludes(rebuilt.error, FRIDAY);
  }));
