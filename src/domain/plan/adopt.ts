import { buildOpenOrders, countRecent } from "../account/order_book.ts";
import { findShown, hasWorkingBuy, type Sight } from "../account/sight.ts";
import {
  type AdoptionLevels,
  buildAdoption,
  buildOwnLevels,
  findAdoptionFault,
} from "./adoption.ts";
import type { Candidate } from "../entry/candidate.ts";
import type { Caps } from "../gate/caps.ts";
import type { EngineState, ManagedPosition } from "../account/engine_state.ts";
import type { Allowlist } from "../gate/gate.ts";
import { listDoubtfulBuys } from "../order/ledger.ts";
import type { Trade } from "../time/market.ts";
import type { OperatorRequest } from "../account/operator_request.ts";
import { type BrokerPosition, flattenOrders, isFinal } from "../order/orders.ts";
import type { PriceMemory } from "../account/price_check.ts";
import { note } from "./move.ts";
import type { Note } from "./note.ts";
import { buildReleaseEnd, isReleased } from "./release.ts";
import type { Settled } from "./step.ts";

/** A position is adopted by itself up to this many times the notional that an entry in one symbol may have (pipeline 5). */
const ADOPTED_CAPS_MAX = 2;

/** What is known of what may be taken over. */
export interface AdoptionLook {
  readonly records: EngineState;
  readonly sight: Sight;
  readonly dateNy: string;
  /** Today's list; empty while there is none. */
  readonly candidates: readonly Candidate[];
  readonly allowlist: Allowlist;
  readonly caps: Caps | null;
  /** Latest trades of this session by symbol: a price of another day says nothing of where the market is now. */
  readonly trades: ReadonlyMap<string, Trade>;
  /** What is remembered of the prices of what is not managed, by symbol. */
  readonly priceMemory: ReadonlyMap<string, PriceMemory>;
  /** When the broker showed the positions: what is sold after that is not in what it showed. Unix ms by its clock. */
  readonly shownAtMs: number;
}

/**
 * Positions of today's list that the engine may take over, as it would manage them (pipeline 5): not managed, long, above the
 * stop, and not larger than entries may make it.
 */
export function listAdoptable(
  look: AdoptionLook,
): { readonly adoptable: readonly ManagedPosition[]; readonly say: readonly Note[] } {
  const { candidates, records, trades } = look;
  const adoptable: ManagedPosition[] = [];
  const say: Note[] = [];
  for (const held of look.sight.positions ?? []) {
    const { symbol, qty } = held;
    const candidate = candidates.find((each) => each.symbol === symbol);
    const priceUsd = trades.get(symbol)?.priceUsd ?? NaN;
    if (candidate === undefined || !isAllowed(look, symbol)) continue;
    if (isManaged(records, symbol) || isReleased(records, symbol)) continue;
    if (!isStill(look, symbol) || look.sight.unreadable.has(symbol)) continue;
    if (Math.floor(qty) < 1 || !(priceUsd > candidate.stopUsd)) continue;
    const limitUsd = ADOPTED_CAPS_MAX * (look.caps?.notionalPerSymbolUsd ?? NaN);
    if (qty * priceUsd <= limitUsd) adoptable.push(buildAdopted(look, candidate, held));
    // A larger one is somebody else's until he says that the engine is to have it.
    else if (look.caps !== null) say.push(sayTooLarge(held, qty * priceUsd, limitUsd));
  }
  return { adoptable, say };
}

/** Takes a position over. */
export function adopt(position: ManagedPosition): Settled {
  return {
    change: [{ kind: "managed", position }],
    say: [note({ position }, { kind: "adopted", position })],
  };
}

/** What becomes of a request to take a position over. */
export type AdoptVerdict =
  | { readonly kind: "drop"; readonly why: string }
  | { readonly kind: "waits" }
  | ({ readonly kind: "adopt"; readonly positionId: string } & Settled);

/** Decides on what the operator asked for by `adopt`, whatever its value and whatever was released (pipeline 5). */
export function decideAdoption(
  look: AdoptionLook,
  { symbol, plan }: Extract<OperatorRequest, { readonly kind: "adopt" }>,
): AdoptVerdict {
  const drop = (why: string) => ({ kind: "drop", why }) as const;
  const { records, sight, candidates } = look;
  if (isManaged(records, symbol)) return drop(`${symbol} is managed already`);
  const held = findShown(sight, symbol);
  if (held === undefined || (held !== null && held.qty < 1)) {
    return drop(`the broker shows no long position of a share or more in ${symbol}`);
  }
  const trade = look.trades.get(symbol);
  if (held === null || trade === undefined || !isStill(look, symbol)) return { kind: "waits" };
  const listed = candidates.find((each) => each.symbol === symbol);
  const levels = plan === null ? listed : buildOwnLevels(plan, trade.priceUsd);
  if (levels === undefined) return drop(`${symbol} is not on today's list: say --stop`);
  const fault = findAdoptionFault(levels, trade.priceUsd);
  if (fault !== null) return drop(`${symbol}: ${fault}`);
  const ended = buildReleaseEnd(records, symbol, look.dateNy);
  const position = buildAdopted(look, levels, held);
  const { change, say } = adopt(position);
  return {
    kind: "adopt",
    positionId: position.positionId,
    change: [...ended.change, ...change],
    say: [...ended.say, ...say],
  };
}

/** Whether a foreign position is one that a LIVE cycle may take over without being asked, whatever keeps it from that now. */
export function mayBeAdopted(
  look: Pick<AdoptionLook, "records" | "dateNy" | "candidates" | "allowlist">,
  { symbol, qty }: BrokerPosition,
): boolean {
  return look.candidates.some((each) => each.symbol === symbol) && isAllowed(look, symbol) &&
    Math.floor(qty) >= 1 && !isReleased(look.records, symbol) && !isSaidTooLarge(look, symbol);
}

/** Whether the operator was told today that the symbol's position is too large to be adopted by itself. */
export function isSaidTooLarge(
  { records, dateNy }: Pick<AdoptionLook, "records" | "dateNy">,
  symbol: string,
): boolean {
  return records.alerted[buildLargeKey(symbol)] === dateNy;
}

function buildLargeKey(symbol: string): string {
  return `too large:${symbol}`;
}

function sayTooLarge({ symbol, qty }: BrokerPosition, worthUsd: number, limitUsd: number): Note {
  const position = { symbol, positionId: "" };
  const value = { kind: "too_large", qty, worthUsd, limitUsd } as const;
  return note({ position }, value, { scope: "day", key: buildLargeKey(symbol) });
}

/** Whether the allowlist lets the engine take the symbol over. */
function isAllowed({ allowlist }: Pick<AdoptionLook, "allowlist">, symbol: string): boolean {
  return allowlist.kind === "all" ||
    (allowlist.kind === "list" && allowlist.symbols.includes(symbol));
}

function isManaged({ positions }: EngineState, symbol: string): boolean {
  return positions.some((each) => each.symbol === symbol);
}

/**
 * Whether nothing is bought or sold in the symbol at this moment, which need not be in the quantity yet: what a buy adds to it
 * later would look like a split, and no stop is taken beside one.
 */
function isStill({ records, sight }: AdoptionLook, symbol: string): boolean {
  // What its orders have sold by then, and still buy, must be known.
  if (!sight.areOrdersRead || hasWorkingBuy(sight, symbol)) return false;
  const isChanging = [...sight.book.values()].some((known) =>
    known.order.symbol === symbol && countRecent(known, sight.nowMs) > 0
  );
  return !isChanging && !listDoubtfulBuys(records.ledger?.entries ?? [], sight.nowMs).has(symbol);
}

/** A position not bought by the engine, with the plan of today's list or the operator's. */
function buildAdopted(
  { sight, shownAtMs, priceMemory }: AdoptionLook,
  levels: AdoptionLevels,
  held: BrokerPosition,
): ManagedPosition {
  // What its sells at work have sold already: their counts are cumulative.
  const soldQty = flattenOrders(buildOpenOrders(sight.book))
    .filter((order) => order.symbol === held.symbol && order.side === "sell" && !isFinal(order))
    .reduce((sum, order) => sum + order.filledQty, 0);
  return {
    ...buildAdoption(held, levels, { seenAtMs: shownAtMs, soldQty }),
    ...priceMemory.get(held.symbol),
  };
}
