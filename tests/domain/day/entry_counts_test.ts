import { buildDayResult } from "../../../src/domain/account/day_result.ts";
import fc from "fast-check";
import { buildDailySummary } from "../../../src/domain/alert/alert_summary.ts";
import { countEntries } from "../../../src/domain/day/entry_counts.ts";
import type { RecordedEvent } from "../../../src/domain/day/events.ts";
import { buildLedgerEntry, type LedgerEntry, NOT_SENT } from "../../../src/domain/order/ledger.ts";
import { buildEmptyLedger } from "../../../src/domain/order/reconcile.ts";
import { assertEquals } from "../../assert.ts";

const DATE_NY = "2026-11-23";
const AT = "2026-11-23T15:00:00.000Z";

/** Each number a symbol of its own. */
function symbolOf(id: string): string {
  return `S${/\d+/.exec(id)?.[0] ?? ""}`;
}

function event(type: string, id: string, fields: Record<string, unknown> = {}): RecordedEvent {
  const symbol = symbolOf(id);
  return { at: AT, type, symbol, client_order_id: id, mode: "LIVE", ...fields };
}

function recorded(id: string): RecordedEvent {
  return event("order_recorded", id, { side: "buy", mode: undefined });
}

function buy(clientOrderId: string | null, change: Partial<LedgerEntry> = {}): LedgerEntry {
  return buildLedgerEntry({
    symbol: symbolOf(clientOrderId ?? ""),
    notionalUsd: 100,
    timestamp: AT,
    side: "buy",
    qty: 1,
    clientOrderId,
    status: "accepted",
    ...change,
  });
}

function ledgerOf(...entries: LedgerEntry[]) {
  return { ...buildEmptyLedger(DATE_NY), entries };
}

const NONE = {
  tried: 0,
  accepted: 0,
  denied: 0,
  rejected: 0,
  expired: 0,
  unresolved: 0,
  unfilled: 0,
};
/** An order that ended without a fill. */
const CANCELLED = { status: "canceled", filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: 0 };

const cases: {
  when: string;
  events: RecordedEvent[];
  entries: LedgerEntry[];
  counts: Partial<typeof NONE>;
  /** `S1 allowlist blocked`, of all that were not entered. */
  not?: string[];
}[] = [
  { when: "nothing was tried", events: [], entries: [], counts: {} },
  {
    when: "an entry was recorded and accepted",
    events: [event("verdict", "avwap-1"), recorded("avwap-1")],
    entries: [buy("avwap-1")],
    counts: { tried: 1, accepted: 1 },
  },
  {
    when: "an accepted entry was cancelled with nothing filled",
    events: [event("verdict", "avwap-1"), recorded("avwap-1")],
    entries: [buy("avwap-1", { broker: CANCELLED })],
    counts: { tried: 1, unfilled: 1 },
    not: ["S1 ended with nothing filled"],
  },
  {
    when: "an accepted entry was cancelled when it was partly filled",
    events: [event("verdict", "avwap-1"), recorded("avwap-1")],
    entries: [buy("avwap-1", { broker: { ...CANCELLED, filledQty: 1, filledAvgPriceUsd: 5 } })],
    counts: { tried: 1, accepted: 1 },
  },
  {
    when: "the broker rejected it",
    events: [recorded("avwap-1")],
    entries: [buy("avwap-1", { status: "rejected", reason: "account not authorized" })],
    counts: { tried: 1, rejected: 1 },
    not: ["S1 rejected by the broker"],
  },
  {
    when: "the broker rejected it, and the caps denied it afterwards",
    events: [
      recorded("avwap-1"),
      event("verdict", "avwap-1-2", { reason: "rejected twice today" }),
    ],
    entries: [buy("avwap-1", { status: "rejected", reason: "account not authorized" })],
    counts: { tried: 1, rejected: 1 },
    not: ["S1 rejected by the broker"],
  },
  {
    when: "it was denied, and got no further intent before the close",
    events: [
      event("verdict", "avwap-1", { reason: "entries paused" }),
      event("skip", "avwap-1-b", { client_order_id: null, reason: "close too near" }),
    ],
    entries: [],
    counts: { tried: 1, denied: 1 },
    not: ["S1 entries paused"],
  },
  {
    when: "it was denied, and its last intent met the close",
    events: [
      event("verdict", "avwap-1", { reason: "allowlist blocked" }),
      event("skip", "avwap-1-b", { reason: "close too near" }),
    ],
    entries: [],
    counts: { tried: 1, denied: 1 },
    not: ["S1 allowlist blocked"],
  },
  {
    when: "its position was somebody's all day, and its breakout stood at the close",
    events: [
      event("skip", "avwap-1", { client_order_id: null, reason: "open order/position exists" }),
      event("skip", "avwap-1", { client_order_id: null, reason: "close too near" }),
    ],
    entries: [],
    counts: { tried: 1, denied: 1 },
    not: ["S1 open order/position exists"],
  },
  {
    when: "it broke out in the last minutes alone",
    events: [event("skip", "avwap-1", { client_order_id: null, reason: "close too near" })],
    entries: [],
    counts: { tried: 1, denied: 1 },
    not: ["S1 close too near"],
  },
  {
    when: "a symbol was tried again and again, and entered in the end",
    events: [
      event("verdict", "avwap-1-a", { reason: "max positions reached" }),
      event("skip", "avwap-1-b", { reason: "intent expired" }),
      recorded("avwap-1-c"),
      event("skip", "avwap-1-d", { client_order_id: null, reason: "already entered today" }),
    ],
    entries: [buy("avwap-1-c")],
    counts: { tried: 1, accepted: 1 },
  },
  {
    when: "the gate stopped it between record and request",
    events: [event("verdict", "avwap-1", { is_allowed: true }), recorded("avwap-1")],
    entries: [buy("avwap-1", { status: "rejected", reason: NOT_SENT })],
    counts: { tried: 1, denied: 1 },
    not: ["S1 not sent"],
  },
  {
    when: "no usable answer came",
    events: [recorded("avwap-1"), recorded("avwap-2")],
    entries: [buy("avwap-1", { status: "unknown" }), buy("avwap-2", { status: "pending" })],
    counts: { tried: 2, unresolved: 2 },
    not: ["S1 unresolved", "S2 unresolved"],
  },
  {
    when: "a cap denied it twice",
    events: [
      event("verdict", "avwap-1-a", { reason: "max positions reached" }),
      event("verdict", "avwap-1-b", { reason: "max orders/day reached" }),
    ],
    entries: [],
    counts: { tried: 1, denied: 1 },
    not: ["S1 max orders/day reached"],
  },
  {
    when: "it expired",
    events: [event("skip", "avwap-1", { reason: "intent expired" })],
    entries: [],
    counts: { tried: 1, expired: 1 },
    not: ["S1 intent expired"],
  },
  {
    when: "it was allowed, and expired before it left",
    events: [event("verdict", "avwap-1"), event("skip", "avwap-1", { reason: "intent expired" })],
    entries: [],
    counts: { tried: 1, expired: 1 },
    not: ["S1 intent expired"],
  },
  {
    when: "DRY_RUN skipped one, and simulated another",
    events: [
      event("skip", "avwap-1", { mode: "DRY_RUN", reason: "intent expired" }),
      event("dry_run_order", "avwap-2"),
    ],
    entries: [],
    counts: {},
  },
  {
    when: "a sell was recorded",
    events: [event("order_recorded", "avwap-1-stop-1", { side: "sell", mode: undefined })],
    entries: [buy("avwap-1-stop-1", { side: "sell" })],
    counts: {},
  },
  {
    when: "an entry of yesterday was carried over",
    events: [],
    entries: [buy("avwap-1", { status: "unknown", timestamp: "2026-11-20T15:00:00.000Z" })],
    counts: {},
  },
  {
    when: "the old pipeline and a flatten bought too",
    events: [],
    entries: [buy(null), buy("avwap-flatten-1"), buy("someone-else")],
    counts: {},
  },
];
for (const { when, events, entries, counts, not } of cases) {
  Deno.test(`countEntries() adds up when ${when}`, () => {
    const found = countEntries(events, ledgerOf(...entries));
    const { tried, notEntered, ...fates } = found;
    assertEquals({ tried, ...fates }, { ...NONE, ...counts });
    assertEquals(notEntered.map(({ symbol, reason }) => `${symbol} ${reason}`), not ?? []);
    assertEquals(Object.values(fates).reduce((a, b) => a + b, 0), tried);
  });
}

const gaps: { when: string; events: RecordedEvent[]; ledger: LedgerEntry[] | null }[] = [
  { when: "the ledger lost a recorded entry", events: [recorded("avwap-1")], ledger: [] },
  { when: "the ledger can't be read", events: [recorded("avwap-1")], ledger: null },
  { when: "the trail lost an entry of the ledger", events: [], ledger: [buy("avwap-1")] },
  {
    when: "the trail only knows that the symbol got no second intent",
    events: [event("skip", "avwap-1", { client_order_id: null, reason: "already entered today" })],
    ledger: [buy("avwap-1")],
  },
];
for (const { when, events, ledger } of gaps) {
  Deno.test(`countEntries() leaves a gap, which the summary says as an error, when ${when}`, () => {
    const entries = countEntries(events, ledger === null ? null : ledgerOf(...ledger));
    const { level } = buildDailySummary({
      mode: "LIVE",
      dateNy: DATE_NY,
      session: { kind: "full", closesAtNy: "16:00", isOver: true },
      equityLine: "Equity: unknown; open result unknown",
      areEntriesPaused: false,
      loss: null,
      dayResult: buildDayResult([]),
      overnight: [],
      entries,
      symbols: [],
      notionalUsd: 0,
      fills: [],
      capUse: null,
      exits: [],
      closedTrades: [],
    });
    assertEquals(level, "ERROR");
  });
}

Deno.test("countEntries() leaves no gap where the day's events can't be read: the ledger alone says what became of what", () => {
  const entries = countEntries(
    null,
    ledgerOf(buy("avwap-1"), buy("avwap-2", { status: "rejected" })),
  );
  assertEquals([entries.tried, entries.accepted, entries.rejected], [null, 1, 1]);
});

Deno.test("countEntries() adds up for every mix of fates", () => {
  const fate = fc.constantFrom("accepted", "rejected", "unknown", "not_sent", "denied", "expired");
  fc.assert(fc.property(fc.array(fate, { maxLength: 30 }), (fates) => {
    const events: RecordedEvent[] = [];
    const entries: LedgerEntry[] = [];
    fates.forEach((each, index) => {
      const id = `avwap-${index}`;
      if (each === "denied") events.push(event("verdict", id, { reason: "max positions reached" }));
      else if (each === "expired") events.push(event("skip", id, { reason: "intent expired" }));
      else {
        events.push(recorded(id));
        entries.push(
          each === "not_sent"
            ? buy(id, { status: "rejected", reason: NOT_SENT })
            : buy(id, { status: each }),
        );
      }
    });
    const count = (...names: string[]) => fates.filter((each) => names.includes(each)).length;
    const { notEntered, ...counts } = countEntries(events, ledgerOf(...entries));
    assertEquals(notEntered.length, fates.length - count("accepted"));
    assertEquals(counts, {
      tried: fates.length,
      accepted: count("accepted"),
      rejected: count("rejected"),
      unfilled: 0,
      unresolved: count("unknown"),
      denied: count("denied", "not_sent"),
      expired: count("expired"),
    });
  }));
});
