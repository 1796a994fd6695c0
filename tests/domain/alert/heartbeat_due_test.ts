import { decideHeartbeat, type HeartbeatMoment } from "../../../src/domain/alert/heartbeat_due.ts";
import { assertEquals } from "../../assert.ts";

const NOW_MS = 1_000_000;
const HOUR_MS = 3_600_000;

/** A process that has just ended its first cycle. */
const FIRST: HeartbeatMoment = {
  nowMs: NOW_MS,
  dueAtMs: null,
  minutes: 60,
  isRunOnce: false,
  isInLoop: false,
};

const CASES: readonly {
  readonly when: string;
  readonly change: Partial<HeartbeatMoment>;
  readonly isDue: boolean;
  readonly nextAtMs: number | null;
}[] = [
  { when: "the first cycle has ended", change: {}, isDue: true, nextAtMs: NOW_MS + HOUR_MS },
  {
    when: "processes end again and again",
    change: { isInLoop: true },
    isDue: false,
    nextAtMs: NOW_MS + HOUR_MS,
  },
  {
    when: "the next one is a millisecond ahead",
    change: { dueAtMs: NOW_MS + 1 },
    isDue: false,
    nextAtMs: NOW_MS + 1,
  },
  {
    when: "the next one is due now",
    change: { dueAtMs: NOW_MS },
    isDue: true,
    nextAtMs: NOW_MS + HOUR_MS,
  },
  {
    when: "the next one was due long ago",
    change: { dueAtMs: NOW_MS - 5 * HOUR_MS, isInLoop: true },
    isDue: true,
    nextAtMs: NOW_MS + HOUR_MS,
  },
  { when: "none is wanted", change: { minutes: 0 }, isDue: false, nextAtMs: null },
  { when: "it runs once", change: { isRunOnce: true }, isDue: false, nextAtMs: null },
];

for (const { when, change, isDue, nextAtMs } of CASES) {
  Deno.test(`decideHeartbeat() sends ${isDue ? "one" : "none"} where ${when}`, () => {
    assertEquals(decideHeartbeat({ ...FIRST, ...change }), { isDue, nextAtMs });
  });
}
