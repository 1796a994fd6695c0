import * as fc from "fast-check";
import type { EngineEvent } from "../../src/domain/day/events.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { LINE_CHARS_MAX } from "../../src/state/event_line.ts";
import { createEventLog, type EventLogOptions } from "../../src/state/event_log.ts";
import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { readEvents } from "../../src/state/event_reader.ts";
import { findDiskFault } from "../../src/state/state_disk.ts";
import type { FileSystem } from "../../src/state/file_system.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { CrashError, MemoryDisk } from "./memory_disk.ts";
import { withDir } from "./real_disk.ts";
import { buildFate, draws, FixedClock, MemoryLog, NOW_MS, STATE_DIR } from "./support.ts";

const PATH = `${STATE_DIR}/events-2026-11-23.jsonl`;

function buildWorld(options: Partial<EventLogOptions> = {}) {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  return openWorld(disk, options);
}

function openWorld(disk: MemoryDisk, options: Partial<EventLogOptions> = {}) {
  const log = new MemoryLog();
  const clock = new FixedClock();
  const events = createEventLog({
    fs: disk,
    stateDir: STATE_DIR,
    clock,
    log,
    secrets: [],
    ...options,
  });
  return { disk, log, clock, events };
}

async function readAll(fs: FileSystem, dateNy = "2026-11-23", fromByte = 0, stateDir = STATE_DIR) {
  const events: RecordedEvent[] = [];
  for await (const item of readEvents(fs, { stateDir, dateNy, fromByte })) {
    if (item.kind === "end") return { events, ...item };
    events.push(item.event);
  }
  throw new Error("no end");
}

Deno.test("record() appends one JSON line with version, time and type", async () => {
  const { disk, events } = buildWorld();
  await events.record({ type: "gate", mode: "LIVE" });
  await events.record({ type: "order_request", symbol: "NVDA", qty: 2 });
  assertEquals(
    disk.textOf(PATH),
    '{"v":1,"at":"2026-11-23T15:00:00.123Z","type":"gate","mode":"LIVE"}\n' +
      '{"v":1,"at":"2026-11-23T15:00:00.123Z","type":"order_request","symbol":"NVDA","qty":2}\n',
  );
  assertEquals((await disk.lstat(PATH))?.mode, 0o600);
});

Deno.test("record() uses the New York date, and goes on in the next day's file", async () => {
  const { disk, clock, events } = buildWorld();
  clock.atMs = Date.UTC(2026, 10, 24, 4, 59);
  const late = events.record({ type: "cycle" });
  clock.atMs = Date.UTC(2026, 10, 24, 5, 0);
  await Promise.all([late, events.record({ type: "cycle" })]);
  assertEquals(disk.namesIn(STATE_DIR), ["events-2026-11-23.jsonl", "events-2026-11-24.jsonl"]);
});

for (const type of ["order_answer", "cycle", "engine_started", "engine_stopped"] as const) {
  Deno.test(`record() makes what came before a request durable with the ${type} after it, and not before`, async () => {
    const { disk, events } = buildWorld();
    await events.record({ type: "verdict" });
    await events.record({ type: "order_recorded" });
    await events.record({ type: "order_request" });
    assertEquals(disk.steps.filter(({ op }) => op.startsWith("sync")), []);
    await events.record({ type });
    const { events: kept } = await readAll(disk.afterCrash(() => 0));
    const types = kept.map((event) => event.type);
    assertEquals(types, ["verdict", "order_recorded", "order_request", type]);
    const { length } = disk.steps;
    await events.record({ type });
    const syncs = disk.steps.slice(length).filter(({ op }) => op.startsWith("sync"));
    assertEquals(syncs.map(({ op }) => op), ["sync"], "the name is durable already");
  });
}

Deno.test("record() leaves a full disk to the records, counts what it lost, and goes on by itself", async () => {
  let isKeptForRecords = true;
  const noted: unknown[] = [];
  const trail = {
    isKeptForRecords: () => isKeptForRecords,
    note: (error: unknown) => void noted.push(error),
  };
  const { disk, log, events } = buildWorld({ disk: trail });
  await events.record({ type: "order_request" });
  await events.record({ type: "order_answer" });
  assertEquals(disk.steps, [], "not even a name is made");
  assertEquals(log.lines.length, 1);
  assertStringIncludes(log.lines[0] ?? "", "what room is left is for the records");
  isKeptForRecords = false;
  await events.record({ type: "cycle" });
  const { events: kept } = await readAll(disk);
  assertEquals(kept.map((event) => event["message"] ?? event.type), [
    "2 events before this could not be written",
    "cycle",
  ]);
  disk.fault = ({ op }) => op === "write" ? "ENOSPC" : null;
  await events.record({ type: "cycle" });
  assertEquals(noted.map(findDiskFault), ["full"], "what it met itself is told");
});

Deno.test("record() shares one sync among the events that wait", async () => {
  const { disk, events } = buildWorld();
  await Promise.all(Array.from({ length: 20 }, (_, n) => events.record({ type: "cycle", n })));
  assertEquals((await readAll(disk)).events.map((event) => event["n"]), [...Array(20).keys()]);
  const syncs = disk.steps.filter(({ op }) => op === "sync").length;
  assert(syncs <= 2, `${syncs} syncs`);
});

/** The second of them is synced with what stands before it. */
const KINDS = ["price", "order_answer", "price", "price"] as const;

Deno.test("an event whose record() returned survives its process, and a power failure from the next sync on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), draws, fc.boolean(), async (crashAtStep, fates, isHostUp) => {
      const { disk, events } = buildWorld();
      disk.crashAtStep = crashAtStep;
      let recorded = 0;
      try {
        for (; recorded < KINDS.length; recorded++) {
          await events.record({ type: KINDS[recorded] ?? "price", n: recorded });
        }
      } catch (error) {
        if (!(error instanceof CrashError)) throw error;
      }
      disk.crashAtStep = Infinity; // a killed process leaves what it wrote, a power failure does not
      const next = openWorld(isHostUp ? disk : disk.afterCrash(buildFate(fates)));
      await next.events.record({ type: "cycle", n: 99 });
      await next.events.record({ type: "cycle", n: 100 });
      const read = await readAll(next.disk.afterCrash(buildFate(fates)));
      const numbers = read.events.map((event) => Number(event["n"]));
      const kept = numbers.slice(0, -2);
      const sure = isHostUp ? recorded : recorded >= 2 ? 2 : 0;
      assertEquals(kept, [...kept.keys()], "nothing is missing but at the end");
      assert(kept.length >= sure, `${kept.length} of ${recorded}`);
      assertEquals(numbers.slice(-2), [99, 100]);
      assert(read.skippedLines <= 1, "only the torn line is lost");
    }),
    { numRuns: 400 },
  );
});

Deno.test("record() never throws on a failing disk, says it once, and notes the loss later", async () => {
  const { disk, log, events } = buildWorld();
  await events.record({ type: "cycle", n: 1 });
  disk.fault = (step) => step.op === "write" ? "no space left on the device" : null;
  await events.record({ type: "cycle", n: 2 });
  await events.record({ type: "cycle", n: 3 });
  assertEquals(log.lines.length, 1);
  assertStringIncludes(log.lines[0] ?? "", "error Event log failed");
  assertStringIncludes(log.lines[0] ?? "", "no space left");
  disk.fault = () => null;
  await events.record({ type: "cycle", n: 4 });
  assertEquals(log.lines.slice(1), ["info Event log is written again"]);
  const read = await readAll(disk);
  assertEquals(read.events.map((event) => event["n"] ?? event["message"]), [
    1,
    "2 events before this could not be written",
    4,
  ]);
  disk.fault = (step) => step.op === "sync" ? "input/output error" : null;
  await events.record({ type: "cycle", n: 5 });
  assertEquals(log.lines.length, 3, "the next failure is a new one");
});

for (const op of ["lstat", "open", "write", "sync", "syncDir"]) {
  Deno.test(`record() does not throw when ${op} fails`, async () => {
    const { disk, log, events } = buildWorld();
    disk.fault = (step) => step.op === op ? "broken" : null;
    await events.record({ type: "cycle" });
    assertEquals(log.lines.length, 1);
  });
}

Deno.test("record() does not write through a link and says so", async () => {
  const { disk, log, events } = buildWorld();
  disk.put("/etc/target", "");
  disk.putLink(PATH, "/etc/target");
  await events.record({ type: "cycle" });
  assertEquals(disk.textOf("/etc/target"), "");
  assertStringIncludes(log.lines[0] ?? "", "a symbolic link");
});

Deno.test("record() closes off a line that someone else tore while it runs", async () => {
  const { disk, events } = buildWorld();
  await events.record({ type: "cycle", n: 1 });
  disk.put(PATH, `${disk.textOf(PATH)}{"v":1,"at":"2026`);
  await events.record({ type: "cycle", n: 2 });
  const read = await readAll(disk);
  assertEquals(read.events.map((event) => event["n"]), [1, 2]);
  assertEquals(read.skippedLines, 1);
});

const SECRETS = [
  "PKSECRETKEY1",
  's"ec\\ret\u00e9',
  "SECRET",
  "123456789",
  "https://hooks.test/T/B/x",
];
Deno.test("record() lets no secret into the file, wherever it stands", async () => {
  const { disk, events } = buildWorld({ secrets: ["", ...SECRETS] });
  const [key, odd, short, digits, url] = SECRETS;
  const event: EngineEvent = {
    type: "order_answer",
    body: `a ${key} b ${odd} ${url}`,
    nested: { list: [short, { deep: `x${key}x` }] },
    [`name_${key}`]: 1,
    number: 123456789,
    larger: 71234567890,
    kept: 12345678,
  };
  await events.record(event);
  const text = disk.textOf(PATH) ?? "";
  for (const secret of SECRETS) {
    assertFalse(text.includes(secret), secret);
    assertFalse(text.includes(JSON.stringify(secret).slice(1, -1)), secret);
  }
  assertEquals(digits, "123456789");
  const { events: [read] } = await readAll(disk);
  assertEquals(read?.["body"], "a [redacted] b [redacted] [redacted]");
  assertEquals(read?.["number"], "[redacted]");
  assertEquals(read?.["kept"], 12345678);
});

Deno.test("record() leaves no rest of a secret that begins with another", async () => {
  const { disk, events } = buildWorld({ secrets: ["KEY1", "KEY1-and-more"] });
  await events.record({ type: "error", message: "KEY1-and-more" });
  assertEquals((await readAll(disk)).events[0]?.["message"], "[redacted]");
});

Deno.test("record() keeps a line parseable with the shortest of secrets", async () => {
  const { disk, events } = buildWorld({ secrets: ["e", '"'] });
  await events.record({ type: "gate", reason: 'the "reason"' });
  assertEquals((await readAll(disk)).events[0]?.type, "gate");
});

Deno.test("record() says what it can of an event that is no JSON or too long, and never throws", async () => {
  const { disk, events } = buildWorld();
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  await events.record({ type: "error", circle });
  await events.record({ type: "error", big: 10n });
  await events.record({ type: "order_answer", body: "x".repeat(LINE_CHARS_MAX) });
  await events.record({ type: "error", v: 7, at: "never", when: undefined, nan: NaN });
  const read = await readAll(disk);
  assertEquals(read.skippedLines, 0);
  assertEquals(read.events.map(({ type }) => type), ["error", "error", "order_answer", "error"]);
  assertStringIncludes(String(read.events[0]?.["note"]), "not recorded");
  assertStringIncludes(String(read.events[2]?.["note"]), "cut");
  assertEquals(read.events[3]?.at, new Date(NOW_MS).toISOString());
  assert((disk.textOf(PATH) ?? "").length < LINE_CHARS_MAX);
});

Deno.test("record() keeps only the essential above the soft limit and nothing above the hard one", async () => {
  const { disk, log, events } = buildWorld({ limits: { softBytes: 1000, hardBytes: 2000 } });
  const pad = "x".repeat(100);
  for (let n = 0; n < 20; n++) {
    await events.record({ type: "price", n, pad });
    await events.record({ type: "order_request", n, pad });
  }
  const read = await readAll(disk);
  const prices = read.events.filter(({ type }) => type === "price").length;
  const orders = read.events.filter(({ type }) => type === "order_request").length;
  assert(prices > 0 && prices < orders && orders < 20, `${prices} prices, ${orders} orders`);
  const notices = read.events.filter(({ type }) => type === "error");
  assertEquals(notices.length, 1);
  assertStringIncludes(String(notices[0]?.["message"]), "only orders, gates");
  assert((disk.textOf(PATH) ?? "").length <= 2000);
  assertEquals(log.lines.length, 2, "each limit is said once");
});

Deno.test("removeOld() removes event files of more than 90 NY days ago and nothing else", async () => {
  const { disk, events } = buildWorld();
  const names = [
    "events-2026-08-24.jsonl", // 91 days
    "events-2026-08-25.jsonl", // 90 days
    "events-2019-01-01.jsonl",
    "events-2027-01-01.jsonl",
    "events-2019-01-01.jsonl.gz",
    "live_orders_today.json",
  ];
  for (const name of names) disk.put(`${STATE_DIR}/${name}`, "x");
  await events.removeOld();
  assertEquals(disk.namesIn(STATE_DIR), [
    "events-2019-01-01.jsonl.gz",
    "events-2026-08-25.jsonl",
    "events-2027-01-01.jsonl",
    "live_orders_today.json",
  ]);
});

Deno.test("removeOld() does not throw when the disk fails", async () => {
  const { disk, log, events } = buildWorld();
  disk.fault = (step) => step.op === "list" ? "permission denied" : null;
  await events.removeOld();
  assertStringIncludes(log.lines[0] ?? "", "warn Old event files stay");
});

Deno.test("readEvents() skips what is no event and counts it", async () => {
  const disk = new MemoryDisk();
  const good = '{"v":1,"at":"2026-11-23T15:00:00.000Z","type":"gate"}';
  const lines = [good, "", "torn{", "3", "{}", good.replace('"v":1', '"v":2'), "\u0000", good];
  disk.put(PATH, `${lines.join("\n")}\n`);
  const read = await readAll(disk);
  assertEquals([read.events.length, read.skippedLines], [2, 5]);
});

Deno.test("listDay() gives the types that it is asked for, however their lines begin", async () => {
  const { disk, events } = buildWorld();
  await events.record({ type: "gate", text: '"type":"fill"' });
  await events.record({ type: "fill", symbol: "NVDA", qty: 2 });
  const at = "2026-11-23T15:00:00.000Z";
  const others = [
    JSON.stringify({ v: 1, at, type: "gate", note: "torn" }).slice(0, -3),
    JSON.stringify({ type: "fill", qty: 3, at, v: 1 }),
    ` ${JSON.stringify({ v: 1, at, type: "fill", qty: 4 })}`,
    JSON.stringify({ v: 2, at, type: "fill", qty: 5 }),
    JSON.stringify({ v: 1, at, type: "gate" }),
    "",
  ];
  disk.put(PATH, disk.textOf(PATH) + others.join("\n"));
  const whole = (await readAll(disk)).events;
  for (const types of [["fill"], ["gate"], ["fill", "gate"], ["cycle"]] as const) {
    const found = await events.listDay({ dateNy: "2026-11-23", types: [...types] });
    assertEquals(found, whole.filter(({ type }) => types.some((each) => each === type)));
  }
  const fills = await events.listDay({ dateNy: "2026-11-23", types: ["fill"] });
  assertEquals(fills.map(({ qty }) => qty), [2, 3, 4]);
});

Deno.test("listDay() does not parse lines of other types", async () => {
  const { disk, events } = buildWorld();
  disk.put(PATH, '{"v":1,"at":"2026-11-23T15:00:00.000Z","type":"gate"}\n'.repeat(200));
  await events.record({ type: "fill", symbol: "NVDA", qty: 2 });
  const parse = JSON.parse;
  let parsed = 0;
  JSON.parse = (text: string): unknown => {
    parsed++;
    return parse(text);
  };
  try {
    const found = await events.listDay({ dateNy: "2026-11-23", types: ["fill"] });
    assertEquals([found.length, parsed], [1, 1]);
  } finally {
    JSON.parse = parse;
  }
});

Deno.test("readEvents() leaves an unfinished last line for the next time", async () => {
  const disk = new MemoryDisk();
  const good = '{"v":1,"at":"2026-11-23T15:00:00.000Z","type":"gate","text":"é"}\n';
  const cut = good.length - 10;
  disk.put(PATH, good + good.slice(0, cut));
  const first = await readAll(disk);
  assertEquals([first.events.length, first.skippedLines], [1, 0]);
  disk.put(PATH, good + good);
  const second = await readAll(disk, "2026-11-23", first.nextByte);
  assertEquals(second.events.length, 1);
  const third = await readAll(disk, "2026-11-23", second.nextByte);
  assertEquals([third.events.length, third.nextByte], [0, second.nextByte]);
});

Deno.test("readEvents() reads lines across chunks and passes over an absurdly long one", async () => {
  const disk = new MemoryDisk();
  const event = (n: number, pad: number) =>
    `${
      JSON.stringify({
        v: 1,
        at: "2026-11-23T15:00:00.000Z",
        type: "price",
        n,
        pad: "é".repeat(pad),
      })
    }\n`;
  const long = `${"z".repeat(6_000_000)}\n`;
  disk.put(PATH, event(1, 700_000) + event(2, 900_000) + long + event(3, 10));
  const read = await readAll(disk);
  assertEquals(read.events.map(({ n }) => n), [1, 2, 3]);
  assertEquals(read.skippedLines, 1);
  const { sizeBytes } = await disk.lstat(PATH) ?? { sizeBytes: -1 };
  assertEquals(read.nextByte, sizeBytes);
});

Deno.test("readEvents() gives nothing for a day without a file and throws where it can't read", async () => {
  const { disk } = buildWorld();
  assertEquals((await readAll(disk, "2026-01-05")).events, []);
  disk.putDir(PATH);
  await assertRejects(() => readAll(disk));
});

Deno.test("the event log works on the real disk", () =>
  withDir(async (dir) => {
    const fs = createDenoFileSystem();
    const options = {
      fs,
      stateDir: dir,
      clock: new FixedClock(),
      log: new MemoryLog(),
      secrets: [],
    };
    await createEventLog(options).record({ type: "engine_started", n: 1 });
    const path = `${dir}/events-2026-11-23.jsonl`;
    await Deno.writeTextFile(path, '{"v":1,"at":', { append: true });
    await createEventLog(options).record({ type: "engine_started", n: 2 });
    const read = await readAll(fs, "2026-11-23", 0, dir);
    assertEquals(read.events.map(({ n }) => n), [1, 2]);
    assertEquals(read.skippedLines, 1);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }));
