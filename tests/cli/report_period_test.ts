import { buildPeriodReport } from "../../src/cli/report/period_page.ts";
import { buildDayView } from "../../src/domain/day/day_view.ts";
import { buildPeriodView } from "../../src/domain/day/period.ts";
import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { buildLedgerEntry } from "../../src/domain/order/ledger.ts";
import { z } from "zod";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { buildSamplePeriod } from "../report/sample_period.ts";
import { runOperator, withStateDir } from "../support/operator_run.ts";

const { days } = buildSamplePeriod("2026-11-02", 15, 3);
const [FIRST, LAST] = [days[0]?.dateNy ?? "", days.at(-1)?.dateNy ?? ""];
const FILES = Object.fromEntries(
  days.map(({ dateNy, events }) => [`events-${dateNy}.jsonl`, buildLines(events)]),
);

const JsonWire = z.object({ trades: z.array(z.object({ closed_at: z.string().nullable() })) });

function buildLines(events: readonly RecordedEvent[]): string {
  return events.map((event) => `${JSON.stringify({ v: 1, ...event })}\n`).join("");
}

Deno.test("report --from --to writes one page of the period, and says where", () =>
  withStateDir(FILES, async (dir) => {
    const run = await runOperator(["report", "--from", FIRST, "--to", LAST], dir);
    const path = `${dir}/report-${FIRST}-to-${LAST}.html`;
    assertEquals([run.status, run.out], [0, `Report of ${FIRST} to ${LAST}: ${path}\n`]);
    const page = await Deno.readTextFile(path);
    for (const words of ["Win rate", "Expectancy", "By hour of entry", "15 days with records"]) {
      assertStringIncludes(page, words);
    }
    assertFalse(/<script|\bsrc=|url\(|@import/i.test(page));
  }));

Deno.test("a period says of how many trades it counts those that were won, and of none that there is none", () => {
  const facts = { program: "p", gaps: [], nowMs: Infinity };
  const range = { fromNy: FIRST, toNy: LAST, earlier: [] };
  const view = buildPeriodView(days, range);
  const page = buildPeriodReport(view, facts);
  const won = view.closed.filter(({ result }) => (result.resultUsd ?? 0) > 0).length;
  assertStringIncludes(page, `${won} above 0, of ${view.closed.length} trades`);
  const none = buildPeriodReport(buildPeriodView([], range), facts);
  assertStringIncludes(none, "no trade was closed");
  assertFalse(none.includes("0 trades"));
});

Deno.test("report --csv prints the trades that ended, the same ones as --json has", () =>
  withStateDir(FILES, async (dir) => {
    const range = ["--from", FIRST, "--to", LAST];
    const csv = await runOperator(["report", ...range, "--csv"], dir);
    const json = await runOperator(["report", ...range, "--json"], dir);
    const closed = JsonWire.parse(JSON.parse(json.out)).trades.filter((trade) =>
      trade.closed_at !== null
    );
    assert(closed.length > 3);
    assertEquals(csv.out.trimEnd().split("\r\n").length, closed.length + 1);
  }));

Deno.test("report --json of one day has what its page shows; a period's has its days alone", () =>
  withStateDir(FILES, async (dir) => {
    const read = async (...args: string[]) => {
      const { status, out, error } = await runOperator(["report", ...args, "--json"], dir);
      assertEquals([status, error], [0, ""]);
      return JSON.parse(out);
    };
    const shown: number[] = [];
    for (const { dateNy, events } of days) {
      const { day, days: listed, gaps } = await read("--date", dateNy);
      const view = buildDayView(events, dateNy);
      const { orders } = view;
      assertEquals([listed.length, listed[0].date_ny, gaps], [1, dateNy, []]);
      assertEquals(
        day.orders.map((
          order: Record<string, unknown>,
        ) => [order["kind"], order["client_order_id"]]),
        [
          ...orders.buys.map((row) => ["entry", row.clientOrderId]),
          ...orders.otherBuys.map((row) => ["other buy", row.clientOrderId]),
          ...orders.sells.map((row) => ["exit", row.clientOrderId]),
          ...orders.simulated.map((row) => ["simulated", row.clientOrderId]),
        ],
      );
      assertEquals(day.caps.gross_notional_usd, view.caps.grossUsd);
      assertEquals(day.gate.length, view.spans.gate.length);
      assertEquals(
        day.equity,
        view.equity.map(({ atMs, usd }) => ({ at: new Date(atMs).toISOString(), usd })),
      );
      shown.push(day.orders.length, day.equity.length);
    }
    assert(Math.max(...shown) > 1);
    assertEquals("day" in await read("--from", FIRST, "--to", LAST), false);
  }));

Deno.test("a trade that began before the period has its whole result", () =>
  withStateDir(FILES, async (dir) => {
    const lines = async (from: string) =>
      (await runOperator(["report", "--from", from, "--to", LAST, "--csv"], dir)).out.split("\r\n");
    const whole = await lines(FIRST);
    const late = await lines(days[8]?.dateNy ?? "");
    assert(late.length > 2 && late.length < whole.length);
    for (const line of late) assert(whole.includes(line), line);
  }));

Deno.test("a damaged and a missing day are named, and the rest is shown", () => {
  const [damaged, missing] = [days[3]?.dateNy ?? "", days[4]?.dateNy ?? ""];
  const { [`events-${missing}.jsonl`]: _, ...files } = FILES;
  const name = `events-${damaged}.jsonl`;
  return withStateDir({ ...files, [name]: `${files[name]}{"torn\n` }, async (dir) => {
    await Deno.mkdir(`${dir}/archive`);
    const ledger = {
      dateNy: missing,
      entries: [],
      host: null,
      accountId: null,
      mismatches: 0,
      unknownFields: {},
    };
    await Deno.writeTextFile(`${dir}/archive/live_orders_${missing}.json`, buildLedgerText(ledger));
    const run = await runOperator(["report", "--from", FIRST, "--to", LAST, "--out", "-"], dir);
    assertEquals(run.status, 0);
    assertStringIncludes(run.out, `1 line of ${name} could not be read`);
    assertStringIncludes(run.out, `events-${missing}.jsonl is missing or empty`);
  });
});

Deno.test("the ledger stands in for an entry whose event file is lost", () => {
  const DATE_NY = "2026-11-23";
  const entry = buildLedgerEntry({
    symbol: "NVDA",
    notionalUsd: 700,
    timestamp: "2026-11-20T15:00:00.000Z",
    side: "buy",
    clientOrderId: "avwap-e",
    orderId: "o",
    qty: 7,
    status: "accepted",
    stopUsd: 95,
    broker: {
      status: "filled",
      filledQty: 7,
      filledAvgPriceUsd: 100,
      updatedAtMs: Date.parse("2026-11-20T15:00:05.000Z"),
    },
  });
  const sale = {
    at: "2026-11-23T15:00:00.000Z",
    type: "fill",
    symbol: "NVDA",
    side: "sell",
    order_id: "s",
    client_order_id: "avwap-e-stop-1",
    reason: "stop",
    filled_qty: 7,
    filled_avg_price_usd: 95,
    filled_at: "2026-11-23T15:00:00.000Z",
  };
  return withStateDir({ [`events-${DATE_NY}.jsonl`]: buildLines([sale]) }, async (dir) => {
    await Deno.mkdir(`${dir}/archive`);
    const ledger = {
      dateNy: "2026-11-20",
      entries: [entry],
      host: null,
      accountId: null,
      mismatches: 0,
      unknownFields: {},
    };
    await Deno.writeTextFile(`${dir}/archive/live_orders_2026-11-20.json`, buildLedgerText(ledger));
    const { out, error } = await runOperator(["report", "--date", DATE_NY, "--csv"], dir);
    assertStringIncludes(out, ",7,100,95,95,35,-35,-1,");
    assertStringIncludes(error, "the ledger of 2026-11-20 stands in");
  });
});

Deno.test("a day leads to the days beside it where their pages were made, and names them where not", () =>
  withStateDir(FILES, async (dir) => {
    const [before, day, after] = days.slice(4, 7).map(({ dateNy }) => dateNy);
    await runOperator(["report", "--date", before ?? ""], dir);
    await runOperator(["report", "--date", day ?? ""], dir);
    const page = await Deno.readTextFile(`${dir}/report-${day}.html`);
    assertStringIncludes(page, `<a href="report-${before}.html">`);
    assertStringIncludes(page, `<span>${after} →</span>`);
    assertEquals(page.match(/href=/g)?.length, 1);
  }));

Deno.test("report counts a day of a single line as a day", () =>
  withStateDir({
    "events-2026-11-23.jsonl": buildLines([{ at: "2026-11-23T15:00:00.000Z", type: "cycle" }]),
  }, async (dir) => {
    const run = await runOperator(["report", "--date", "2026-11-23", "--out", "-"], dir);
    assertEquals(run.status, 0);
    assertStringIncludes(run.out, "Monday, 23 November 2026");
  }));

const refused: { when: string; args: string[]; status: number; words: string }[] = [
  { when: "--to has no --from", args: ["--to", LAST], status: 64, words: "needs --from" },
  {
    when: "it ends before it begins",
    args: ["--from", LAST, "--to", FIRST],
    status: 64,
    words: "after --to",
  },
  {
    when: "a day is given too",
    args: ["--from", FIRST, "--date", LAST],
    status: 64,
    words: "--date is a day",
  },
  {
    when: "an end is no date",
    args: ["--from", FIRST, "--to", "x"],
    status: 64,
    words: "Option --to",
  },
  { when: "both formats are asked for", args: ["--csv", "--json"], status: 64, words: "exclude" },
  {
    when: "nothing was recorded in it",
    args: ["--from", "2025-01-01", "--to", "2025-02-01"],
    status: 1,
    words: "no events of 2025-01-01 to 2025-02-01",
  },
];
for (const { when, args, status, words } of refused) {
  Deno.test(`a period is refused with ${status} when ${when}`, () =>
    withStateDir(FILES, async (dir) => {
      const run = await runOperator(["report", ...args], dir);
      assertEquals([run.status, run.out], [status, ""]);
      assertStringIncludes(run.error, words);
    }));
}
