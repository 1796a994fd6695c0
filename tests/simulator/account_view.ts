import type { Behaviour, ForeignRow } from "./behaviour.ts";
import { buildClockFields } from "./clock_fault.ts";
import { buildOrderJson, type OrderView, type SimOrder } from "./order.ts";
import type { Portfolio, SimPosition } from "./portfolio.ts";
import type { Quotes } from "./quotes.ts";
import { nyTimeAt, type SessionBook } from "./sessions.ts";
import { buildAssetId, formatDecimal } from "./wire.ts";

const DAY_MS = 24 * 3_600_000;

/** `GET /v2/clock`: an offset in every time, and nanoseconds in `timestamp`. */
export function buildClockJson(
  sessions: SessionBook,
  nowMs: number,
  { clockSkewMs, clockFault }: Pick<Behaviour, "clockSkewMs" | "clockFault">,
): string {
  return JSON.stringify(buildClockFields(sessions, nowMs, nowMs + clockSkewMs, clockFault));
}

/** `GET /v2/calendar`. @param range New York dates, both included. */
export function buildCalendarJson(
  sessions: SessionBook,
  range: { readonly fromNy: string; readonly toNy: string },
): string {
  const inRange = sessions.all.filter(({ dateNy }) =>
    dateNy >= range.fromNy && dateNy <= range.toNy
  );
  const days = inRange.map((session) => {
    const settlesMs = Date.parse(`${session.dateNy}T00:00:00Z`) + DAY_MS;
    const close = nyTimeAt(session.closeMs);
    return {
      date: session.dateNy,
      open: nyTimeAt(session.openMs),
      close,
      session_open: "0400",
      session_close: close === "13:00" ? "1700" : "2000",
      settlement_date: new Date(settlesMs).toISOString().slice(0, 10),
    };
  });
  return JSON.stringify(days);
}

/** A position as shown: under which name, and how much of it working orders leave free. */
export interface ShownPosition {
  readonly symbol: string;
  readonly position: SimPosition;
  readonly availableQty: number;
}

/** One position of `GET /v2/positions`. */
export function buildPositionJson(shown: ShownPosition, quotes: Quotes, nowMs: number): string {
  const { position } = shown;
  const priceUsd = quotes.lastTrade(position.symbol, nowMs)?.priceUsd ?? null;
  const valueUsd = priceUsd === null ? position.costUsd : priceUsd * position.qty;
  const gainUsd = valueUsd - position.costUsd;
  const gainPart = position.costUsd === 0 ? 0 : gainUsd / Math.abs(position.costUsd);
  const price = priceUsd === null ? null : formatDecimal(priceUsd);
  const [closeMs] = quotes.sessions.closesBefore(nowMs, 1);
  const closeUsd = closeMs === undefined
    ? null
    : quotes.lastTrade(position.symbol, closeMs - 1)?.priceUsd ?? null;
  return JSON.stringify({
    asset_id: buildAssetId(position.symbol),
    symbol: shown.symbol,
    exchange: "NASDAQ",
    asset_class: "us_equity",
    asset_marginable: true,
    qty: formatDecimal(position.qty, 9),
    qty_available: formatDecimal(shown.availableQty, 9),
    avg_entry_price: formatDecimal(position.costUsd / position.qty),
    side: position.qty < 0 ? "short" : "long",
    market_value: formatDecimal(valueUsd),
    cost_basis: formatDecimal(position.costUsd),
    unrealized_pl: formatDecimal(gainUsd),
    unrealized_plpc: formatDecimal(gainPart),
    unrealized_intraday_pl: formatDecimal(gainUsd),
    unrealized_intraday_plpc: formatDecimal(gainPart),
    current_price: price,
    lastday_price: closeUsd === null ? null : formatDecimal(closeUsd),
    change_today: "0",
  });
}

/** What the account is worth now, USD. */
export interface AccountValue {
  readonly equityUsd: number;
  readonly longUsd: number;
  readonly shortUsd: number;
}

/** Cash and positions at their last prices. */
export function buildAccountValue(
  portfolio: Portfolio,
  quotes: Quotes,
  nowMs: number,
): AccountValue {
  let longUsd = 0;
  let shortUsd = 0;
  for (const position of portfolio.positions.values()) {
    const priceUsd = quotes.lastTrade(position.symbol, nowMs)?.priceUsd;
    const valueUsd = priceUsd === undefined ? position.costUsd : priceUsd * position.qty;
    if (valueUsd > 0) longUsd += valueUsd;
    else shortUsd += valueUsd;
  }
  return { equityUsd: portfolio.cashUsd + longUsd + shortUsd, longUsd, shortUsd };
}

/** Of the account what its JSON needs besides its value. */
export interface AccountFacts {
  readonly accountId: string;
  readonly cashUsd: number;
  readonly buyingPowerUsd: number;
  readonly multiplier: number;
  readonly status: string;
  readonly isAccountBlocked: boolean;
  readonly isTradingBlocked: boolean;
  readonly isSuspended: boolean;
  readonly isShortingEnabled: boolean;
}

/** `GET /v2/account`, without the day-trade fields (removed in July 2026). */
export function buildAccountJson(facts: AccountFacts, value: AccountValue): string {
  const equity = formatDecimal(value.equityUsd);
  const power = formatDecimal(facts.buyingPowerUsd);
  return JSON.stringify({
    id: facts.accountId,
    account_number: "PA3SIMULATED",
    status: facts.status,
    crypto_status: "INACTIVE",
    currency: "USD",
    buying_power: power,
    regt_buying_power: power,
    non_marginable_buying_power: formatDecimal(Math.max(0, facts.cashUsd)),
    cash: formatDecimal(facts.cashUsd),
    accrued_fees: "0",
    portfolio_value: equity,
    trading_blocked: facts.isTradingBlocked,
    transfers_blocked: false,
    account_blocked: facts.isAccountBlocked,
    trade_suspended_by_user: facts.isSuspended,
    created_at: "2024-03-11T15:04:05.123456Z",
    shorting_enabled: facts.isShortingEnabled,
    multiplier: String(facts.multiplier),
    equity,
    last_equity: equity,
    long_market_value: formatDecimal(value.longUsd),
    short_market_value: formatDecimal(value.shortUsd),
    initial_margin: formatDecimal((value.longUsd - value.shortUsd) / 2),
    maintenance_margin: formatDecimal((value.longUsd - value.shortUsd) * 0.3),
    sma: "0",
  });
}

/** `GET /v2/account/configurations`. */
export function buildConfigurationJson(facts: AccountFacts): string {
  return JSON.stringify({
    disable_overnight_trading: false,
    fractional_trading: true,
    max_margin_multiplier: String(facts.multiplier),
    max_options_trading_level: null,
    no_shorting: !facts.isShortingEnabled,
    ptp_no_exception_entry: false,
    suspend_trade: facts.isSuspended,
    trade_confirm_email: "all",
  });
}

/** A list of orders as JSON, each with the legs to be shown under it. @param extra Rows that stand before them. */
export function buildOrderListJson(
  shown: readonly { readonly order: SimOrder; readonly legs: readonly SimOrder[] | null }[],
  view: OrderView,
  extra: readonly ForeignRow[] = [],
): string {
  const texts = shown.map(({ order, legs }) => buildOrderJson(order, legs, view));
  return `[${[...extra.map((row) => JSON.stringify(row)), ...texts].join(",")}]`;
}
