import { ledgerEntry, liveLedger } from "../fixtures.ts";
import { assert, assertEquals } from "../../assert.ts";
import { dueIntent } from "./entry_plan_world.ts";
import { barsOf, candidateOf, NOW_MS, SignalsPlanWorld } from "./signals_plan_world.ts";

const CANDIDATES = ["SPY", "QQQ", "IWM"].map(candidateOf);

Deno.test("bars are asked for once, decided from once, and what they make goes on the list before it is told", () => {
  const bars = barsOf(["SPY"], { answered: new Set(["SPY", "QQQ", "IWM"]) });
  const world = new SignalsPlanWorld({ desk: { candidates: CANDIDATES }, bars });
  assertEquals(world.run(), ["SPY+QQQ+IWM", "record on_list", "rest"]);
  assertEquals(world.records.intents.map(({ symbol }) => symbol), ["SPY"]);
  assertEquals(world.said.map(({ value }) => value.kind), ["signals"]);
  assertEquals(world.found.signals.map(({ outcome }) => outcome), ["intent", "stale", "stale"]);
});

Deno.test("an intent's delay is its process's, its symbol's and its bar's, whatever else is on the list", () => {
  const delayOf = (symbols: readonly string[], processId = "p1") => {
    const desk = { candidates: symbols.map(candidateOf) };
    const world = new SignalsPlanWorld({ desk, bars: barsOf(symbols), now: { processId } });
    world.run();
    const intent = world.records.intents.find(({ symbol }) => symbol === "QQQ");
    return (intent?.scheduledAtMs ?? NaN) - NOW_MS;
  };
  const alone = delayOf(["QQQ"]);
  assert(alone >= 60_000 && alone <= 240_000);
  assertEquals(delayOf(["SPY", "QQQ"]), alone);
  assertEquals(delayOf(["QQQ", "IWM", "SPY"]), alone);
  assert(delayOf(["QQQ"], "p2") !== alone);
});

Deno.test("what was not answered is named and decided later, and takes nothing from what was", () => {
  const trouble = { failure: "timeout", message: "no answer" } as const;
  const part = barsOf(["SPY"], { unanswered: ["QQQ", "IWM"], trouble });
  const some = new SignalsPlanWorld({ desk: { candidates: CANDIDATES }, bars: part });
  some.run();
  assertEquals(some.said.map(({ value }) => value.kind), ["bars_unanswered", "signals"]);
  assertEquals(some.found.signals.map(({ symbol }) => symbol), ["SPY"]);
  const none = barsOf([], { unanswered: ["SPY", "QQQ", "IWM"], trouble });
  const silent = new SignalsPlanWorld({ desk: { candidates: CANDIDATES }, bars: none });
  assertEquals(silent.run(), ["SPY+QQQ+IWM", "record ", "rest"]);
  assertEquals(silent.said.map(({ value }) => value.kind), ["bars_unanswered"]);
});

const barred: readonly {
  readonly when: string;
  readonly facts: Partial<ConstructorParameters<typeof SignalsPlanWorld>[0]>;
  readonly outcome: string;
}[] = [
  {
    when: "one is on the list",
    facts: { records: { intents: [dueIntent({ symbol: "SPY" })] } },
    outcome: "waiting",
  },
  {
    when: "one was decided in this cycle",
    facts: { desk: { waiting: new Set(["SPY"]) } },
    outcome: "waiting",
  },
  {
    when: "it was entered today",
    facts: { records: { ledger: liveLedger([ledgerEntry()]) } },
    outcome: "barred",
  },
  { when: "the close is near", facts: { now: { untilCloseMs: 60_000 } }, outcome: "barred" },
];
for (const { when, facts, outcome } of barred) {
  Deno.test(`a symbol that has broken out gets no intent when ${when}`, () => {
    const before = facts.records?.intents?.length ?? 0;
    const world = new SignalsPlanWorld({ bars: barsOf(["SPY"]), ...facts });
    world.run();
    assertEquals(world.records.intents.length, before);
    assertEquals(world.found.signals.map((signal) => signal.outcome as string), [outcome]);
  });
}

Deno.test("without an account, without equity, or after the close nothing is asked for, and the first two are said", () => {
  const bars = barsOf(["SPY"]);
  const failed = { kind: "failed", failure: "http" } as const;
  const account = { accountId: "acc-1", status: "ACTIVE", equityUsd: null, blockFlags: [] };
  const unread = new SignalsPlanWorld({ bars, account: failed });
  const poor = new SignalsPlanWorld({ bars, account: { kind: "ok", value: account } });
  const late = new SignalsPlanWorld({ bars, now: { brokerMs: NOW_MS + 24 * 3_600_000 } });
  const idle = new SignalsPlanWorld({ bars, desk: { candidates: [] } });
  for (
    const [world, said] of [[unread, "no_account"], [poor, "no_equity"], [late], [idle]] as const
  ) {
    assertEquals(world.run(), ["rest"]);
    assertEquals(
      world.said.map(({ value }) => value.kind as string),
      said === undefined ? [] : [said],
    );
  }
});
