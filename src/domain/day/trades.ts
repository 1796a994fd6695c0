import type { RecordedEvent } from "./events.ts";
import type { DayTrail, FillStep } from "./day_trail.ts";
import { type Excursion, findExcursion, listSeenPrices, type SeenPrice } from "./seen_prices.ts";
import { type Slippage, sumSlippage } from "./slippage.ts";
import { listTradeDrafts, type TradeDraft } from "./trade_drafts.ts";
import { buildTradeResult, type TradeResult } from "../account/trade_result.ts";

/** A position from its first share to its last, as the trails tell it. Unix ms, USD. */
export interface Trade {
  readonly symbol: string;
  /** When its first share was bought, or it was adopted; `null` where the trails that were read do not reach back so far. */
  readonly openedAtMs: number | null;
  /** When its last share was sold, or it was released with shares left; `null` while it is managed. */
  readonly closedAtMs: number | null;
  readonly isAdopted: boolean;
  /** Why it ended though shares of it are left: it was released, or its last sales are in no trail; else `null`. */
  readonly leftWhy: "released" | "gone" | null;
  readonly initialStopUsd: number | null;
  /** Fills that moved its shares, oldest first. */
  readonly fills: readonly FillStep[];
  /** Where shares are left the last price that was seen: what they are marked at. */
  readonly lastPriceUsd: number | null;
  readonly result: TradeResult;
  readonly slippage: Slippage;
  /** Best and worst price that the engine saw while shares were held (MFE, MAE). */
  readonly excursion: Excursion;
}

/**
 * The trades of some days, by their opening. A symbol has one at a time: it begins with the entry or the adoption, and
 * ends when its last share is sold, whoever sells it; a hand's own shares beside it are no part of it.
 * @param days Oldest first; trades that began before them are known from their sales alone.
 */
export function listTrades(days: readonly DayTrail[]): Trade[] {
  const events = days.flatMap((day) => day.events);
  const prices = listSeenPrices(events);
  return listTradeDrafts(days, events).map((draft) => buildTrade(draft, { events, prices }));
}

function buildTrade(
  draft: TradeDraft,
  { events, prices }: {
    readonly events: readonly RecordedEvent[];
    readonly prices: ReadonlyMap<string, readonly SeenPrice[]>;
  },
): Trade {
  const { symbol, openedAtMs, closedAtMs, initialStopUsd, fills } = draft;
  const held = (prices.get(symbol) ?? []).filter(({ atMs }) =>
    atMs >= (openedAtMs ?? Infinity) && atMs <= (closedAtMs ?? Infinity)
  );
  const lastPriceUsd = draft.heldQty > 0 ? held.at(-1)?.priceUsd ?? null : null;
  const result = buildTradeResult(draft, lastPriceUsd);
  return {
    symbol,
    openedAtMs,
    closedAtMs,
    isAdopted: draft.adoptedQty > 0,
    leftWhy: draft.leftWhy,
    initialStopUsd,
    fills,
    lastPriceUsd,
    result,
    slippage: sumSlippage(fills, events),
    excursion: findExcursion(held, { fills, entryPriceUsd: result.entryPriceUsd, initialStopUsd }),
  };
}

/** How long a trade was held, in milliseconds; until `nowMs` where it is open. `null` where its beginning is not known. */
export function findHeldMs({ openedAtMs, closedAtMs }: Trade, nowMs: number): number | null {
  return openedAtMs === null ? null : Math.max(0, (closedAtMs ?? nowMs) - openedAtMs);
}

/** The New York day of a trade's last fill; `null` where it has none. */
export function findLastFillNy({ fills }: Trade): string | null {
  return fills.at(-1)?.dateNy ?? null;
}
