import { buildAdoptionId, isFlatten, isOurs, parseOurId } from "../domain/client_order_id.ts";
import type { Candidate } from "../domain/candidate.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { PositionEvent } from "../domain/events.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { isUnsettled, type LedgerEntry } from "../domain/ledger.ts";
import type { Trade } from "../domain/market.ts";
import { formatUtc } from "../domain/ny_time.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders, isFinal } from "../domain/orders.ts";
import {
  accountPosition,
  type FillHistory,
  hasEnded,
  isUnchanged,
  listFillHistories,
  type PositionChange,
} from "../domain/position_account.ts";
import type { Engine } from "./engine.ts";
import { buildManaged } from "./entry_order.ts";
import { recordFills } from "./fills.ts";
import { findHeld, isOfThisSession, refresh } from "./observe.ts";
import { StateError } from "./ports.ts";
import { raiseKnownStops } from "./known_stops.ts";
import { listUnseen } from "./unseen_orders.ts";

/** Orders of a position were submitted after this before its own time: the two clocks differ a little. */
export const OPENED_SLACK_MS = 5_000;
/** How far back an adopted position's still working orders may have been submitted. */
const ADOPTED_ORDERS_MS = 90 * 86_400_000;
/** How soon a position is looked at again whose orders the broker does not show yet. */
const UNSEEN_LOOK_MS = 5_000;
/** An entry partly filled for longer has its rest cancelled (pipeline 4). */
export const PARTIAL_MAX_MS = 60_000;

/**
 * Brings the managed positions up to what the broker shows: takes in what was bought, drops what is gone, and marks what
 * nobody can explain (pipeline 5, "Which positions"). Sends nothing.
 */
export async function trackPositions(engine: Engine): Promise<void> {
  await takeInBought(engine);
  await raiseKnownStops(engine);
  if (engine.observation?.positions.kind !== "ok") return;
  for (const before of engine.state.positions) {
    const held = findHeld(engine, before.symbol);
    if (held === null) return;
    await trackPartial(engine, before);
    const position = engine.state.positions.find((each) => each.positionId === before.positionId);
    if (position === undefined || isUnchanged(position, held)) continue;
    const change = await explain(engine, position, held);
    if (change !== null) await applyChange(engine, position, change);
  }
}

/** Entries of ours that the broker accepted and that no managed position stands for, for instance after a crash. */
async function takeInBought(engine: Engine): Promise<void> {
  const read = await engine.ports.ledger.read();
  if (read.kind !== "ok") return;
  for (const entry of [...read.ledger.entries, ...await listPastEntries(engine)]) {
    const plan = buildPlan(entry);
    if (plan === null || isAccountedFor(engine, plan.clientOrderId)) continue;
    const isWorking = entry.broker !== null && !isFinal(entry.broker);
    const isHeld = (entry.broker?.filledQty ?? 0) > 0 &&
      findHeld(engine, entry.symbol) !== undefined;
    if (!isWorking && !isHeld) continue;
    // One position a symbol: where another stands for it, its account takes in this entry's fills.
    if (engine.state.positions.some((each) => each.symbol === entry.symbol)) continue;
    engine.putPosition(buildManaged(plan, Date.parse(entry.timestamp)));
  }
}

/** Days of archive that a position bought before a crash is looked for in, once a day. */
const PAST_DAYS = 3;

/** A process that died before it saved a position may start again on another day, when its entry is archived. */
async function listPastEntries(engine: Engine): Promise<readonly LedgerEntry[]> {
  const dateNy = engine.dateNy();
  if (engine.archiveReadNy === dateNy) return [];
  try {
    const archived = await engine.ports.ledger.listArchived(PAST_DAYS);
    engine.archiveReadNy = dateNy;
    return archived.flatMap((ledger) => [...ledger.entries].reverse());
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    // What is known is managed and protected all the same; the archive is asked again in the next cycle.
    engine.ports.log.warn(`Archived ledgers can't be read: ${error.message}`);
    return [];
  }
}

function isAccountedFor(engine: Engine, positionId: string): boolean {
  return engine.state.alerted[closedKey(positionId)] !== undefined ||
    engine.state.positions.some((position) => position.positionId === positionId);
}

function closedKey(positionId: string): string {
  return `closed:${positionId}`;
}

/** The plan that an accepted entry of ours was recorded with; `null` for anything else. */
export function buildPlan(entry: LedgerEntry): Parameters<typeof buildManaged>[0] | null {
  const clientOrderId = parseOurId(entry.clientOrderId ?? "");
  if (clientOrderId === null || isFlatten(clientOrderId)) return null;
  if (entry.side !== "buy" || entry.status !== "accepted" || entry.stopUsd === null) return null;
  const paidUsd = entry.broker?.filledAvgPriceUsd ?? entry.refPriceUsd ?? entry.stopUsd;
  const pivotUsd = entry.pivotUsd ?? paidUsd;
  const r2Usd = entry.r2Usd ?? pivotUsd;
  return {
    clientOrderId,
    symbol: entry.symbol,
    pivotUsd,
    r1Usd: entry.r1Usd ?? r2Usd,
    r2Usd,
    stopUsd: entry.stopUsd,
    refPriceUsd: entry.refPriceUsd ?? paidUsd,
  };
}

/** Since when the entry has been partly filled, by the broker's own time of its last change. */
async function trackPartial(engine: Engine, position: ManagedPosition): Promise<void> {
  const order = findEntryOrder(engine, position);
  const isPartial = order !== undefined && !isFinal(order) && order.filledQty > 0;
  if (!isPartial) {
    if (position.partialSinceMs !== null) engine.putPosition({ ...position, partialSinceMs: null });
    return;
  }
  const sinceMs = position.partialSinceMs ?? Math.min(order.updatedAtMs, engine.nowMs());
  engine.wakeAt(sinceMs + PARTIAL_MAX_MS);
  if (position.partialSinceMs !== null) return;
  engine.putPosition({ ...position, partialSinceMs: sinceMs });
  await engine.event(buildPositionEvent(position, "entry partly filled", order.filledQty));
}

/** The position's entry order as this cycle saw it. */
export function findEntryOrder(
  engine: Engine,
  position: Pick<ManagedPosition, "positionId">,
): BrokerOrder | undefined {
  const { openOrders, dayOrders } = engine.observation ?? {};
  const lists = [openOrders, dayOrders].flatMap((read) => read?.kind === "ok" ? [read.value] : []);
  return lists.flat().find((order) => order.clientOrderId === position.positionId);
}

/**
 * Whether the entry's buy may still fill: a sell beside it would be refused as a wash trade. As last read; where open
 * orders can't be read, it may.
 */
export function isEntryWorking(
  engine: Engine,
  position: Pick<ManagedPosition, "positionId">,
): boolean {
  const open = engine.observation?.openOrders;
  if (open?.kind !== "ok") return true;
  return open.value.some((order) => order.clientOrderId === position.positionId && !isFinal(order));
}

async function explain(
  engine: Engine,
  position: ManagedPosition,
  held: BrokerPosition | undefined,
): Promise<PositionChange | null> {
  const backMs = position.adoptedQty > 0 ? ADOPTED_ORDERS_MS : OPENED_SLACK_MS;
  const read = await engine.read(() =>
    engine.ports.broker.listOrders({
      status: "all",
      afterMs: position.openedAtMs - backMs,
      symbols: [position.symbol],
    }, "protect")
  );
  if (read.kind === "failed") {
    engine.ports.log.warn(`Orders of ${position.symbol} unavailable (${read.failure})`);
    return null;
  }
  const unseen = await listUnseen(
    engine,
    read.value,
    (entry) => entry.symbol === position.symbol,
  );
  if (unseen.hidden.length > 0) {
    // Its fills would look like a split: the broker shows in a moment what it accepted.
    engine.wakeAt(engine.nowMs() + UNSEEN_LOOK_MS);
    return null;
  }
  const shown = [...read.value, ...unseen.orders];
  await recordFills(engine, shown);
  const orders = flattenOrders(shown).filter((order) =>
    position.adoptedQty === 0 ||
    (order.side === "buy" ? order.submittedAtMs : order.updatedAtMs) >= position.openedAtMs
  );
  const entry = orders.find((order) => order.clientOrderId === position.positionId);
  // Sold off in between: what is held now was bought by somebody else since.
  if (hasEnded(orders, position.adoptedQty)) return { kind: "gone" };
  const histories: FillHistory[] = listFillHistories(orders);
  const isOver = await isEntryOver(engine, position, entry);
  const change = accountPosition(position, held, histories, isOver);
  if (change.kind !== "unexplained" || position.unexplainedQty !== null) return change;
  // Positions were read before the orders: a fill in between is no split.
  await refresh(engine);
  const again = findHeld(engine, position.symbol);
  return again === null ? null : accountPosition(position, again, histories, isOver);
}

async function isEntryOver(
  engine: Engine,
  position: ManagedPosition,
  order: BrokerOrder | undefined,
): Promise<boolean> {
  if (order !== undefined) return isFinal(order);
  const read = await engine.ports.ledger.read();
  if (read.kind !== "ok") return false;
  const entry = read.ledger.entries.find((each) => each.clientOrderId === position.positionId);
  return entry?.status === "rejected";
}

async function applyChange(
  engine: Engine,
  position: ManagedPosition,
  change: PositionChange,
): Promise<void> {
  const { symbol, positionId } = position;
  switch (change.kind) {
    case "same":
    case "waiting":
      return;
    case "changed":
      engine.putPosition({
        ...position,
        qty: change.qty,
        costBasisUsd: change.costBasisUsd,
        unexplainedQty: null,
      });
      engine.ports.log.info(`Position ${symbol}: qty=${change.qty}`);
      break;
    case "gone":
    case "never_filled":
      engine.dropPosition(positionId);
      engine.isNews(closedKey(positionId), engine.dateNy());
      engine.ports.log.info(
        change.kind === "gone" ? `Position ${symbol}: closed` : `Position ${symbol}: never filled`,
      );
      break;
    case "absent":
      sayOnceADay(
        engine,
        `absent:${positionId}`,
        `Position ${symbol} is absent at the broker, and no sells ` +
          `account for its ${
            position.qty ?? "unknown"
          } shares: kept, its orders untouched. Look at the account`,
      );
      break;
    case "unexplained":
      if (position.unexplainedQty !== change.qty) {
        engine.putPosition({ ...position, unexplainedQty: change.qty });
      }
      if (change.qty < 0) {
        sayShort(engine, symbol, change.qty);
        break;
      }
      sayOnceADay(
        engine,
        `unexplained:${positionId}:${change.qty}`,
        `Position ${symbol} changed from ${
          position.qty ?? "unknown"
        } to ${change.qty} shares with no order behind it (a split?): no exit, its orders untouched, until you deal with it`,
      );
      break;
  }
  await engine.event(
    buildPositionEvent(position, change.kind, "qty" in change ? change.qty : null),
  );
}

/**
 * What the audit trail says of a managed position.
 * @param qty Shares that the change is about; `null` where it is about none.
 */
export function buildPositionEvent(
  position: ManagedPosition,
  change: string,
  qty: number | null,
): PositionEvent {
  return {
    type: "position",
    symbol: position.symbol,
    position_id: position.positionId,
    change,
    qty,
    opened_at: formatUtc(position.openedAtMs),
    adopted_qty: position.adoptedQty,
    cost_basis_usd: position.costBasisUsd,
    stop_usd: position.stopUsd,
  };
}

/** Both exits of a bracket can fill in a fast market (broker.md); the engine never sells short, and never buys back. */
function sayShort(engine: Engine, symbol: string, qty: number): void {
  sayOnceADay(
    engine,
    `short:${symbol}:${qty}`,
    `SHORT position ${symbol} qty=${qty} at the broker: buy it back by hand; the engine does not touch it`,
  );
}

/** An error that the log repeats in each cycle and Slack once a NY day. */
function sayOnceADay(engine: Engine, key: string, message: string): void {
  if (engine.isNews(key, engine.dateNy())) engine.sayError(message);
  else engine.ports.log.error(message);
}

/** Whether the engine may act on the position: its quantity is known, explained, and above 0. */
export function isActionable(
  position: ManagedPosition,
  held: BrokerPosition | undefined | null,
): held is BrokerPosition {
  return held !== undefined && held !== null && position.unexplainedQty === null &&
    held.qty > 0 && position.qty === held.qty;
}

/** Positions of today's list that the engine may take over (pipeline 5): not managed, long, whole shares, above the stop. */
export async function listAdoptable(
  engine: Engine,
  candidates: readonly Candidate[],
  trades: ReadonlyMap<string, Trade>,
): Promise<{ readonly candidate: Candidate; readonly held: BrokerPosition }[]> {
  const { observation } = engine;
  const { allowlist } = engine.ports.config;
  if (observation?.positions.kind !== "ok") return [];
  const unresolved = await listUnresolvedBuys(engine);
  return observation.positions.value.flatMap((held) => {
    const candidate = candidates.find((each) => each.symbol === held.symbol);
    const trade = trades.get(held.symbol);
    // A price of another day says nothing of where the market is now.
    const priceUsd = trade !== undefined && isOfThisSession(engine, trade) ? trade.priceUsd : NaN;
    const isManaged = engine.state.positions.some((each) => each.symbol === held.symbol);
    const isAllowed = allowlist.kind === "all" ||
      (allowlist.kind === "list" && allowlist.symbols.includes(held.symbol));
    if (candidate === undefined || isManaged || !isAllowed) return [];
    if (unresolved.has(held.symbol)) return [];
    if (!Number.isSafeInteger(held.qty) || held.qty <= 0 || !(priceUsd > candidate.stopUsd)) {
      return [];
    }
    return [{ candidate, held }];
  });
}

/** Symbols with a buy of ours that nobody knows the fate of: what is held there may be its fill. */
async function listUnresolvedBuys(engine: Engine): Promise<ReadonlySet<string>> {
  const read = await engine.ports.ledger.read();
  const entries = read.kind === "ok" ? read.ledger.entries : [];
  return new Set(
    entries.filter((entry) => entry.side === "buy" && isUnsettled(entry))
      .map((entry) => entry.symbol),
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
    adopted.add(position.positionId);
    const message =
      `Adopted position ${held.symbol} qty=${held.qty}: not bought by this engine, now managed`;
    engine.ports.log.warn(message);
    engine.alert({ level: "WARNING", title: "Position adopted", text: message });
    await engine.event(buildPositionEvent(position, "adopted", held.qty));
  }
  return adopted;
}

/** A position not bought by the engine, with the plan of today's list. */
export function buildAdopted(
  engine: Engine,
  candidate: Candidate,
  held: BrokerPosition,
): ManagedPosition {
  const { symbol } = candidate;
  const plan = {
    ...candidate,
    clientOrderId: buildAdoptionId({
      dateNy: engine.dateNy(),
      symbol,
      adoptedAtMs: Math.floor(engine.nowMs()),
    }),
    r1Usd: candidate.r1Usd ?? candidate.pivotUsd,
    refPriceUsd: held.avgEntryPriceUsd,
  };
  return {
    ...buildManaged(plan, engine.nowMs()),
    adoptedQty: held.qty,
    qty: held.qty,
    costBasisUsd: held.costBasisUsd,
  };
}

/** Reports, once a NY day, positions and orders that are nobody's business of ours (pipeline 5). */
export function reportForeign(engine: Engine): void {
  const { observation } = engine;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return;
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  for (const { symbol, qty } of observation.positions.value) {
    if (qty < 0 && !managed.has(symbol)) sayShort(engine, symbol, qty);
    if (managed.has(symbol) || !engine.isNews(`foreign:${symbol}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `Foreign position ${symbol} qty=${qty}: reported, never touched, no entry in it`,
    );
  }
  for (const order of flattenOrders(observation.openOrders.value)) {
    if (managed.has(order.symbol) || isOurs(order.clientOrderId) || isFinal(order)) continue;
    if (isLegOfOurs(order, observation.openOrders.value)) continue;
    if (!engine.isNews(`foreign:${order.orderId}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `Foreign order ${order.symbol} ${order.side} qty=${
        order.qty ?? "?"
      } ${order.orderId}: reported, never touched`,
    );
  }
}

function isLegOfOurs(order: BrokerOrder, orders: readonly BrokerOrder[]): boolean {
  return orders.some((parent) =>
    isOurs(parent.clientOrderId) && parent.legs.some((leg) => leg.orderId === order.orderId)
  );
}
