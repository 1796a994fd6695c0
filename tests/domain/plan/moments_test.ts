import type { EngineState } from "../../../src/domain/account/engine_state.ts";
import { putUnfinished } from "../../../src/domain/account/unfinished.ts";
import type { Standing } from "../../../src/domain/account/standing.ts";
import { NO_STOPS } from "../../../src/domain/account/stop_losses.ts";
import type { GateDecision } from "../../../src/domain/gate/gate.ts";
import {
  type CycleOutcome,
  listMoments,
  listRetries,
  type Moment,
} from "../../../src/domain/plan/moments.ts";
import type { Now, World } from "../../../src/domain/plan/world.ts";
import { buildSight } from "../../../src/domain/plan/view.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { assert, assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";
import { CLOSED } from "./end_world.ts";
import { dueIntent } from "./entry_plan_world.ts";
import { NOW_MS, PlanWorld } from "./plan_world.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Ten SPY, covered, as the cycle's standing has them. */
const QUIET: Standing = {
  symbol: "SPY",
  positionId: "1",
  sureQty: 10,
  doubtfulQty: 0,
  mostHeldQty: 10,
  coveredQty: 10,
  gtcQty: 10,
  isCoverRead: true,
  isGtcNeeded: false,
  bareQty: 0,
  due: null,
  cause: "",
  why: "",
  bareSinceMs: null,
  dueSinceMs: null,
  stops: NO_STOPS,
};
const LOSSES = { sinceMs: NOW_MS, lastMs: NOW_MS, times: 1, qty: 10, isIdle: false };
/** Due without a moment at which that becomes an alarm. */
const DUE: Standing = { ...QUIET, due: "r1_trim", dueSinceMs: NOW_MS - HOUR_MS };
const BARE: Standing = { ...QUIET, due: "stop", bareQty: 10, coveredQty: 0 };
const STOPPED: GateDecision = {
  mode: "DRY_RUN",
  reason: { code: "kill_switch_active", source: "file" },
};
const FAILING: GateDecision = {
  mode: "DRY_RUN",
  reason: { code: "ledger_unavailable", problem: "ledger invalid" },
};

interface Facts {
  readonly standing?: Standing;
  readonly gate?: GateDecision;
  readonly now?: Partial<Now>;
  readonly records?: Partial<EngineState>;
  readonly entry?: Partial<BrokerOrder>;
  readonly isClosed?: boolean;
}

function build({ standing = QUIET, gate, now, records, entry, isClosed }: Facts = {}): World {
  const { world } = new PlanWorld({ entry: entry ?? {} });
  return {
    ...world,
    now: { ...world.now, ...now },
    operator: { ...world.operator, gate: gate ?? world.operator.gate },
    seen: isClosed === true ? { ...world.seen, clock: CLOSED } : world.seen,
    records: { ...world.records, standings: [standing], ...records },
  };
}

const MANAGED: CycleOutcome = { kind: "managed" };

/** What every cycle over a managed position leads to, six hours before the close. */
const CLOSE: readonly (readonly [afterMs: number, why: Moment["why"]])[] = [
  [6 * HOUR_MS + SECOND_MS, "market closed"],
  [6 * HOUR_MS - 20 * MINUTE_MS, "last call"],
  [6 * HOUR_MS - 10 * MINUTE_MS, "conversion"],
  [6 * HOUR_MS - 3 * MINUTE_MS, "conversion again"],
];
const SOON = [30 * SECOND_MS, "bare, due or in doubt"] as const;

const CASES: readonly {
  readonly when: string;
  readonly facts: Facts;
  readonly outcome?: CycleOutcome;
  readonly moments: readonly (readonly [afterMs: number, why: Moment["why"]])[];
}[] = [
  { when: "all is covered", facts: {}, moments: CLOSE },
  { when: "nothing is managed", facts: { records: { positions: [], standings: [] } }, moments: [] },
  { when: "something is due", facts: { standing: DUE }, moments: [SOON, ...CLOSE] },
  {
    when: "shares may be sold by an order whose answer is out",
    facts: { standing: { ...QUIET, doubtfulQty: 1 } },
    moments: [SOON, ...CLOSE],
  },
  {
    when: "a stop was taken away and has a successor that may not last",
    facts: { standing: { ...QUIET, stops: { restingIds: [], losses: LOSSES } } },
    moments: [SOON, ...CLOSE],
  },
  {
    when: "something is due and the operator has stopped the engine",
    facts: { standing: DUE, gate: STOPPED },
    moments: CLOSE,
  },
  {
    when: "shares have no stop at all and the operator has stopped the engine",
    facts: { standing: BARE, gate: STOPPED },
    moments: [SOON, ...CLOSE],
  },
  {
    when: "shares have a stop that does not last and the operator has stopped the engine",
    facts: { standing: { ...BARE, coveredQty: 10 }, gate: STOPPED },
    moments: CLOSE,
  },
  {
    when: "something is due and the ledger can't be read",
    facts: { standing: DUE, gate: FAILING },
    moments: [SOON, ...CLOSE],
  },
  {
    when: "something is due, and the market is closed with hours ignored",
    facts: { standing: DUE, isClosed: true },
    moments: [],
  },
  {
    when: "what is due becomes an alarm in a minute",
    facts: { standing: { ...DUE, dueSinceMs: NOW_MS - MINUTE_MS } },
    moments: [[MINUTE_MS, "what waits becomes an alarm"], SOON, ...CLOSE],
  },
  {
    when: "what is bare and due becomes alarms at two moments",
    facts: { standing: { ...DUE, bareSinceMs: NOW_MS, dueSinceMs: NOW_MS - MINUTE_MS } },
    moments: [
      [2 * MINUTE_MS, "what waits becomes an alarm"],
      [MINUTE_MS, "what waits becomes an alarm"],
      SOON,
      ...CLOSE,
    ],
  },
  {
    when: "the entry still works",
    facts: { entry: { status: "partially_filled", qty: 20 } },
    moments: [...CLOSE, [20 * SECOND_MS, "entry at work"]],
  },
  {
    when: "the entry still works near the close",
    facts: {
      entry: { status: "partially_filled", qty: 20 },
      now: { untilCloseMs: 5 * MINUTE_MS },
    },
    moments: [
      [5 * MINUTE_MS + SECOND_MS, "market closed"],
      [2 * MINUTE_MS, "conversion again"],
      [5 * SECOND_MS, "entry at work"],
    ],
  },
  {
    when: "the close is exactly as far away as the last call",
    facts: { now: { untilCloseMs: 20 * MINUTE_MS } },
    moments: [
      [20 * MINUTE_MS + SECOND_MS, "market closed"],
      [10 * MINUTE_MS, "conversion"],
      [17 * MINUTE_MS, "conversion again"],
    ],
  },
  {
    when: "nobody knows when the session ends",
    facts: { now: { untilCloseMs: Infinity } },
    moments: [],
  },
  {
    when: "the close has passed",
    facts: { now: { untilCloseMs: -MINUTE_MS } },
    moments: [[SECOND_MS - MINUTE_MS, "market closed"]],
  },
  {
    when: "the market is closed and the cover is known",
    facts: { isClosed: true },
    outcome: { kind: "closed", cover: "known" },
    moments: [],
  },
  {
    when: "the market is closed over nothing",
    facts: { isClosed: true },
    outcome: { kind: "closed", cover: "nothing" },
    moments: [],
  },
  {
    when: "the market is closed and the cover is not known",
    facts: { isClosed: true },
    outcome: { kind: "closed", cover: "not known" },
    moments: [[5 * MINUTE_MS, "cover not known"]],
  },
  {
    when: "the market is closed over bare shares that are no alarm yet",
    facts: { isClosed: true, standing: { ...BARE, bareSinceMs: NOW_MS } },
    outcome: { kind: "closed", cover: "not known" },
    moments: [[2 * MINUTE_MS, "what waits becomes an alarm"], [5 * MINUTE_MS, "cover not known"]],
  },
  {
    when: "the clock has no answer",
    facts: { standing: DUE },
    outcome: { kind: "closed", cover: null },
    moments: [],
  },
  {
    when: "the cycle failed and no entry waits",
    facts: { standing: DUE },
    outcome: { kind: "failed", cycleBeganMs: NOW_MS },
    moments: [],
  },
];

for (const { when, facts, outcome = MANAGED, moments } of CASES) {
  Deno.test(`listMoments() knows what must not be slept through where ${when}`, () => {
    const listed = listMoments(build(facts), outcome, { areStandingsTaken: true });
    assertEquals(
      listed.map(({ atMs, why }) => [atMs - NOW_MS, why]),
      moments.map((each) => [...each]),
    );
  });
}

Deno.test("listMoments() lets standings that were not taken become no alarm", () => {
  const world = build({ standing: { ...DUE, dueSinceMs: NOW_MS } });
  const outcome = { kind: "failed", cycleBeganMs: NOW_MS } as const;
  assertEquals(listMoments(world, outcome, { areStandingsTaken: false }), []);
});

Deno.test("listMoments() has a failed cycle followed by one for the entries that it may have left", () => {
  for (const [scheduledAtMs, isLeft] of [[NOW_MS, true], [NOW_MS + 1, false]] as const) {
    const world = build({ records: { intents: [dueIntent({ symbol: "QQQ", scheduledAtMs })] } });
    const outcome = { kind: "failed", cycleBeganMs: NOW_MS } as const;
    const listed = listMoments(world, outcome, { areStandingsTaken: true });
    assertEquals(
      listed,
      isLeft ? [{ atMs: NOW_MS + 15 * SECOND_MS, why: "entry left undecided" }] : [],
    );
  }
});

Deno.test("listRetries() looks again soon at what an exit left bare, and at nothing that waits for a buy or for its split", () => {
  const handBuy = brokerOrder({ orderId: "hand", clientOrderId: "hand", orderClass: "" });
  const rows: readonly (readonly [
    isBare: boolean,
    besideBuyAtMs: number | null,
    unexplainedQty: number | null,
    isSoon: boolean,
  ])[] = [
    [false, null, null, false],
    [true, null, null, true],
    [true, NOW_MS, null, false],
    [true, NOW_MS - MINUTE_MS, null, true],
    [true, null, 20, false],
  ];
  for (const [isBare, besideBuyAtMs, unexplainedQty, isSoon] of rows) {
    const { world } = new PlanWorld({ orders: [handBuy] });
    const [position] = world.records.positions;
    assert(position !== undefined);
    const unfinished = putUnfinished([], position.positionId, { isBare, besideBuyAtMs });
    const positions = [{ ...position, unexplainedQty }];
    const records = { ...world.records, positions, unfinished };
    const listed = listRetries({ ...world, records }, buildSight(world, records));
    assertEquals(listed, isSoon ? [{ atMs: NOW_MS + 5_000, why: "bare after an exit" }] : []);
  }
});
