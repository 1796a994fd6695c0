import { LOOP_WAIT_MS, waitForLoop, waitForLoops } from "../../src/cli/flatten_wait.ts";
import { buildLedgerEntry, type LedgerEntry } from "../../src/domain/order/ledger.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import { SIMPLE_LEDGER } from "../state/support.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, NOW_MS } from "./operator_host.ts";

/** A ledger with one sell as it stands. */
function buildText(change: Partial<LedgerEntry>): string {
  const entry = buildLedgerEntry({
    symbol: "NVDA",
    notionalUsd: 0,
    timestamp: "2026-11-23T15:00:00.000Z",
    side: "sell",
    qty: 2,
    clientOrderId: "avwap-2026-11-23-NVDA-s1",
    ...change,
  });
  return buildLedgerText({ ...SIMPLE_LEDGER, entries: [entry] });
}

/** Waits for a loop in `dir`; `onSleep` is what the loop does meanwhile. */
async function wait(
  dir: string,
  { text = null, onSleep = () => {} }: {
    readonly text?: string | null;
    readonly onSleep?: (turn: number) => void;
  },
): Promise<{ outcome: string; sleptMs: number }> {
  if (text !== null) await Deno.writeTextFile(`${dir}/live_orders_today.json`, text);
  let sleptMs = 0;
  let turn = 0;
  const outcome = await waitForLoop({
    ledger: createLiveLedger({ fs: createDenoFileSystem(), stateDir: dir }),
    startMs: 0,
    clock: {
      nowMs: () => NOW_MS,
      monotonicMs: () => sleptMs,
      sleep(ms) {
        sleptMs += ms;
        onSleep(++turn);
        return Promise.resolve();
      },
    },
  });
  return { outcome, sleptMs };
}

/** Waits for every loop that may run by `dir`; how long and for whom. */
async function waitAll(dir: string, otherStateDirs: readonly string[] = []) {
  let sleptMs = 0;
  const clock = {
    nowMs: () => NOW_MS,
    monotonicMs: () => sleptMs,
    sleep: (ms: number) => Promise.resolve(void (sleptMs += ms)),
  };
  const said: string[] = [];
  const places = { stateDir: dir, otherStateDirs };
  const waited = await waitForLoops(
    { clock },
    {
      places,
      fs: createDenoFileSystem(),
      made: { kind: "made", path: `${dir}/KILL_SWITCH`, atMs: NOW_MS },
    },
    (line) => void said.push(line),
  );
  return { ...waited, sleptMs, said };
}

Deno.test("waitForLoops() does not wait where no loop runs", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/live_orders_today.json`, buildText({}));
    assertEquals(await waitAll(dir), { holders: [], unseen: [], sleptMs: 0, said: [] });
  }));

Deno.test("waitForLoops() waits for each loop by the ledger of its own directory", () =>
  inOperatorDir(async (dir) => {
    const other = `${dir}/other`;
    await Deno.mkdir(other);
    await Deno.writeTextFile(`${dir}/live_orders_today.json`, buildText({ status: "accepted" }));
    await Deno.writeTextFile(`${other}/live_orders_today.json`, buildText({}));
    const locks = await Promise.all(
      [[dir, 7], [other, 8]].map(([held, pid]) =>
        acquireLock({ path: `${held}/execution.lock`, pid: Number(pid), clock: createClock() })
      ),
    );
    const { holders, unseen, sleptMs, said } = await waitAll(dir, [other]);
    for (const lock of locks) {
      assert(lock.kind === "held");
      await lock.release();
    }
    assertEquals(holders.map(({ pid }) => pid), [7, 8]);
    assertEquals(unseen.map(({ pid }) => pid), [8]);
    assertEquals(sleptMs, LOOP_WAIT_MS);
    assertEquals(said.filter((line) => line.includes("Process 7")), []);
    assertStringIncludes(said.join("\n"), "Process 8 may have had a request in flight: after 15 s");
  }));

const QUIET: { when: string; text: string }[] = [
  { when: "there are no orders", text: buildLedgerText({ ...SIMPLE_LEDGER, entries: [] }) },
  { when: "the broker took every order", text: buildText({ status: "accepted", orderId: "o-1" }) },
  { when: "the last order was not sent", text: buildText({ status: "rejected" }) },
  {
    when: "only flatten's own order is open",
    text: buildText({ clientOrderId: "avwap-flatten-NVDA-x-1" }),
  },
  { when: "only the old pipeline's order is open", text: buildText({ clientOrderId: null }) },
];

for (const { when, text } of QUIET) {
  Deno.test(`waitForLoop() does not wait when ${when}`, () =>
    inOperatorDir(async (dir) => {
      assertEquals(await wait(dir, { text }), { outcome: "quiet", sleptMs: 0 });
    }));
}

Deno.test("waitForLoop() needs no audit trail, and no trail makes it wait", () =>
  inOperatorDir(async (dir) => {
    await Deno.mkdir(`${dir}/events-2026-11-23.jsonl`);
    const text = buildText({ status: "accepted" });
    assertEquals((await wait(dir, { text })).outcome, "quiet");
  }));

for (const status of ["pending", "unknown"] as const) {
  Deno.test(`waitForLoop() waits for the end of an order that is ${status}, and no longer`, () =>
    inOperatorDir(async (dir) => {
      const { outcome, sleptMs } = await wait(dir, {
        text: buildText({ status }),
        onSleep(turn) {
          if (turn !== 3) return;
          Deno.writeTextFileSync(
            `${dir}/live_orders_today.json`,
            buildText({ status: "accepted", orderId: "o-1" }),
          );
        },
      });
      assertEquals([outcome, sleptMs], ["quiet", 300]);
    }));
}

Deno.test("waitForLoop() gives up after fifteen seconds", () =>
  inOperatorDir(async (dir) => {
    assertEquals(LOOP_WAIT_MS, 15_000);
    const { outcome, sleptMs } = await wait(dir, { text: buildText({}) });
    assertEquals([outcome, sleptMs], ["waited", LOOP_WAIT_MS]);
  }));

const UNREADABLE: { when: string; text: string | null }[] = [
  { when: "is not there", text: null },
  { when: "is no JSON", text: "{" },
];

for (const { when, text } of UNREADABLE) {
  Deno.test(`waitForLoop() waits to the end for a ledger that ${when}`, () =>
    inOperatorDir(async (dir) => {
      assertEquals((await wait(dir, { text })).outcome, "waited");
    }));
}
