import {
  type ClosedStopDecision,
  type ClosedStopInputs,
  decideClosedStop,
} from "../../../src/domain/plan/closed_stop.ts";
import { liveDecision } from "../fixtures.ts";
import { assert, assertEquals } from "../../assert.ts";

const LIVE = liveDecision();
const INPUTS: ClosedStopInputs = {
  symbol: "NVDA",
  gate: LIVE,
  nextOpenMs: 1_000,
  action: { kind: "none" },
  isAnswered: false,
};

function whyOf(decision: ClosedStopDecision): string {
  return decision.kind === "held" ? decision.why : "";
}

Deno.test("decideClosedStop() permits one symbol's stop until the open, and only where nothing speaks against it", () => {
  const decision = decideClosedStop(INPUTS);
  assert(decision.kind === "place");
  const { kind, symbol, nextOpenMs } = decision.permit;
  assertEquals({ kind, symbol, nextOpenMs }, {
    kind: "closed_stop",
    symbol: "NVDA",
    nextOpenMs: 1_000,
  });
});

const HELD: readonly { when: string; change: Partial<ClosedStopInputs>; why: string }[] = [
  {
    when: "the gate is not LIVE",
    change: { gate: { mode: "DRY_RUN", reason: { code: "dry_run_enabled" } } },
    why: "DRY_RUN enabled",
  },
  {
    when: "an action is due",
    change: { action: { kind: "due", text: "2026-11-24 split" } },
    why: "no stop before a corporate action: 2026-11-24 split",
  },
  {
    when: "actions were not answered",
    change: { action: { kind: "unanswered" } },
    why: "no stop before it is known that no corporate action is due",
  },
];
for (const { when, change, why } of HELD) {
  Deno.test(`decideClosedStop() holds the stop back when ${when}`, () => {
    assertEquals(whyOf(decideClosedStop({ ...INPUTS, ...change })), why);
  });
}

Deno.test("decideClosedStop() sends none again that the broker has judged in this stage", () => {
  assertEquals(decideClosedStop({ ...INPUTS, isAnswered: true }), { kind: "answered" });
});
