import fc from "fast-check";
import type { Absence } from "../../../src/domain/account/absences.ts";
import {
  isAbsentByNow,
  listAsked,
  listSettled,
  type LookUpMoment,
  settleLookUp,
} from "../../../src/domain/entry/absence.ts";
import { ID_TAKEN, type LedgerEntry } from "../../../src/domain/order/ledger.ts";
import type { LookupOutcome } from "../../../src/domain/order/order_request.ts";
import { assert, assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder, ledgerEntry, TODAY } from "../fixtures.ts";

const NOW_MS = Date.parse(`${TODAY}T17:05:00Z`);
const NOT_FOUND: LookupOutcome = { kind: "not_found" };
const UNKNOWN: LookupOutcome = { kind: "unknown", why: "timeout" };

function open(facts: Partial<LedgerEntry> = {}): LedgerEntry {
  return ledgerEntry({ status: "unknown", deadlineAtMs: NOW_MS, ...facts });
}

function moment(afterMs: number, facts: Partial<LookUpMoment> = {}): LookUpMoment {
  return {
    nowMs: NOW_MS + afterMs,
    monotonicMs: afterMs,
    processId: "p1",
    isRunOnce: false,
    ...facts,
  };
}

/** What a process has on record of `open`. */
function absence(facts: Partial<Absence> = {}): Absence {
  const id = open().clientOrderId ?? "";
  return { what: "order", id, processId: "p1", firstMs: 0, lastMs: 0, ...facts };
}

/** Look-ups one after the other. @returns The last, and after how long an absence was proven, if at all. */
function lookUps(steps: readonly (readonly [afterMs: number, outcome: LookupOutcome])[]) {
  let entry = open();
  let absences: readonly Absence[] = [];
  let absentMs: number | null = null;
  for (const [afterMs, outcome] of steps) {
    const found = settleLookUp(entry, outcome, absences, moment(afterMs));
    entry = found.entry;
    absences = found.absence === null ? [] : [found.absence];
    if (found.isAbsent) absentMs ??= afterMs;
  }
  return { entry, absentMs };
}

function every10s(fromMs: number, toMs: number, outcome = NOT_FOUND) {
  const count = (toMs - fromMs) / 10_000 + 1;
  return Array.from({ length: count }, (_, at) => [fromMs + at * 10_000, outcome] as const);
}

Deno.test("settleLookUp() believes an entry absent after 70 s of nothing but not found, and not before", () => {
  assertEquals(lookUps(every10s(0, 60_000)).absentMs, null);
  assertEquals(lookUps(every10s(0, 100_000)).absentMs, 70_000);
});

Deno.test("settleLookUp() takes no not found before the request's deadline for evidence", () => {
  assertEquals(lookUps(every10s(-60_000, 60_000)).absentMs, null);
  assertEquals(lookUps(every10s(-60_000, 100_000)).absentMs, 70_000);
});

const breaks: readonly { readonly what: string; readonly between: ReturnType<typeof every10s> }[] =
  [
    { what: "an answer that is no 404", between: [[55_000, UNKNOWN]] },
    { what: "66 s without an answer", between: [] },
  ];
for (const { what, between } of breaks) {
  Deno.test(`settleLookUp() begins anew after ${what}`, () => {
    const before = what.startsWith("66") ? [[0, NOT_FOUND]] as const : every10s(0, 50_000);
    const found = lookUps([...before, ...between, ...every10s(66_000, 166_000)]);
    assertEquals(found.absentMs, 136_000);
  });
}

Deno.test("settleLookUp() begins anew in another process, whatever the record says", () => {
  const entry = open({ notFoundSinceMs: NOW_MS - 600_000 });
  for (const absences of [[], [absence({ processId: "p0" })]]) {
    const found = settleLookUp(entry, NOT_FOUND, absences, moment(60_000));
    assertObjectMatch(found, { isAbsent: false, entry: { notFoundSinceMs: NOW_MS + 60_000 } });
    assertEquals(found.absence, absence({ firstMs: 60_000, lastMs: 60_000 }));
  }
});

Deno.test("settleLookUp() needs both clocks: a broker's clock that jumped proves nothing", () => {
  const entry = open({ notFoundSinceMs: NOW_MS });
  const absences = [absence({ lastMs: 10_000 })];
  const found = settleLookUp(entry, NOT_FOUND, absences, {
    ...moment(600_000),
    monotonicMs: 20_000,
  });
  assertEquals(found.isAbsent, false);
});

Deno.test("settleLookUp() of a process that looks once believes 130 s of the file, no less", () => {
  for (const [ms, isAbsent] of [[129_999, false], [130_000, true]] as const) {
    const entry = open({ notFoundSinceMs: NOW_MS - ms });
    const found = settleLookUp(entry, NOT_FOUND, [], moment(0, { isRunOnce: true }));
    assertEquals(found.isAbsent, isAbsent);
  }
});

Deno.test("settleLookUp() takes over what the broker shows, whenever", () => {
  const order = brokerOrder({ status: "filled", filledQty: 10 });
  const found = settleLookUp(open(), { kind: "found", order }, [], moment(0));
  assertObjectMatch(found, { entry: { status: "accepted", orderId: "b-1" }, isAbsent: false });
});

Deno.test("settleLookUp() settles a sell that nobody knows to have left, and what replaces an order, at the first not found after its deadline", () => {
  const sells: readonly Partial<LedgerEntry>[] = [{ status: "pending" }, { replaces: "stop-1" }];
  const leaving = open({ side: "sell", reason: "stop", status: "pending" });
  const early = settleLookUp(leaving, NOT_FOUND, [], moment(-1));
  assertEquals([early.entry.status, early.wakeAtMs], ["pending", NOW_MS + 10_000]);
  for (const facts of sells) {
    const sell = open({ side: "sell", reason: "stop", ...facts });
    const settled = settleLookUp(sell, NOT_FOUND, [], moment(0));
    assertObjectMatch(settled, { entry: { status: "rejected", detail: "not sent" } });
  }
});

Deno.test("settleLookUp() settles a sell whose answer was lost after 70 s of not found, as an entry, and it is no entry's repeat", () => {
  let entry = open({ side: "sell", reason: "stop_exit" });
  let absences: readonly Absence[] = [];
  for (let afterMs = 0; afterMs <= 70_000; afterMs += 10_000) {
    const found = settleLookUp(entry, NOT_FOUND, absences, moment(afterMs));
    entry = found.entry;
    absences = found.absence === null ? [] : [found.absence];
    assertEquals([found.isAbsent, entry.status], [
      false,
      afterMs < 70_000 ? "unknown" : "rejected",
    ]);
  }
  assertEquals(entry.detail, "not sent");
});

Deno.test("settleLookUp() believes two looks at a sell that lie five minutes apart, as they do at night, and no buy", () => {
  for (const side of ["sell", "buy"] as const) {
    const entry = open({ side, notFoundSinceMs: NOW_MS });
    const found = settleLookUp(entry, NOT_FOUND, [absence()], moment(300_000));
    assertEquals([found.entry.status, found.isAbsent], [
      side === "sell" ? "rejected" : "unknown",
      false,
    ]);
    // A gap that is shorter begins anew.
    const soon = settleLookUp(entry, NOT_FOUND, [absence()], moment(120_000));
    assertObjectMatch(soon.entry, { status: "unknown", notFoundSinceMs: NOW_MS + 120_000 });
    const other = settleLookUp(entry, NOT_FOUND, [], moment(300_000));
    assertEquals(other.entry.status, "unknown");
  }
});

Deno.test("isAbsentByNow() needs as long for a sell whose answer was lost as for a buy, and for what never left its deadline alone", () => {
  const provenAfterMs = (facts: Partial<LedgerEntry>) =>
    [0, 69_999, 70_000].find((afterMs) => isAbsentByNow(open(facts), NOW_MS + afterMs));
  assertEquals(provenAfterMs({ side: "buy" }), 70_000);
  assertEquals(provenAfterMs({ side: "sell" }), 70_000);
  assertEquals(provenAfterMs({ side: "sell", status: "pending" }), 0);
  assertEquals(provenAfterMs({ side: "sell", replaces: "stop-1" }), 0);
});

Deno.test("settleLookUp() never settles what the broker has said it has", () => {
  const sell = open({ side: "sell", reason: "stop" });
  const taken = settleLookUp({ ...sell, detail: ID_TAKEN }, NOT_FOUND, [], moment(0));
  assertObjectMatch(taken, { entry: { status: "unknown" }, isUnseen: true });
});

Deno.test("listSettled() names the evidence about what is settled or gone, and of no release", () => {
  const unsettled = ledgerEntry({ clientOrderId: "avwap-open", status: "unknown" });
  const settled = ledgerEntry({ clientOrderId: "avwap-done", status: "accepted" });
  const absences = ["avwap-open", "avwap-done", "avwap-gone"].map((id) => absence({ id }));
  const release = absence({ what: "release", id: "avwap-done" });
  const found = listSettled([...absences, release], [unsettled, settled]);
  assertEquals(found.map(({ what, id }) => `${what} ${id}`), [
    "order avwap-done",
    "order avwap-gone",
  ]);
});

Deno.test("listAsked() asks for what is not settled first, and for nothing that was rejected or has no name", () => {
  const names = ["accepted", "rejected", "unknown"].map((clientOrderId) => {
    const status = clientOrderId === "rejected" || clientOrderId === "unknown"
      ? clientOrderId
      : "accepted";
    return ledgerEntry({ clientOrderId, status });
  });
  const unnamed = ledgerEntry({ clientOrderId: null });
  assertEquals(listAsked([...names, unnamed]).map((each) => each.clientOrderId), [
    "unknown",
    "accepted",
  ]);
});

Deno.test("settleLookUp() never proves absence within 70 s of a found, unknown or missing answer, nor before the deadline", () => {
  const answer = fc.record({
    passMs: fc.constantFrom(5_000, 10_000, 30_000, 66_000),
    outcome: fc.constantFrom(NOT_FOUND, NOT_FOUND, NOT_FOUND, UNKNOWN),
  });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 30 }), (answers) => {
      let atMs = -30_000;
      let cleanSinceMs: number | null = null;
      let entry = open();
      let absences: readonly Absence[] = [];
      for (const { passMs, outcome } of answers) {
        atMs += passMs;
        if (outcome.kind !== "not_found" || passMs > 65_000) cleanSinceMs = null;
        if (outcome.kind === "not_found" && atMs >= 0) cleanSinceMs ??= atMs;
        const found = settleLookUp(entry, outcome, absences, moment(atMs));
        entry = found.entry;
        absences = found.absence === null ? [] : [found.absence];
        if (found.isAbsent) assert(cleanSinceMs !== null && atMs - cleanSinceMs >= 70_000);
      }
    }),
  );
});
