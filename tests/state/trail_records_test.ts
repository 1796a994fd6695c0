import { formatEvent } from "../../src/domain/day/event_sentence.ts";
import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { createEventLog } from "../../src/state/event_log.ts";
import { readEvents } from "../../src/state/event_reader.ts";
import { PART_CHARS, TRAIL_RECORD_BYTES_MAX } from "../../src/state/trail_records.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { MemoryDisk } from "./memory_disk.ts";
import { FixedClock, MemoryLog, SIMPLE_LEDGER, STATE_DIR } from "./support.ts";

const STATE_PATH = `${STATE_DIR}/execution_state.json`;
const LEDGER_PATH = `${STATE_DIR}/live_orders_today.json`;
const SECRET = 'sec"ret-0123456789';

/** What a start with these files leaves in the trail. */
async function start(files: { readonly state?: string; readonly ledger?: string }) {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  if (files.state !== undefined) disk.put(STATE_PATH, files.state);
  if (files.ledger !== undefined) disk.put(LEDGER_PATH, files.ledger);
  const log = new MemoryLog();
  const options = { fs: disk, stateDir: STATE_DIR, clock: new FixedClock(), log };
  await createEventLog({ ...options, secrets: [SECRET] }).recordStart();
  const events: RecordedEvent[] = [];
  for await (const item of readEvents(disk, { stateDir: STATE_DIR, dateNy: "2026-11-23" })) {
    if (item.kind === "event") events.push(item.event);
  }
  const textOf = (file: string) =>
    events.filter((event) => event["file"] === file).map((event) => event["text"] ?? "").join("");
  const path = `${STATE_DIR}/events-2026-11-23.jsonl`;
  return { events, textOf, trail: disk.textOf(path) ?? "" };
}

Deno.test("each start leaves its records whole in the trail, byte for byte, before anything else", async () => {
  const ledger = buildLedgerText(SIMPLE_LEDGER);
  const state = `{"note":"${"\u00fc\u{1F600}".repeat(PART_CHARS)}"}`;
  const { events, textOf } = await start({ state, ledger });
  assertEquals(textOf("execution_state.json"), state);
  assertEquals(textOf("live_orders_today.json"), ledger);
  assertEquals(events.map((event) => [event.type, event["part"], event["parts"]]), [
    ["records", 1, 4],
    ["records", 2, 4],
    ["records", 3, 4],
    ["records", 4, 4],
    ["records", 1, 1],
  ]);
  const last = events.at(-1);
  assert(last !== undefined);
  assertEquals(formatEvent(last), "started with live_orders_today.json (part 1 of 1)");
});

Deno.test("a damaged record stands in the trail as it was found", async () => {
  const { textOf } = await start({ state: '{"positions":[{"sym', ledger: "" });
  assertEquals(textOf("execution_state.json"), '{"positions":[{"sym');
});

const ABSENT: { when: string; state?: string; why: string }[] = [
  { when: "is not there", why: "does not exist" },
  {
    when: "is too large for the trail",
    state: " ".repeat(TRAIL_RECORD_BYTES_MAX + 1),
    why: "it is too large",
  },
];
for (const { when, why, ...files } of ABSENT) {
  Deno.test(`a record that ${when} is said in its place`, async () => {
    const { events } = await start(files);
    assertEquals([events[0]?.["text"], events[0]?.["parts"]], [null, 1]);
    assertStringIncludes(String(events[0]?.["why"]), why);
    assert(events[0] !== undefined);
    assertStringIncludes(formatEvent(events[0]), "started without execution_state.json");
  });
}

const HIDDEN: { when: string; state: string }[] = [
  { when: "in a record", state: JSON.stringify({ note: `x${SECRET}y` }) },
  { when: "in what is no JSON", state: `{"note": ${SECRET}` },
  { when: "across two parts", state: `{${" ".repeat(PART_CHARS - 6)}${SECRET}` },
];
for (const { when, state } of HIDDEN) {
  Deno.test(`no credential reaches the trail with the records: ${when}`, async () => {
    const { trail, textOf } = await start({ state });
    assertStringIncludes(textOf("execution_state.json"), "[redacted]");
    assertFalse(trail.includes("ret-0123456789") || trail.includes("0123456789"));
  });
}

Deno.test("every line of a start is within the bound of a line, whatever the records hold", async () => {
  const { trail, textOf } = await start({ state: "\u0001".repeat(3 * PART_CHARS) });
  assertEquals(textOf("execution_state.json").length, 3 * PART_CHARS);
  assert(trail.split("\n").every((line) => line.length <= 256 * 1024));
});
