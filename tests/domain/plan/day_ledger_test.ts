import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import type { LedgerRead } from "../../../src/domain/account/records_read.ts";
import { putRelease, RELEASED } from "../../../src/domain/account/released.ts";
import type { LedgerProblem, LiveLedger } from "../../../src/domain/order/ledger.ts";
import { digestLedger } from "../../../src/domain/order/ledger_file.ts";
import { decideLedger } from "../../../src/domain/plan/day_ledger.ts";
import type { RecordsLook, RecordsReads } from "../../../src/domain/plan/records_look.ts";
import type { Shown } from "../../../src/domain/plan/shown.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";
import { managedPosition } from "../position_fixtures.ts";
import {
  answered,
  CALM,
  ENTRY,
  findOut,
  lookAt,
  NO_FILES,
  ownLedger,
  ownRecords,
} from "./records_look_world.ts";
import { NOW_MS, OWNER } from "./records_plan_world.ts";

const YESTERDAY = "2026-01-16";
const TOMORROW = "2026-01-21";
const OTHER = { host: OWNER.host, accountId: "acc-2" };
const ADDED = ledgerEntry({ symbol: "QQQ", clientOrderId: `avwap-${TODAY}-QQQ-mk0000` });
const MISSING = { kind: "missing", message: "it is missing" } as const;
const RELEASE = { symbol: "SPY", positionId: `avwap-${TODAY}-SPY-mk0000`, releasedAtMs: 1_000 };
const FAILED = { kind: "failed", failure: "timeout", message: "no answer" } as const;

function decide(
  file: LedgerRead,
  { look = {}, answers = {}, shown = CALM }: {
    readonly look?: Partial<RecordsLook>;
    readonly answers?: RecordsReads;
    readonly shown?: Shown;
  } = {},
) {
  const at = lookAt({
    records: ownRecords(),
    isLoaded: true,
    reads: { file },
    ...look,
  });
  return findOut((each) => decideLedger(each, shown), at, { ...NO_FILES, ...answers });
}

function fileOf(ledger: LiveLedger): LedgerRead {
  return { kind: "ok", ledger };
}

Deno.test("decideLedger() asks for the file where it was not read", () => {
  const { asked } = decide(MISSING, { look: { reads: {} } });
  assertEquals(asked, ["file"]);
});

const records = ownRecords();
const files: {
  readonly what: string;
  readonly file: LedgerRead;
  readonly look?: Partial<RecordsLook>;
  readonly problem: LedgerProblem | null;
  readonly isWritten: boolean;
  readonly says: string | null;
}[] = [
  {
    what: "says the same",
    file: fileOf(ownLedger()),
    problem: null,
    isWritten: false,
    says: null,
  },
  {
    what: "is one write behind",
    file: fileOf(ownLedger({ entries: [] })),
    look: { versions: [digestLedger(ownLedger({ entries: [] }))] },
    problem: null,
    isWritten: true,
    says: "ledger_behind",
  },
  {
    what: "is missing",
    file: MISSING,
    problem: "ledger missing",
    isWritten: true,
    says: "ledger_missing",
  },
  {
    what: "is not parsable",
    file: { kind: "unreadable", message: "no JSON", isRead: true },
    problem: "ledger unreadable",
    isWritten: true,
    says: "ledger_useless",
  },
  {
    what: "is wrong",
    file: { kind: "invalid", message: "no symbol" },
    problem: "ledger invalid",
    isWritten: true,
    says: "ledger_useless",
  },
  {
    what: "is another account's",
    file: fileOf(ownLedger(OTHER)),
    problem: "ledger invalid",
    isWritten: false,
    says: null,
  },
  {
    what: "is there before the account is known",
    file: fileOf(ownLedger()),
    look: { keys: { ...OWNER, accountId: null } },
    problem: "broker unreachable",
    isWritten: false,
    says: null,
  },
];
for (const { what, file, look = {}, problem, isWritten, says } of files) {
  const becomes = isWritten ? "is written anew" : "is left";
  Deno.test(`decideLedger() of a file that ${what}: ${problem ?? "nothing"} blocks, and it ${becomes}`, () => {
    const { asked, verdict } = decide(file, { look: { records, ...look } });
    assertEquals(asked, []);
    assertEquals([verdict.held?.problem ?? null, verdict.isWritten], [problem, isWritten]);
    assertEquals([verdict.records, verdict.say], [records, []]);
    assertEquals(verdict.done.map(({ value }) => value.kind), says === null ? [] : [says]);
  });
}

Deno.test("decideLedger() waits for a file that can't be read, and leaves it", () => {
  const { verdict } = decide({ kind: "unreadable", message: "no", isRead: false });
  assertEquals(verdict.held?.wait, { kind: "ledger unreadable", message: "no" });
  assertEquals([verdict.held?.problem, verdict.isWritten], [null, false]);
});

Deno.test("decideLedger() holds nothing where there are no records, and says nothing of it", () => {
  const { verdict } = decide(MISSING, { look: { isLoaded: false, records: EMPTY_STATE } });
  assertEquals(verdict.held, { problem: null, wait: null, absent: [] });
  assertEquals([verdict.isWritten, verdict.records], [false, EMPTY_STATE]);
});

Deno.test("decideLedger() notes that the file is found as the records have it", () => {
  assertEquals(decide(fileOf(ownLedger()), { look: { records } }).verdict.noted, records.ledger);
});

Deno.test("decideLedger() takes another hand's entries in, keeps its file aside, and blocks", () => {
  const { asked, verdict } = decide(fileOf(ownLedger({ entries: [ADDED] })));
  assertEquals(asked, ["asidePath"]);
  const entries = verdict.records.ledger?.entries ?? [];
  assertEquals(entries.map(({ symbol, status }) => [symbol, status]), [
    ["SPY", "accepted"],
    ["QQQ", "unknown"],
  ]);
  assertEquals([verdict.held?.problem, verdict.isWritten], ["ledger invalid", true]);
  assertEquals(
    verdict.done.map(({ value }) => value.kind === "ledger_changed" ? value.keptAs : value.kind),
    [NO_FILES.asidePath],
  );
});

for (const isObjected of [true, false]) {
  const what = isObjected ? "is left to the old pipeline" : "is written anew, and blocks";
  Deno.test(`decideLedger() of a file that has only grown, the operator ${isObjected ? "in DRY_RUN" : "LIVE"}: it ${what}`, () => {
    const byHand = ledgerEntry({ symbol: "QQQ", clientOrderId: null, orderId: "b-2" });
    const file = ownLedger({ entries: [ENTRY, byHand] });
    const { asked, verdict } = decide(fileOf(file), { answers: { isObjected } });
    assertEquals(asked, isObjected ? ["isObjected"] : ["isObjected", "asidePath"]);
    assertEquals(verdict.records.ledger?.entries.length, 2);
    assertEquals(verdict.held?.problem ?? null, isObjected ? null : "ledger invalid");
    assertEquals([verdict.isWritten, verdict.noted], [!isObjected, isObjected ? file : null]);
  });
}

Deno.test("decideLedger() gives a release back that another hand's file still has", () => {
  const managed = ownRecords({ positions: [managedPosition()] });
  const file = putRelease(ownLedger(), RELEASE, RELEASED);
  const { verdict } = decide(fileOf(file), { look: { records: managed } });
  assertEquals([verdict.records.positions, verdict.records.released], [[], [RELEASE]]);
  assertEquals(verdict.say.map(({ value }) => value), [
    { kind: "released_again", symbols: ["SPY"] },
  ]);
});

Deno.test("decideLedger() turns to a day that another hand has begun, and holds it against the new one", () => {
  const before = ownRecords({ ledger: ownLedger({ dateNy: YESTERDAY }) });
  const file = fileOf(ownLedger());
  const { asked, verdict } = decide(file, { look: { records: before } });
  assertEquals([asked, verdict.held?.problem], [["turnWait"], "ledger invalid"]);
  const wait = { kind: "clock", message: "two clocks" } as const;
  const waiting = decide(file, { look: { records: before }, answers: { turnWait: wait } });
  assertEquals(waiting.verdict.held?.wait, wait);
  // The shell has turned the records meanwhile.
  const turned = { file, turnWait: null };
  const again = decide(file, { look: { records: ownRecords(), reads: turned } });
  assertEquals([again.asked, again.verdict.held], [[], null]);
});

Deno.test("decideLedger() of a file of a day still to come turns to nothing", () => {
  const { asked, verdict } = decide(fileOf(ownLedger({ dateNy: TOMORROW })));
  assertEquals(asked.includes("turnWait"), false);
  assertEquals(verdict.held?.problem, "ledger invalid");
});

const OF_0_1_0 = ownRecords({ ledger: null });
const imports: {
  readonly what: string;
  readonly records: Partial<EngineState>;
  readonly inFile: number;
  readonly mismatches: number;
}[] = [
  { what: "none", records: {}, inFile: 0, mismatches: 0 },
  {
    what: "one of today, counted beside it",
    records: { mismatches: 1, lastCycleAtMs: NOW_MS },
    inFile: 0,
    mismatches: 1,
  },
  {
    what: "one of an earlier day",
    records: { mismatches: 1, lastCycleAtMs: NOW_MS - 4 * 86_400_000 },
    inFile: 0,
    mismatches: 0,
  },
  {
    what: "the lock of two, over midnight",
    records: { mismatches: 2, lastCycleAtMs: NOW_MS - 4 * 86_400_000 },
    inFile: 0,
    mismatches: 2,
  },
  { what: "one that the file has", records: {}, inFile: 1, mismatches: 1 },
];
for (const { what, records: facts, inFile, mismatches } of imports) {
  Deno.test(`decideLedger() imports 0.1.0's file, blocks no cycle, and has its mismatches: ${what}`, () => {
    const file = ownLedger({ mismatches: inFile });
    const { asked, verdict } = decide(fileOf(file), {
      look: { records: { ...OF_0_1_0, ...facts } },
    });
    assertEquals([asked, verdict.held, verdict.isWritten], [[], null, false]);
    assertEquals([verdict.records.ledger?.mismatches, verdict.records.mismatches], [
      mismatches,
      0,
    ]);
    assertEquals(verdict.noted, file);
  });
}

Deno.test("decideLedger() makes a ledger that is lost with its file from what is left, never empty, and blocks", () => {
  const past = ledgerEntry({ symbol: "QQQ", clientOrderId: "avwap-x-QQQ-a", status: "unknown" });
  const { asked, verdict } = decide(MISSING, {
    look: { records: OF_0_1_0 },
    answers: {
      archive: {
        kind: "ok",
        ledgers: [{ ...liveLedger([past], YESTERDAY), ...OWNER }],
        unusable: [{ path: "archive/a", message: "a is no ledger" }],
      },
    },
    shown: { ...CALM, dayOrders: answered([brokerOrder()]) },
  });
  assertEquals(asked, ["archive", "copy"]);
  const symbols = verdict.records.ledger?.entries.map(({ symbol }) => symbol) ?? [];
  assertEquals(symbols.toSorted(), ["QQQ", "SPY"]);
  assertEquals([verdict.held?.problem, verdict.isWritten], ["ledger missing", true]);
  assertEquals(verdict.say.map(({ key }) => key), ["unusable:a is no ledger"]);
  assertEquals(
    verdict.done.map(({ value }) => value.kind === "ledger_missing" && value.isMade),
    [true],
  );
});

Deno.test("decideLedger() makes no ledger while the broker can't show the day's orders", () => {
  const { verdict } = decide(MISSING, {
    look: { records: OF_0_1_0 },
    shown: { ...CALM, dayOrders: FAILED },
  });
  assertEquals([verdict.held?.wait?.what, verdict.records], ["orders of the day", OF_0_1_0]);
  assertEquals(verdict.isWritten, false);
});
