import { decidePauseEnd } from "../../../src/domain/plan/pause_end.ts";
import { assertEquals } from "../../assert.ts";
import { type EndFacts, endWorld } from "./end_world.ts";
import { NOW_MS } from "./plan_world.ts";

const MINUTE_MS = 60_000;
const POLL_SECONDS = 300;

const CASES: readonly {
  readonly when: string;
  readonly facts: EndFacts;
  readonly momentsMs?: readonly number[];
  readonly endMs: number;
}[] = [
  { when: "all is covered: the poll", facts: {}, endMs: NOW_MS + 5 * MINUTE_MS },
  {
    when: "a moment to look at something is nearer",
    facts: {},
    momentsMs: [NOW_MS + 4 * MINUTE_MS, NOW_MS + MINUTE_MS],
    endMs: NOW_MS + MINUTE_MS,
  },
  {
    when: "a moment lies before the cycle",
    facts: {},
    momentsMs: [NOW_MS, NOW_MS - MINUTE_MS],
    endMs: NOW_MS + 5 * MINUTE_MS,
  },
  {
    when: "the conversion before the close is nearer",
    facts: { now: { untilCloseMs: 12 * MINUTE_MS } },
    endMs: NOW_MS + 2 * MINUTE_MS,
  },
  { when: "shares are bare", facts: { orders: [] }, endMs: -Infinity },
  {
    when: "an exit is due",
    facts: {
      end: {
        prices: {
          rows: new Map([["SPY", { priceUsd: 105, atMs: NOW_MS }]]),
          answered: new Set(["SPY"]),
        },
      },
    },
    endMs: -Infinity,
  },
];

for (const { when, facts, momentsMs = [], endMs } of CASES) {
  Deno.test(`decidePauseEnd() lets a cycle wait no longer than it may where ${when}`, () => {
    const limits = { momentsMs, pollSeconds: POLL_SECONDS };
    assertEquals(decidePauseEnd(endWorld(facts), limits), endMs);
  });
}

Deno.test("decidePauseEnd() of an engine that manages nothing has moments and the close alone", () => {
  const world = endWorld();
  const records = { ...world.records, positions: [] };
  const end = (momentsMs: readonly number[]) =>
    decidePauseEnd({ ...world, records }, { momentsMs, pollSeconds: POLL_SECONDS });
  assertEquals(end([]), NOW_MS + 6 * 60 * MINUTE_MS - 10 * MINUTE_MS);
  assertEquals(end([NOW_MS + 30 * MINUTE_MS]), NOW_MS + 30 * MINUTE_MS);
});
