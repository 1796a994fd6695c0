import { EXIT } from "../../src/cli/exit_status.ts";
import { COMMANDS } from "../../src/cli/program.ts";
import { ALERT_TITLES } from "../../src/domain/alert/alert_titles.ts";
import { formatVerdict } from "../../src/domain/gate/caps.ts";
import { formatDryRunExit } from "../../src/domain/exit/decide_exit.ts";
import { formatGateLines, formatGateMode } from "../../src/domain/gate/gate.ts";
import { usdToMicros } from "../../src/domain/order/money.ts";
import { SKIP } from "../../src/domain/entry/skip_reason.ts";
import { assert, assertEquals } from "../assert.ts";
import {
  ANY,
  cutSection,
  fits,
  flatten,
  listHeadings,
  listItems,
  listRows,
  readCode,
} from "./page.ts";
import {
  listEvents,
  listFileNames,
  listLevelLines,
  listLogLines,
  listUnion,
  readSources,
} from "./source_tables.ts";
import { readText } from "./texts.ts";

const PAGE = await readText("deploy/REFERENCE.md");
const SOURCES = await readSources();

function listNames(heading: string): string[] {
  return listRows(cutSection(PAGE, heading)).map(([cell = ""]) => readCode(cell));
}

function readSource(path: string): string {
  return SOURCES.find((source) => source.path === path)?.text ?? "";
}

/** Tells the two apart by name, where lists of a hundred would only say that they differ. */
function assertSame(inReference: readonly string[], inProgram: readonly string[]): void {
  assert(inProgram.length > 0);
  assertEquals(inReference.filter((each) => !inProgram.includes(each)), [], "not in the program");
  assertEquals(inProgram.filter((each) => !inReference.includes(each)), [], "not in the reference");
  assertEquals(new Set(inReference).size, inReference.length, "twice in the reference");
}

Deno.test("the reference has each command with its description, options and statuses", () => {
  const section = cutSection(PAGE, "Commands");
  const titles = COMMANDS.map(({ name, argument }) =>
    argument === undefined ? `\`${name}\`` : `\`${name} ${argument}\``
  );
  assertSame(listHeadings(section), titles);
  for (const [index, { description, options, statuses }] of COMMANDS.entries()) {
    const text = cutSection(PAGE, titles[index] ?? "");
    const [said = ""] = text.split(/^(?:- |Exit status:)/m);
    assertEquals(flatten(said), flatten(description), titles[index]);
    const items = listItems(text).map(flatten);
    const written = options.map(({ name, valueName, help }) =>
      flatten(`\`--${name}${valueName === null ? "" : ` ${valueName}`}\`: ${help}`)
    );
    const ended = Object.entries(statuses).map(([status, means]) => `\`${status}\`: ${means}`);
    assertEquals(items, [...written, ...ended], titles[index]);
  }
});

Deno.test("the reference has each exit status", () => {
  const [statuses = ""] = cutSection(PAGE, "Commands").split(/^###/m);
  const rows = listRows(statuses).map(([status = ""]) => status);
  assertSame(rows, [...new Set(Object.values(EXIT))].map(String));
});

Deno.test("the reference has each file of the state directory, and no other", () => {
  const rows = listRows(cutSection(PAGE, "Files")).map(([cell = ""]) => readCode(cell));
  const written = rows.map((name) => name.slice(name.lastIndexOf("/") + 1));
  const shapes = [...listFileNames(SOURCES)].map((name) => name.slice(name.lastIndexOf("/") + 1));
  assertEquals(written.filter((name) => !shapes.some((shape) => fits(name, shape))), []);
  assertEquals(shapes.filter((shape) => !written.some((name) => fits(name, shape))), []);
});

Deno.test("the reference has each reason of the gate", () => {
  const gate = readSource("src/domain/gate/gate.ts");
  const ledger = readSource("src/domain/order/ledger.ts");
  const plain = /REASON_TEXT = \{([^}]+)\}/.exec(gate)?.[1] ?? "";
  const problems = /LEDGER_PROBLEMS = \[([^\]]+)\]/.exec(ledger)?.[1] ?? "";
  const listTexts = (text: string) => [...text.matchAll(/"([^"]+)"/g)].map(([, each = ""]) => each);
  assertSame(listNames("Why not LIVE"), [
    ...listTexts(plain),
    "kill switch active (env)",
    "kill switch active (file)",
    `invalid configuration (${ANY})`,
    ...listTexts(problems).map((problem) => `ledger unavailable (${problem})`),
    ...listUnion(readSource("src/domain/order/order_request.ts"), "ReadFailure").map((failure) =>
      `positions unavailable (${failure})`
    ),
  ]);
});

Deno.test("the reference has each reason of a denial and of a skip", () => {
  const [denials = "", skips = ""] = cutSection(PAGE, "Why not this entry").split("\n`SKIP");
  const readNames = (text: string) => listRows(text).map(([cell = ""]) => readCode(cell));
  assertSame(readNames(denials), listUnion(readSource("src/domain/gate/caps.ts"), "DenyReason"));
  assertSame(readNames(skips), Object.values(SKIP));
  const others = SOURCES.filter(({ text }) => /\bskip(?:Once)?\(engine,[^;]*"[^;]*\);/.test(text));
  assertEquals(others.map(({ path }) => path), [], "a reason that is not in the table");
});

/** What is logged by way of a function, as it is said of one order. */
const COMPUTED_LINES = [
  ...formatGateLines(
    { mode: "DRY_RUN", reason: { code: "dry_run_enabled" } },
    { caps: null, allowlist: { kind: "all" } },
  ).slice(1, 2),
  "Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.0)",
  formatGateMode({ mode: "DRY_RUN", reason: { code: "dry_run_enabled" } }),
  formatGateMode({
    mode: "LIVE",
    allowlist: { kind: "all" },
    caps: { ordersPerDay: 5, positions: 5, grossNotionalUsd: 5000, notionalPerSymbolUsd: 1000 },
  }),
  formatVerdict("NVDA", { kind: "allowed", notionalMicros: usdToMicros(1) }),
  formatVerdict("NVDA", { kind: "denied", reason: "allowlist blocked", detail: "" }),
  formatDryRunExit("NVDA", "r1_trim", 3),
  formatDryRunExit("NVDA", "stop_exit", 3),
];

Deno.test("the reference has each line that is logged without a level", () => {
  const { shapes, computed } = listLogLines(SOURCES);
  const [plain = ""] = cutSection(PAGE, "Log lines").split(/^###/m);
  const rows = listRows(plain).map(([cell = ""]) => readCode(cell));
  const isComputed = (row: string) => COMPUTED_LINES.some((line) => fits(line, row));
  assertSame(rows, [...shapes, ...rows.filter((row) => !shapes.has(row) && isComputed(row))]);
  assertEquals(COMPUTED_LINES.filter((line) => !rows.some((row) => fits(line, row))), []);
  // Of these the first two are in the table, and the others in what stands below it.
  assertEquals([...computed].map((each) => each.replace(/\(.*/s, "")).sort(), [
    "formatDryRunExit",
    "formatVerdict",
    "line",
    "message.title",
    "text",
  ]);
});

for (const level of ["WARNING", "ERROR"] as const) {
  Deno.test(`the reference has each line that is logged with ${level}`, () => {
    const lines = listItems(cutSection(PAGE, `With ${level}`)).map(readCode);
    assertSame(lines, [...listLevelLines(SOURCES)[level]]);
  });
}

Deno.test("the reference has each title of a message, with its levels", () => {
  const rows = listRows(cutSection(PAGE, "Messages"));
  assertSame(rows.map(([title = ""]) => readCode(title)), ALERT_TITLES);
  const others = SOURCES.filter(({ path }) => path !== "src/domain/alert/alert_titles.ts");
  const literals = others.flatMap(({ text }) => listTitled(text));
  for (const [cell = "", levels = ""] of rows) {
    const title = readCode(cell);
    const [head = ""] = title.split(" (");
    assert(others.some(({ text }) => text.includes(head)), `nothing is titled ${title}`);
    const sent = literals.filter((each) => each.title === title).map((each) => each.level);
    assertEquals(sent.filter((level) => !levels.includes(level)), [], title);
  }
});

function listTitled(text: string): { readonly level: string; readonly title: string }[] {
  const found = text.matchAll(/level: "([A-Z]+)"(?: as const)?,\s+title: "([^"]+)"/g);
  return [...found].map(([, level = "", title = ""]) => ({ level, title }));
}

Deno.test("the reference has each event with its fields", () => {
  const source = readSource("src/domain/day/events.ts");
  const events = listEvents(source);
  assertEquals(
    events.size,
    (/type AuditEvent =([^;]+);/.exec(source)?.[1] ?? "").split("|").length - 1,
  );
  const items = listItems(cutSection(PAGE, "Events"));
  assertSame(items.map(readCode), [...events.keys()]);
  for (const item of items) {
    const fields = item.split(" Fields: ")[1] ?? "";
    const names = [...fields.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
    assertEquals(names, events.get(readCode(item)), readCode(item));
  }
});
