import { buildClosedLook, formatClosedLook } from "../../../src/domain/account/closed_look.ts";
import {
  type Cover,
  type CoverFacts,
  decideCover,
  listFilesAsked,
  type RecordFile,
} from "../../../src/domain/plan/closed_cover.ts";
import { decideStandings } from "../../../src/domain/plan/standings.ts";
import { assertEquals } from "../../assert.ts";
import { ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";
import { CLOSED, endWorld } from "./end_world.ts";
import { NOW_MS } from "./plan_world.ts";

const HOUR_MS = 3_600_000;

const { look: LOOK } = endWorld({ look: { clock: CLOSED } }).end;

/** Ten SPY under a good-till-canceled stop, as a look at night has found them. */
const COVERED = (() => {
  const world = endWorld({ end: { market: CLOSED, prices: null } });
  const { nextOpenMs } = CLOSED;
  const look = formatClosedLook(buildClosedLook({ nowMs: NOW_MS, nextOpenMs }));
  return {
    ...world.records,
    standings: decideStandings(world),
    alerted: { "closed look": look },
  };
})();
const [STANDING] = COVERED.standings;

const KNOWN: CoverFacts = {
  records: COVERED,
  isLoaded: true,
  isForeign: false,
  look: LOOK,
  calendar: null,
};

/** A session that ended so long before the look. */
const endedBefore = (ms: number): CoverFacts["calendar"] => ({
  fromNy: TODAY,
  toNy: TODAY,
  sessions: [{ dateNy: TODAY, openMs: NOW_MS - 7 * HOUR_MS, closeMs: NOW_MS - ms }],
  unknownDays: [],
});

const CASES: readonly {
  readonly when: string;
  readonly change: Partial<CoverFacts>;
  readonly missing?: readonly RecordFile[];
  readonly asked?: readonly RecordFile[];
  readonly cover: Cover;
}[] = [
  { when: "the look found all of it covered", change: {}, cover: "known" },
  { when: "the records are another account's", change: { isForeign: true }, cover: "nothing" },
  {
    when: "it is a first start",
    change: { isLoaded: false },
    asked: ["ledger", "state"],
    missing: ["ledger", "state"],
    cover: "nothing",
  },
  {
    when: "the records are not read, and a ledger is there",
    change: { isLoaded: false },
    asked: ["ledger", "state"],
    missing: ["state"],
    cover: "not known",
  },
  {
    when: "the records are not read, and are there",
    change: { isLoaded: false },
    asked: ["ledger", "state"],
    missing: ["ledger"],
    cover: "not known",
  },
  {
    when: "a ledger is there that the records have not taken in",
    change: { records: { ...COVERED, ledger: null } },
    asked: ["ledger"],
    cover: "not known",
  },
  {
    when: "there is no ledger",
    change: { records: { ...COVERED, ledger: null } },
    asked: ["ledger"],
    missing: ["ledger"],
    cover: "known",
  },
  {
    when: "an entry may have bought what is not managed yet",
    change: {
      records: {
        ...COVERED,
        ledger: liveLedger([ledgerEntry({ clientOrderId: `avwap-${TODAY}-QQQ-mk0001` })]),
      },
    },
    cover: "not known",
  },
  {
    when: "nothing is managed",
    change: { records: { ...COVERED, positions: [] } },
    cover: "nothing",
  },
  {
    when: "there was no look yet, which makes one due whatever is known",
    change: { records: { ...COVERED, alerted: {} } },
    cover: "known",
  },
  {
    when: "the look came 9 s after the close, and lists may lack its last seconds",
    change: { calendar: endedBefore(9_000) },
    cover: "not known",
  },
  {
    when: "the look came 10 s after the close",
    change: { calendar: endedBefore(10_000) },
    cover: "known",
  },
  {
    when: "a list of it could not be read",
    change: {
      look: LOOK === null ? null : { ...LOOK, dayOrders: { kind: "failed", failure: "http" } },
    },
    cover: "not known",
  },
  { when: "another process has looked", change: { look: null }, cover: "known" },
  {
    when: "a share has no stop",
    change: {
      records: {
        ...COVERED,
        standings: COVERED.standings.map((each) => ({ ...each, bareQty: 1 })),
      },
    },
    cover: "not known",
  },
  {
    when: "an answer has lacked it",
    change: {
      records: {
        ...COVERED,
        standings: COVERED.standings.map((each) => ({ ...each, cause: "absent" })),
      },
    },
    cover: "not known",
  },
  {
    when: "no standing was taken",
    change: { records: { ...COVERED, standings: [] } },
    cover: "not known",
  },
];

for (const { when, change, asked = [], missing = [], cover } of CASES) {
  Deno.test(`decideCover() calls the night's cover "${cover}" where ${when}`, () => {
    const facts = { ...KNOWN, ...change };
    assertEquals(listFilesAsked(facts), [...asked]);
    assertEquals(decideCover(facts, new Set(missing)), cover);
  });
}

Deno.test("the night's standing that the cases begin with is covered until the open", () => {
  assertEquals([STANDING?.isGtcNeeded, STANDING?.bareQty], [true, 0]);
});
