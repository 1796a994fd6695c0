import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import { closedKey } from "../../../src/domain/account/managed_position.ts";
import { putRelease, RELEASED } from "../../../src/domain/account/released.ts";
import type { RebuildWait } from "../../../src/domain/gate/rebuild_wait.ts";
import { decideDocument, leaveUnmade } from "../../../src/domain/plan/document.ts";
import type { RecordsReads } from "../../../src/domain/plan/records_look.ts";
import type { Shown } from "../../../src/domain/plan/shown.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder, liveLedger, TODAY } from "../fixtures.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";
import {
  answered,
  CALM,
  findOut,
  lookAt,
  NO_FILES,
  ownLedger,
  ownRecords,
} from "./records_look_world.ts";
import { OWNER } from "./records_plan_world.ts";

const YESTERDAY = "2026-01-16";
const OTHER = { host: OWNER.host, accountId: "acc-2" };
const HELD: Shown = { ...CALM, positions: answered([heldPosition()]) };
const DAMAGED = { kind: "damaged", message: "it is no JSON" } as const;
const FAILED = { kind: "failed", failure: "timeout", message: "no answer" } as const;
const ROW = { what: "order", problem: "no qty", mayBeOpen: true, orderId: "o-1" } as const;
const RELEASE = { symbol: "SPY", positionId: `avwap-${TODAY}-SPY-mk0000`, releasedAtMs: 1_000 };

function decide(
  answers: RecordsReads,
  shown: Shown | null = HELD,
  records: EngineState = EMPTY_STATE,
) {
  const all = { ...NO_FILES, ...answers };
  return findOut((look) => decideDocument(look, shown), lookAt({ records }), all);
}

function readAs(state: EngineState): RecordsReads {
  return { document: { kind: "ok", state } };
}

function fileOf(ledger = ownLedger()): RecordsReads {
  return { file: { kind: "ok", ledger } };
}

Deno.test("decideDocument() takes over a document that reads, and asks for its ledger's file alone", () => {
  const state = ownRecords({ positions: [managedPosition()] });
  const { asked, verdict } = decide(readAs(state));
  assertEquals(asked, ["document", "file"]);
  assertEquals([verdict.records, verdict.read?.state, verdict.made], [state, state, null]);
  assertEquals([verdict.problem, verdict.wait, verdict.say], [null, null, []]);
});

Deno.test("decideDocument() asks for nothing where the records are loaded", () => {
  const records = ownRecords();
  const look = lookAt({ records, isLoaded: true });
  const { asked, verdict } = findOut((each) => decideDocument(each, HELD), look, NO_FILES);
  assertEquals([asked, verdict.records, verdict.read], [[], records, null]);
});

const owners: {
  readonly what: string;
  readonly state: Partial<EngineState>;
  readonly keys: Parameters<typeof lookAt>[0];
  readonly becomes: Pick<EngineState, "host" | "accountId">;
}[] = [
  {
    what: "nobody's becomes the keys'",
    state: { host: null, accountId: null },
    keys: {},
    becomes: OWNER,
  },
  { what: "another account's stays its own", state: OTHER, keys: {}, becomes: OTHER },
  {
    what: "nobody's stays so while the account is not known",
    state: { host: null, accountId: null },
    keys: { keys: { ...OWNER, accountId: null } },
    becomes: { host: null, accountId: null },
  },
];
for (const { what, state, keys, becomes } of owners) {
  Deno.test(`decideDocument() of a document: ${what}`, () => {
    const answers = { ...NO_FILES, ...readAs(ownRecords(state)) };
    const { verdict } = findOut((look) => decideDocument(look, CALM), lookAt(keys), answers);
    const { host, accountId } = verdict.records ?? {};
    assertEquals({ host, accountId }, becomes);
  });
}

Deno.test("decideDocument() gives a document of 0.1.0 the releases that this account's ledgers have, and says so", () => {
  const state = ownRecords({ ledger: null, positions: [managedPosition()] });
  const released = putRelease(ownLedger(), RELEASE, RELEASED);
  const { asked, verdict } = decide({ ...readAs(state), ...fileOf(released) });
  assertEquals(asked, ["document", "file", "archive"]);
  assertEquals([verdict.records?.positions, verdict.records?.released], [[], [RELEASE]]);
  assertEquals(verdict.say.map(({ value }) => value), [
    { kind: "released_again", symbols: ["SPY"] },
  ]);
  const others = decide({ ...readAs(state), ...fileOf({ ...released, ...OTHER }) });
  assertEquals(others.verdict.records, state);
});

const waits: {
  readonly what: string;
  readonly answers: RecordsReads;
  readonly shown?: Partial<Shown>;
  readonly kind: RebuildWait["kind"];
  readonly about?: string;
}[] = [
  {
    what: "it can't be read",
    answers: { document: { kind: "unreadable", message: "no" } },
    kind: "state unreadable",
  },
  {
    what: "it is of a later format",
    answers: { document: { kind: "newer", message: "2.0" } },
    kind: "newer",
  },
  {
    what: "it is of 0.1.0, and the archive can't be read",
    answers: {
      ...readAs(ownRecords({ ledger: null })),
      archive: { kind: "unreadable", path: "archive", message: "no" },
    },
    kind: "archive unreadable",
  },
  {
    what: "it is lost, and the ledger can't be read",
    answers: { file: { kind: "unreadable", message: "no", isRead: false } },
    kind: "ledger unreadable",
  },
  {
    what: "it is lost, and the ledger is of no use",
    answers: { file: { kind: "invalid", message: "no" } },
    kind: "ledger invalid",
  },
  {
    what: "it is lost, and the archive can't be read",
    answers: { archive: { kind: "unreadable", path: "archive", message: "no" } },
    kind: "archive unreadable",
  },
  {
    what: "it is lost, and its copy can't be read",
    answers: { copy: { kind: "unreadable", path: "archive", message: "no" } },
    kind: "archive unreadable",
  },
  {
    what: "it is lost, and the ledger is another account's",
    answers: fileOf(ownLedger(OTHER)),
    kind: "foreign",
    about: "live_orders_today.json",
  },
  {
    what: "it is lost, and the archive is another account's",
    answers: {
      archive: {
        kind: "ok",
        ledgers: [ownLedger({ ...OTHER, dateNy: YESTERDAY }), ownLedger(OTHER)],
        unusable: [],
      },
    },
    kind: "foreign",
    about: `archive/live_orders_${YESTERDAY}.json, with 1 more of the archive`,
  },
  {
    what: "it is lost, and its copy is another account's",
    answers: { copy: { kind: "ok", state: ownRecords(OTHER), unusable: [] } },
    kind: "foreign",
    about: `archive/execution_state_${TODAY}.json`,
  },
  {
    what: "it is lost, and the account has no answer",
    answers: {},
    shown: { account: FAILED },
    kind: "broker",
    about: "account",
  },
  {
    what: "it is lost, and the positions have no answer",
    answers: {},
    shown: { positions: FAILED },
    kind: "timeout",
    about: "positions",
  },
  {
    what: "it is lost, and the open orders have no answer",
    answers: {},
    shown: { openOrders: FAILED },
    kind: "broker",
    about: "open orders",
  },
  {
    what: "it is lost, and the day's orders have no answer",
    answers: {},
    shown: { dayOrders: FAILED },
    kind: "broker",
    about: "orders of the day",
  },
  {
    what: "it is lost, and the past orders have no answer",
    answers: { pastOrders: FAILED },
    kind: "broker",
    about: "orders of the last 90 days",
  },
  {
    what: "it is lost, and an order of ours can't be read",
    answers: {},
    shown: {
      unreadable: {
        ...CALM.unreadable,
        openOrders: [{ ...ROW, symbol: null, clientOrderId: `avwap-${TODAY}-QQQ-mk0000` }],
      },
    },
    kind: "row",
  },
  {
    what: "it is lost, and a row in a recorded symbol can't be read",
    answers: fileOf(),
    shown: {
      unreadable: {
        ...CALM.unreadable,
        dayOrders: [{ ...ROW, symbol: "SPY", clientOrderId: "by-hand" }],
      },
    },
    kind: "row",
  },
];
for (const { what, answers, shown = {}, kind, about } of waits) {
  Deno.test(`decideDocument() makes nothing where ${what}`, () => {
    const { verdict } = decide(answers, { ...HELD, ...shown });
    assertEquals([verdict.records, verdict.made, verdict.problem], [null, null, null]);
    assertEquals(verdict.wait?.kind, kind);
    if (about !== undefined) assertEquals(verdict.wait?.what, about);
  });
}

Deno.test("a row of somebody else's that can't be read keeps nothing waiting", () => {
  const rows = [{ ...ROW, symbol: "QQQ", clientOrderId: "by-hand" }];
  const unreadable = { ...CALM.unreadable, openOrders: rows };
  assertEquals(decide(fileOf(), { ...HELD, unreadable }).verdict.made, "missing");
});

Deno.test("decideDocument() leaves what is lost at a start until the broker was asked, and names what is of no use", () => {
  const missing = decide({}, null);
  assertEquals([missing.asked, missing.verdict.records], [["document"], null]);
  assertEquals([missing.verdict.problem, missing.verdict.wait], [null, null]);
  const { verdict } = decide({ document: DAMAGED }, null);
  assertEquals([verdict.records, verdict.problem], [null, "execution_state.json"]);
  assertEquals(verdict.say.map(({ scope, key }) => [scope, key]), [[
    "day",
    "damaged:it is no JSON",
  ]]);
});

Deno.test("decideDocument() still names a damaged document while what it is made from is waited for", () => {
  const { verdict } = decide({ document: DAMAGED, pastOrders: FAILED });
  assertEquals([verdict.problem, verdict.wait?.kind], ["execution_state.json", "broker"]);
  assertEquals(verdict.say.map(({ value }) => value.kind), ["document_damaged"]);
});

for (const document of [NO_FILES.document, DAMAGED]) {
  const what = document.kind === "damaged" ? "damaged" : "missing";
  Deno.test(`decideDocument() makes one that is ${what} from what is left, blocked under its name`, () => {
    const { asked, verdict } = decide({ document, ...fileOf() });
    assertEquals(asked, ["document", "file", "archive", "copy", "pastOrders"]);
    const { records, made, problem, wait } = verdict;
    assertEquals([made, problem, wait], [what, "execution_state.json", null]);
    assertEquals(records?.positions.map(({ symbol, stopUsd }) => [symbol, stopUsd]), [["SPY", 95]]);
    assertEquals([records?.host, records?.accountId], [OWNER.host, OWNER.accountId]);
    assertEquals(verdict.done.map(({ value }) => value), [
      { kind: "document_made", lost: what, symbols: ["SPY"] },
    ]);
  });
}

Deno.test("decideDocument() takes a document that is older than its ledger for damaged", () => {
  const older = ownRecords({ ledger: ownLedger({ dateNy: YESTERDAY }) });
  const { verdict } = decide({ ...readAs(older), ...fileOf() });
  assertEquals([verdict.made, verdict.problem], ["damaged", "execution_state.json"]);
  // A file of another account, or of nobody's, says nothing of its age.
  for (const owner of [OTHER, { host: null, accountId: null }]) {
    assertEquals(decide({ ...readAs(older), ...fileOf(ownLedger(owner)) }).verdict.made, null);
  }
});

Deno.test("decideDocument() calls it a first start where nothing is of ours", () => {
  const { asked, verdict } = decide({});
  assertEquals(asked.at(-1), "pastOrders SPY");
  assertEquals([verdict.made, verdict.problem, verdict.done], ["first start", null, []]);
  assertEquals([verdict.records?.positions, verdict.records?.ledger], [[], null]);
  // What was damaged was there: no start is its first.
  assertEquals(decide({ document: DAMAGED }).verdict.made, "damaged");
});

Deno.test("decideDocument() knows by a past order of ours what no record explains", () => {
  const order = brokerOrder({ status: "filled", filledQty: 10, filledAvgPriceUsd: 100 });
  const { verdict } = decide({ pastOrders: answered([order]) });
  assertEquals(verdict.made, "missing");
});

Deno.test("decideDocument() begins with its copy, and with the ledgers of its day and since", () => {
  const copy = ownRecords({
    ledger: ownLedger({ ...liveLedger([]), ...OWNER, dateNy: TODAY }),
    positions: [managedPosition({ stopUsd: 99 })],
  });
  const before = ownLedger({ dateNy: YESTERDAY });
  const { verdict } = decide({
    copy: { kind: "ok", state: copy, unusable: [] },
    archive: { kind: "ok", ledgers: [before], unusable: [] },
  });
  assertEquals(verdict.records?.positions.map(({ stopUsd }) => stopUsd), [99]);
});

Deno.test("decideDocument() keeps what was said meanwhile, and not which positions had ended", () => {
  const alerted = { "foreign:QQQ": TODAY, [closedKey("p-1")]: TODAY };
  const { verdict } = decide(fileOf(), HELD, { ...EMPTY_STATE, alerted });
  assertEquals(verdict.records?.alerted, { "foreign:QQQ": TODAY });
});

Deno.test("decideDocument() names what of the archive is left out, whatever it comes to", () => {
  const unusable = [{ path: "archive/a", message: "a is no ledger" }];
  const archive = { kind: "ok", ledgers: [], unusable } as const;
  for (const pastOrders of [NO_FILES.pastOrders, FAILED]) {
    const { verdict } = decide({ archive, pastOrders });
    assertEquals(verdict.say.map(({ key }) => key), ["unusable:a is no ledger"]);
  }
});

Deno.test("leaveUnmade() leaves no records where they can't be made durable, and names the disk", () => {
  for (const document of [NO_FILES.document, DAMAGED]) {
    const { verdict } = decide({ document, ...fileOf() });
    const left = leaveUnmade(verdict, "no room");
    assertEquals([left.records, left.made, left.done], [null, null, []]);
    assertEquals(left.wait, { kind: "state disk", message: "execution_state.json: no room" });
    assertEquals(left.problem, document.kind === "damaged" ? "execution_state.json" : null);
    assertEquals(left.say, verdict.say);
  }
});
