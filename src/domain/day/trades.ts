import { readNumber, readText, readTimeMs, type RecordedEvent } from "../events.ts";
import { findBesideQty, listAccountLooks } from "./account_looks.ts";
import { type DayTrail, type FillStep, listFillSteps } from "./day_trail.ts";
import { buildTradeResult, type TradeResult } from "./trade_result.ts";
import { type Excursion, findExcursion, listSeenPrices, type SeenPrice } from "./seen_prices.ts";
import { type Slippage, sumSlippage } from "./slippage.ts";
import { roundQty } from "./usd_flow.ts";

/** A position from its first share to its last, as the trails tell it. Unix ms, USD. */
export interface Trade {
  readonly symbol: string;
  /** When its first share was bought, or it was adopted; `null` where the trails that were read do not reach back so far. */
  readonly openedAtMs: number | null;
  /** When its last share was sold, or it was released with shares left; `null` while it is managed. */
  readonly closedAtMs: number | null;
  readonly isAdopted: boolean;
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

/** Types of events that trades are made from. */
export const TRADE_EVENTS = [
  "intent",
  "verdict",
  "order_recorded",
  "fill",
  "price",
  "exit",
  "position",
  "equity",
] as const;

interface Draft {
  readonly symbol: string;
  readonly openedAtMs: number | null;
  readonly adoptedQty: number;
  readonly adoptedCostUsd: number | null;
  readonly initialStopUsd: number | null;
  readonly fills: FillStep[];
  heldQty: number;
  closedAtMs: number | null;
}

/**
 * The trades of some days, by their opening. A symbol has one at a time: it begins with the entry or the adoption, and
 * ends when its last share is sold, whoever sells it; a hand's own shares beside it are no part of it.
 * @param days Oldest first; trades that began before them are known from their sales alone.
 */
export function listTrades(days: readonly DayTrail[]): Trade[] {
  const events = days.flatMap((day) => day.events);
  const looks = listAccountLooks(events);
  const drafts: Draft[] = [];
  const open = new Map<string, Draft>();
  const begin = (draft: Draft) => {
    drafts.push(draft);
    open.set(draft.symbol, draft);
  };
  const moments = [...listAdoptions(events), ...listReleases(events), ...listFillSteps(days)]
    .sort((a, b) => a.atMs - b.atMs);
  for (const moment of moments) {
    const current = open.get(moment.symbol);
    if ("release" in moment) {
      if (current !== undefined) current.closedAtMs = moment.atMs;
      open.delete(moment.symbol);
      continue;
    }
    if ("draft" in moment) {
      if (current === undefined) begin(moment.draft());
      continue;
    }
    if (moment.side === "buy") {
      if (moment.reason !== "entry") continue;
      if (current === undefined) begin(buildEntryDraft(moment, events));
      const draft = open.get(moment.symbol);
      draft?.fills.push(moment);
      if (draft !== undefined) draft.heldQty = roundQty(draft.heldQty + moment.qty);
      continue;
    }
    const besideQty = moment.reason === "other"
      ? findBesideQty(looks, { symbol: moment.symbol, beforeMs: moment.atMs })
      : 0;
    const qty = roundQty(Math.min(moment.qty, Math.max(0, moment.qty - besideQty)));
    if (qty <= 0) continue;
    if (current === undefined) {
      // A hand's sale of what the engine never had is none of its trades.
      if (moment.reason !== "other") {
        begin({ ...buildUnknownDraft(moment), closedAtMs: moment.atMs });
      }
      open.delete(moment.symbol);
      continue;
    }
    const ofTrade = Math.min(qty, moment.reason === "other" ? current.heldQty : qty);
    current.fills.push({ ...moment, qty: ofTrade });
    current.heldQty = roundQty(current.heldQty - ofTrade);
    if (current.heldQty > 0) continue;
    current.closedAtMs = moment.atMs;
    open.delete(moment.symbol);
  }
  const prices = listSeenPrices(events);
  return drafts.map((draft) => buildTrade(draft, { events, prices }));
}

interface Adoption {
  readonly atMs: number;
  readonly symbol: string;
  readonly draft: () => Draft;
}

function listAdoptions(events: readonly RecordedEvent[]): Adoption[] {
  return events.flatMap((event) => {
    const atMs = readTimeMs(event);
    const qty = readNumber(event, "adopted_qty") ?? 0;
    const isAdoption = event.type === "position" && readText(event, "change") === "adopted";
    const { symbol } = event;
    if (!isAdoption || atMs === null || symbol === undefined || qty <= 0) return [];
    return [{
      atMs,
      symbol,
      draft: () => ({
        symbol,
        openedAtMs: atMs,
        adoptedQty: qty,
        adoptedCostUsd: readNumber(event, "cost_basis_usd"),
        initialStopUsd: readNumber(event, "stop_usd"),
        fills: [],
        heldQty: qty,
        closedAtMs: null,
      }),
    }];
  });
}

/** From a release on the position is the operator's; what became of its shares is not this engine's to know. */
function listReleases(
  events: readonly RecordedEvent[],
): { readonly atMs: number; readonly symbol: string; readonly release: true }[] {
  return events.flatMap((event) => {
    const atMs = readTimeMs(event);
    const isRelease = event.type === "position" && readText(event, "change") === "released";
    const { symbol } = event;
    return !isRelease || atMs === null || symbol === undefined
      ? []
      : [{ atMs, symbol, release: true as const }];
  });
}

function buildEntryDraft(fill: FillStep, events: readonly RecordedEvent[]): Draft {
  return {
    ...buildUnknownDraft(fill),
    openedAtMs: fill.atMs,
    initialStopUsd: findInitialStop(fill, events),
    fills: [],
  };
}

/** Sold from what the trails do not show how it was bought. */
function buildUnknownDraft(fill: FillStep): Draft {
  return {
    symbol: fill.symbol,
    openedAtMs: null,
    adoptedQty: 0,
    adoptedCostUsd: null,
    initialStopUsd: null,
    fills: [fill],
    heldQty: 0,
    closedAtMs: null,
  };
}

/** The stop that the entry was recorded with; the intent's where that record is lost. */
function findInitialStop(fill: FillStep, events: readonly RecordedEvent[]): number | null {
  for (const type of ["order_recorded", "intent"]) {
    const event = events.findLast((each) =>
      each.type === type && readText(each, "client_order_id") === fill.clientOrderId &&
      readNumber(each, "stop_usd") !== null
    );
    if (event !== undefined) return readNumber(event, "stop_usd");
  }
  return null;
}

function buildTrade(
  draft: Draft,
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
