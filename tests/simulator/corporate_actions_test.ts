import { assertEquals } from "../assert.ts";
import { listCorporateActions, type SimCorporateAction } from "./corporate_actions.ts";

const TODAY = "2026-11-23";

function action(symbol: string, day: string, group = "forward_splits"): SimCorporateAction {
  return { group, row: { id: `${symbol}-${day}`, symbol, process_date: day, ex_date: day } };
}

const ACTIONS = [
  action("NVDA", "2026-11-25"),
  action("AAPL", "2026-11-23"),
  action("NVDA", "2026-11-24", "cash_dividends"),
];

function ask(query: string) {
  const { status, body } = listCorporateActions(ACTIONS, TODAY, new URLSearchParams(query));
  const json: { corporate_actions?: Record<string, { id: string }[]>; next_page_token?: unknown } =
    JSON.parse(body);
  const groups = Object.entries(json.corporate_actions ?? {})
    .map(([group, rows]) => [group, rows.map(({ id }) => id)]);
  return { status, groups, token: json.next_page_token };
}

Deno.test("corporate actions come in groups, by process date, today's alone where no interval is given", () => {
  assertEquals(ask("").groups, [["forward_splits", ["AAPL-2026-11-23"]]]);
  assertEquals(ask("end=2026-11-30").groups, [
    ["forward_splits", ["AAPL-2026-11-23", "NVDA-2026-11-25"]],
    ["cash_dividends", ["NVDA-2026-11-24"]],
  ]);
});

Deno.test("corporate actions are filtered by symbol and type, and paged", () => {
  assertEquals(ask("symbols=NVDA&end=2026-11-30&types=forward_split").groups, [
    ["forward_splits", ["NVDA-2026-11-25"]],
  ]);
  const first = ask("end=2026-11-30&limit=2");
  assertEquals(first.token, "2");
  assertEquals(ask(`end=2026-11-30&limit=2&page_token=${first.token}`), {
    status: 200,
    groups: [["forward_splits", ["NVDA-2026-11-25"]]],
    token: null,
  });
});

for (const query of ["types=splits", "start=soon", "start=2026-11-24", "limit=0", "page_token=x"]) {
  Deno.test(`corporate actions are refused with 400 for ${query}`, () => {
    assertEquals(ask(query).status, 400);
  });
}
