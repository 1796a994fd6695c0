import { OPENED_SLACK_MS } from "../domain/account/position_shares.ts";
import { EMPTY_BOOK, isOfEngine, learnOrders } from "../domain/account/order_book.ts";
import { listHandMoves } from "../domain/account/our_orders.ts";
import { EMPTY_STATE, type EngineState, type ManagedPosition } from "../domain/engine_state.ts";
import { isOurs, parseOurId, readAdoptedAtMs } from "../domain/client_order_id.ts";
import type { LedgerEntry, LiveLedger } from "../domain/ledger.ts";
import { isNeverFilled, listFillHistories, listHoldings } from "../domain/position_account.ts";
import {
  applyOrders,
  countAdopted,
  findLostPosition,
  hasTraces,
  type LostPosition,
} from "../domain/rebuild_state.ts";
import type { RebuildWait } from "../domain/rebuild_wait.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders } from "../domain/orders.ts";
import { buildEmptyLedger, reconcile } from "../domain/reconcile.ts";
import { listReleased } from "../domain/released.ts";
import { isTicker } from "../domain/symbol.ts";
import { formatUnreadable, type UnreadableRow } from "../domain/unreadable_row.ts";
import { ARCHIVE_DAYS_MAX, readRecords, type Waits } from "./archive.ts";
import { buildManaged } from "./entry_order.ts";
import type { Engine, Observation, Read } from "./engine.ts";
import { buildPlan } from "./bought.ts";
import { readWhole } from "./listing.ts";
import { readHistory } from "./shares.ts";
import { listUnreadable, sayUnreadable } from "./unreadable.ts";

/** How far back it searches the broker's orders for what bought a position that no ledger explains. */
const PAST_ORDERS_MS = 90 * 86_400_000;

/** What became of a lost state. */
export type RebuiltState =
  | Waits
  | {
    readonly kind: "rebuilt";
    readonly state: EngineState;
    /** Nothing says that this engine has traded before: no damage, and no cycle that is blocked for it. */
    readonly isFirstStart: boolean;
    readonly why: "missing" | "damaged";
  };

/**
 * Makes a lost state anew from every record that exists and the broker's answers; where one of them can't be read it waits,
 * and nothing is written (pipeline 6).
 */
export async function rebuildState(
  engine: Engine,
  observation: Observation,
  why: "missing" | "damaged",
): Promise<RebuiltState> {
  const records = await readRecords(engine, ARCHIVE_DAYS_MAX);
  if (records.kind === "waits") return records;
  const seen = readSeen(observation);
  if (seen.kind === "waits") return seen;
  const { today, archived } = records;
  const { orders, positions } = seen;
  const recorded = [...(today === null ? [] : [today]), ...archived];
  // A foreign row costs itself; one that may be of ours is not forgotten because it can't be read.
  const gap = listUnreadable(engine).find((row) => mayBeOurs(row, recorded));
  if (gap !== undefined) return waitFor({ kind: "row", message: formatUnreadable(gap) });
  // Where the ledger is lost too, the broker's orders stand in for it.
  const settled = applyOrders(recorded, orders);
  const known = today === null
    ? [buildLedgerOfOrders(observation.dateNy, orders), ...settled]
    : settled;
  const past = await listPastOrders(
    engine,
    positions.filter((held) => findLostPosition(held.symbol, known, orders) === null),
  );
  if (past.kind === "failed") return waitForOrders("orders of the last 90 days", past);
  const ledgers = [
    ...applyOrders(known, past.value),
    buildLedgerOfOrders(observation.dateNy, past.value),
  ];
  const found = await listFound(engine, positions, { ledgers, orders });
  if (found.kind === "waits") return found;
  const released = listReleased(recorded);
  const releasedSymbols = new Set(released.map(({ symbol }) => symbol));
  return {
    kind: "rebuilt",
    why,
    isFirstStart: why === "missing" && !hasTraces(recorded, [...orders, ...past.value]),
    state: {
      ...EMPTY_STATE,
      positions: found.positions.filter(({ symbol }) => !releasedSymbols.has(symbol)),
      released,
    },
  };
}

function waitFor(wait: RebuildWait): Waits {
  return { kind: "waits", wait };
}

function waitForOrders(what: string, { message }: Pick<Failed, "message">): Waits {
  return waitFor({ kind: "broker", what, message });
}

type Failed = Extract<Read<unknown>, { kind: "failed" }>;

function mayBeOurs(
  { symbol, clientOrderId }: UnreadableRow,
  recorded: readonly LiveLedger[],
): boolean {
  return isOurs(clientOrderId ?? "") ||
    recorded.some((ledger) => ledger.entries.some((entry) => entry.symbol === symbol));
}

/** What the broker showed in this cycle, all of which a rebuild needs. */
function readSeen({ account, positions, openOrders, dayOrders }: Observation):
  | Waits
  | {
    readonly kind: "seen";
    readonly positions: readonly BrokerPosition[];
    readonly orders: readonly BrokerOrder[];
  } {
  // Whose it is stands in it from its first write on.
  if (account.kind === "failed") return waitForOrders("account", account);
  if (positions.kind === "failed") {
    const { failure, message } = positions;
    return waitFor({ kind: "positions", failure, message });
  }
  if (openOrders.kind === "failed") return waitForOrders("open orders", openOrders);
  if (dayOrders.kind === "failed") return waitForOrders("orders of the day", dayOrders);
  return {
    kind: "seen",
    positions: positions.value,
    orders: [...openOrders.value, ...dayOrders.value],
  };
}

/** The held positions that this engine bought or adopted, as the records have them. */
async function listFound(
  engine: Engine,
  positions: readonly BrokerPosition[],
  { ledgers, orders }: {
    readonly ledgers: readonly LiveLedger[];
    readonly orders: readonly BrokerOrder[];
  },
): Promise<Waits | { readonly kind: "found"; readonly positions: readonly ManagedPosition[] }> {
  const found: ManagedPosition[] = [];
  for (const held of positions) {
    const lost = findLostPosition(held.symbol, ledgers, orders);
    const position = lost === null ? null : rebuildPosition(held, lost);
    if (lost === null || position === null) continue;
    const what = `orders of ${held.symbol}`;
    const history = position.adoptedQty > 0 ? await readHistory(engine, position) : null;
    if (position.adoptedQty > 0 && history === null) {
      return waitForOrders(what, { message: "they can't be read, or not all are shown yet" });
    }
    const recounted = history === null ? position : recountAdopted(
      position,
      countAdopted(lost.stops, Math.floor(held.qty), history),
      history,
    );
    const past = await readLifetime(engine, recounted, history);
    if (past.kind === "failed") return waitForOrders(what, past);
    if (hasEnded(recounted, past.value)) continue;
    const byHandUsd = listHandPrices(past.value);
    const own = findLostPosition(held.symbol, ledgers, orders, byHandUsd) ?? lost;
    found.push({ ...recounted, stopUsd: own.stopUsd });
  }
  return { kind: "found", positions: found };
}

/** Orders of the last months in what is held and no ledger explains: a position of ours outlives its records. */
async function listPastOrders(
  engine: Engine,
  unexplained: readonly BrokerPosition[],
): Promise<Read<readonly BrokerOrder[]>> {
  // Nothing else was ever bought by us, and a name that the broker refuses in a query would block the start for good.
  const symbols = unexplained.map((held) => held.symbol).filter(isTicker);
  const afterMs = engine.nowMs() - PAST_ORDERS_MS;
  return await readWhole(
    engine,
    () => engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "protect"),
    (row) => sayUnreadable(engine, row),
  );
}

/** A position's orders since it was opened, nested; those of one that was adopted are known. */
async function readLifetime(
  engine: Engine,
  position: ManagedPosition,
  history: readonly BrokerOrder[] | null,
): Promise<Read<readonly BrokerOrder[]>> {
  if (history !== null) {
    return { kind: "ok", value: history, atMonotonicMs: engine.ports.clock.monotonicMs() };
  }
  const afterMs = position.openedAtMs - OPENED_SLACK_MS;
  const symbols = [position.symbol];
  return await readWhole(
    engine,
    () => engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "protect"),
    (row) => sayUnreadable(engine, row),
  );
}

/** Whether the broker's orders show that the position ended, so that what is held now is somebody else's. */
function hasEnded(position: ManagedPosition, orders: readonly BrokerOrder[]): boolean {
  return isNeverFilled(position, flattenOrders(orders)) || isOver(orders, position);
}

/** Prices that hands gave to a position's stops. */
function listHandPrices(orders: readonly BrokerOrder[]): ReadonlySet<number> {
  const moves = listHandMoves(learnOrders(EMPTY_BOOK, orders, 0), flattenOrders(orders));
  return new Set(moves.map((move) => move.stopUsd));
}

/** Whether a position's own shares were sold off before the last fill of its symbol. */
function isOver(
  orders: readonly BrokerOrder[],
  { adoptedQty, besideQty }: ManagedPosition,
): boolean {
  const book = learnOrders(EMPTY_BOOK, orders, 0);
  const flat = [...book.values()].map(({ order }) => order);
  const isOurs = ({ orderId }: BrokerOrder) => isOfEngine(book, orderId);
  return listHoldings(flat, { oursQty: adoptedQty, handQty: besideQty }, isOurs)[0]?.isOver ===
    true;
}

function buildLedgerOfOrders(dateNy: string, orders: readonly BrokerOrder[]): LiveLedger {
  const unique = new Map(orders.map((order) => [order.orderId, order]));
  const oldestFirst = [...unique.values()].sort((a, b) => a.submittedAtMs - b.submittedAtMs);
  return reconcile(buildEmptyLedger(dateNy), oldestFirst).ledger;
}

/** Shares that an adopted position had: those that it must have now, and what was sold of it since. */
function recountAdopted(
  position: ManagedPosition,
  nowQty: number,
  history: readonly BrokerOrder[],
): ManagedPosition {
  const [{ boughtQty, soldQty } = { boughtQty: 0, soldQty: 0 }] = listFillHistories(history);
  return { ...position, adoptedQty: Math.max(1, nowQty - boughtQty + soldQty) };
}

function rebuildPosition(held: BrokerPosition, lost: LostPosition): ManagedPosition | null {
  const adoptedAtMs = readAdoptedAtMs(lost.entry.positionId ?? "");
  const plan = adoptedAtMs === null ? buildPlan(lost.entry) : buildAdoptedPlan(lost.entry, held);
  if (plan === null) return null;
  return {
    ...buildManaged(plan, adoptedAtMs ?? Date.parse(lost.entry.timestamp)),
    adoptedQty: adoptedAtMs === null ? 0 : Math.floor(held.qty),
    besideQty: adoptedAtMs === null ? 0 : Math.round((held.qty % 1) * 1e9) / 1e9,
    stopUsd: lost.stopUsd,
    isTrimmedR1: lost.isTrimmedR1,
    isTrimmedR2: lost.isTrimmedR2,
  };
}

function buildAdoptedPlan(
  { symbol, positionId, pivotUsd, r1Usd, r2Usd, stopUsd }: LedgerEntry,
  held: BrokerPosition,
): Parameters<typeof buildManaged>[0] | null {
  const clientOrderId = parseOurId(positionId ?? "");
  if (clientOrderId === null || Math.floor(held.qty) < 1) return null;
  if (pivotUsd === null || r1Usd === null || r2Usd === null || stopUsd === null) return null;
  return { clientOrderId, symbol, pivotUsd, r1Usd, r2Usd, stopUsd };
}
