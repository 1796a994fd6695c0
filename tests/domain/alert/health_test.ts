import { NO_STOPS } from "../../../src/domain/account/stop_losses.ts";
import type { Standing } from "../../../src/domain/account/standing.ts";
import { findHealthTrouble, type HealthInputs } from "../../../src/domain/alert/health.ts";
import { assertEquals } from "../../assert.ts";

const NOW_MS = Date.parse("2026-01-20T15:00:00Z");
const SAFE: Standing = {
  symbol: "NVDA",
  positionId: "avwap-2026-01-20-NVDA-x-1",
  sureQty: 4,
  doubtfulQty: 0,
  mostHeldQty: 4,
  coveredQty: 4,
  gtcQty: 0,
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
const WELL: HealthInputs = {
  isOpen: true,
  isBrokerRead: true,
  areRecordsRead: true,
  standings: [SAFE],
  errorWaitMs: 0,
  nowMs: NOW_MS,
};

Deno.test("findHealthTrouble() finds none where clock, positions and records were read and all is covered", () => {
  assertEquals(findHealthTrouble(WELL), null);
  const overnight = { ...SAFE, gtcQty: 4 };
  assertEquals(
    findHealthTrouble({ ...WELL, isOpen: false, isBrokerRead: false, standings: [overnight] }),
    null,
  );
  const soon: Standing = { ...SAFE, due: "r1_trim", dueSinceMs: NOW_MS - 119_999 };
  assertEquals(findHealthTrouble({ ...WELL, standings: [soon] }), null);
  assertEquals(findHealthTrouble({ ...WELL, errorWaitMs: 299_999 }), null);
});

const troubles: { when: string; change: Partial<HealthInputs>; says: string }[] = [
  { when: "no clock", change: { isOpen: null }, says: "the broker's clock can't be read" },
  {
    when: "no positions",
    change: { isBrokerRead: false },
    says: "positions or orders can't be read",
  },
  { when: "no records", change: { areRecordsRead: false }, says: "records can't be read" },
  {
    when: "an ERROR that waits for Slack for five minutes",
    change: { errorWaitMs: 300_000 },
    says: "an ERROR alert does not reach Slack",
  },
  {
    when: "a share bare",
    change: { standings: [SAFE, { ...SAFE, symbol: "AAPL", bareQty: 1 }] },
    says: "AAPL is not covered",
  },
  {
    when: "a stop that can't be seen",
    change: { standings: [{ ...SAFE, isCoverRead: false }] },
    says: "NVDA is not covered",
  },
  {
    when: "a night on a day order",
    change: { isOpen: false },
    says: "NVDA is not covered",
  },
  {
    when: "an exit that is overdue",
    change: { standings: [{ ...SAFE, due: "stop_exit", dueSinceMs: NOW_MS - 120_000 }] },
    says: "an exit of NVDA is overdue",
  },
];
for (const { when, change, says } of troubles) {
  Deno.test(`findHealthTrouble() keeps the switch from being told with ${when}`, () => {
    assertEquals(findHealthTrouble({ ...WELL, ...change }), says);
  });
}
