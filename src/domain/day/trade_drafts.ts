import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { createOwnCounter, listAccountLooks } from "./account_looks.ts";
import { type DayTrail, type FillStep, listFillSteps } from "./day_trail.ts";
import { findSentStop } from "../account/trade_result.ts";
import { roundQty } from "../order/usd_flow.ts";

/** A trade as its fills make it, before anything is computed of it. Shares, USD, Unix ms. */
export interface TradeDraft {
  readonly symbol: string;
  readonly openedAtMs: number | null;
  readonly closedAtMs: number | null;
  readonly adoptedQty: number;
  readonly adoptedCostUsd: number | null;
  readonly initialStopUsd: number | null;
  readonly leftWhy: "released" | "gone" | null;
  readonly fills: readonly FillStep[];
  readonly heldQty: number;
}

/** What moves a trade on, at its place in time. */
type Moment =
  & { readonly atMs: number; readonly symbol: string }
  & (
    | { readonly kind: "adopted"; readonly draft: TradeDraft }
    | { readonly kind: "ended"; readonly endedMs: number; readonly leftWhy: "released" | "gone" }
    | { readonly kind: "filled"; readonly fill: FillStep }
  );

/** The trades of some days by their opening, each with the fills that moved its shares. @param events Of all days. */
export function listTradeDrafts(
  days: readonly DayTrail[],
  events: readonly RecordedEvent[],
): TradeDraft[] {
  const countOwn = createOwnCounter(listAccountLooks(events));
  const drafts: TradeDraft[] = [];
  const open = new Map<string, number>();
  for (const moment of listMoments(days, events)) {
    const index = open.get(moment.symbol);
    const next = moveOn(index === undefined ? null : drafts[index] ?? null, moment, {
      events,
      countOwn,
    });
    if (next === null) continue;
    drafts[index ?? drafts.length] = next;
    if (next.closedAtMs === null) open.set(moment.symbol, index ?? drafts.length - 1);
    else open.delete(moment.symbol);
  }
  return drafts;
}

function listMoments(days: readonly DayTrail[], events: readonly RecordedEvent[]): Moment[] {
  const steps = listFillSteps(days);
  const fills = steps.map((fill): Moment => ({
    kind: "filled",
    atMs: fill.atMs,
    symbol: fill.symbol,
    fill,
  }));
  return [...listAdoptions(events), ...listEnds(events, steps), ...listForgotten(steps), ...fills]
    .sort((a, b) => a.atMs - b.atMs);
}

/**
 * Ends that no line tells: the engine enters what it does not hold, so that an entry of a later day shows that the position
 * before it was sold, whatever a disk or a crash took of the trail.
 */
function listForgotten(fills: readonly FillStep[]): Moment[] {
  const entries = fills.filter((fill) => fill.reason === "entry").sort((a, b) => a.atMs - b.atMs);
  const last = new Map<string, FillStep>();
  return entries.flatMap((entry): Moment[] => {
    const { symbol, atMs, dateNy, clientOrderId } = entry;
    const before = last.get(symbol);
    last.set(symbol, entry);
    if (before === undefined || before.clientOrderId === clientOrderId) return [];
    if (before.dateNy === dateNy) return [];
    return [{ kind: "ended", atMs, endedMs: atMs, symbol, leftWhy: "gone" }];
  });
}

/** The trade after a moment; `null` where the moment is none of it. @param current The symbol's open trade. */
function moveOn(
  current: TradeDraft | null,
  moment: Moment,
  context: {
    readonly events: readonly RecordedEvent[];
    readonly countOwn: ReturnType<typeof createOwnCounter>;
  },
): TradeDraft | null {
  if (moment.kind === "adopted") return current === null ? moment.draft : null;
  if (moment.kind === "ended") {
    const { endedMs, leftWhy } = moment;
    return current === null ? null : { ...current, closedAtMs: endedMs, leftWhy };
  }
  const { fill } = moment;
  if (fill.side === "buy") {
    if (fill.reason !== "entry") return null;
    const draft = current ?? buildEntryDraft(fill, context.events);
    const heldQty = roundQty(draft.heldQty + fill.qty);
    return { ...draft, heldQty, fills: [...draft.fills, fill] };
  }
  const ownQty = context.countOwn(fill);
  return ownQty > 0 ? sell(current, { ...fill, qty: ownQty }) : null;
}

function sell(current: TradeDraft | null, fill: FillStep): TradeDraft | null {
  const isHand = fill.reason === "other";
  if (current === null) {
    // A hand's sale of what the engine never had is none of its trades.
    return isHand ? null : { ...buildDraft(fill.symbol), closedAtMs: fill.atMs, fills: [fill] };
  }
  const qty = isHand ? Math.min(fill.qty, current.heldQty) : fill.qty;
  const heldQty = roundQty(current.heldQty - qty);
  const closedAtMs = heldQty > 0 ? null : fill.atMs;
  return { ...current, heldQty, closedAtMs, fills: [...current.fills, { ...fill, qty }] };
}

function listAdoptions(events: readonly RecordedEvent[]): Moment[] {
  return events.flatMap((event): Moment[] => {
    const atMs = readTimeMs(event);
    const adoptedQty = readNumber(event, "adopted_qty") ?? 0;
    const isAdoption = event.type === "position" && readText(event, "change") === "adopted";
    const { symbol } = event;
    if (!isAdoption || atMs === null || symbol === undefined || adoptedQty <= 0) return [];
    const draft: TradeDraft = {
      ...buildDraft(symbol),
      openedAtMs: atMs,
      adoptedQty,
      adoptedCostUsd: readNumber(event, "cost_basis_usd"),
      initialStopUsd: findSentStop(readNumber(event, "stop_usd")),
      heldQty: adoptedQty,
    };
    return [{ kind: "adopted", atMs, symbol, draft }];
  });
}

/** A fill's time is the broker's, an event's the host's: what was sold just before is counted first. */
const CLOCKS_APART_MS = 60_000;

/**
 * Ends that no fill makes. From a release on the position is the operator's; one that is gone was sold while nobody looked
 * where fills of it are missing; the next entry, which may be filled in the same cycle, begins a trade of its own.
 */
function listEnds(events: readonly RecordedEvent[], fills: readonly FillStep[]): Moment[] {
  return events.flatMap((event): Moment[] => {
    const endedMs = readTimeMs(event);
    const change = event.type === "position" ? readText(event, "change") : null;
    const { symbol } = event;
    if (endedMs === null || symbol === undefined) return [];
    const end = { kind: "ended", endedMs, symbol } as const;
    if (change === "released") return [{ ...end, atMs: endedMs, leftWhy: "released" }];
    if (change === "gone") {
      const positionId = readText(event, "position_id");
      const next = fills.filter((fill) =>
        fill.reason === "entry" && fill.symbol === symbol &&
        positionId !== null && fill.clientOrderId !== positionId &&
        Math.abs(fill.atMs - endedMs) <= CLOCKS_APART_MS
      );
      const atMs = Math.min(endedMs + CLOCKS_APART_MS, ...next.map((fill) => fill.atMs));
      return [{ ...end, atMs, leftWhy: "gone" }];
    }
    return [];
  });
}

function buildEntryDraft(fill: FillStep, events: readonly RecordedEvent[]): TradeDraft {
  return {
    ...buildDraft(fill.symbol),
    openedAtMs: fill.atMs,
    initialStopUsd: findSentStop(findInitialStop(fill, events)),
  };
}

/** One of which nothing is known yet: its first fill may be a sale of what no trail shows how it was bought. */
function buildDraft(symbol: string): TradeDraft {
  return {
    symbol,
    openedAtMs: null,
    closedAtMs: null,
    adoptedQty: 0,
    adoptedCostUsd: null,
    initialStopUsd: null,
    leftWhy: null,
    fills: [],
    heldQty: 0,
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
