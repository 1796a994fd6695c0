import { assertEquals, assertStringIncludes } from "../assert.ts";
import { runOperator, withStateDir } from "../support/operator_run.ts";

const DATE_NY = "2026-11-23";
const FILE = `events-${DATE_NY}.jsonl`;
const NOW_MS = Date.parse("2026-11-23T18:00:00Z");

type Fields = Readonly<Record<string, unknown>>;

/** A line of the day at a New York time. */
function line(timeNy: string, type: string, fields: Fields = {}): string {
  const at = new Date(Date.parse(`${DATE_NY}T${timeNy}-05:00`)).toISOString();
  return `${JSON.stringify({ v: 1, at, type, ...fields })}\n`;
}

const SYMBOL = { symbol: "TSLA" };
const LIVE = line("09:30:00", "gate", { mode: "LIVE", reason: "live trading confirmed" });
const DRY = line("09:30:00", "gate", { mode: "DRY_RUN", reason: "kill switch active (file)" });
const LIST = line("09:30:01", "watchlist", {
  status: "fresh",
  dropped: [{ line: 5, symbol: "KO", reason: "Entry_Level 0 is not above 0" }],
});
const SIGNAL = line("10:40:00", "signal", {
  ...SYMBOL,
  b1_close_usd: 164.5,
  b2_close_usd: 164.79,
  pivot_usd: 162.3,
});
const INTENT = line("10:40:01", "intent", {
  ...SYMBOL,
  qty: 3,
  ref_price_usd: 164.79,
  stop_usd: 155,
  r2_usd: 176,
  scheduled_at: "2026-11-23T15:42:00Z",
  expires_at: "2026-11-23T15:57:00Z",
});
const DENIED = line("10:42:00", "verdict", {
  ...SYMBOL,
  client_order_id: "c",
  is_allowed: false,
  reason: "allowlist blocked",
  detail: "allowed: NVDA",
});
const SENT = line("10:42:00", "order_recorded", {
  ...SYMBOL,
  side: "buy",
  qty: 3,
  client_order_id: "c",
});
const REJECTED = line("10:42:01", "order_update", {
  ...SYMBOL,
  side: "buy",
  qty: 3,
  client_order_id: "c",
  status: "rejected",
  reason: "insufficient buying power",
});

/** What the broker shows of the entry. */
const showAs = (orderStatus: string, filledQty: number, clientOrderId = "c") =>
  line("10:43:01", "order_update", {
    ...SYMBOL,
    side: "buy",
    qty: 3,
    client_order_id: clientOrderId,
    status: "accepted",
    order_status: orderStatus,
    filled_qty: filledQty,
    filled_avg_price_usd: filledQty === 0 ? null : 164.8,
  });
const CANCELLING = line("10:43:00", "entry_end", {
  ...SYMBOL,
  client_order_id: "c",
  order_id: "o",
  why: "unfilled",
  qty: 3,
  filled_qty: 0,
});
const ENTERED = line("10:43:02", "skip", { ...SYMBOL, reason: "already entered today" });
const TRIED = LIVE + SIGNAL + INTENT + SENT;
const ANOTHER_DAY = "For an order: another day: a symbol is entered once a day.";

const cases: { when: string; events: string; symbol?: string; words: string[] }[] = [
  {
    when: "the allowlist lacks it",
    events: LIVE + LIST + SIGNAL + INTENT + DENIED,
    words: [
      "TSLA on 2026-11-23: its breakout was confirmed at 10:40:00 (bars closed at 164.50 and 164.79, pivot 162.30)",
      "Entry intended: 3 shares at about 164.79",
      "Entry denied: allowlist blocked (allowed: NVDA) (10:42:00)",
      "For an order: ALLOWLIST_SYMBOLS would have to name it, or be empty.",
    ],
  },
  {
    when: "it was denied again and again",
    events: LIVE + SIGNAL + SIGNAL + DENIED + DENIED + DENIED,
    words: ["2 times until 10:40:00", "Denied 3 times until 10:42:00: allowlist blocked"],
  },
  {
    when: "it was denied, and its last intent expired under the kill switch",
    events: LIVE + SIGNAL + DENIED +
      line("14:22:00", "gate", { mode: "DRY_RUN", reason: "kill switch active (file)" }) +
      line("15:59:30", "skip", { ...SYMBOL, client_order_id: "c", reason: "intent expired" }),
    words: [
      "Entry skipped: intent expired",
      "Denied 1 time until 10:42:00: allowlist blocked.",
      "For an order: the gate would have to be LIVE (kill switch active (file)); ALLOWLIST_SYMBOLS would",
      "; the engine would have to decide within 15 minutes",
    ],
  },
  {
    when: "it was denied, and got no further intent before the close",
    events: LIVE + SIGNAL + DENIED +
      line("15:52:00", "skip", { ...SYMBOL, client_order_id: "d", reason: "close too near" }) +
      line("15:59:00", "skip", { ...SYMBOL, client_order_id: null, reason: "close too near" }),
    words: ["Entry denied: allowlist blocked", "For an order: ALLOWLIST_SYMBOLS would have to"],
  },
  {
    when: "the gate was DRY_RUN too",
    events: DRY + SIGNAL + DENIED,
    words: ["the gate would have to be LIVE (kill switch active (file)); ALLOWLIST_SYMBOLS"],
  },
  {
    when: "nothing was confirmed",
    events: LIVE + LIST,
    words: ["no breakout of it was confirmed", "two closed 10-minute bars in a row"],
  },
  {
    when: "its row was dropped",
    events: LIVE + LIST,
    symbol: "ko",
    words: ["KO on 2026-11-23: line 5 of the watchlist was dropped: Entry_Level 0 is not above 0"],
  },
  {
    when: "somebody holds it",
    events: LIVE + SIGNAL +
      line("10:42:00", "skip", { ...SYMBOL, reason: "open order/position exists" }),
    words: ["For an order: no order or position of it may be open at the broker"],
  },
  {
    when: "it was sent",
    events: LIVE + SIGNAL + INTENT + SENT,
    words: ["recorded before it leaves", "An order was sent."],
  },
  {
    when: "the broker rejected it",
    events: LIVE + SIGNAL + INTENT + SENT + REJECTED,
    words: [
      "Entry is rejected: insufficient buying power (10:42:01)",
      "For an order: what refused it would have to end",
    ],
  },
  {
    when: "it was rejected, and then denied",
    events: LIVE + SIGNAL + INTENT + SENT + REJECTED + DENIED,
    words: ["Entry is rejected: insufficient", "Entry denied", "For an order: ALLOWLIST_SYMBOLS"],
  },
  {
    when: "a second try is on its way",
    events: LIVE + SIGNAL + INTENT + SENT + REJECTED + SENT,
    words: ["An order was sent."],
  },
  {
    when: "nothing of it was bought, and the engine cancelled it",
    events: TRIED + CANCELLING + showAs("canceled", 0) + ENTERED,
    words: [
      "Entry filled 0 of 3 a minute after it was accepted (a halt?): cancelling it; it stays the symbol's entry of the day (10:43:00)",
      "Entry ended at the broker: canceled, nothing filled (10:43:01)",
      ANOTHER_DAY,
    ],
  },
  {
    when: "it expired",
    events: TRIED + showAs("expired", 0) + ENTERED,
    words: ["Entry ended at the broker: expired, nothing filled", ANOTHER_DAY],
  },
  {
    when: "the broker was done with it for the day",
    events: TRIED + showAs("done_for_day", 0),
    words: ["Entry ended at the broker: done_for_day, nothing filled", ANOTHER_DAY],
  },
  {
    when: "a part was bought and the rest cancelled",
    events: TRIED + showAs("canceled", 2),
    words: ["Entry ended at the broker: canceled, filled 2 at 164.80", "An order was sent."],
  },
  {
    when: "it works",
    events: TRIED + showAs("new", 0),
    words: ["Entry is accepted, new at the broker (10:43:01). An order was sent."],
  },
  {
    when: "a hand put another order in its place",
    events: TRIED + showAs("replaced", 0) + showAs("new", 0, "hand"),
    words: ["Entry is accepted, new at the broker (10:43:01). An order was sent."],
  },
  {
    when: "another order was put in its place and ended",
    events: TRIED + showAs("replaced", 0) + showAs("canceled", 0, "hand"),
    words: ["Entry ended at the broker: canceled, nothing filled", ANOTHER_DAY],
  },
  {
    when: "the answer to it was lost",
    events: TRIED +
      line("10:42:30", "order_update", { ...SYMBOL, side: "buy", qty: 3, status: "unknown" }),
    words: ["Entry is unknown (10:42:30). An order was sent."],
  },
  {
    when: "it was found at the broker alone",
    events: LIVE + showAs("new", 0),
    words: ["Entry is accepted, new at the broker (10:43:01). An order was sent."],
  },
  {
    when: "the operator's flatten bought a short back",
    events: LIVE + SIGNAL + DENIED + showAs("filled", 3, "avwap-flatten-TSLA-1"),
    words: ["For an order: ALLOWLIST_SYMBOLS would have to name it"],
  },
  {
    when: "its intent waits",
    events: LIVE + SIGNAL + INTENT,
    words: ["nothing: its intent waits for its time"],
  },
];
for (const { when, events, symbol = "TSLA", words } of cases) {
  Deno.test(`why says in one paragraph what was seen, decided and needed when ${when}`, () =>
    withStateDir({ [FILE]: events }, async (dir) => {
      const run = await runOperator(["why", symbol], dir, { nowMs: NOW_MS });
      assertEquals([run.status, run.error], [0, ""]);
      assertEquals(run.out.trimEnd().split("\n").length, 1);
      for (const each of words) assertStringIncludes(run.out, each);
    }));
}

Deno.test("why --json is one document with the paragraph and its parts", () =>
  withStateDir({ [FILE]: LIVE + SIGNAL + DENIED }, async (dir) => {
    const run = await runOperator(["why", "TSLA", "--json", "--date", DATE_NY], dir, {
      nowMs: NOW_MS,
    });
    const document = JSON.parse(run.out);
    assertEquals([document.symbol, document.date_ny], ["TSLA", DATE_NY]);
    assertStringIncludes(document.text, document.seen);
    assertStringIncludes(document.change, "ALLOWLIST_SYMBOLS");
  }));

const refused: { when: string; args: string[]; status: number; words: string }[] = [
  {
    when: "the day has no events",
    args: ["why", "TSLA"],
    status: 1,
    words: "no events of 2026-11-23",
  },
  { when: "no symbol is given", args: ["why"], status: 64, words: "needs a SYMBOL" },
  { when: "it is no symbol", args: ["why", "N/A"], status: 64, words: "is not a symbol" },
];
for (const { when, args, status, words } of refused) {
  Deno.test(`why ends with ${status} and one line when ${when}`, () =>
    withStateDir({}, async (dir) => {
      const run = await runOperator(args, dir, { nowMs: NOW_MS });
      assertEquals([run.status, run.out], [status, ""]);
      assertStringIncludes(run.error, words);
    }));
}
