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

function keep(
  records: EngineState,
  sight: ReturnType<typeof buildSight>,
  sinceMs: number | null,
): ReturnType<typeof keepReleases> {
  const absentSince = new Map(sinceMs === null ? [] : [[symbol, sinceMs]]);
  return keepReleases(records, sight, { absentSince, dateNy: TODAY });
}

const ABSENT = buildSight([], { positions: [] });

Deno.test("a release ends once its symbol is absent for a minute, and what bought it is not taken in again", () => {
  const first = keep(RELEASED, ABSENT, null);
  assertEquals([first.change, first.wakesAtMs], [[], [NOW_MS + 60_000]]);
  assertEquals([...first.absentSince], [[symbol, NOW_MS]]);
  const { change, say } = keep(RELEASED, ABSENT, NOW_MS - 60_000);
  const records = apply(RELEASED, change);
  assertEquals([records.released, records.alerted], [[], { [closedKey(positionId)]: TODAY }]);
  assertEquals(records.ledger?.entries.map(({ reason }) => reason), ["release ended"]);
  assertEquals(say.map(({ value }) => value), [{ kind: "release_ended" }]);
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
    const { change, absentSince } = keep(RELEASED, sight, NOW_MS - 60_000);
    assertEquals([change, [...absentSince]], [[], []]);
  }
  const unread = keep(RELEASED, { ...ABSENT, positions: null }, NOW_MS - 60_000);
  assertEquals([unread.change, unread.absentSince.size], [[], 1]);
});

Deno.test("a release that the day's ledger lacks is put into it, and ends only with one", () => {
  const lacking = { ...RELEASED, ledger: liveLedger([]) };
  const records = apply(lacking, keep(lacking, buildSight([]), null).change);
  assertEquals(records.ledger?.entries.map(({ reason }) => reason), ["released"]);
  assertEquals(keep({ ...RELEASED, ledger: null }, ABSENT, NOW_MS - 60_000).change, []);
});

Deno.test("a release takes whatever is managed in its symbol off the engine's hands, with what is unfinished of it", () => {
  const other = { ...POSITION, positionId: `${positionId}-2` };
  const records = apply(lookRecords({ positions: [other] }), [
    { kind: "unfinished", positionId: other.positionId, change: { isBare: true } },
    { kind: "released", release: RELEASE },
  ]);
  assertEquals([records.positions, records.unfinished, records.released], [[], [], [RELEASE]]);
});
