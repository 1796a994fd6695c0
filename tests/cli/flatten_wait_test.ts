import { waitForLoop } from "../../src/cli/flatten_wait.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { assertEquals } from "../assert.ts";
import { inOperatorDir, NOW_MS } from "./operator_host.ts";

/** An event of the loop as the trail has it. */
function line(type: string, id = "avwap-2026-11-23-NVDA-x"): string {
  return `${JSON.stringify({ v: 1, at: "2026-11-23T15:00:00.000Z", type, client_order_id: id })}\n`;
}

/** Waits for a loop; `onSleep` is what the loop does meanwhile. */
async function wait(
  dir: string,
  { before = "", onSleep = () => {}, isTrailWhole = true }: {
    before?: string;
    onSleep?: (turn: number) => void;
    isTrailWhole?: boolean;
  },
): Promise<{ outcome: string; sleptMs: number }> {
  if (before !== "") await Deno.writeTextFile(`${dir}/events-2026-11-23.jsonl`, before);
  let sleptMs = 0;
  let turn = 0;
  const outcome = await waitForLoop({
    fs: createDenoFileSystem(),
    stateDir: dir,
    startMs: 0,
    isTrailWhole,
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

const QUIET: { when: string; before: string }[] = [
  { when: "there are no events", before: "" },
  { when: "every request was answered", before: line("order_request") + line("order_answer") },
  {
    when: "a request belongs to a loop before",
    before: line("order_request") + line("engine_started"),
  },
  {
    when: "only flatten's own request is unanswered",
    before: line("order_answer") + line("order_request", "avwap-flatten-NVDA-x-1"),
  },
];

for (const { when, before } of QUIET) {
  Deno.test(`waitForLoop() does not wait when ${when}`, () =>
    inOperatorDir(async (dir) => {
      assertEquals(await wait(dir, { before }), { outcome: "quiet", sleptMs: 0 });
    }));
}

Deno.test("waitForLoop() waits for the answer of a request in flight, and no longer", () =>
  inOperatorDir(async (dir) => {
    const { outcome, sleptMs } = await wait(dir, {
      before: line("order_answer") + line("order_request"),
      onSleep(turn) {
        const path = `${dir}/events-2026-11-23.jsonl`;
        if (turn === 3) Deno.writeTextFileSync(path, line("order_answer"), { append: true });
      },
    });
    assertEquals([outcome, sleptMs], ["quiet", 300]);
  }));

Deno.test("waitForLoop() waits fifteen seconds for a request without an answer, its own whole deadline", () =>
  inOperatorDir(async (dir) => {
    const { outcome, sleptMs } = await wait(dir, { before: line("order_request") });
    assertEquals([outcome, sleptMs], ["waited", 15_000]);
  }));

Deno.test("waitForLoop() waits to the end where the disk takes nothing: the trail may lack a request", () =>
  inOperatorDir(async (dir) => {
    const { outcome, sleptMs } = await wait(dir, { isTrailWhole: false });
    assertEquals([outcome, sleptMs], ["waited", 15_000]);
  }));

Deno.test("waitForLoop() waits to the end for a trail that can't be read", () =>
  inOperatorDir(async (dir) => {
    await Deno.mkdir(`${dir}/events-2026-11-23.jsonl`);
    assertEquals((await wait(dir, {})).outcome, "waited");
  }));
