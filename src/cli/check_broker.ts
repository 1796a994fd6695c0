import { CLOCK_SKEW_MAX_SECONDS } from "../domain/gate/caps.ts";
import type { LedgerFinding } from "../domain/account/ledger_findings.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { type Calendar, findDay } from "../domain/time/market_clock.ts";
import { dateNyOf, formatNy, readNyTime } from "../domain/time/ny_time.ts";
import type { AccountConfiguration, BrokerAccount } from "../domain/order/orders.ts";
import type { ReadFailure } from "../domain/order/order_request.ts";
import { formatUnreadable, type UnreadableRow } from "../domain/order/unreadable_row.ts";
import type { Endpoint } from "../runtime/endpoint.ts";
import { type CheckItem, fail, objectToLive, pass, warn } from "./check_item.ts";
import { remedy } from "./check_remedies.ts";

/** More than this is a warning (broker.md, Time and data). */
const SKEW_WARN_SECONDS = 2;
/** Without real-time data the latest trade is this old. */
const TRADE_AGE_MAX_SECONDS = 15 * 60;
/** A bar is ten minutes long and comes when it is over; the session's first is there twenty minutes after the open. */
const BAR_AGE_MAX_SECONDS = 30 * 60;
/** What a passing trouble of the broker's asks for. */
const LATER = "again in a minute; the broker's own status page may say more";
/** A regular session lasts six and a half hours; a shorter one is a half day. */
const FULL_SESSION_MS = 6.5 * 3_600_000;

/** Market data as it came. `ageSeconds` of the latest trade, `null` where there was none. */
export type DataCheck =
  | { readonly kind: "failed"; readonly message: string }
  | {
    readonly kind: "read";
    readonly symbol: string;
    readonly feed: string | null;
    readonly ageSeconds: number | null;
  };

/** Bars as they came. `ageSeconds` of the latest one's begin, `null` where there was none. */
export type BarsCheck =
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "read"; readonly symbol: string; readonly ageSeconds: number | null };

/** What the broker said, or why it said nothing. */
export type BrokerCheck =
  | { readonly kind: "not_asked"; readonly why: string }
  | { readonly kind: "unreachable"; readonly message: string }
  /** It answered, and refuses the keys. */
  | { readonly kind: "refused"; readonly message: string }
  | {
    readonly kind: "asked";
    readonly clock: MarketClock;
    /** How the clock contradicts itself or the calendar, in words; `null` where it does not. */
    readonly clockProblem: string | null;
    /** Host minus broker. */
    readonly skewSeconds: number;
    readonly account: BrokerAccount;
    /** `null` where it could not be read. */
    readonly configuration: AccountConfiguration | null;
    /** `null` where it could not be read. */
    readonly calendar: Calendar | null;
    readonly positionsProblem: ReadFailure | null;
    /** Why open orders or the day's can't be read, in words; `null` where they can. */
    readonly ordersProblem: string | null;
    /** Rows of positions and open orders that can't be read. */
    readonly unreadable: readonly UnreadableRow[];
    /** `null` where the orders could not be read. */
    readonly findings: readonly LedgerFinding[] | null;
    readonly data: DataCheck;
    readonly bars: BarsCheck;
  };

type Asked = Extract<BrokerCheck, { kind: "asked" }>;

/** What else the items need. */
export interface BrokerOptions {
  readonly endpoint: Endpoint;
  readonly isLiveAsked: boolean;
  /** LIVE would be on, as far as the operator's words go: `LIVE_TRADING` without `DRY_RUN`. */
  readonly isLiveOn: boolean;
  /** The record that belongs to another host or account, by its file's name; `null` where none does. */
  readonly otherAccountFile: string | null;
}

/** All items that only the broker can answer; they are there, as unknown, where it was not asked. */
export function listBrokerItems(check: BrokerCheck, options: BrokerOptions): CheckItem[] {
  return [
    checkReachable(check, options),
    checkEndpoint(check, options),
    ...(check.kind === "asked"
      ? [
        checkAccount(check, options),
        checkClock(check, options),
        checkCalendar(check),
        checkOrders(check, options),
        checkRows(check),
        checkData(check),
        checkBars(check),
        checkOvernight(check, options),
      ]
      : ["account", "clock", "calendar", "orders", "rows", "market data", "bars", "overnight"].map((
        name,
      ) => warn(name, "not known: the broker was not asked"))),
  ];
}

function checkReachable(check: BrokerCheck, { endpoint }: BrokerOptions): CheckItem {
  const url = `${endpoint.tradingUrl}/v2/clock`;
  switch (check.kind) {
    case "not_asked":
      return warn("broker", `not asked: ${check.why}`);
    case "unreachable":
      return fail("broker", check.message, remedy("ask_broker", url), "broker_unreachable");
    case "refused":
    case "asked":
      return pass("broker", `${endpoint.host} answers`);
  }
}

/** Which host, and whether key and host belong together. */
function checkEndpoint(check: BrokerCheck, options: BrokerOptions): CheckItem {
  const { endpoint, otherAccountFile, isLiveAsked } = options;
  const name = `${endpoint.kind} ${endpoint.host}`;
  if (check.kind === "refused") {
    return fail(
      "endpoint",
      `${name}: ${check.message}`,
      remedy("match_keys"),
    );
  }
  if (otherAccountFile !== null) {
    return objectToLive(
      "endpoint",
      `${name}: the state directory is of another host or account (${otherAccountFile})`,
      { isLiveAsked, remedy: remedy("match_records") },
    );
  }
  if (endpoint.kind === "custom") {
    return warn(
      "endpoint",
      `${name} is none of the broker's own hosts`,
      remedy("take_out_endpoint"),
    );
  }
  const money = endpoint.kind === "live-money" ? "; LIVE here is REAL MONEY" : "";
  const agrees = check.kind === "asked" ? ", which takes the keys" : "";
  return pass("endpoint", `${name}${agrees}${money}`);
}

function checkAccount(
  { account, configuration }: Asked,
  { isLiveAsked }: BrokerOptions,
): CheckItem {
  const walls = configuration === null
    ? "its configuration can't be read"
    : `no_shorting=${configuration.noShorting ?? "?"} ` +
      `max_margin_multiplier=${configuration.maxMarginMultiplier ?? "?"} ` +
      `suspend_trade=${configuration.isSuspended ?? "?"}`;
  const look = remedy("look_at_broker", "look at the account in the broker's dashboard");
  const problems = [
    ...(account.status === "ACTIVE" ? [] : [`its status is ${account.status}`]),
    ...(account.blockFlags.length > 0
      ? [`it is blocked or trading is suspended (${account.blockFlags.join(", ")})`]
      : []),
    ...(configuration?.isSuspended === true ? ["suspend_trade is on"] : []),
  ];
  if (problems.length > 0) {
    return objectToLive("account", `${problems.join(", ")}; ${walls}`, {
      isLiveAsked,
      remedy: look,
    });
  }
  return configuration === null
    ? warn("account", `ACTIVE; ${walls}`, look)
    : account.equityUsd === null
    ? warn("account", `ACTIVE, without an equity: nothing can be sized; ${walls}`, look)
    : pass("account", `ACTIVE, equity ${account.equityUsd.toFixed(2)} USD; ${walls}`);
}

function checkClock(
  { skewSeconds, clockProblem }: Asked,
  { isLiveAsked }: BrokerOptions,
): CheckItem {
  if (clockProblem !== null) {
    return objectToLive(
      "clock",
      `the broker's clock contradicts itself: ${clockProblem}; it counts as closed`,
      {
        isLiveAsked,
        remedy: remedy("look_again", LATER),
      },
    );
  }
  const text = `host and broker are ${Math.abs(skewSeconds).toFixed(1)} s apart`;
  const setClock = remedy("set_clock");
  if (!(Math.abs(skewSeconds) <= CLOCK_SKEW_MAX_SECONDS)) {
    return objectToLive("clock", `${text}: LIVE entries are refused`, {
      isLiveAsked,
      remedy: setClock,
    });
  }
  return Math.abs(skewSeconds) > SKEW_WARN_SECONDS
    ? warn("clock", text, setClock)
    : pass("clock", text);
}

function checkCalendar({ clock, calendar }: Asked): CheckItem {
  if (calendar === null) {
    return warn(
      "calendar",
      "the broker's calendar can't be read: a half day's close is not known",
      remedy("look_again", LATER),
    );
  }
  const [unknown] = calendar.unknownDays;
  if (unknown !== undefined) {
    return warn(
      "calendar",
      `the broker's row of ${unknown.dateNy} can't be read (${unknown.problem}): that day's hours are not known`,
      remedy("look_again", LATER),
    );
  }
  const session = findDay(calendar, dateNyOf(clock.timestampMs));
  if (typeof session === "string") {
    return pass("calendar", `no session today; the next opens ${formatNy(clock.nextOpenMs)}`);
  }
  const isHalf = session.closeMs - session.openMs < FULL_SESSION_MS;
  const [open, close] = [session.openMs, session.closeMs]
    .map((ms) => readNyTime(ms).timeNy.slice(0, 5));
  const now = clock.isOpen ? "open now" : "closed now";
  return pass("calendar", `${isHalf ? "HALF DAY, " : ""}session ${open} to ${close}, ${now}`);
}

/** Without the orders nobody knows what is working, so nothing is entered or protected. */
function checkOrders(
  { ordersProblem }: Asked,
  { isLiveAsked, endpoint }: BrokerOptions,
): CheckItem {
  if (ordersProblem === null) return pass("orders", "open orders and the day's can be read");
  const url = `${endpoint.tradingUrl}/v2/orders?status=open`;
  return objectToLive("orders", ordersProblem, {
    isLiveAsked,
    remedy: remedy("ask_broker", url),
  });
}

/** A row of the broker's that can't be read costs itself (pipeline 6), and the operator should know which. */
function checkRows({ unreadable }: Asked): CheckItem {
  if (unreadable.length === 0) return pass("rows", "every position and open order can be read");
  return warn(
    "rows",
    `${
      unreadable.map(formatUnreadable).join("; ")
    }: no entry in its symbol; where the engine manages it, ` +
      "no exit and no change of its protection either",
    remedy(
      "look_at_broker",
      "look at it in the broker's dashboard, and cancel or close it there",
    ),
  );
}

function checkData({ data, clock }: Asked): CheckItem {
  const choose = remedy("choose_feed");
  if (data.kind === "failed") return warn("market data", data.message, choose);
  const feed = `feed=${data.feed ?? "?"}`;
  if (data.ageSeconds === null) {
    return warn("market data", `${feed}: no trade of ${data.symbol} came`, choose);
  }
  const text = `${feed}, latest trade of ${data.symbol} ${Math.round(data.ageSeconds)} s old`;
  return clock.isOpen && !(data.ageSeconds < TRADE_AGE_MAX_SECONDS)
    ? warn("market data", `${text}, while the market is open`, choose)
    : pass("market data", text);
}

/** Breakouts are confirmed by bars: a feed that has trades may have none (pipeline 2). */
function checkBars({ bars, clock }: Asked): CheckItem {
  const choose = remedy("choose_feed");
  if (bars.kind === "failed") return warn("bars", bars.message, choose);
  if (bars.ageSeconds === null) return warn("bars", `no bar of ${bars.symbol} came`, choose);
  const text = `latest 10-minute bar of ${bars.symbol} began ${Math.round(bars.ageSeconds)} s ago`;
  return clock.isOpen && !(bars.ageSeconds < BAR_AGE_MAX_SECONDS)
    ? warn("bars", `${text}, while the market is open`, choose)
    : pass("bars", text);
}

/** Runbook 4.5: LIVE is never left on overnight unintentionally. Before the day's open it is meant. */
function checkOvernight({ clock }: Asked, { isLiveOn }: BrokerOptions): CheckItem {
  if (!isLiveOn) return pass("overnight", "LIVE is not left on");
  const isDayOver = !clock.isOpen && dateNyOf(clock.nextOpenMs) !== dateNyOf(clock.timestampMs);
  return isDayOver
    ? warn(
      "overnight",
      `LIVE is on after the close; the next session opens ${formatNy(clock.nextOpenMs)}`,
      remedy("force_dry_run"),
    )
    : pass("overnight", "LIVE is on for today's session");
}
