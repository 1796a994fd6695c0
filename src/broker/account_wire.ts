import { z } from "zod";
import type { MarketClock, Session } from "../domain/time/market.ts";
import type { Calendar, UnknownDay } from "../domain/time/market_clock.ts";
import { nyToMs } from "../domain/time/ny_time.ts";
import type {
  AccountConfiguration,
  BrokerAccount,
  BrokerPosition,
} from "../domain/order/orders.ts";
import { PAST_CALENDAR_DAYS } from "../domain/entry/watchlist_days.ts";
import type { DateRange, Listing } from "../engine/ports.ts";
import { parseRows } from "./rows.ts";
import {
  assetIdWire,
  buildAssetId,
  decimalWire,
  MalformedError,
  optionalDecimalWire,
  parseBody,
  parseDecimal,
  parseOptionalDecimal,
  parseTimeMs,
  parseValue,
  timeWire,
} from "./wire.ts";

/** In so many days there is a session, whatever the holidays. */
const SESSION_WITHIN_MS = PAST_CALENDAR_DAYS * 86_400_000;

const accountWire = z.object({
  id: z.string().min(1),
  status: z.string().min(1),
  // It sizes entries, and exits need none: one that can't be read costs what one that is absent costs.
  equity: optionalDecimalWire.catch(null),
  account_blocked: z.boolean().nullish(),
  trading_blocked: z.boolean().nullish(),
  trade_suspended_by_user: z.boolean().nullish(),
});

/** Each bars the account from trading where it is on; one that is absent says nothing. */
const BLOCK_FLAGS = ["trading_blocked", "account_blocked", "trade_suspended_by_user"] as const;

/** `GET /v2/account`. @throws {MalformedError} */
export function parseAccount(body: string): BrokerAccount {
  const wire = parseBody(accountWire, body);
  return {
    accountId: wire.id,
    status: wire.status,
    equityUsd: parseOptionalDecimal(wire.equity),
    blockFlags: BLOCK_FLAGS.filter((flag) => wire[flag] === true),
  };
}

const configurationWire = z.object({
  no_shorting: z.boolean().nullish(),
  max_margin_multiplier: z.union([z.string(), z.number()]).nullish(),
  suspend_trade: z.boolean().nullish(),
});

/** `GET /v2/account/configurations`; what the broker leaves out is `null`. @throws {MalformedError} */
export function parseAccountConfiguration(body: string): AccountConfiguration {
  const wire = parseBody(configurationWire, body);
  const multiplier = wire.max_margin_multiplier ?? null;
  return {
    noShorting: wire.no_shorting ?? null,
    maxMarginMultiplier: multiplier === null ? null : String(multiplier),
    isSuspended: wire.suspend_trade ?? null,
  };
}

const positionWire = z.object({
  asset_id: assetIdWire,
  symbol: z.string().min(1),
  side: z.enum(["long", "short"]),
  qty: decimalWire,
  avg_entry_price: decimalWire,
  cost_basis: decimalWire,
  current_price: optionalDecimalWire,
  lastday_price: optionalDecimalWire,
});

/** `GET /v2/positions`, row by row. @throws {MalformedError} Where it is no list, or a row names no symbol. */
export function parsePositions(body: string): Listing<BrokerPosition> {
  return parseRows(body, "position", (row) => [parsePosition(row)]);
}

/** A short position has a negative `qty`, whether the wire has the sign or only the side. */
function parsePosition(row: unknown): BrokerPosition {
  const wire = parseValue(positionWire, row, "the row");
  const sign = wire.side === "short" ? -1 : 1;
  const qty = parseDecimal(wire.qty);
  if (sign === 1 && qty < 0) throw new MalformedError("side and qty contradict each other");
  const lastCloseUsd = parseOptionalDecimal(wire.lastday_price) ?? 0;
  return {
    ...buildAssetId(wire.asset_id),
    symbol: wire.symbol,
    qty: sign * Math.abs(qty),
    avgEntryPriceUsd: parseDecimal(wire.avg_entry_price),
    costBasisUsd: parseDecimal(wire.cost_basis),
    currentPriceUsd: parseOptionalDecimal(wire.current_price),
    ...(lastCloseUsd > 0 ? { lastCloseUsd } : {}),
  };
}

const clockWire = z.object({
  timestamp: timeWire,
  is_open: z.boolean(),
  next_open: timeWire,
  next_close: timeWire,
});

/** `GET /v2/clock`. @throws {MalformedError} */
export function parseClock(body: string): MarketClock {
  const wire = parseBody(clockWire, body);
  return {
    timestampMs: parseTimeMs(wire.timestamp, "timestamp"),
    isOpen: wire.is_open,
    nextOpenMs: parseTimeMs(wire.next_open, "next_open"),
    nextCloseMs: parseTimeMs(wire.next_close, "next_close"),
  };
}

const dayWire = z.object({ date: z.iso.date() });
const TIME_NY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const sessionWire = dayWire.extend({
  open: z.string().regex(TIME_NY),
  close: z.string().regex(TIME_NY),
});

/**
 * `GET /v2/calendar`, row by row: a day whose row can't be read is unknown, and costs no other. Rows of days that were not
 * asked for are left out.
 * @throws {MalformedError} Where it is no list, a row names no day, or an answer about ten days and more has no session.
 */
export function parseCalendar(body: string, { fromNy, toNy }: DateRange): Calendar {
  const sessions: Session[] = [];
  const unknownDays: UnknownDay[] = [];
  for (const row of parseBody(z.array(z.unknown()), body)) {
    const { date: dateNy } = parseValue(dayWire, row, "the row");
    if (dateNy < fromNy || dateNy > toNy) continue;
    try {
      sessions.push(parseSession(row));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      unknownDays.push({ dateNy, problem: error.message });
    }
  }
  const isEmpty = sessions.length + unknownDays.length === 0;
  if (isEmpty && nyToMs(toNy, "12:00") - nyToMs(fromNy, "12:00") >= SESSION_WITHIN_MS) {
    throw new MalformedError(`it has no session from ${fromNy} to ${toNy}`);
  }
  return { fromNy, toNy, sessions: sessions.sort((a, b) => a.openMs - b.openMs), unknownDays };
}

/** Dates and New York times to moments. */
function parseSession(row: unknown): Session {
  const { date, open, close } = parseValue(sessionWire, row, "the row");
  if (open >= close) throw new MalformedError("close is not after open");
  return { dateNy: date, openMs: nyToMs(date, open), closeMs: nyToMs(date, close) };
}
