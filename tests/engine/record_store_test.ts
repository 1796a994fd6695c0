import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import { buildLedgerEntry, type LiveLedger } from "../../src/domain/order/ledger.ts";
import { compareLedgerFile } from "../../src/domain/order/ledger_file.ts";
import { buildEmptyLedger } from "../../src/domain/order/reconcile.ts";
import { StateError } from "../../src/engine/ports.ts";
import { RecordStore } from "../../src/engine/record_store.ts";
import { createExecutionState } from "../../src/state/execution_state.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { CrashError, MemoryDisk } from "../state/memory_disk.ts";
import { buildFate } from "../state/support.ts";
import { LEDGER_PATH, STATE_DIR, STATE_PATH } from "./support.ts";

const TODAY = "2026-11-23";
/** What a crash keeps of what was written and not synced. */
const FATES = [[0], [1], [0.5], [0, 1], [1, 0], [0, 0.3, 1], [1, 0.7, 0]];

function buildPorts(disk: MemoryDisk) {
  return {
    state: createExecutionState({ fs: disk, stateDir: STATE_DIR }),
    ledger: createLiveLedger({ fs: disk, stateDir: STATE_DIR }),
  };
}

function withOrders(count: number): EngineState {
  const entries = Array.from({ length: count }, (_, index) =>
    buildLedgerEntry({
      symbol: `S${index}`,
      notionalUsd: 1,
      timestamp: `${TODAY}T15:00:00.000Z`,
      side: "buy",
      qty: 1,
      clientOrderId: `avwap-${TODAY}-S${index}-x`,
    }));
  return { ...EMPTY_STATE, ledger: { ...buildEmptyLedger(TODAY), entries } };
}

/** A document with one order, its file beside it, and a process that goes on from there. */
async function started(): Promise<{ disk: MemoryDisk; store: RecordStore }> {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  const store = new RecordStore(buildPorts(disk));
  await store.rewrite(withOrders(1));
  return { disk, store };
}

async function readBoth(disk: MemoryDisk): Promise<{ state: EngineState; file: LiveLedger }> {
  const ports = buildPorts(disk);
  const [document, file] = [await ports.state.read(), await ports.ledger.read()];
  if (document.kind !== "ok" || file.kind !== "ok") {
    throw new Error(`${document.kind} ${file.kind}`);
  }
  return { state: document.state, file: file.ledger };
}

Deno.test("write() puts the document first, then the ledger's file, each once", async () => {
  const { disk, store } = await started();
  const renamed: string[] = [];
  disk.fault = ({ op, path }) => {
    if (op === "rename") renamed.push(path);
    return null;
  };
  const next = withOrders(2);
  await store.write(next);
  await store.write(next);
  await store.write({ ...next, lastGate: "x" });
  assertEquals(renamed.map((path) => path.replace(".tmp", "")), [
    STATE_PATH,
    LEDGER_PATH,
    STATE_PATH,
  ]);
  const { state, file } = await readBoth(disk);
  assertEquals([file, state.ledger?.entries.length], [state.ledger, 2]);
});

Deno.test("write() of what was made ready makes it no more, whatever the disk did meanwhile", async () => {
  const { disk, store } = await started();
  const next = withOrders(2);
  const whole = (state: EngineState) => JSON.stringify(state);
  const before = whole(next);
  store.prepare(next);
  assertEquals((await readBoth(disk)).file.entries.length, 1);
  // The ledger's file is written in vain meanwhile: the document has to know that version too.
  disk.fault = ({ op, path }) => op === "rename" && path.startsWith(LEDGER_PATH) ? "EIO" : null;
  await assertRejects(() => store.write(withOrders(3)), StateError);
  disk.fault = () => null;
  await store.write(next);
  const { state, file } = await readBoth(disk);
  assertEquals([file, state.ledgerVersions.length, whole(next)], [state.ledger, 2, before]);
});

Deno.test("a crash at any step leaves a document that is whole, and a file that says the same or is one write behind", async () => {
  const seen = new Set<string>();
  for (let step = 0;; step++) {
    const { disk, store } = await started();
    const isDone = await crashAt(disk, step, () => store.write(withOrders(2)));
    for (const fates of FATES) {
      const after = disk.afterCrash(buildFate(fates));
      const { state, file } = await readBoth(after);
      assert(state.ledger !== null);
      const { ledger, ledgerVersions: versions } = state;
      const found = compareLedgerFile(ledger, file, { versions, todayNy: TODAY });
      assert(found.kind === "same" || found.kind === "behind", `step ${step}: ${found.kind}`);
      // A record on file is in the document: nothing leaves that it does not know.
      assert(file.entries.length <= ledger.entries.length, `step ${step}`);
      seen.add(`${ledger.entries.length} ${found.kind}`);
    }
    if (isDone) break;
  }
  assertEquals([...seen].sort(), ["1 same", "2 behind", "2 same"]);
});

/** @returns Whether the act was done before the step came. */
async function crashAt(
  disk: MemoryDisk,
  step: number,
  act: () => Promise<void>,
): Promise<boolean> {
  disk.crashAtStep = step;
  try {
    await act();
    return true;
  } catch (error) {
    if (!(error instanceof CrashError)) throw error;
    return false;
  }
}

for (const what of ["another hand's", "missing", "no ledger"]) {
  Deno.test(`write() writes nothing over a ledger's file that is ${what} since the last look, and says so`, async () => {
    const { disk, store } = await started();
    if (what === "missing") await disk.remove(LEDGER_PATH);
    else disk.put(LEDGER_PATH, what === "no ledger" ? "{" : `{"date_ny":"${TODAY}","entries":[]}`);
    const before = disk.textOf(LEDGER_PATH);
    const error = await assertRejects(() => store.write(withOrders(2)), StateError);
    assert(error instanceof StateError);
    assertEquals([disk.textOf(LEDGER_PATH), error.isByAnotherHand], [
      before,
      what === "another hand's",
    ]);
  });
}

Deno.test("a file whose write failed in its last step is our own, whichever of the two versions it has", async () => {
  for (const op of ["write", "syncDir"] as const) {
    const { disk, store } = await started();
    let isLedgers = false;
    disk.fault = (step) => {
      if (step.op === "rename" && step.path.startsWith(LEDGER_PATH)) isLedgers = true;
      if (op === "write") {
        return step.op === op && step.path.startsWith(LEDGER_PATH) ? "full" : null;
      }
      return step.op === op && isLedgers ? "input/output error" : null;
    };
    await assertRejects(() => store.write(withOrders(2)), StateError);
    disk.fault = () => null;
    await store.write(withOrders(3));
    const { state, file } = await readBoth(disk);
    assertEquals([file, file.entries.length], [state.ledger, 3], op);
  }
});

Deno.test("a process that starts writes on from a file that the one before left behind", async () => {
  const { disk, store } = await started();
  disk.fault = ({ op, path }) => op === "write" && path.startsWith(LEDGER_PATH) ? "full" : null;
  await assertRejects(() => store.write(withOrders(2)), StateError);
  disk.fault = () => null;
  const ports = buildPorts(disk);
  const next = new RecordStore(ports);
  const read = await ports.state.read();
  assert(read.kind === "ok");
  next.take(read.state, await ports.ledger.read());
  await next.write(read.state);
  const { state, file } = await readBoth(disk);
  assertEquals([file, file.entries.length], [state.ledger, 2]);
});
