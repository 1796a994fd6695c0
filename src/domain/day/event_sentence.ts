import { formatCounted } from "../counted.ts";
import { formatFillReason } from "../order/fill_reason.ts";
import { formatEntryEnd } from "../entry/entry_end.ts";
import { type EventType, readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { formatCents, formatPriceUsd } from "../order/money.ts";
import { readNyTime } from "../time/ny_time.ts";
import { formatRepeats } from "../alert/repetition.ts";

/** `09:52:10 EST`, the New York time of an event, Unix ms; question marks where it has none that can be read. */
export function formatEventTime(atMs: number | null): string {
  if (atMs === null) return "??:??:?? ???";
  const { timeNy, zone } = readNyTime(atMs);
  return `${timeNy} ${zone}`;
}

/** One line of the audit trail as a sentence, for instance `NVDA entry denied: max orders/day reached (5 of 5 used)`. */
export function formatEvent(event: RecordedEvent): string {
  const sentence = (BY_TYPE.get(event.type) ?? formatUnknown)(event);
  return event.symbol === undefined ? sentence : `${event.symbol} ${sentence}`;
}

/** An event of a newer release is shown as it is. */
function formatUnknown(event: RecordedEvent): string {
  const { at: _at, v: _v, type, symbol: _symbol, ...fields } = event;
  return `${type} ${JSON.stringify(fields)}`.slice(0, UNKNOWN_CHARS_MAX);
}

const UNKNOWN_CHARS_MAX = 300;

/** Every type has its sentence; the symbol, where there is one, stands in front. */
const SENTENCES: Readonly<Record<EventType, (event: RecordedEvent) => string>> = {
  engine_started: (event) =>
    `engine started: version ${text(event, "version")}, endpoint ${text(event, "endpoint")} ` +
    `(${text(event, "host")}), a cycle every ${count(event, "poll_seconds")} s`,
  records: (event) =>
    readText(event, "text") === null
      ? `started without ${text(event, "file")}: ${text(event, "why")}`
      : `started with ${text(event, "file")} (part ${count(event, "part")} of ${
        count(event, "parts")
      })`,
  engine_stopped: () => "engine stopped",
  market: formatMarketChange,
  gate: (event) =>
    `gate ${text(event, "mode")}: ${text(event, "reason")}; allowlist ${text(event, "allowlist")}`,
  kill_switch: (event) =>
    event["is_active"] === true
      ? `kill switch active (${text(event, "source")})`
      : "kill switch cleared",
  entries_paused: (event) =>
    event["is_active"] === true ? "entries paused" : "entries are not paused any more",
  daily_loss: (event) =>
    `daily loss limit: day result ${cents(event, "result_usd")} USD, limit ` +
    `${cents(event, "limit_usd")} USD; no further entry today`,
  watchlist: formatWatchlistVersion,
  signal: (event) =>
    `breakout confirmed: bars closed at ${price(event, "b1_close_usd")} and ` +
    `${price(event, "b2_close_usd")}, pivot ${price(event, "pivot_usd")} ` +
    `(${SIGNAL_WORDS[text(event, "outcome")] ?? text(event, "outcome")})`,
  intent: (event) =>
    `entry intended: ${shares(event)} at about ${price(event, "ref_price_usd")}, ` +
    `stop ${price(event, "stop_usd")}, target ${price(event, "r2_usd")}, ` +
    `due ${time(event, "scheduled_at")}, worth nothing after ${time(event, "expires_at")}`,
  skip: (event) => `entry skipped: ${text(event, "reason")} (${text(event, "mode")})`,
  verdict: formatVerdictSentence,
  dry_run_order: (event) =>
    `entry simulated: ${shares(event)} at about ${price(event, "ref_price_usd")} ` +
    `(${cents(event, "notional_usd")} USD), nothing sent` +
    (event["is_allowlisted"] === false ? "; the allowlist would block it" : ""),
  order_recorded: formatRecorded,
  order_request: (event) => `${formatRequest(event)} requested`,
  order_answer: formatAnswer,
  order_update: formatUpdate,
  entry_end: (event) =>
    formatEntryEnd({
      filledQty: readNumber(event, "filled_qty") ?? 0,
      qty: readNumber(event, "qty"),
      why: text(event, "why"),
    }),
  exchange: (event) =>
    `broker exchange: ${text(event, "method")} ${text(event, "path")} answered ` +
    `${
      readNumber(event, "http_status") === null
        ? `nothing (${text(event, "failure")})`
        : count(event, "http_status")
    } in ${count(event, "took_ms")} ms`,
  fill: (event) =>
    `${text(event, "side") === "buy" ? "bought" : "sold"} ${count(event, "filled_qty")} of ` +
    `${count(event, "qty")} at ${price(event, "filled_avg_price_usd")} ` +
    `(${formatFillReason(text(event, "reason"))}), filled ${time(event, "filled_at")}`,
  reconciliation: (event) =>
    `broker mismatch: the ledger lacked ${list(event, "mismatched") || "nothing"}`,
  price: (event) =>
    `at ${price(event, "price_usd")}: stop ${price(event, "stop_usd")}, ${
      // At an adoption nobody has looked at it before.
      readNumber(event, "high_water_usd") === 0 ? "" : `high ${price(event, "high_water_usd")}, `}${
      shares(event)
    }`,
  exit: (event) =>
    `${formatFillReason(text(event, "reason"))} due: ${shares(event)} at ` +
    `${price(event, "price_usd")}, stop ${price(event, "stop_usd")} (${text(event, "mode")})`,
  position: formatPositionChange,
  protection: (event) =>
    `protection: ${PROTECTION_WORDS[text(event, "step")] ?? text(event, "step")}, ` +
    `${shares(event)} at ${price(event, "stop_usd")}`,
  equity: formatEquity,
  summary: (event) =>
    `daily summary (${text(event, "mode")}): ${
      formatCounted(readNumber(event, "tried"), "entry")
    } tried, ` +
    `${count(event, "accepted")} accepted, ${count(event, "denied")} denied, ` +
    `${count(event, "rejected")} rejected, ${count(event, "expired")} expired, ` +
    `${count(event, "unresolved")} unresolved` +
    (readNumber(event, "realised_usd") === null
      ? ""
      : `, closed trades ${cents(event, "realised_usd")} USD`) +
    (readNumber(event, "day_result_usd") === null
      ? ""
      : `, day result ${cents(event, "day_result_usd")} USD`),
  alert: (event) =>
    `Slack ${text(event, "outcome") === "lost" ? "LOST" : "got"} ${text(event, "level")} ` +
    `"${text(event, "title")}": ${text(event, "text").split("\n", 1)[0] ?? ""}`,
  error: (event) => `ERROR ${text(event, "message")}${formatTimes(event)}`,
  cycle: (event) => `cycle ended; next at ${clock(event, "next_wake_ms")} (${text(event, "why")})`,
};

const BY_TYPE: ReadonlyMap<string, (event: RecordedEvent) => string> = new Map(
  Object.entries(SENTENCES),
);

const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  intent: "new intent",
  waiting: "an intent waits already",
  no_shares: "the size is 0 shares, no intent",
};

const PROTECTION_WORDS: Readonly<Record<string, string>> = {
  wait: "waiting for a change under way",
  place: "placing a stop",
  replace: "moving the stop",
  convert: "replacing day orders by a good-till-canceled stop",
};

/** How often an error was said, where that is more than once. */
function formatTimes(event: RecordedEvent): string {
  const times = readNumber(event, "times");
  const sinceMs = readTimeMs(event, "since");
  return times === null || sinceMs === null ? "" : formatRepeats({ times, sinceMs });
}

function formatMarketChange(event: RecordedEvent): string {
  if (event["is_open"] === true) return `market open until ${time(event, "next_close")}`;
  if (event["is_open"] === false) {
    const opensMs = readTimeMs(event, "next_open");
    const day = opensMs === null ? "" : `${readNyTime(opensMs).dateNy} `;
    return `market closed until ${day}${time(event, "next_open")}`;
  }
  return "market unknown: the broker's clock can't be read, counts as closed";
}

function formatWatchlistVersion(event: RecordedEvent): string {
  const dropped = Array.isArray(event["dropped"]) ? event["dropped"].length : 0;
  const message = readText(event, "message");
  return message ??
    `watchlist ${text(event, "status")}: ${
        formatCounted(readNumber(event, "candidates"), "candidate")
      }, ` +
      `${formatCounted(dropped, "row")} dropped`;
}

function formatVerdictSentence(event: RecordedEvent): string {
  if (event["is_allowed"] === true) {
    return `entry allowed: caps ok, ${cents(event, "notional_usd")} USD asked`;
  }
  const detail = readText(event, "detail");
  return `entry denied: ${text(event, "reason")}${detail === null ? "" : ` (${detail})`}`;
}

function formatRecorded(event: RecordedEvent): string {
  const isBuy = text(event, "side") === "buy";
  const what = isBuy ? "entry" : formatFillReason(text(event, "reason"));
  const at = readNumber(event, "stop_usd") === null ? "" : `, stop ${price(event, "stop_usd")}`;
  return `${what} recorded before it leaves: ${text(event, "side")} ${count(event, "qty")}${at} ` +
    `(${cents(event, "notional_usd")} USD), ${text(event, "client_order_id")}`;
}

function formatRequest(event: RecordedEvent): string {
  const qty = readNumber(event, "qty") === null ? "" : ` ${shares(event)}`;
  const stop = readNumber(event, "stop_usd") === null ? "" : `, stop ${price(event, "stop_usd")}`;
  const target = readNumber(event, "take_profit_usd") === null
    ? ""
    : `, target ${price(event, "take_profit_usd")}`;
  const name = readText(event, "client_order_id") ?? readText(event, "order_id") ?? "";
  return `${text(event, "op")}${qty}${stop}${target} ${name}`.trim();
}

function formatAnswer(event: RecordedEvent): string {
  const request = formatRequest(event);
  const why = text(event, "why");
  switch (text(event, "outcome")) {
    case "accepted":
      return `${request} accepted as ${text(event, "answer_order_id")} ` +
        `(${text(event, "order_status")})`;
    case "rejected":
      return `${request} REJECTED by the broker (${count(event, "http_status")}): ` +
        `${readText(event, "message") ?? why}`;
    case "unknown":
      return `${request} without a usable answer (${why}): it will be looked up`;
    case "duplicate":
      return `${request}: the broker has this id already, looked up`;
    case "requested":
      return `${request} under way`;
    case "stopped":
      return `${request} NOT SENT: ${why}`;
    default:
      return `${request}: ${text(event, "outcome")}`;
  }
}

/** An order that the broker took and that trades no more today, though not all of it may be filled. */
const ENDED: ReadonlySet<string> = new Set(["canceled", "expired", "replaced", "done_for_day"]);

function formatUpdate(event: RecordedEvent): string {
  const order = text(event, "side") === "buy"
    ? "entry"
    : `sell (${formatFillReason(text(event, "reason"))})`;
  const filledQty = readNumber(event, "filled_qty") ?? 0;
  const filled = filledQty === 0
    ? ""
    : `, filled ${filledQty} at ${price(event, "filled_avg_price_usd")}`;
  const why = text(event, "side") === "buy" ? readText(event, "reason") : readText(event, "detail");
  const said = text(event, "status") === "rejected" && why !== null ? `: ${why}` : "";
  const atBroker = readText(event, "order_status");
  if (text(event, "status") === "accepted" && atBroker !== null && ENDED.has(atBroker)) {
    return `${order} ended at the broker: ${atBroker}${filled || ", nothing filled"}`;
  }
  const view = atBroker === null ? "" : `, ${atBroker} at the broker`;
  return `${order} is ${text(event, "status")}${said}${view}${filled}`;
}

function formatPositionChange(event: RecordedEvent): string {
  const qty = readNumber(event, "qty");
  switch (text(event, "change")) {
    case "changed":
      return `position is ${shares(event)} now`;
    case "gone":
      return "position closed";
    case "never_filled":
      return "entry ended unfilled: no position";
    case "absent":
      return "position NOT SHOWN by the broker, and no sells account for it: kept";
    case "unexplained":
      return `position changed to ${shares(event)} with NO ORDER behind it: hands off`;
    case "released":
      return `position of ${shares(event)} released to the operator`;
    case "adopted":
      return `position of ${shares(event)} adopted`;
    case "stop raised":
      return `stop raised to ${price(event, "stop_usd")}`;
    default:
      return `position: ${text(event, "change")}${qty === null ? "" : `, ${shares(event)}`}`;
  }
}

function formatEquity(event: RecordedEvent): string {
  const positions = event["positions"];
  const held = Array.isArray(positions)
    ? formatCounted(positions.length, "position")
    : "positions unknown";
  return `equity ${cents(event, "equity_usd")} USD, ${held}`;
}

function text(event: RecordedEvent, field: string): string {
  return readText(event, field) ?? "unknown";
}

function shares(event: RecordedEvent): string {
  return formatCounted(readNumber(event, "qty"), "share");
}

function count(event: RecordedEvent, field: string): string {
  const value = readNumber(event, field);
  return value === null ? "?" : `${Math.round(value * 100) / 100}`;
}

function price(event: RecordedEvent, field: string): string {
  const usd = readNumber(event, field);
  return usd === null ? "an unknown price" : formatPriceUsd(usd);
}

function cents(event: RecordedEvent, field: string): string {
  const usd = readNumber(event, field);
  return usd === null ? "unknown" : formatCents(usd);
}

/** New York time of a field in ISO 8601. */
function time(event: RecordedEvent, field: string): string {
  const ms = readTimeMs(event, field);
  return ms === null ? "an unknown time" : readNyTime(ms).timeNy;
}

/** New York time of a field in Unix ms; a moment that no date can hold is none. */
function clock(event: RecordedEvent, field: string): string {
  const ms = readNumber(event, field);
  return ms === null || Math.abs(ms) > DATE_MS_MAX ? "an unknown time" : readNyTime(ms).timeNy;
}

const DATE_MS_MAX = 8.64e15;

function list(event: RecordedEvent, field: string): string {
  const value = event[field];
  return Array.isArray(value) ? value.map(String).join(", ") : "";
}
