import { buildReportJson } from "../../src/cli/report/json.ts";
import { readTodayResult } from "../../src/cli/status_day.ts";
import { formatR } from "../../src/domain/account/trade_result.ts";
import { formatSignedUsd } from "../../src/domain/alert/alert_facts.ts";
import { formatDayResult } from "../../src/domain/alert/alert_summary.ts";
import { buildDayView } from "../../src/domain/day/day_view.ts";
import { EMPTY_STATE } from "../../src/domain/account/engine_state.ts";
import type { DayTrail } from "../../src/domain/day/day_trail.ts";
import { buildPeriodView, listClosed } from "../../src/domain/day/period.ts";
import { buildTradeCsv, TRADE_CSV_COLUMNS } from "../../src/domain/day/trade_csv.ts";
import { findLastFillNy, listTrades, type Trade } from "../../src/domain/day/trades.ts";
import { readNumber, type RecordedEvent } from "../../src/domain/day/events.ts";
import { sumResultsUsd } from "../../src/domain/order/usd_flow.ts";
import { parseEventFileName } from "../../src/state/event_line.ts";
import { parseJson } from "../../src/state/text_file.ts";
import { z } from "zod";
import type { Auditor } from "./auditor.ts";
import { STATE_DIR, type World } from "./world.ts";

/**
 * Each day's result and each trade's is one number, whoever says it (interface, Slack): the summary in
 * its event and in its words, `status`, the day's page, the period's, its JSON and its CSV; and where nothing was lost on the
 * way it is what the exchange's own books say of the shares.
 */
export function checkResults(auditor: Auditor): void {
  const { world } = auditor;
  // With a host's clock that is wrong, files of days are not written in the order of the days.
  if (!world.hasTrail || world.profile.families.has("clock")) return;
  const days = listTrails(world);
  days.forEach((day, index) => checkDay(auditor, day, days.slice(0, index)));
  const trades = listTrades(days);
  checkMessages(auditor, trades);
  checkBooks(world, trades);
}

function checkDay(
  { world, summaryTexts }: Auditor,
  { dateNy, events }: DayTrail,
  earlier: readonly DayTrail[],
): void {
  const at = events.findLastIndex((event) => event.type === "summary");
  const summary = events[at];
  if (summary === undefined) return;
  // What is recorded afterwards the summary can't have known.
  const day = { dateNy, events: isSettled(events, at) ? events : events.slice(0, at) };
  const said = listSaid(summary);
  // A trail that could not be read then: unknown, which is never another number.
  if (said.words.includes("(the day's events can't be read)")) return;
  // A process that died between the two has told nobody.
  if (!hasLosses(world)) {
    world.count("summaries held against what left for Slack");
    if (!summaryTexts.has(said.words)) {
      world.violate("a day result is one number wherever it is said", `${dateNy}: not in Slack`);
    }
  }
  const shown = listShown(day, earlier);
  world.count("day results compared");
  for (const [surface, usd] of Object.entries(shown.dayUsd)) {
    if (usd !== said.dayUsd) {
      const detail = `${dateNy}: summary ${said.dayUsd}, ${surface} ${usd}`;
      world.violate("a day result is one number wherever it is said", detail);
    }
  }
  if (!said.words.includes(shown.dayWords)) {
    world.violate("a day result is one number wherever it is said", `${shown.dayWords} not said`);
  }
  if (!said.isLive) return;
  world.count("trade results compared", shown.tradesUsd.csv.length);
  for (const [surface, usd] of Object.entries(shown.tradesUsd)) {
    if (`${usd}` !== `${shown.tradesUsd.csv}`) {
      const detail = `${dateNy}: CSV ${shown.tradesUsd.csv}, ${surface} ${usd}`;
      world.violate("a trade result is one number wherever it is said", detail);
    }
  }
  const sumUsd = sumKnown(shown.tradesUsd.csv);
  if (said.tradesUsd !== sumUsd) {
    const detail = `${dateNy}: summary ${said.tradesUsd}, CSV ${sumUsd}`;
    world.violate("a trade result is one number wherever it is said", detail);
  }
}

/** What a summary said, in its event and in the words that Slack got. */
function listSaid(summary: RecordedEvent) {
  return {
    isLive: summary["mode"] === "LIVE",
    dayUsd: readNumber(summary, "day_result_usd"),
    tradesUsd: readNumber(summary, "realised_usd"),
    words: `${summary["text"]}`,
  };
}

/** The same day as every other surface shows it. */
function listShown({ dateNy, events }: DayTrail, earlier: readonly DayTrail[]) {
  const view = buildDayView(events, dateNy, { earlier, nowMs: Infinity });
  const period = buildPeriodView([{ dateNy, events }], { fromNy: dateNy, toNy: dateNy, earlier });
  const json = JsonWire.parse(JSON.parse(buildReportJson(period, { gaps: [] })));
  const broker = null;
  const state = EMPTY_STATE;
  const status = readTodayResult({ todayNy: dateNy, events, earlier, state, broker });
  const [, ...lines] = buildTradeCsv(period.closed).trimEnd().split("\r\n");
  const column = TRADE_CSV_COLUMNS.indexOf("result_usd");
  const csv = lines.map((line) => line.split(",")[column] ?? "");
  const ofDay = listClosed(view.trades).filter((trade) => findLastFillNy(trade) === dateNy);
  return {
    dayWords: formatDayResult(view.dayResult),
    dayUsd: {
      report: view.dayResult.resultUsd,
      period: period.days[0]?.dayResult.resultUsd,
      json: json.days[0]?.day_result_usd,
      status: status.resultUsd,
    },
    tradesUsd: {
      csv,
      report: ofDay.map(({ result }) => formatUsd(result.resultUsd)),
      period: period.closed.map(({ result }) => formatUsd(result.resultUsd)),
      json: json.trades.filter((trade) => trade.closed_at !== null && trade.left_qty === 0)
        .map((trade) => formatUsd(trade.result_usd)),
    },
  };
}

const JsonWire = z.object({
  days: z.array(z.object({ day_result_usd: z.number().nullable() })),
  trades: z.array(z.object({
    closed_at: z.string().nullable(),
    left_qty: z.number(),
    result_usd: z.number().nullable(),
  })),
});

function formatUsd(usd: number | null): string {
  return usd === null ? "" : `${Number(usd.toFixed(6))}`;
}

/** `null` where there is none, or one is not known: then the summary has no sum either. */
function sumKnown(amounts: readonly string[]): number | null {
  if (amounts.length === 0 || amounts.includes("")) return null;
  return sumResultsUsd(amounts.map(Number));
}

const LAST_SALE =
  /^(\S+) .*(?:; whole trade |: sold [\d.]+ at \S+, )([+-]?\d+\.\d\d)(?: \((.*)\))?$/;

/** A message that tells of a trade's end says the result that the trail has, by the digits that it shows of it. */
function checkMessages({ world, tradeTitles }: Auditor, trades: readonly Trade[]): void {
  for (const title of tradeTitles) {
    const [, symbol, usd, saidR = ""] = LAST_SALE.exec(title) ?? [];
    if (symbol === undefined) continue;
    const closed = listClosed(trades).filter((trade) => trade.symbol === symbol);
    const results = closed.map(({ result }) =>
      `${result.resultUsd} (${result.resultR === null ? "" : formatR(result.resultR)})`
    );
    world.count("messages of a trade's end compared");
    if (saidR !== "") world.count("messages of a trade's end with its R compared");
    const isSaid = closed.some(({ result: { resultUsd, resultR } }) =>
      resultUsd !== null && formatSignedUsd(resultUsd) === usd &&
      (resultR === null ? "" : formatR(resultR)) === saidR
    );
    if (isSaid) continue;
    if (hasLosses(world)) world.count("messages of a trade's end that the trail has lost");
    else world.violate("a trade result is one number wherever it is said", `${title}; ${results}`);
  }
}

/** By the exchange's own executions, in symbols that only the engine traded, and of which no share is left. */
function checkBooks(world: World, trades: readonly Trade[]): void {
  if (hasLosses(world)) return;
  for (const symbol of new Set(trades.map((trade) => trade.symbol))) {
    const own = trades.filter((trade) => trade.symbol === symbol);
    const isWhole = own.every(({ closedAtMs, isAdopted, openedAtMs, result }) =>
      closedAtMs !== null && openedAtMs !== null && !isAdopted && result.leftQty === 0
    );
    // What a hand bought and sold is in the exchange's books, and in no trade of the engine's.
    const isHands = world.handOrders.some((order) =>
      order.symbol === symbol && order.fills.length > 0
    );
    if (!isWhole || isHands || world.strange.has(symbol)) continue;
    const truthUsd = world.exchange.orders.filter((order) => order.symbol === symbol)
      .flatMap(({ side, fills }) =>
        fills.map(({ qty, priceUsd }) => (side === "sell" ? qty : -qty) * priceUsd)
      )
      .reduce((sumUsd, usd) => sumUsd + usd, 0);
    const trailUsd = own.reduce<number>((sum, { result }) => sum + (result.resultUsd ?? NaN), 0);
    world.count("trade results held against the exchange's books", own.length);
    if (!(Math.abs(truthUsd - trailUsd) < 0.01)) {
      const detail = `${symbol}: books ${truthUsd}, trail ${trailUsd}`;
      world.violate("trade results are what the exchange's books say", detail);
    }
  }
}

/** A crash or a bad disk takes lines of the trail, and a hand in the files any of them. */
function hasLosses({ profile: { families } }: World): boolean {
  return families.has("crash") || families.has("disk") || families.has("files");
}

function isSettled(events: readonly RecordedEvent[], summaryAt: number): boolean {
  return !events.slice(summaryAt).some((event) =>
    event.type === "fill" || event.type === "position"
  );
}

const LineWire = z.looseObject({
  at: z.string(),
  type: z.string(),
  symbol: z.string().optional(),
});

/** Read past the disk's own faults: what is on it, not what a process would get. */
function listTrails({ disk }: World): DayTrail[] {
  const prefix = `${STATE_DIR}/`;
  return disk.listPaths().sort().flatMap((path) => {
    const name = path.startsWith(prefix) ? path.slice(prefix.length) : "";
    const dateNy = parseEventFileName(name);
    const bytes = disk.bytesOf(path);
    if (dateNy === null || bytes === null) return [];
    const lines = new TextDecoder().decode(bytes).split("\n");
    return [{ dateNy, events: lines.flatMap(parseLine) }];
  });
}

/** A line that was torn by a crash is none. */
function parseLine(line: string): RecordedEvent[] {
  const read = parseJson(line);
  const wire = read.kind === "json" ? LineWire.safeParse(read.value) : null;
  return wire?.success ? [wire.data] : [];
}
