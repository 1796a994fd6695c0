import { z } from "zod";
import type { Story } from "./story.ts";

/** What the report shows of an entry of the live ledger. */
const EntryWire = z.object({
  timestamp: z.string(),
  side: z.string(),
  symbol: z.string(),
  qty: z.number(),
  notional: z.number(),
  status: z.string(),
  reason: z.string().nullable(),
  stop: z.number().nullable(),
  broker: z.object({
    status: z.string(),
    filled_qty: z.number(),
    filled_avg_price: z.number().nullable(),
  }).nullable(),
});
const LedgerWire = z.object({ date_ny: z.string(), entries: z.array(EntryWire) });
const DryRunWire = z.record(
  z.string(),
  z.object({ symbol: z.string(), qty: z.number(), ts: z.string() }),
);
type Entry = z.output<typeof EntryWire>;

const timeFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "America/New_York",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

function formatTime(timestamp: string): string {
  return timeFormat.format(new Date(timestamp));
}

function describeBroker({ broker }: Entry): string {
  if (broker === null) return "no answer";
  return broker.filled_avg_price === null
    ? broker.status
    : `${broker.status} ${broker.filled_qty} at ${broker.filled_avg_price.toFixed(2)}`;
}

function formatEntry(entry: Entry): string {
  const { side, symbol, qty, notional, reason, stop } = entry;
  const what = side === "buy"
    ? "entry"
    : reason === "stop" && stop !== null
    ? `stop at ${stop.toFixed(2)}`
    : `${reason}`;
  const cells = [
    formatTime(entry.timestamp).padEnd(9),
    side.padEnd(5),
    symbol.padEnd(7),
    `${qty}`.padStart(4),
    notional.toFixed(2).padStart(9),
    ` ${what.padEnd(15)}`,
    describeBroker(entry),
  ];
  return `  ${cells.join(" ")}`.trimEnd();
}

/** Entries in the table; of stops that only made room for the next one, the prices. */
function formatLedger(entries: readonly Entry[]): string[] {
  const isReplaced = (entry: Entry) =>
    entry.reason === "stop" && entry.broker?.status === "replaced";
  const shown = entries.filter((entry) => !isReplaced(entry));
  const replaced = entries.filter(isReplaced);
  const head = `  ${"time".padEnd(9)} ${"side".padEnd(5)} ${"symbol".padEnd(7)} ` +
    `${"qty".padStart(4)} ${"USD".padStart(9)}  ${"what".padEnd(15)} what the broker said`;
  const stops = replaced.map(({ stop }) => stop?.toFixed(2) ?? "?");
  const rest = stops.length === 0
    ? []
    : [`  and the stops that were replaced on the way, at ${[...new Set(stops)].join(", ")}`];
  return [head, ...shown.map(formatEntry), ...rest];
}

/** Shows what the day wrote, and that the broker tells the same. */
export async function reportDay(
  { stage, printer, limits, cast: { stopped } }: Story,
): Promise<void> {
  const { stateDir, exchange } = stage;
  printer.heading("What the day wrote");
  const dryRun = DryRunWire.parse(
    JSON.parse(await Deno.readTextFile(`${stateDir}/dry_run_ledger.json`)),
  );
  printer.say("dry_run_ledger.json, the rehearsals, once per symbol and day:");
  printer.plain(
    Object.values(dryRun).map(({ symbol, qty, ts }) =>
      `  ${formatTime(ts).padEnd(9)} ${"buy".padEnd(5)} ${symbol.padEnd(7)} ${`${qty}`.padStart(5)}`
    ),
  );
  const { entries } = LedgerWire.parse(
    JSON.parse(await Deno.readTextFile(`${stateDir}/live_orders_today.json`)),
  );
  printer.say("live_orders_today.json, every order that left, written before it did:");
  printer.plain(formatLedger(entries));
  if (stopped !== null) {
    printer.say(`${stopped.symbol}'s exit was a leg of its bracket and is part of its entry.`);
  }
  const orders = exchange.orders.filter((order) => order.parent === null);
  const resultUsd = exchange.equityUsd - limits.equityUsd;
  printer.say(
    `The simulated broker counts ${orders.length} orders of ours, the ledger ${entries.length}; ` +
      `${exchange.portfolio.positions.size} positions are left, and the day's result is ` +
      `${resultUsd < 0 ? "-" : "+"}${Math.abs(resultUsd).toFixed(2)} USD.`,
  );
}

/** Where everything is, and how to look at it. */
export function reportPlace(dir: string, { printer }: Pick<Story, "printer">): void {
  printer.say("Everything is still there, to be opened:");
  printer.plain([
    `  cd ${dir}`,
    "  xdg-open report.html               # the day's report",
    "  less log.txt                       # the log, as sentences",
    "  less program.log                   # every line of the program",
    "  cat state/live_orders_today.json   # the live ledger",
  ]);
}
