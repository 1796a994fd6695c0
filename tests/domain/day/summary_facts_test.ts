import {
  buildSessionFact,
  isLiveDay,
  listDryRunOrders,
  sumResults,
} from "../../../src/domain/day/summary_facts.ts";
import { assertEquals } from "../../assert.ts";
import { ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";

const at = (time: string) => Date.parse(`${TODAY}T${time}Z`);
const AT = `${TODAY}T15:00:00.000Z`;

Deno.test("buildSessionFact() tells a half day from a whole one by when it closes in New York", () => {
  const session = { dateNy: TODAY, openMs: at("14:30:00") };
  assertEquals(buildSessionFact({ ...session, closeMs: at("21:00:00") }, true), {
    kind: "full",
    closesAtNy: "16:00",
    isOver: true,
  });
  assertEquals(buildSessionFact({ ...session, closeMs: at("18:00:00") }, false), {
    kind: "half",
    closesAtNy: "13:00",
    isOver: false,
  });
});

Deno.test("isLiveDay() believes an order that counts, or a gate that was LIVE once", () => {
  const gate = (mode: string) => ({ at: AT, type: "gate", mode });
  assertEquals(isLiveDay(null, []), false);
  assertEquals(isLiveDay(liveLedger([]), [gate("DRY_RUN")]), false);
  assertEquals(isLiveDay(liveLedger([]), [gate("DRY_RUN"), gate("LIVE")]), true);
  assertEquals(isLiveDay(liveLedger([ledgerEntry()]), []), true);
});

Deno.test("listDryRunOrders() takes the notional from the trail, where it has one", () => {
  const orders = ["SPY", "QQQ"].map((symbol) => ({ dateNy: TODAY, symbol, qty: 2, ts: AT }));
  const events = [{ at: AT, type: "dry_run_order", symbol: "SPY", notional_usd: 200 }];
  assertEquals(listDryRunOrders(orders, events), [
    { symbol: "SPY", qty: 2, notionalUsd: 200 },
    { symbol: "QQQ", qty: 2, notionalUsd: null },
  ]);
});

Deno.test("sumResults() knows no sum of nothing, nor of what it knows only a part of", () => {
  const trade = (resultUsd: number | null) => ({ symbol: "SPY", qty: 1, resultUsd, resultR: null });
  assertEquals(sumResults(null), null);
  assertEquals(sumResults([]), null);
  assertEquals(sumResults([trade(1.5), trade(null)]), null);
  assertEquals(sumResults([trade(1.5), trade(-4)]), -2.5);
});
