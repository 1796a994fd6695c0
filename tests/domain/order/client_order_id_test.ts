import fc from "fast-check";
import {
  buildAdoptionId,
  buildEntryId,
  buildSellId,
  FLATTEN_PREFIX,
  isFlatten,
  isOurs,
  OUR_PREFIX,
  parseOurId,
  readAdoptedAtMs,
  readPositionId,
  readReason,
  type SellReason,
} from "../../../src/domain/order/client_order_id.ts";
import { isTicker } from "../../../src/domain/order/symbol.ts";
import { assert, assertEquals } from "../../assert.ts";

const LENGTH_MAX = 128;
const REASONS: readonly SellReason[] = ["r1_trim", "r2_trim", "stop_exit", "stop"];

const symbol = fc.stringMatching(/^[A-Z][A-Z0-9]{0,4}(\.[A-Z0-9]{1,5})?$/);
const dateNy = fc.date({
  min: new Date("2024-01-01"),
  max: new Date("2050-01-01"),
  noInvalidDate: true,
}).map((date) => date.toISOString().slice(0, 10));
const adoptedAtMs = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2050, 0) });
const entryKey = fc.record({
  accountId: fc.oneof(fc.uuid(), fc.string()),
  dateNy,
  symbol,
  attempt: fc.integer({ min: 1, max: 99 }),
});
const sellKey = fc.record({
  entry: entryKey,
  adoptedAtMs,
  isAdopted: fc.boolean(),
  reason: fc.constantFrom(...REASONS),
  attempt: fc.integer({ min: 1, max: 1_000_000 }),
});

Deno.test("buildEntryId() makes the id that every release must go on making", () => {
  const accountId = "904837e3-3b76-47ec-b432-046db621571b";
  const key = { accountId, dateNy: "2026-01-20", symbol: "BRK.B", attempt: 1 };
  const id: string = buildEntryId(key);
  assertEquals(id, "avwap-2026-01-20-BRK.B-52602d96-1");
  assertEquals(buildEntryId({ ...key }), id);
});

Deno.test("buildAdoptionId() and buildSellId() make ids that every release must go on making", () => {
  const positionId: string = buildAdoptionId({
    dateNy: "2026-01-20",
    symbol: "SPY",
    adoptedAtMs: 1_768_920_300_000,
  });
  assertEquals(positionId, "avwap-2026-01-20-SPY-adopted-mkmph2w0");
  const sell: string = buildSellId({ positionId, reason: "stop_exit", attempt: 2 });
  assertEquals(sell, "avwap-2026-01-20-SPY-adopted-mkmph2w0-stop_exit-2");
});

Deno.test("buildEntryId() gives two intents the same id exactly when all their facts are the same", () => {
  // Few values, so that equal facts are met as often as different ones.
  const key = fc.record({
    dateNy: fc.constantFrom("2026-01-20", "2026-01-21"),
    symbol: fc.constantFrom("A", "A.A", "AA", "B", "A1"),
    accountId: fc.constantFrom("", "a", "b", "ab", "ba"),
    attempt: fc.constantFrom(1, 2, 11),
  });
  fc.assert(fc.property(key, key, (a, b) => {
    const isSame = a.dateNy === b.dateNy && a.symbol === b.symbol &&
      a.accountId === b.accountId && a.attempt === b.attempt;
    assertEquals(buildEntryId(a) === buildEntryId(b), isSame);
  }));
});

Deno.test("buildEntryId() tells accounts apart that differ in one place", () => {
  const id = fc.uuid();
  fc.assert(fc.property(id, fc.nat(35), fc.constantFrom(..."0123456789abcdef"), (a, at, digit) => {
    const b = a.slice(0, at) + digit + a.slice(at + 1);
    const key = { dateNy: "2026-01-20", symbol: "A", attempt: 1 };
    const isSame = buildEntryId({ ...key, accountId: a }) ===
      buildEntryId({ ...key, accountId: b });
    assertEquals(isSame, a === b);
  }));
});

Deno.test("an entry's id, of this release or the one before, is read as no sell's and no adoption's", () => {
  fc.assert(fc.property(entryKey, adoptedAtMs, (entry, ms) => {
    const before = `avwap-${entry.dateNy}-${entry.symbol}-${ms.toString(36)}`;
    for (const id of [buildEntryId(entry), before]) {
      assertEquals([readReason(id), readPositionId(id), readAdoptedAtMs(id)], [null, null, null]);
      for (const reason of REASONS) {
        const sell = `${id}-${reason}-3`;
        assertEquals([readReason(sell), readPositionId(sell)], [reason, id]);
      }
    }
    const adopted = buildAdoptionId({ ...entry, adoptedAtMs: ms });
    assertEquals(readAdoptedAtMs(adopted), ms);
  }));
});

/** Every id of a small world in which all kinds and facts meet. */
function everyId(): string[] {
  const positions: string[] = [];
  for (const date of ["2026-01-20", "2026-01-21"]) {
    for (const ticker of ["A", "A.A", "AA", "R1"]) {
      for (const ms of [1_768_920_300_000, 1_768_920_300_001]) {
        positions.push(buildAdoptionId({ dateNy: date, symbol: ticker, adoptedAtMs: ms }));
        const attempt = ms % 10 + 1;
        positions.push(buildEntryId({ accountId: "a", dateNy: date, symbol: ticker, attempt }));
      }
    }
  }
  const sells = positions.flatMap((positionId) =>
    REASONS.flatMap((reason) =>
      [1, 2, 11, 12].map((attempt): string => buildSellId({ positionId, reason, attempt }))
    )
  );
  return [...positions, ...sells];
}

Deno.test("no two orders of different facts share an id, whatever their kinds", () => {
  const ids = everyId();
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(ids.length, 32 * (1 + 16));
});

Deno.test("every id is ours, not flatten's, at most 128 characters and plain on the wire", () => {
  fc.assert(fc.property(sellKey, ({ entry, adoptedAtMs, isAdopted, reason, attempt }) => {
    const positionId = isAdopted ? buildAdoptionId({ ...entry, adoptedAtMs }) : buildEntryId(entry);
    for (const id of [positionId, buildSellId({ positionId, reason, attempt })]) {
      assert(isTicker(entry.symbol) && isOurs(id) && !isFlatten(id), id);
      assert(id.length <= LENGTH_MAX, id);
      assertEquals(encodeURIComponent(id), id);
      assertEquals(parseOurId(id), id);
    }
  }));
});

Deno.test("a sell's id gives back its position, reason and attempt", () => {
  fc.assert(fc.property(sellKey, ({ entry, reason, attempt }) => {
    const positionId = buildEntryId(entry);
    const parts = buildSellId({ positionId, reason, attempt }).split("-");
    assertEquals([parts.slice(0, -2).join("-"), parts.at(-2), parts.at(-1)], [
      positionId,
      reason,
      String(attempt),
    ]);
  }));
});

const texts: readonly [text: string, isOurs: boolean, isFlatten: boolean][] = [
  ["avwap-2026-01-20-SPY-mk", true, false],
  ["avwap-flatten-1-SPY", true, true],
  [OUR_PREFIX, true, false],
  [FLATTEN_PREFIX, true, true],
  ["avwap", false, false],
  ["AVWAP-2026", false, false],
  [" avwap-2026", false, false],
  ["x-avwap-flatten-1", false, false],
  ["", false, false],
];
for (const [text, ours, flatten] of texts) {
  Deno.test(`isOurs() and isFlatten() tell ${JSON.stringify(text)} apart`, () => {
    assertEquals([isOurs(text), isFlatten(text)], [ours, flatten]);
    const parsed: string | null = parseOurId(text);
    assertEquals(parsed, ours ? text : null);
  });
}

Deno.test("parseOurId() refuses what the broker would not take as an id", () => {
  const longest = OUR_PREFIX.padEnd(LENGTH_MAX, "x");
  const parsed: string | null = parseOurId(longest);
  assertEquals(parsed, longest);
  assertEquals(parseOurId(`${longest}x`), null);
});
