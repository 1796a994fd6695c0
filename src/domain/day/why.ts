import { formatPriceUsd } from "../order/money.ts";
import type { DenyReason } from "../gate/caps.ts";
import { formatCounted } from "../counted.ts";
import { findFate } from "./fate.ts";
import { formatEvent } from "./event_sentence.ts";
import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { isEntryRecord } from "../order/ledger.ts";
import { readNyTime } from "../time/ny_time.ts";

/** What a recorded day says of a symbol (interface, `why`). */
export interface Why {
  /** What the engine saw: breakouts with their bars, or why none could be seen. */
  readonly seen: string;
  /** What it decided, newest last: the intent, then what became of it. */
  readonly decided: readonly string[];
  /** What would have to change for an order; `null` where one was sent. */
  readonly change: string | null;
}

/** For each of the caps' reasons: what lets the next entry pass. */
const CHANGES: Readonly<Record<DenyReason, string>> = {
  "symbol missing": "the watchlist's row needs a symbol",
  "allowlist blocked": "ALLOWLIST_SYMBOLS would have to name it, or be empty",
  "entries paused": "`avwap-execution unpause`",
  "account blocked": "the account would have to take orders again: look at the broker's dashboard",
  "positions unknown": "the broker would have to show its positions: `avwap-execution check`",
  "max positions reached": "a position would have to end, or MAX_LIVE_POSITIONS be higher",
  "notional invalid": "a price of it would have to be known",
  "price outside bracket": "its price would have to be between stop and target",
  "max orders/day reached": "another day, or a higher MAX_LIVE_ORDERS_PER_DAY",
  "max gross notional reached": "another day, or a higher MAX_LIVE_GROSS_NOTIONAL",
  "max symbol notional reached":
    "fewer shares (size follows equity and distance), or a higher MAX_LIVE_NOTIONAL_PER_SYMBOL",
  "max daily loss reached":
    "another day: the day's loss has ended its entries (MAX_LIVE_LOSS_PER_DAY)",
  "max daily loss unknown":
    "the day's result would have to be known: `avwap-execution status --broker`",
  "already entered today": "another day: a symbol is entered once a day",
  "system clock": "the host's clock would have to be right (`timedatectl`)",
  "rejected twice today": "another day; the broker's reasons are in `avwap-execution log`",
  "rejections in a row": "another day; the broker's reasons are in `avwap-execution log`",
};

/** The same for what dropped an intent before the caps were asked (pipeline 4). */
const SKIPS: Readonly<Record<string, string>> = {
  "open order/position exists": "no order or position of it may be open at the broker",
  "intent expired":
    "the engine would have to decide within 15 minutes: `avwap-execution log` says what kept it",
  "close too near": "a breakout more than ten minutes before the close",
  "corporate action": "another day: one of it is due by the next session",
  "its record can't be written": "room on the disk: a record is made before an order leaves",
  "size is 0 shares": "more equity, a smaller distance from the pivot, or a lower price",
  "market closed": "a breakout while the market is open",
};

const CONFIRM =
  "two closed 10-minute bars in a row would have to be above its pivot, the symbol being on " +
  "today's list";

/**
 * Says why a symbol was bought or not on a recorded day.
 * @param events The day's, oldest first: the symbol's own, the gate's and the watchlist's at least.
 */
export function buildWhy(events: readonly RecordedEvent[], symbol: string): Why {
  const own = events.filter((event) => event.symbol === symbol);
  const signals = own.filter((event) => event.type === "signal");
  const last = findFate(own.filter((event) => FATES.has(event.type)));
  const intent = own.findLast((event) => event.type === "intent");
  const entry = findEntry(own);
  const isFateOpen = entry === null ||
    (entry.isRefused && last !== undefined && own.indexOf(last) > own.indexOf(entry.word));
  const fills = own.filter(isOutcome);
  const fate = isFateOpen ? last : undefined;
  const decided = [intent, ...entry?.told ?? [], fate, ...fills.slice(-FILLS_MAX)]
    .flatMap((event) => event === undefined ? [] : [describe(event)]);
  return {
    seen: signals.length > 0 ? describeSignals(signals) : describeNone(events, symbol),
    decided: [...decided, ...countDenials(own, fate)],
    change: isFateOpen
      ? findChange(events, [own.findLast(isDenied), last], signals.length > 0)
      : entry.change,
  };
}

/** The newest entry of a symbol's day, as far as it came. */
interface EntryStory {
  /** Its newest line. */
  readonly word: RecordedEvent;
  /** Those of its lines that tell something, oldest first. */
  readonly told: readonly RecordedEvent[];
  readonly isRefused: boolean;
  /** What would have to change for shares; `null` where it works or bought some. */
  readonly change: string | null;
}

/** Where it was rejected, or held back on its way. */
const REFUSED =
  "what refused it would have to end: look at the account and the symbol in the broker's dashboard";

/** Statuses at the broker that a fill's own line tells. */
const FILLING: ReadonlySet<string> = new Set(["partially_filled", "filled"]);
/** Those after which it buys nothing more today. */
const ENDED: ReadonlySet<string> = new Set(["canceled", "expired", "rejected", "done_for_day"]);

function findEntry(own: readonly RecordedEvent[]): EntryStory | null {
  const ofEntries = own.filter(isOfEntry);
  // What a hand or the broker puts in its place has an id of its own: whatever follows is told of it.
  const lines = ofEntries.slice(
    Math.max(0, ofEntries.findLastIndex((event) => event.type === "order_recorded")),
  );
  const end = lines.find((event) => event.type === "entry_end");
  const word = lines.findLast((event) => event !== end);
  if (word === undefined) return null;
  const status = readText(word, "order_status") ?? "";
  const isRefused = readText(word, "status") === "rejected";
  const hasNothing = ENDED.has(status) && !(readNumber(word, "filled_qty"));
  const told = [lines[0], end, FILLING.has(status) ? undefined : word]
    .filter((event) => event !== undefined);
  return {
    word,
    told: [...new Set(told)],
    isRefused,
    change: isRefused ? REFUSED : hasNothing ? CHANGES["already entered today"] : null,
  };
}

function isOfEntry(event: RecordedEvent): boolean {
  const isEntry = isEntryRecord({
    side: readText(event, "side") === "buy" ? "buy" : "sell",
    clientOrderId: readText(event, "client_order_id"),
  });
  return event.type === "entry_end" ||
    (isEntry && ["order_recorded", "order_update"].includes(event.type));
}

/** What became of an intent. */
const FATES: ReadonlySet<string> = new Set(["verdict", "skip", "dry_run_order"]);
const FILLS_MAX = 6;

function describeSignals(signals: readonly RecordedEvent[]): string {
  const [first] = signals;
  const latest = signals.at(-1);
  if (first === undefined || latest === undefined) return "";
  const bars =
    `bars closed at ${price(latest, "b1_close_usd")} and ${price(latest, "b2_close_usd")}, ` +
    `pivot ${price(latest, "pivot_usd")}`;
  const times = signals.length === 1 ? "" : `, ${signals.length} times until ${time(latest)}`;
  return `its breakout was confirmed at ${time(first)}${times} (${bars})`;
}

/** The list names a row that it drops; else nobody can tell a symbol that is not listed from one that stays below its pivot. */
function describeNone(events: readonly RecordedEvent[], symbol: string): string {
  for (const event of events.toReversed()) {
    if (event.type !== "watchlist") continue;
    const status = readText(event, "status");
    if (status !== "fresh") return `the watchlist is ${status ?? "unknown"}: no entries`;
    const dropped = Array.isArray(event["dropped"]) ? event["dropped"] : [];
    for (const row of dropped) {
      const { symbol: of, line, reason } = Object(row);
      if (of === symbol) return `line ${line} of the watchlist was dropped: ${reason}`;
    }
    break;
  }
  return "no breakout of it was confirmed";
}

/** How often it was denied and why, where its fate alone does not say so. */
function countDenials(own: readonly RecordedEvent[], fate: RecordedEvent | undefined): string[] {
  const denied = own.filter(isDenied);
  const last = denied.at(-1);
  if (last === undefined || (denied.length === 1 && last === fate)) return [];
  const reasons = [...new Set(denied.map((event) => readText(event, "reason") ?? "unknown"))];
  return [
    `denied ${formatCounted(denied.length, "time")} until ${time(last)}: ${reasons.join(", ")}`,
  ];
}

function isDenied(event: RecordedEvent): boolean {
  return event.type === "verdict" && event["is_allowed"] === false;
}

function findChange(
  events: readonly RecordedEvent[],
  kept: readonly (RecordedEvent | undefined)[],
  isConfirmed: boolean,
): string {
  const gate = events.findLast((event) => event.type === "gate");
  const isLive = gate !== undefined && readText(gate, "mode") === "LIVE";
  const live = isLive || gate === undefined
    ? ""
    : `the gate would have to be LIVE (${readText(gate, "reason") ?? "unknown"})`;
  const own = kept.flatMap((event) => {
    const reason = event === undefined ? "" : readText(event, "reason") ?? "";
    return (isDenyReason(reason) ? CHANGES[reason] : SKIPS[reason]) ?? [];
  });
  const confirm = own.length === 0 && !isConfirmed ? CONFIRM : "";
  const needed = new Set([live, ...own, confirm].filter((each) => each !== ""));
  return needed.size === 0 ? "nothing: its intent waits for its time" : [...needed].join("; ");
}

function isDenyReason(reason: string): reason is DenyReason {
  return Object.hasOwn(CHANGES, reason);
}

/** `entry denied: … at 10:03:05`, without the symbol that the paragraph begins with. */
function describe(event: RecordedEvent): string {
  const { symbol: _, ...rest } = event;
  return `${formatEvent(rest)} (${time(event)})`;
}

/** What was bought and sold, and that nothing is left of it. */
function isOutcome(event: RecordedEvent): boolean {
  return event.type === "fill" ||
    (event.type === "position" && readText(event, "change") === "gone");
}

/** As one paragraph. */
export function formatWhy(
  { seen, decided, change }: Why,
  of: { readonly symbol: string; readonly dateNy: string },
): string {
  const parts = [
    `${of.symbol} on ${of.dateNy}: ${seen}`,
    ...decided,
    change === null ? "an order was sent" : `for an order: ${change}`,
  ];
  return `${parts.map((part) => `${part.slice(0, 1).toUpperCase()}${part.slice(1)}`).join(". ")}.`;
}

function time(event: RecordedEvent): string {
  const atMs = readTimeMs(event);
  return atMs === null ? "an unknown time" : readNyTime(atMs).timeNy;
}

function price(event: RecordedEvent, field: string): string {
  const usd = readNumber(event, field);
  return usd === null ? "an unknown price" : formatPriceUsd(usd);
}
