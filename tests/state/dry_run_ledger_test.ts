import { StateError } from "../../src/engine/ports.ts";
import {
  createDryRunLedger,
  DRY_RUN_ORDERS_MAX,
  listDryRunOrders,
} from "../../src/state/dry_run_ledger.ts";
import { assertEquals, assertFalse, assertRejects, assertStringIncludes } from "../assert.ts";
import { MemoryDisk } from "./memory_disk.ts";
import { STATE_DIR } from "./support.ts";

const PATH = `${STATE_DIR}/dry_run_ledger.json`;
const TS = "2026-11-23T15:00:00.000Z";
const ORDER = { dateNy: "2026-11-23", symbol: "NVDA", qty: 3, ts: TS };

function buildWorld(content: string | null) {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  if (content !== null) disk.put(PATH, content);
  return { disk, ledger: createDryRunLedger({ fs: disk, path: PATH }) };
}

Deno.test("the DRY_RUN ledger knows an order once per symbol and NY day, durably", async () => {
  const { disk, ledger } = buildWorld(null);
  assertFalse(await ledger.has(ORDER));
  await ledger.record(ORDER);
  const other = createDryRunLedger({ fs: disk.afterCrash(() => 0), path: PATH });
  assertEquals(await other.has({ dateNy: "2026-11-23", symbol: "NVDA" }), true);
  assertEquals(await other.has({ dateNy: "2026-11-24", symbol: "NVDA" }), false);
  assertEquals(await other.has({ dateNy: "2026-11-23", symbol: "NVD" }), false);
  assertEquals(JSON.parse(disk.textOf(PATH) ?? ""), {
    "2026-11-23:NVDA": { symbol: "NVDA", qty: 3, ts: TS },
  });
});

Deno.test("the DRY_RUN ledger loads the old pipeline's file and keeps what is in it", async () => {
  const old = {
    "2026-11-20:BRK.B": { symbol: "BRK.B", qty: 1, ts: "2026-11-20T15:00:00+00:00", note: "x" },
  };
  const { disk, ledger } = buildWorld(JSON.stringify(old));
  assertEquals(await ledger.has({ dateNy: "2026-11-20", symbol: "BRK.B" }), true);
  await ledger.record(ORDER);
  const file = JSON.parse(disk.textOf(PATH) ?? "");
  assertEquals(file["2026-11-20:BRK.B"], old["2026-11-20:BRK.B"]);
  assertEquals((await listDryRunOrders(disk, PATH)).map(({ symbol }) => symbol), ["BRK.B", "NVDA"]);
});

const DAMAGED = [
  "",
  "{",
  "[]",
  "3",
  "null",
  '{"x": {"symbol": "A", "qty": 1, "ts": ""}}',
  '{"2026-11-23:A": 1}',
  '{"2026-11-23:A": {"symbol": "A", "qty": "1", "ts": ""}}',
  '{"2026-11-23:A": {"symbol": "A", "qty": 1}}',
  "\uFEFF{}",
];
for (const content of DAMAGED) {
  Deno.test(`the DRY_RUN ledger refuses ${JSON.stringify(content)} and leaves it`, async () => {
    const { disk, ledger } = buildWorld(content);
    for (const act of [() => ledger.has(ORDER), () => ledger.record(ORDER)]) {
      const error = await assertRejects(act, StateError, "move the file away");
      assertStringIncludes(error.message, PATH);
      assertFalse(error.message.includes("\n"));
    }
    assertEquals(disk.textOf(PATH), content);
    assertEquals(disk.namesIn(STATE_DIR), ["dry_run_ledger.json"]);
  });
}

Deno.test("the DRY_RUN ledger refuses a directory or a link in its place", async () => {
  for (
    const place of [(d: MemoryDisk) => d.putDir(PATH), (d: MemoryDisk) => d.putLink(PATH, "/x")]
  ) {
    const { disk, ledger } = buildWorld(null);
    place(disk);
    await assertRejects(() => ledger.has(ORDER), StateError);
    await assertRejects(() => ledger.record(ORDER), StateError);
  }
});

Deno.test("the DRY_RUN ledger throws when the disk is full and keeps the old file", async () => {
  const { disk, ledger } = buildWorld("{}");
  disk.fault = (step) => step.op === "write" ? "no space left on the device" : null;
  await assertRejects(() => ledger.record(ORDER), StateError, "no space left");
  assertEquals(disk.textOf(PATH), "{}");
});

Deno.test("the DRY_RUN ledger takes records that overlap", async () => {
  const { ledger, disk } = buildWorld(null);
  await Promise.all(["A", "B", "C"].map((symbol) => ledger.record({ ...ORDER, symbol })));
  assertEquals((await listDryRunOrders(disk, PATH)).length, 3);
});

Deno.test("the DRY_RUN ledger forgets the oldest days beyond its bound", async () => {
  const old = Object.fromEntries(
    Array.from({ length: DRY_RUN_ORDERS_MAX }, (_, index) => [
      `2020-01-01:S${String(index).padStart(6, "0")}`,
      { symbol: "S", qty: 1, ts: "" },
    ]),
  );
  const { ledger, disk } = buildWorld(JSON.stringify(old));
  await ledger.record(ORDER);
  const orders = await listDryRunOrders(disk, PATH);
  assertEquals(orders.length, DRY_RUN_ORDERS_MAX);
  assertEquals(orders.at(-1)?.symbol, "NVDA");
  assertFalse(await ledger.has({ dateNy: "2020-01-01", symbol: "S000000" }));
});
