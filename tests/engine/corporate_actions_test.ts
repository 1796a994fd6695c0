import { assert, assertEquals } from "../assert.ts";
import { formatCloseCommand } from "../../src/domain/alert/alert_facts.ts";
import type { SimCorporateAction } from "../simulator/corporate_actions.ts";
import { buildFaultPlan, type FaultPlan } from "../simulator/faults.ts";
import { listsSent } from "./refusing_data.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const ACTIONS = "/v1/corporate-actions";
/** Monday; the next session is Tuesday's. */
const TODAY = "2026-11-23";
const TOMORROW = "2026-11-24";

function split(day: string, symbol = "NVDA"): SimCorporateAction {
  const row = { id: "1", symbol, cusip: "2", new_rate: 4, old_rate: 1 };
  return { group: "forward_splits", row: { ...row, process_date: day, ex_date: day } };
}

/** NVDA and AAPL break out, with these actions announced. */
async function trade(...actions: SimCorporateAction[]): Promise<World> {
  const world = new World({ rows: [NVDA, AAPL] });
  world.exchange.corporateActions.push(...actions);
  await world.restart();
  await world.cycle();
  await world.cycles(3, 10 * SECOND_MS);
  return world;
}

const both = { process_date: TOMORROW, ex_date: TOMORROW };
const merger = { acquiree_symbol: "NVDA", acquirer_symbol: "BIG", process_date: TOMORROW };
const SKIPPING: { what: string; action: SimCorporateAction }[] = [
  { what: "a split tomorrow", action: split(TOMORROW) },
  { what: "a split today", action: split(TODAY) },
  {
    what: "a reverse split",
    action: {
      group: "reverse_splits",
      row: { symbol: "NVDA", new_rate: 1, old_rate: 10, ...both },
    },
  },
  {
    what: "a unit split",
    action: {
      group: "unit_splits",
      row: { old_symbol: "NVDA", effective_date: TOMORROW, process_date: TOMORROW },
    },
  },
  {
    what: "a stock dividend whose shares come weeks after its ex-date",
    action: {
      group: "stock_dividends",
      row: { symbol: "NVDA", rate: 0.05, ex_date: TOMORROW, process_date: "2026-12-18" },
    },
  },
  {
    what: "a stock dividend whose shares come tomorrow",
    action: {
      group: "stock_dividends",
      row: { symbol: "NVDA", rate: 0.05, ex_date: "2026-11-20", process_date: TOMORROW },
    },
  },
  {
    what: "a merger for cash",
    action: { group: "cash_mergers", row: { ...merger, effective_date: TOMORROW } },
  },
  {
    what: "a merger for shares",
    action: { group: "stock_mergers", row: { ...merger, effective_date: TOMORROW } },
  },
  {
    what: "a merger for both",
    action: { group: "stock_and_cash_mergers", row: { ...merger, effective_date: TOMORROW } },
  },
  {
    what: "a new name",
    action: {
      group: "name_changes",
      row: { old_symbol: "NVDA", new_symbol: "NVDX", process_date: TOMORROW },
    },
  },
  {
    what: "a removal",
    action: { group: "worthless_removals", row: { symbol: "NVDA", process_date: TOMORROW } },
  },
  {
    what: "a redemption",
    action: { group: "redemptions", row: { symbol: "NVDA", process_date: TOMORROW } },
  },
  {
    what: "a reorganization",
    action: {
      group: "reorganizations",
      row: { symbol: "NVDA", effective_date: TOMORROW, process_date: TOMORROW },
    },
  },
];
for (const { what, action } of SKIPPING) {
  Deno.test(`no entry in a symbol with ${what}, and the others are entered`, async () => {
    const world = await trade(action);
    assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [0, 1]);
    assert(world.said("SKIP NVDA: corporate action").length > 0);
  });
}

const PASSING: { what: string; action: SimCorporateAction }[] = [
  { what: "a split after the next session", action: split("2026-11-25") },
  { what: "a split that is past", action: split("2026-11-20") },
  {
    what: "a cash dividend",
    action: { group: "cash_dividends", row: { symbol: "NVDA", rate: 0.5, ...both } },
  },
  {
    what: "a merger in which it is the buyer",
    action: {
      group: "stock_mergers",
      row: {
        acquiree_symbol: "SMALL",
        acquirer_symbol: "NVDA",
        effective_date: TOMORROW,
        process_date: TOMORROW,
      },
    },
  },
  { what: "another symbol's split", action: split(TOMORROW, "NVDX") },
];
for (const { what, action } of PASSING) {
  Deno.test(`${what} keeps no entry from a symbol`, async () => {
    const world = await trade(action);
    assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 1]);
  });
}

Deno.test("the next session is the broker's: over a holiday Friday's split stops Wednesday's entry", async () => {
  const world = new World({ startMs: at("10:00:30", "2026-11-25") });
  world.exchange.corporateActions.push(split("2026-11-27"));
  await world.restart();
  await world.cycle();
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals(world.buys("NVDA"), []);
  assert(world.said("SKIP NVDA: corporate action").length > 0);
});

Deno.test("due symbols are asked for in one request, once a day, over restarts, and still skipped", async () => {
  const world = await trade(split(TOMORROW));
  assertEquals(listsSent(world.sent, ACTIONS), [["AAPL", "NVDA"]]);
  const before = world.said("SKIP NVDA: corporate action").length;
  await world.restart();
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals(listsSent(world.sent, ACTIONS), [["AAPL", "NVDA"]]);
  assertEquals(world.said("SKIP NVDA: corporate action").length, before);
  assertEquals(world.buys("NVDA"), []);
});

Deno.test("corporate actions that are not answered block nothing, and are said once", async () => {
  for (
    const fault of [{ kind: "hang" }, { kind: "status", status: 400 }, { kind: "html" }] as const
  ) {
    const world = new World({ rows: [NVDA, AAPL] });
    world.exchange.corporateActions.push(split(TOMORROW));
    await world.restart();
    world.setFaults([{ path: ACTIONS, fault }]);
    await world.cycle();
    await world.cycles(4, MINUTE_MS);
    assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 1], fault.kind);
    assertEquals(world.said("Corporate actions of AAPL,NVDA not answered").length, 1);
    assertEquals(world.alerted("Corporate"), []);
  }
});

/** An answer that says something else, or ends in a page without an answer. */
const DAMAGED: { what: string; plan: FaultPlan }[] = [
  {
    what: "beside a row of the symbol that can't be parsed",
    plan: buildFaultPlan([{
      path: ACTIONS,
      fault: {
        kind: "rewritten",
        rewrite: (body) => body.replace('{"forward', '{"redemptions":[{"symbol":"NVDA"}],"forward'),
      },
    }]),
  },
  {
    what: "before a page without an answer",
    plan: ({ path, query }) => {
      if (path !== ACTIONS) return null;
      if (query.get("page_token") !== null) return { kind: "status", status: 500 };
      const rewrite = (body: string) =>
        JSON.stringify({ ...JSON.parse(body), next_page_token: "1" });
      return { kind: "rewritten", rewrite };
    },
  },
];
for (const { what, plan } of DAMAGED) {
  Deno.test(`a split that was read ${what} keeps its symbol from being entered`, async () => {
    const world = new World({ rows: [NVDA, AAPL] });
    world.exchange.corporateActions.push(split(TOMORROW));
    await world.restart();
    world.setFaultPlan(plan);
    await world.cycle();
    await world.cycles(3, 10 * SECOND_MS);
    assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [0, 1]);
    assert(world.said("SKIP NVDA: corporate action").length > 0);
  });
}

Deno.test("one symbol that the data API refuses here too costs the others nothing", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  world.exchange.corporateActions.push(split(TOMORROW));
  await world.restart();
  world.setFaults([{
    path: ACTIONS,
    contains: "AAPL",
    fault: { kind: "status", status: 400, body: '{"message":"invalid symbol: AAPL"}' },
  }]);
  await world.cycle();
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [0, 1]);
});

Deno.test("a managed symbol is asked in the first cycle of a session and after its close, after the exits", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.list([]);
  world.goTo(at("16:01:00"));
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals(listsSent(world.sent, ACTIONS), [["NVDA"]]);
  world.goTo(at("09:31:00", TOMORROW));
  world.list([]);
  world.exchange.setPrice("NVDA", 106);
  world.forget();
  await world.cycles(3, MINUTE_MS);
  const order = world.sent.map(({ method, path }) => path === ACTIONS ? "asked" : method)
    .filter((each) => each !== "GET" && each !== "DELETE");
  assertEquals(world.sells("NVDA"), ["5 filled"]);
  assertEquals(order.indexOf("asked"), order.lastIndexOf("asked"));
  assert(order.indexOf("POST") < order.indexOf("asked"), order.join());
});

Deno.test("a managed symbol with an action due is warned of once a day, with what happens and what to do", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.exchange.corporateActions.push(split(TOMORROW));
  world.goTo(at("16:01:00"));
  await world.cycles(2, MINUTE_MS);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  const said = world.said("Corporate action NVDA split, 4 for 1, due 2026-11-24: ");
  assertEquals(said.length, 1);
  assert(said[0]?.includes("changes quantity and price with no order behind it"), said[0]);
  assert(said[0]?.includes(formatCloseCommand("NVDA")), said[0]);
  const alerts = world.alerts.filter((alert) => alert.title === "Corporate action");
  assertEquals(alerts.map(({ level }) => level), ["WARNING"]);
  world.goTo(at("09:31:00", TOMORROW));
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Corporate action NVDA split, 4 for 1").length, 2);
});
