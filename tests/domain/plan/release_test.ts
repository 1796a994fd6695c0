import type { Absence } from "../../../src/domain/account/absences.ts";
import type { EngineState } from "../../../src/domain/account/engine_state.ts";
import { closedKey } from "../../../src/domain/account/managed_position.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { decideRelease, keepReleases } from "../../../src/domain/plan/release.ts";
import { assertEquals } from "../../assert.ts";
import { liveLedger, TODAY } from "../fixtures.ts";
import { buildSight, ENTRY, lookRecords, NOW_MS, POSITION } from "./look.ts";

const { symbol, positionId } = POSITION;
const REQUEST = { kind: "release", symbol, positionId, atMs: NOW_MS } as const;
const RELEASE = { symbol, positionId, releasedAtMs: NOW_MS - 3_600_000 };
const BARE = apply(lookRecords(), [
  { kind: "unfinished", positionId, change: { isBare: true } },
]);

/** Records in which the position is the operator's. */
const RELEASED = apply(lookRecords(), [{ kind: "released", release: RELEASE }]);

Deno.test("a release makes the position the operator's, in the day's ledger too", () => {
  const verdict = decideRelease(lookRecords(), buildSight(), REQUEST);
  if (verdict.kind !== "release") throw new Error(verdict.kind);
  const records = apply(lookRecords(), verdict.change);
  const release = { symbol, positionId, releasedAtMs: NOW_MS };
  assertEquals([records.positions, records.released], [[], [release]]);
  assertEquals(records.ledger?.entries.map(({ reason }) => reason), ["released"]);
  assertEquals(verdict.say.map(({ value }) => value), [{ kind: "released", position: POSITION }]);
});

const verdicts: { readonly when: string; readonly records: EngineState; readonly kind: string }[] =
  [
    { when: "it is on record already", records: RELEASED, kind: "done" },
    { when: "it is not managed any more", records: lookRecords({ positions: [] }), kind: "drop" },
    {
      when: "another position of the symbol is managed",
      records: lookRecords({ positions: [{ ...POSITION, positionId: `${positionId}-2` }] }),
      kind: "drop",
    },
    { when: "an exit's stop is still to come", records: BARE, kind: "waits" },
    {
      when: "nobody can explain what is held",
      records: { ...BARE, positions: [{ ...POSITION, unexplainedQty: 20 }] },
      kind: "release",
    },
    {
      when: "the broker refuses its stop for good",
      records: { ...BARE, alerted: { [`stop_refused:${symbol}`]: "no" } },
      kind: "release",
    },
  ];
for (const { when, records, kind } of verdicts) {
  Deno.test(`decideRelease() says "${kind}" when ${when}`, () => {
    assertEquals(decideRelease(records, buildSight(), REQUEST).kind, kind);
  });
}

Deno.test("what is absent can be released though its stop was cancelled", () => {
  assertEquals(
    decideRelease(BARE, buildSight([ENTRY], { positions: [] }), REQUEST).kind,
    "release",
  );
});

const LOOKER = { processId: "p1", monotonicMs: 100_000 };
const ABSENCE: Absence = {
  what: "release",
  id: symbol,
  processId: "p1",
  firstMs: 40_000,
  lastMs: 90_000,
};

/** @param absences What was on record of it. */
function keep(
  records: EngineState,
  sight: ReturnType<typeof buildSight>,
  absences: readonly Absence[] = [],
  isRunOnce = false,
) {
  const how = { dateNy: TODAY, looker: LOOKER, isRunOnce };
  const kept = keepReleases({ ...records, absences }, sight, how);
  return { ...kept, records: apply({ ...records, absences }, kept.change) };
}

const ABSENT = buildSight([], { positions: [] });

Deno.test("a release ends once its symbol is absent for a minute, and what bought it is not taken in again", () => {
  const first = keep(RELEASED, ABSENT);
  assertEquals([first.records.released, first.wakesAtMs], [[RELEASE], [NOW_MS + 60_000]]);
  assertEquals(first.records.absences, [{ ...ABSENCE, firstMs: 100_000, lastMs: 100_000 }]);
  const { records, say } = keep(RELEASED, ABSENT, [ABSENCE]);
  assertEquals([records.released, records.alerted], [[], { [closedKey(positionId)]: TODAY }]);
  assertEquals(records.absences, []);
  assertEquals(records.ledger?.entries.map(({ reason }) => reason), ["release ended"]);
  assertEquals(say.map(({ value }) => value), [{ kind: "release_ended" }]);
});

Deno.test("a release's absence counts from this process's own first look, whatever another one has seen", () => {
  const before = { ...ABSENCE, processId: "p0" };
  const { records, wakesAtMs } = keep(RELEASED, ABSENT, [before]);
  assertEquals([records.released, wakesAtMs], [[RELEASE], [NOW_MS + 60_000]]);
  assertEquals(records.absences, [{ ...ABSENCE, firstMs: 100_000, lastMs: 100_000 }]);
});

Deno.test("a release of processes that look once ends by the second of them that misses it", () => {
  const first = keep(RELEASED, ABSENT, [], true);
  assertEquals(first.records.released, [RELEASE]);
  const before = { ...ABSENCE, processId: "p0" };
  assertEquals(keep(RELEASED, ABSENT, [before], true).records.released, []);
});

Deno.test("a release that is put on record again ends nothing that the engine has bought since", () => {
  const { releasedAtMs } = RELEASE;
  const other = { ...POSITION, positionId: `${positionId}-2`, openedAtMs: releasedAtMs + 1 };
  const release = (position: typeof other) =>
    apply(lookRecords({ positions: [position] }), [{ kind: "released", release: RELEASE }]);
  assertEquals(release(other).positions, [other]);
  assertEquals(release({ ...other, adoptedQty: 10 }).positions, []);
});

Deno.test("a release lasts while its symbol is held, at work, or can't be read", () => {
  const working = { ...ENTRY, status: "new", filledQty: 0 };
  for (
    const sight of [
      buildSight([]),
      buildSight([working], { positions: [] }),
      { ...ABSENT, unreadable: new Set([symbol]) },
    ]
  ) {
    const { records } = keep(RELEASED, sight, [ABSENCE]);
    assertEquals([records.released, records.absences], [[RELEASE], []]);
  }
  const unread = keep(RELEASED, { ...ABSENT, positions: null }, [ABSENCE]);
  assertEquals([unread.change, unread.records.absences], [[], [ABSENCE]]);
});

Deno.test("a release that the day's ledger lacks is put into it, and ends only with one", () => {
  const lacking = { ...RELEASED, ledger: liveLedger([]) };
  const { records } = keep(lacking, buildSight([]));
  assertEquals(records.ledger?.entries.map(({ reason }) => reason), ["released"]);
  assertEquals(keep({ ...RELEASED, ledger: null }, ABSENT, [ABSENCE]).records.released, [RELEASE]);
});

Deno.test("a release takes whatever is managed in its symbol off the engine's hands, with what is unfinished of it", () => {
  const other = { ...POSITION, positionId: `${positionId}-2` };
  const records = apply(lookRecords({ positions: [other] }), [
    { kind: "unfinished", positionId: other.positionId, change: { isBare: true } },
    { kind: "released", release: RELEASE },
  ]);
  assertEquals([records.positions, records.unfinished, records.released], [[], [], [RELEASE]]);
});
