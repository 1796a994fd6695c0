import fc from "fast-check";
import {
  buildOpenOrders,
  correctList,
  countRecent,
  EMPTY_BOOK,
  isOfEngine,
  isReplaceRefused,
  isSuccessorUnknown,
  keepOrders,
  LAG_MS,
  learnOrders,
  listInDoubt,
  listUnknownSuccessors,
  listUnlisted,
  mergeOrder,
  noteUnshown,
  type OrderBook,
} from "../../../src/domain/account/order_book.ts";
import { listHandMoves, listOurIds } from "../../../src/domain/account/our_orders.ts";
import { isHidden } from "../../../src/domain/account/sight.ts";
import { isPresumed, learnRecords, UNSEEN_MS } from "../../../src/domain/account/stand_ins.ts";
import { buildLedgerEntry } from "../../../src/domain/order/ledger.ts";
import { type BrokerOrder, isFinal } from "../../../src/domain/order/orders.ts";
import { assert, assertEquals, assertFalse, assertObjectMatch } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";

function stop(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return brokerOrder({
    orderId: "s-1",
    clientOrderId: "avwap-x-stop-1",
    side: "sell",
    type: "stop",
    orderClass: "",
    timeInForce: "gtc",
    status: "new",
    qty: 10,
    filledQty: 0,
    stopPriceUsd: 95,
    updatedAtMs: 5_000,
    legs: [],
    ...facts,
  });
}

const TAKE_PROFIT = stop({
  orderId: "l-1",
  type: "limit",
  orderClass: "bracket",
  clientOrderId: "l",
});
const STOP_LEG = stop({
  orderId: "l-2",
  orderClass: "bracket",
  clientOrderId: "m",
  status: "held",
});
const BRACKET = brokerOrder({
  orderId: "e-1",
  orderClass: "bracket",
  status: "filled",
  qty: 10,
  filledQty: 10,
  legs: [TAKE_PROFIT, STOP_LEG],
});

const answer = fc.record({
  status: fc.constantFrom("new", "partially_filled", "pending_cancel", "canceled", "filled"),
  filledQty: fc.nat({ max: 10 }),
  updatedAtMs: fc.nat({ max: 10_000 }),
}).map(stop);

Deno.test("mergeOrder(): final is for ever, and a fill once seen stays", () => {
  fc.assert(fc.property(answer, answer, (known, seen) => {
    const merged = mergeOrder(known, seen);
    assertEquals(isFinal(merged), isFinal(known) || isFinal(seen));
    assertEquals(merged.filledQty, Math.max(known.filledQty, seen.filledQty));
  }));
});

Deno.test("mergeOrder() makes the same of two answers in either order, as far as shares go", () => {
  fc.assert(fc.property(answer, answer, (one, other) => {
    const [there, back] = [mergeOrder(one, other), mergeOrder(other, one)];
    assertEquals([there.filledQty, isFinal(there)], [back.filledQty, isFinal(back)]);
  }));
});

Deno.test("learnOrders(): a list that lags undoes neither an end nor a fill nor a newer status", () => {
  const ended = stop({ status: "filled", filledQty: 10, updatedAtMs: 9_000 });
  const book = learnOrders(learnOrders(EMPTY_BOOK, [ended], 9_000), [stop()], 9_500);
  assertEquals(book.get("s-1")?.order.status, "filled");
  assertEquals(buildOpenOrders(book), []);
  const leaving = stop({ status: "pending_cancel", updatedAtMs: 9_000 });
  const waiting = learnOrders(learnOrders(EMPTY_BOOK, [leaving], 9_000), [stop()], 9_500);
  assertEquals(waiting.get("s-1")?.order.status, "pending_cancel");
  assertEquals(correctList(book, [stop()]).map(({ status }) => status), ["filled"]);
});

Deno.test("listUnlisted() names what a list of open orders lacks, by itself or as a leg", () => {
  const book = learnOrders(EMPTY_BOOK, [BRACKET, stop()], 0);
  const bracket = new Set([BRACKET, ...BRACKET.legs].map((order) => order.orderId));
  assertEquals(listUnlisted(book, bracket).map(({ order }) => order.orderId), ["s-1"]);
  const legs = listUnlisted(book, new Set(["s-1"])).map(({ order }) => order.orderId);
  assertEquals(legs, ["l-1", "l-2"]);
});

Deno.test("buildOpenOrders() nests the legs that work, whichever way they were listed", () => {
  const nested = learnOrders(EMPTY_BOOK, [BRACKET], 0);
  const mixed = learnOrders(nested, [TAKE_PROFIT, STOP_LEG], 1);
  for (const book of [nested, mixed]) {
    const [parent, ...others] = buildOpenOrders(book);
    assertEquals(others, []);
    assertEquals(parent?.legs.map(({ orderId }) => orderId), ["l-1", "l-2"]);
  }
  const ended = learnOrders(nested, [{ ...TAKE_PROFIT, status: "filled", filledQty: 10 }], 2);
  assertEquals(buildOpenOrders(ended)[0]?.legs.map(({ orderId }) => orderId), ["l-2"]);
});

Deno.test("a chain of replacements is one order at work", () => {
  const fresh = stop({ orderId: "s-2", replaces: "s-1", qty: 5 });
  const atWork = (orders: readonly BrokerOrder[]) =>
    buildOpenOrders(learnOrders(EMPTY_BOOK, orders, 0)).map(({ orderId }) => orderId);
  // A list that lags shows the old one as it was.
  assertEquals(atWork([stop(), fresh]), ["s-2"]);
  // Taken and not made yet: the old one is in force.
  const waiting = [stop({ status: "pending_replace" }), { ...fresh, status: "pending_new" }];
  assertEquals(atWork(waiting), ["s-1"]);
  // Taken and then rejected: the old one lives on.
  assertEquals(atWork([stop(), { ...fresh, status: "rejected" }]), ["s-1"]);
  assertEquals(atWork([stop({ status: "replaced" }), fresh]), ["s-2"]);
});

Deno.test("a chain of replacements is one order at work, though nobody has seen its middle in force", () => {
  const middle = stop({ orderId: "s-2", replaces: "s-1", status: "pending_new" });
  const last = stop({ orderId: "s-3", replaces: "s-2", updatedAtMs: 7_000 });
  for (const first of [stop(), stop({ status: "pending_replace" })]) {
    const taken = learnOrders(learnOrders(EMPTY_BOOK, [first, middle], 5_000), [last], 7_000);
    const unanswered = noteUnshown(noteUnshown(taken, "s-1", true), "s-2", true);
    for (const book of [taken, unanswered]) {
      assertEquals(buildOpenOrders(book).map(({ orderId }) => orderId), ["s-3"]);
    }
    // One that was rejected never came into its own: the first works on, whatever was asked in the place of the middle.
    const rejected = learnOrders(unanswered, [{ ...middle, status: "rejected" }], 8_000);
    assert(buildOpenOrders(rejected).some(({ orderId }) => orderId === "s-1"));
  }
});

Deno.test("what was taken in an order's place, and is not seen in force, leaves the old one at work", () => {
  const fresh = stop({ orderId: "s-2", replaces: "s-1", qty: 5, updatedAtMs: 6_000 });
  const taken = learnOrders(EMPTY_BOOK, [stop(), fresh], 6_000);
  const atWork = (book: OrderBook) => buildOpenOrders(book).map(({ orderId }) => orderId);
  assertEquals([atWork(taken), listInDoubt(taken).size], [["s-2"], 0]);
  // Not shown under its id, whether the broker says so or nothing.
  for (const isUnanswered of [false, true]) {
    const unseen = noteUnshown(taken, "s-2", isUnanswered);
    assertEquals([atWork(unseen), [...listInDoubt(unseen)]], [["s-1"], ["s-1"]]);
    assert(isHidden(unseen, [stop()]));
    // Both are asked for where a list lacks them.
    const missing = listUnlisted(unseen, new Set()).map(({ order }) => order.orderId);
    assertEquals(missing, ["s-1", "s-2"]);
    // The old one's end says which of the two it is.
    const replaced = stop({ status: "replaced", replacedBy: "s-2", updatedAtMs: 6_100 });
    assertEquals(atWork(learnOrders(unseen, [replaced], 7_000)), ["s-2"]);
    assertEquals(atWork(learnOrders(unseen, [fresh], 7_000)), ["s-2"]);
  }
  // The old one changed after what was said last of the new one, and did not end.
  const back = learnOrders(taken, [stop({ updatedAtMs: 6_100 })], 7_000);
  assertEquals(atWork(back), ["s-1"]);
  assertEquals(atWork(learnOrders(back, [{ ...fresh, updatedAtMs: 6_200 }], 8_000)), ["s-2"]);
});

Deno.test("what was cancelled on its way into an order's place leaves the old one at work, and moved nothing", () => {
  const hands = { orderId: "s-2", clientOrderId: "hand", replaces: "s-1", stopPriceUsd: 97 };
  const asked = [
    stop({ status: "pending_replace", updatedAtMs: 6_000 }),
    stop({ ...hands, status: "pending_new", submittedAtMs: 6_000, updatedAtMs: 6_000 }),
  ];
  const cancelled = stop({
    ...hands,
    status: "canceled",
    submittedAtMs: 6_000,
    updatedAtMs: 7_000,
  });
  const book = learnOrders(learnOrders(EMPTY_BOOK, asked, 6_000), [cancelled], 7_000);
  const show = (atMs: number, old: Partial<BrokerOrder>) => {
    const shown = learnOrders(book, [stop(old)], atMs);
    const orders = [...shown.values()].map(({ order }) => order);
    return [
      buildOpenOrders(shown).map(({ orderId }) => orderId),
      listHandMoves(shown, orders).length,
    ];
  };
  // Changed since, and not replaced; or shown later than any list lags.
  assertEquals(show(7_500, { updatedAtMs: 7_000 }), [["s-1"], 0]);
  assertEquals(show(7_000 + LAG_MS, asked[0] ?? {}), [["s-1"], 0]);
  // It may have been in force, and a list lags behind that.
  assertEquals(show(7_500, asked[0] ?? {}), [[], 1]);
  assertEquals(show(7_500, { status: "replaced", updatedAtMs: 6_500 }), [[], 1]);
});

Deno.test("isReplaceRefused() remembers the order whose replacement was taken and not made", () => {
  const fresh = stop({ orderId: "s-2", replaces: "s-1", status: "rejected" });
  assert(isReplaceRefused(learnOrders(EMPTY_BOOK, [stop(), fresh], 0), "s-1"));
  const made = learnOrders(EMPTY_BOOK, [stop(), { ...fresh, status: "new" }], 0);
  assertFalse(isReplaceRefused(made, "s-1"));
});

Deno.test("what came in a leg's place stands in its bracket", () => {
  const fresh = stop({ orderId: "l-3", replaces: "l-2", orderClass: "bracket" });
  const book = learnOrders(learnOrders(EMPTY_BOOK, [BRACKET], 0), [fresh], 1);
  const [parent] = buildOpenOrders(book);
  assertEquals(parent?.legs.map(({ orderId }) => orderId), ["l-1", "l-3"]);
});

Deno.test("which order came in the place of which is known from either of the two, seen in either order", () => {
  const old = { ...STOP_LEG, status: "replaced", replacedBy: "l-3" };
  const fresh = stop({ orderId: "l-3", clientOrderId: "by-hand", orderClass: "bracket" });
  const bracket = { ...BRACKET, legs: [TAKE_PROFIT, old] };
  for (const seen of [[bracket, fresh], [fresh, bracket]]) {
    const book = seen.reduce((sofar, order) => learnOrders(sofar, [order], 0), EMPTY_BOOK);
    assertEquals(book.get("l-3")?.order.replaces, "l-2");
    assertEquals([isOfEngine(book, "l-3"), listOurIds(book).has("l-3")], [true, true]);
    const [parent] = buildOpenOrders(book);
    assertEquals(parent?.legs.map(({ orderId }) => orderId).sort(), ["l-1", "l-3"]);
  }
});

Deno.test("an order that was replaced by one that nobody has seen is known as such", () => {
  const replaced = stop({ status: "replaced", replacedBy: "s-2" });
  const book = learnOrders(EMPTY_BOOK, [replaced], 0);
  assert(isSuccessorUnknown(book, replaced));
  assertEquals(listUnknownSuccessors(book).length, 1);
  const seen = learnOrders(book, [stop({ orderId: "s-2", replaces: "s-1" })], 1);
  assertFalse(isSuccessorUnknown(seen, replaced));
});

Deno.test("countRecent() counts the last fills for as long as positions may lag", () => {
  const half = stop({ status: "partially_filled", filledQty: 4, updatedAtMs: 1_000 });
  const whole = stop({ status: "filled", filledQty: 10, updatedAtMs: 30_000, filledAtMs: 30_000 });
  const book = learnOrders(learnOrders(EMPTY_BOOK, [half], 1_000), [whole], 30_000);
  const known = book.get("s-1");
  assert(known !== undefined);
  assertEquals([countRecent(known, 30_000), countRecent(known, 30_000 + LAG_MS)], [6, 0]);
});

Deno.test("countRecent() counts no fill that is old by the time it is seen", () => {
  const whole = stop({ status: "filled", filledQty: 10, updatedAtMs: 30_000, filledAtMs: 30_000 });
  const placed = learnOrders(EMPTY_BOOK, [stop()], 0);
  for (const book of [EMPTY_BOOK, placed]) {
    const known = learnOrders(book, [whole], 45_000).get("s-1");
    assert(known !== undefined);
    assertEquals(countRecent(known, 45_000), 0);
  }
});

Deno.test("keepOrders() forgets what is not wanted, and noteUnshown() what the broker does not show", () => {
  const book = learnOrders(EMPTY_BOOK, [BRACKET, stop()], 0);
  assertEquals([...keepOrders(book, ({ order }) => order.orderId === "s-1").keys()], ["s-1"]);
  const unshown = noteUnshown(book, "s-1", false);
  assertObjectMatch(unshown.get("s-1") ?? {}, { isShown: false, isUnanswered: false });
  assertEquals(noteUnshown(unshown, "s-1", false), unshown);
  const unanswered = noteUnshown(unshown, "s-1", true);
  assertObjectMatch(unanswered.get("s-1") ?? {}, { isShown: false, isUnanswered: true });
  assertEquals(noteUnshown(book, "nobody's", true), book);
});

const RECORD = buildLedgerEntry({
  symbol: "SPY",
  notionalUsd: 950,
  timestamp: new Date(1_000_000).toISOString(),
  side: "sell",
  clientOrderId: "avwap-x-stop-1",
  orderId: "s-1",
  qty: 10,
  stopUsd: 95,
  reason: "stop",
  status: "accepted",
  broker: { status: "new", filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: 1_000_000 },
});

Deno.test("learnRecords(): what was taken and is not listed stands in from its record, for a minute", () => {
  const book = learnRecords(EMPTY_BOOK, [RECORD], 1_005_000);
  const [order] = buildOpenOrders(book);
  assertEquals([order?.type, order?.qty, order?.stopPriceUsd, order?.timeInForce], [
    "stop",
    10,
    95,
    "gtc",
  ]);
  const known = book.get("s-1");
  assert(known !== undefined && !known.isShown);
  assert(isPresumed(known, 1_000_000 + UNSEEN_MS - 1));
  assertFalse(isPresumed(known, 1_000_000 + UNSEEN_MS));
  assertEquals(learnRecords(EMPTY_BOOK, [RECORD], 1_000_000 + UNSEEN_MS).size, 0);
});

Deno.test("learnRecords(): a fill on record is not undone by a list that lags", () => {
  const broker = { status: "filled", filledQty: 10, filledAvgPriceUsd: 94, updatedAtMs: 1_002_000 };
  const listed = learnOrders(EMPTY_BOOK, [stop({ updatedAtMs: 1_000_000 })], 1_003_000);
  const book = learnRecords(listed, [{ ...RECORD, broker }], 1_003_000);
  assertEquals(book.get("s-1")?.order.filledQty, 10);
  assertEquals(buildOpenOrders(book), []);
  const alone = learnRecords(EMPTY_BOOK, [{ ...RECORD, broker }], 9_000_000);
  assertEquals(alone.get("s-1")?.order.filledQty, 10);
});

Deno.test("learnRecords() makes nothing of a record that the broker has not answered", () => {
  const pending = { ...RECORD, status: "pending", orderId: null, broker: null } as const;
  assertEquals(learnRecords(EMPTY_BOOK, [pending], 1_001_000).size, 0);
});

Deno.test("learnOrders(): a fill whose time the broker leaves out was made when it was seen, and stays so", () => {
  const undated = { submittedAtMs: 1_000, updatedAtMs: 1_000, filledAtMs: null };
  const filled = stop({ ...undated, status: "filled", filledQty: 10 });
  const placed = learnOrders(EMPTY_BOOK, [stop(undated)], 1_000);
  const seen = learnOrders(placed, [filled], 90_000);
  assertEquals(seen.get("s-1")?.order.filledAtMs, 90_000);
  assertEquals(learnOrders(seen, [filled], 95_000).get("s-1")?.order.filledAtMs, 90_000);
  const dated = { ...filled, filledAtMs: 40_000 };
  assertEquals(learnOrders(placed, [dated], 90_000).get("s-1")?.order.filledAtMs, 40_000);
});

Deno.test("learnOrders(): an answer without a date is newer than what was so for longer than lists lag", () => {
  const asleep = stop({ status: "done_for_day", updatedAtMs: 20_000 });
  const book = learnOrders(EMPTY_BOOK, [asleep], 20_000);
  const undated = stop({ status: "new", updatedAtMs: stop().submittedAtMs });
  const statusAt = (atMs: number) => learnOrders(book, [undated], atMs).get("s-1")?.order.status;
  assertEquals([statusAt(20_000 + LAG_MS - 1), statusAt(20_000 + LAG_MS)], ["done_for_day", "new"]);
  // A date that says that it is older is believed.
  const older = stop({ status: "new", updatedAtMs: 19_000 });
  assertEquals(learnOrders(book, [older], 90_000).get("s-1")?.order.status, "done_for_day");
});

Deno.test("learnOrders(): a list that lags undoes nothing that was answered a moment ago, though no answer has a date", () => {
  const placed = stop({ submittedAtMs: 1_000, updatedAtMs: 1_000 });
  const atWork = learnOrders(EMPTY_BOOK, [placed], 1_000);
  for (const status of ["pending_cancel", "suspended", "stopped", "calculated"]) {
    const book = learnOrders(atWork, [{ ...placed, status }], 60_000, "order");
    const statusAt = (atMs: number, row = placed) =>
      learnOrders(book, [row], atMs).get("s-1")?.order.status;
    assertEquals([statusAt(60_000 + LAG_MS - 1), statusAt(60_000 + LAG_MS)], [status, "new"]);
    // A row with a date from before says no more.
    assertEquals(statusAt(61_000, { ...placed, updatedAtMs: 5_000 }), status);
    assertEquals(statusAt(61_000, { ...placed, updatedAtMs: 60_500 }), "new");
  }
});

Deno.test("learnOrders(): what is asked of the order itself is of now, with a date or without", () => {
  const asleep = stop({ status: "done_for_day", updatedAtMs: 20_000 });
  const book = learnOrders(EMPTY_BOOK, [asleep], 20_000);
  const undated = stop({ status: "new", updatedAtMs: stop().submittedAtMs });
  assertEquals(learnOrders(book, [undated], 20_001, "order").get("s-1")?.order.status, "new");
  // Shares that were not known to be filled are news too.
  const partly = { ...undated, status: "partially_filled", filledQty: 3 };
  assertEquals(learnOrders(book, [partly], 20_001).get("s-1")?.order.status, "partially_filled");
});

const change = fc.record({
  afterMs: fc.integer({ min: 1, max: 25_000 }),
  status: fc.constantFrom("new", "suspended", "pending_cancel", "done_for_day", "stopped"),
});
const look = fc.record({
  afterMs: fc.integer({ min: 1, max: 8_000 }),
  isList: fc.boolean(),
  lagMs: fc.nat({ max: LAG_MS - 1 }),
  isDated: fc.boolean(),
});

Deno.test("learnOrders(): whichever answers have a date, none undoes what the order itself was asked for since, and a quiet list is believed", () => {
  const model = fc.property(
    fc.array(change, { maxLength: 6 }),
    fc.array(look, { minLength: 1, maxLength: 14 }),
    (changes, looks) => {
      const history = [{ atMs: 1_000, status: "new" }];
      for (const { afterMs, status } of changes) {
        history.push({ atMs: (history.at(-1)?.atMs ?? 0) + afterMs, status });
      }
      const before = (ms: number) => history.filter(({ atMs }) => atMs <= ms).at(-1) ?? history[0];
      const show = (ms: number, isDated: boolean) => {
        const shown = before(ms);
        const updatedAtMs = isDated ? shown?.atMs ?? 1_000 : 1_000;
        return stop({ submittedAtMs: 1_000, updatedAtMs, status: shown?.status ?? "" });
      };
      let book = learnOrders(EMPTY_BOOK, [show(1_000, true)], 1_000, "order");
      let [nowMs, askedMs] = [1_000, 1_000];
      for (const { afterMs, isList, lagMs, isDated } of looks) {
        nowMs += afterMs;
        const seen = show(isList ? Math.max(1_000, nowMs - lagMs) : nowMs, isDated);
        book = learnOrders(book, [seen], nowMs, isList ? "list" : "order");
        if (!isList) askedMs = nowMs;
        const status = book.get("s-1")?.order.status ?? "";
        const since = [before(askedMs), ...history.filter(({ atMs }) => atMs > askedMs)];
        assert(since.some((each) => each?.status === status), `${status} at ${nowMs}`);
        const lastMs = before(nowMs)?.atMs ?? 0;
        if (nowMs - lastMs >= 3 * LAG_MS || !isList) assertEquals(status, before(nowMs)?.status);
      }
    },
  );
  fc.assert(model, { numRuns: 300 });
});

Deno.test("learnRecords(): a record undoes nothing that an answer without a date has shown since", () => {
  const placed = stop({ submittedAtMs: 1_000_000, updatedAtMs: 1_000_000 });
  const listed = learnOrders(EMPTY_BOOK, [{ ...placed, status: "suspended" }], 1_090_000);
  const book = learnRecords(listed, [RECORD], 1_090_000);
  assertEquals(book.get("s-1")?.order.status, "suspended");
});

Deno.test("isPresumed(): an order is not taken for gone while the question for it has no answer", () => {
  const book = learnOrders(EMPTY_BOOK, [stop()], 0);
  const isPresumedAt = (isUnanswered: boolean, nowMs: number) => {
    const known = noteUnshown(book, "s-1", isUnanswered).get("s-1");
    return known !== undefined && isPresumed(known, nowMs);
  };
  assertEquals([isPresumedAt(true, 10 * UNSEEN_MS), isPresumedAt(false, UNSEEN_MS)], [true, false]);
});
