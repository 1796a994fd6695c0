import { assertEquals } from "../assert.ts";
import { QueuedTime } from "./queued_time.ts";

function build(): { time: QueuedTime; nowMs: () => number; moves: number[] } {
  let nowMs = 0;
  const moves: number[] = [];
  const goTo = (ms: number) => {
    nowMs = ms;
    moves.push(ms);
  };
  return { time: new QueuedTime({ nowMs: () => nowMs, goTo }), nowMs: () => nowMs, moves };
}

Deno.test("sleeps beside each other last as long as the longest of them", async () => {
  const { time, nowMs, moves } = build();
  await Promise.all([time.sleep(30), time.sleep(10), time.sleep(20)]);
  assertEquals([nowMs(), moves], [30, [10, 20, 30]]);
});

Deno.test("sleeps after each other add up", async () => {
  const { time, nowMs } = build();
  for (const ms of [30, 10, 20]) await time.sleep(ms);
  assertEquals(nowMs(), 60);
});

Deno.test("who wakes first acts first, and those of one moment in the sequence of their sleep", async () => {
  const { time, nowMs } = build();
  const seen: string[] = [];
  const act = async (name: string, ms: number, more: number) => {
    await time.sleep(ms);
    seen.push(`${name} at ${nowMs()}`);
    await time.sleep(more);
    seen.push(`${name} at ${nowMs()}`);
  };
  await Promise.all([act("slow", 20, 5), act("quick", 10, 5), act("late", 10, 10)]);
  assertEquals(seen, [
    "quick at 10",
    "late at 10",
    "quick at 15",
    "slow at 20",
    "late at 20",
    "slow at 25",
  ]);
});

Deno.test("time waits for whatever needs none, however long it takes", async () => {
  const { time, nowMs } = build();
  const work = async () => {
    for (let turn = 0; turn < 10_000; turn++) await Promise.resolve();
    return nowMs();
  };
  const [atMs] = await Promise.all([work(), time.sleep(10)]);
  assertEquals(atMs, 0);
});

Deno.test("a signal ends a sleep at once, and moves no time", async () => {
  const { time, nowMs } = build();
  const stop = new AbortController();
  const asleep = time.sleep(1000, stop.signal);
  stop.abort();
  await asleep;
  await time.sleep(1000, stop.signal);
  assertEquals(nowMs(), 0);
  await time.sleep(5);
  assertEquals(nowMs(), 5);
});
