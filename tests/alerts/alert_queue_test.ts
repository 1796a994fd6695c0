import fc from "fast-check";
import { AlertQueue, QUEUE_MAX, type QueuedAlert } from "../../src/alerts/alert_queue.ts";
import type { AlertLevel } from "../../src/engine/ports.ts";
import { assert, assertEquals, assertFalse } from "../assert.ts";

function item(
  seq: number,
  change: { level?: AlertLevel; key?: string; value?: string; dueAtMs?: number } = {},
): QueuedAlert {
  const { level = "INFO", key, value = "on", dueAtMs = 0 } = change;
  const state = key === undefined ? {} : { state: { key, value } };
  const alert = { level, title: `T${seq}`, text: "", ...state };
  return { seq, alert, text: `T${seq}`, attempts: 0, dueAtMs };
}

function filled(items: readonly QueuedAlert[]): AlertQueue {
  const queue = new AlertQueue();
  for (const each of items) assertEquals(queue.push(each), null);
  return queue;
}

const seqs = (count: number) => Array.from({ length: count }, (_, seq) => seq);

const drops: { when: string; items: QueuedAlert[]; last: QueuedAlert; dropped: number }[] = [
  {
    when: "all are ordinary: the oldest",
    items: seqs(QUEUE_MAX).map((seq) => item(seq)),
    last: item(100),
    dropped: 0,
  },
  {
    when: "the oldest is an ERROR: the oldest below it",
    items: seqs(QUEUE_MAX).map((seq) => item(seq, { level: seq < 3 ? "ERROR" : "WARNING" })),
    last: item(100, { level: "ERROR" }),
    dropped: 3,
  },
  {
    when: "all but the new one are ERRORs: the new one",
    items: seqs(QUEUE_MAX).map((seq) => item(seq, { level: "ERROR" })),
    last: item(100),
    dropped: 100,
  },
  {
    when: "all are ERRORs: the oldest",
    items: seqs(QUEUE_MAX).map((seq) => item(seq, { level: "ERROR" })),
    last: item(100, { level: "ERROR" }),
    dropped: 0,
  },
  {
    when: "the oldest is a state: the oldest that is none",
    items: seqs(QUEUE_MAX).map((seq) => seq < 2 ? item(seq, { key: `k${seq}` }) : item(seq)),
    last: item(100),
    dropped: 2,
  },
  {
    when: "a retried alert comes back older than all",
    items: seqs(QUEUE_MAX).map((seq) => item(seq + 1)),
    last: item(0),
    dropped: 0,
  },
];
for (const { when, items, last, dropped } of drops) {
  Deno.test(`AlertQueue.push() past the bound drops where ${when}`, () => {
    const queue = filled(items);
    assertEquals(queue.push(last)?.seq, dropped);
    assertEquals(queue.length, QUEUE_MAX);
  });
}

Deno.test("AlertQueue.takeDue() takes the oldest that is due and leaves the others", () => {
  const queue = filled([item(0, { dueAtMs: 10 }), item(1, { dueAtMs: 5 }), item(2)]);
  assertEquals(queue.takeDue(0)?.seq, 2);
  assertEquals(queue.takeDue(4), null);
  assertEquals(queue.nextDueMs(), 5);
  assertEquals(queue.takeDue(10)?.seq, 0);
  assertEquals(queue.takeDue(10)?.seq, 1);
  assertEquals(queue.takeDue(10), null);
  assertEquals(queue.nextDueMs(), Number.POSITIVE_INFINITY);
});

Deno.test("AlertQueue.withdraw() takes back one state key and nothing else", () => {
  const queue = filled([item(0, { key: "a" }), item(1, { key: "b" }), item(2)]);
  assert(queue.hasState({ key: "a", value: "on" }));
  assertFalse(queue.hasState({ key: "a", value: "off" }));
  queue.withdraw("a");
  assertFalse(queue.hasState({ key: "a", value: "on" }));
  assert(queue.hasState({ key: "b", value: "on" }));
  assertEquals(queue.length, 2);
});

Deno.test("AlertQueue stays within its bound, in order, and drops no ERROR while anything else waits", () => {
  const level = fc.constantFrom<AlertLevel>("INFO", "TRADE", "WARNING", "ERROR");
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.record({ level, isState: fc.boolean(), dueAtMs: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ takeAtMs: fc.nat(3) }) },
  );
  fc.assert(
    fc.property(fc.array(operation, { minLength: 100, maxLength: 300 }), (operations) => {
      const queue = new AlertQueue();
      let waiting: QueuedAlert[] = [];
      operations.forEach((each, seq) => {
        if ("takeAtMs" in each) {
          const taken = queue.takeDue(each.takeAtMs);
          const expected = waiting.find((one) => one.dueAtMs <= each.takeAtMs);
          assertEquals(taken?.seq, expected?.seq);
          waiting = waiting.filter((one) => one !== taken);
        } else {
          const { level, dueAtMs } = each;
          const added = item(seq, { level, dueAtMs, ...(each.isState ? { key: `k${seq}` } : {}) });
          const dropped = queue.push(added);
          waiting = [...waiting, added].filter((one) => one !== dropped);
          if (dropped?.alert.level === "ERROR") {
            assert(waiting.every((one) => one.alert.level === "ERROR"), "an ERROR was dropped");
          }
        }
        assertEquals(queue.length, waiting.length);
        assert(queue.length <= QUEUE_MAX, "over the bound");
      });
    }),
    { numRuns: 60 },
  );
});
