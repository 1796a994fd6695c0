import { assert, assertEquals } from "../assert.ts";
import { buildWorld, type Step } from "./scripted.ts";

const RANGE = { range: { fromNy: "2026-01-13", toNy: "2026-03-21" } };

function page(groups: unknown, token: string | null = null): Step {
  return { body: { corporate_actions: groups, next_page_token: token } };
}

const SPLIT = {
  id: "1",
  symbol: "A",
  old_rate: 10,
  new_rate: 1,
  ex_date: "2026-01-21",
  process_date: "2026-01-21",
};

Deno.test("listCorporateActions() asks the data host for what changes shares, without a feed", async () => {
  const world = buildWorld([page({})]);
  await world.client.listCorporateActions({ symbols: ["A", "BRK.B"], ...RANGE });
  const url = new URL(world.requests[0]?.url ?? "");
  assertEquals([url.host, url.pathname], ["data.alpaca.markets", "/v1/corporate-actions"]);
  assertEquals(Object.fromEntries(url.searchParams), {
    symbols: "A,BRK.B",
    types: "forward_split,reverse_split,unit_split,stock_dividend,cash_merger,stock_merger," +
      "stock_and_cash_merger,reorganization,name_change,redemption,partial_call,worthless_removal",
    start: "2026-01-13",
    end: "2026-03-21",
    limit: "1000",
    sort: "asc",
  });
});

Deno.test("listCorporateActions() puts pages and groups together by the symbol whose shares change", async () => {
  const world = buildWorld([
    page({ reverse_splits: [SPLIT], spin_offs: [{ source_symbol: "A" }] }, "t"),
    page({
      name_changes: [{ old_symbol: "A", new_symbol: "B", process_date: "2026-01-22" }],
      cash_mergers: [{ acquiree_symbol: "C", acquirer_symbol: "A", effective_date: "2026-02-01" }],
    }),
  ]);
  const answer = await world.client.listCorporateActions({ symbols: ["A", "C"], ...RANGE });
  assert(answer.kind === "answered", JSON.stringify(answer));
  assertEquals([...answer.rows].map(([symbol, rows]) => [symbol, rows.map(({ text }) => text)]), [
    ["A", ["reverse split, 1 for 10", "name change to B"]],
    ["C", ["merger for cash"]],
  ]);
  assertEquals(answer.rows.get("A")?.[0]?.datesNy, ["2026-01-21", "2026-01-21"]);
});

const ODD_ROWS: { row: unknown; malformed: string[] }[] = [
  { row: { symbol: "B", process_date: "soon" }, malformed: ["B"] },
  { row: { symbol: "B" }, malformed: ["B"] },
  { row: { symbol: "", process_date: "2026-01-21" }, malformed: [] },
  { row: { symbol: 7, process_date: "2026-01-21" }, malformed: [] },
  { row: null, malformed: [] },
];
for (const { row, malformed } of ODD_ROWS) {
  Deno.test(`listCorporateActions() lets the row ${JSON.stringify(row)} cost at most its symbol`, async () => {
    const world = buildWorld([page({ forward_splits: [row, { ...SPLIT, symbol: "A" }] })]);
    const answer = await world.client.listCorporateActions({ symbols: ["A", "B"], ...RANGE });
    assert(answer.kind === "answered", JSON.stringify(answer));
    assertEquals([[...answer.rows.keys()], answer.malformed], [["A"], malformed]);
  });
}

Deno.test("listCorporateActions() keeps the split of a symbol beside a row of it that can't be parsed", async () => {
  const world = buildWorld([
    page({ redemptions: [{ symbol: "A" }], reverse_splits: [{ ...SPLIT, old_symbol: 7 }] }),
  ]);
  const answer = await world.client.listCorporateActions({ symbols: ["A"], ...RANGE });
  assert(answer.kind === "answered", JSON.stringify(answer));
  const texts = (answer.rows.get("A") ?? []).map(({ text }) => text);
  assertEquals([texts, answer.malformed], [["reverse split, 1 for 10"], ["A"]]);
});

Deno.test("listCorporateActions() completes no symbol where a later page fails, and keeps what it knows: they go by date", async () => {
  const world = buildWorld((_, index) =>
    index === 0 ? page({ reverse_splits: [SPLIT] }, "t") : { status: 500 }
  );
  const answer = await world.client.listCorporateActions({ symbols: ["A", "B"], ...RANGE });
  assert(answer.kind === "failed", JSON.stringify(answer));
  assertEquals([[...answer.rows.keys()], answer.open], [["A"], ["A", "B"]]);
});

for (
  const body of ["{}", '{"corporate_actions":[]}', '{"corporate_actions":{"forward_splits":7}}']
) {
  Deno.test(`listCorporateActions() can't read the page ${body}`, async () => {
    const { client } = buildWorld([{ body }]);
    const answer = await client.listCorporateActions({ symbols: ["A"], ...RANGE });
    assert(answer.kind === "failed" && answer.failure === "malformed", JSON.stringify(answer));
  });
}
