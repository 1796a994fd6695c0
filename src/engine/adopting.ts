import { countRecent } from "../domain/account/order_book.ts";
import { type AdoptionLevels, buildAdoption } from "../domain/adoption.ts";
import type { Candidate } from "../domain/candidate.ts";
import { formatPriceUsd } from "../domain/alert_facts.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import type { Trade } from "../domain/market.ts";
import { formatCents } from "../domain/money.ts";
import { type BrokerPosition, findFilledAtMs, flattenOrders, isFinal } from "../domain/orders.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { sumSide, toUsd } from "../domain/day/usd_flow.ts";
import type { Engine } from "./engine.ts";
import { listDoubtfulBuys } from "./ledger_store.ts";
import { hasWorkingBuy, isOfThisSession } from "./observe.ts";
import { buildPositionEvent } from "./position_changes.ts";
import { isReleased } from "./releasing.ts";
import { isUnreadableIn } from "./unreadable.ts";

/** A position is adopted by itself up to this many times the notional that an entry in one symbol may have (pipeline 5). */
const ADOPTED_CAPS_MAX = 2;

/**
 * Positions of today's list that the engine may take over (pipeline 5): not managed, long, above the stop, and not larger
 * than entries may make it.
 */
export function listAdoptable(
  engine: Engine,
  candidates: readonly Candidate[],
  trades: ReadonlyMap<string, Trade>,
): { readonly candidate: Candidate; readonly held: BrokerPosition }[] {
  const { observation } = engine;
  // What its orders have sold by then, and still buy, must be known.
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return [];
  if (observation.positions.value.length === 0) return [];
  const doubtful = listDoubtfulBuys(engine);
  return observation.positions.value.flatMap((held) => {
    const candidate = candidates.find((each) => each.symbol === held.symbol);
    const trade = trades.get(held.symbol);
    // A price of another day says nothing of where the market is now.
    const priceUsd = trade !== undefined && isOfThisSession(engine, trade) ? trade.priceUsd : NaN;
    const isManaged = engine.state.positions.some((each) => each.symbol === held.symbol);
    if (candidate === undefined || isManaged || !isAllowed(engine, held.symbol)) return [];
    if (isReleased(engine, held.symbol)) return [];
    // What is sold or bought at this moment may not be in the quantity yet.
    if (isChanging(engine, held.symbol)) return [];
    // What a buy adds to it later would look like a split; and no stop is taken beside one.
    if (doubtful.has(held.symbol) || hasWorkingBuy(engine, held.symbol)) return [];
    if (isUnreadableIn(engine, held.symbol)) return [];
    if (Math.floor(held.qty) < 1 || !(priceUsd > candidate.stopUsd)) return [];
    if (!isSmallEnough(engine, held, priceUsd)) return [];
    return [{ candidate, held }];
  });
}

/** Whether the allowlist lets the engine take the symbol over. */
function isAllowed({ ports }: Engine, symbol: string): boolean {
  const { allowlist } = ports.config;
  return allowlist.kind === "all" ||
    (allowlist.kind === "list" && allowlist.symbols.includes(symbol));
}

/** Whether a foreign position is one that a LIVE cycle may take over without being asked, whatever keeps it from that now. */
export function mayBeAdopted(
  engine: Engine,
  candidates: readonly Candidate[],
  { symbol, qty }: BrokerPosition,
): boolean {
  return candidates.some((each) => each.symbol === symbol) && isAllowed(engine, symbol) &&
    Math.floor(qty) >= 1 && !isReleased(engine, symbol) && !isSaidTooLarge(engine, symbol);
}

/** A larger one is somebody else's until he says that the engine is to have it; that is said once a day. */
function isSmallEnough(engine: Engine, { symbol, qty }: BrokerPosition, priceUsd: number): boolean {
  const { caps } = engine.ports.config;
  if (caps === null) return false;
  const limitUsd = ADOPTED_CAPS_MAX * caps.notionalPerSymbolUsd;
  if (qty * priceUsd <= limitUsd) return true;
  if (!engine.isNews(buildLargeKey(symbol), engine.dateNy())) return false;
  const text =
    `${symbol}: ${qty} shares worth ${
      formatCents(qty * priceUsd)
    } USD are on today's list and too large to be ` +
    `adopted (more than ${
      formatCents(limitUsd)
    } USD, twice MAX_LIVE_NOTIONAL_PER_SYMBOL): foreign, never touched. ` +
    `To have them managed: avwap-execution adopt ${symbol} --yes`;
  engine.ports.log.warn(text);
  engine.alert({ level: "WARNING", title: "Position not adopted", text });
  return false;
}

function buildLargeKey(symbol: string): string {
  return `too large:${symbol}`;
}

/** Whether the operator was told today that the symbol's position is too large to be adopted by itself. */
export function isSaidTooLarge(engine: Engine, symbol: string): boolean {
  return engine.state.alerted[buildLargeKey(symbol)] === engine.dateNy();
}

/** Whether an order of the symbol was filled so short a time ago that positions need not show it yet. */
export function isChanging(engine: Engine, symbol: string): boolean {
  const nowMs = engine.nowMs();
  return [...engine.book.values()].some((known) =>
    known.order.symbol === symbol && countRecent(known, nowMs) > 0
  );
}

/** Takes over what may be taken over; this cycle only protects it. LIVE only. */
export async function adoptPositions(
  engine: Engine,
  _decision: LiveDecision,
  adoptable: readonly { readonly candidate: Candidate; readonly held: BrokerPosition }[],
): Promise<ReadonlySet<string>> {
  const adopted = new Set<string>();
  for (const { candidate, held } of adoptable) {
    const position = buildAdopted(engine, candidate, held);
    engine.putPosition(position);
    // Its orders begin now: what works already is in the list of open orders.
    engine.notePasts([position.positionId]);
    adopted.add(position.positionId);
    await sayAdopted(engine, position);
  }
  return adopted;
}

/** Says what was taken over, and what of it was left out. */
export async function sayAdopted(engine: Engine, position: ManagedPosition): Promise<void> {
  const { symbol, qty, besideQty, stopUsd } = position;
  const beside = besideQty > 0 ? `; ${besideQty} of a share is left out and stays yours` : "";
  const message =
    `Adopted position ${symbol} qty=${qty}: not bought by this engine, now managed${beside}; ` +
    `this cycle only protects it, stop ${formatPriceUsd(stopUsd)}`;
  engine.ports.log.warn(message);
  engine.alert({ level: "WARNING", title: "Position adopted", text: message });
  await engine.event({
    ...buildPositionEvent(position, "adopted", qty),
    ...readBoughtToday(engine, position),
  });
}

/** Shares that were bought today have no previous close: they count from what was paid (interface, `MAX_LIVE_LOSS_PER_DAY`). */
function readBoughtToday(engine: Engine, { symbol, adoptedQty }: ManagedPosition) {
  if (engine.observation?.dayOrders.kind !== "ok") {
    return { bought_today_qty: null, bought_today_usd: null };
  }
  const buys = [...engine.book.values()].flatMap(({ order }) => {
    const isOfToday = dateNyOf(findFilledAtMs(order)) === engine.dateNy();
    const { side, filledQty: qty, filledAvgPriceUsd: priceUsd } = order;
    return order.symbol === symbol && qty > 0 && isOfToday ? [{ side, qty, priceUsd }] : [];
  });
  const { qty, usdMicros } = sumSide(buys, "buy");
  return {
    bought_today_qty: Math.min(qty, adoptedQty),
    bought_today_usd: qty === 0 || usdMicros === null ? null : toUsd(usdMicros) / qty,
  };
}

/** A position not bought by the engine, with the plan of today's list or the operator's. */
export function buildAdopted(
  engine: Engine,
  levels: AdoptionLevels,
  held: BrokerPosition,
): ManagedPosition {
  const soldQty = countSold(engine, held.symbol);
  return {
    ...buildAdoption(held, levels, { seenAtMs: findSeenAtMs(engine), soldQty }),
    ...engine.foreignPrices.get(held.symbol),
  };
}

/** When the broker showed the positions: what is sold after that is not in what it showed. */
function findSeenAtMs(engine: Engine): number {
  const positions = engine.observation?.positions;
  const ageMs = positions?.kind === "ok"
    ? engine.ports.clock.monotonicMs() - positions.atMonotonicMs
    : 0;
  return Math.floor(engine.nowMs() - ageMs);
}

/** Shares that the sells still at work in a symbol have sold already: their counts are cumulative. */
function countSold(engine: Engine, symbol: string): number {
  const open = engine.observation?.openOrders;
  return flattenOrders(open?.kind === "ok" ? open.value : [])
    .filter((order) => order.symbol === symbol && order.side === "sell" && !isFinal(order))
    .reduce((sum, order) => sum + order.filledQty, 0);
}
