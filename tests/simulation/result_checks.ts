import type { DayTrail } from "../../src/domain/day/day_trail.ts";
import { listClosed, readDayResult } from "../../src/domain/day/period.ts";
import { findLastFillNy, listTrades, type Trade } from "../../src/domain/day/trades.ts";
import { readNumber, type RecordedEvent } from "../../src/domain/events.ts";
import { parseEventFileName } from "../../src/state/event_line.ts";
import { parseJson } from "../../src/state/text_file.ts";
import { z } from "zod";
import type { Auditor } from "./auditor.ts";
import { STATE_DIR, type World } from "./world.ts";

/**
 * What the summary said of a day is what its report says: the day result always, both from the same trail; the trade
 * results of what ended on it are counted, since the summary has them from the broker's orders, and a trail that lost a
 * fill, or a hand's sale, tells them apart.
 */
export function checkResults({ world }: Auditor): void {
  if (!world.hasTrail) return;
  const days = listTrails(world);
  const trades = listTrades(days);
  for (const { dateNy, events } of days) {
    const at = events.findLastIndex((event) => event.type === "summary");
    const summary = events[at];
    // With a host's clock that is wrong it stands in the file of another day than its own.
    if (summary === undefined || !`${summary["text"]}`.startsWith(dateNy)) continue;
    world.count("day results compared");
    const saidUsd = readNumber(summary, "day_result_usd");
    // What is recorded afterwards the summary can't have known.
    const known = isSettled(events, at) ? events : events.slice(0, at);
    const { resultUsd } = readDayResult(known, dateNy);
    // A trail that could not be read then: unknown, which is never 0.
    if (saidUsd !== resultUsd && saidUsd !== null) {
      world.violate("summary and report say one day result", `${dateNy}: ${saidUsd}, ${resultUsd}`);
    }
    compareTrades(world, readNumber(summary, "realised_usd"), sumClosed(trades, dateNy));
  }
}

/** What the trades that ended on a day made, USD; `null` where none did, NaN where it is not known of one. */
function sumClosed(trades: readonly Trade[], dateNy: string): number | null {
  const closed = listClosed(trades).filter((trade) => findLastFillNy(trade) === dateNy);
  if (closed.length === 0) return null;
  return closed.reduce<number>((sumUsd, { result }) => sumUsd + (result.resultUsd ?? NaN), 0);
}

/** The summary's are rounded to cents. */
function compareTrades(world: World, saidUsd: number | null, trailUsd: number | null): void {
  if (saidUsd === null && trailUsd === null) return;
  const isSame = Math.abs((saidUsd ?? NaN) - (trailUsd ?? NaN)) < 0.006;
  world.count(isSame ? "trade results that agree" : "trade results that differ");
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
