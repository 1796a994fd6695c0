import { EMPTY_STATE, type ManagedPosition } from "../domain/engine_state.ts";
import { parseOurId, readAdoptedAtMs } from "../domain/client_order_id.ts";
import type { LedgerEntry, LiveLedger } from "../domain/ledger.ts";
import { hasEnded, isNeverFilled, listFillHistories } from "../domain/position_account.ts";
import {
  countAdopted,
  findLostPosition,
  hasTraces,
  type LostPosition,
} from "../domain/rebuild_state.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders } from "../domain/orders.ts";
import { buildEmptyLedger, reconcile } from "../domain/reconcile.ts";
import { isTicker } from "../domain/symbol.ts";
import type { Engine, Observation } from "./engine.ts";
import { buildManaged } from "./entry_order.ts";
import { findIdentityProblem } from "./gate_reader.ts";
import { buildPlan } from "./bought.ts";
import { OPENED_SLACK_MS, readHistory } from "./shares.ts";
import type { StateRead } from "./ports.ts";

/** Names the file in the gate's reason (pipeline 6). */
export const STATE_FILE = "execution_state.json";
/** How many past days' ledgers a rebuild searches. */
const ARCHIVE_MAX = 30;
/** How far back it searches the broker's orders for what bought a position that no ledger explains. */
const PAST_ORDERS_MS = 90 * 86_400_000;

/** Reads the state at the start. A file that is missing or damaged is dealt with once the broker has been asked. */
export async function loadState(engine: Engine): Promise<void> {
  const read = await engine.ports.state.read();
  if (read.kind === "ok") {
    engine.state = read.state;
    engine.isStateLoaded = true;
  }
  if (read.kind === "newer" || read.kind === "damaged") {
    engine.stateProblem = STATE_FILE;
    engine.ports.log.error(`${STATE_FILE} is not usable: ${read.message}`);
  }
}

/**
 * Rebuilds a state that was missing or damaged, from ledger, archive and the broker; LIVE is blocked for the cycle that
 * does it. A state of another major version stays as it is, and blocks.
 */
export async function ensureState(engine: Engine, observation: Observation): Promise<void> {
  if (engine.isStateLoaded) {
    engine.stateProblem = null;
    return await ownState(engine, observation);
  }
  const read = await engine.ports.state.read();
  if (read.kind === "ok") {
    engine.state = read.state;
    engine.isStateLoaded = true;
    return await ownState(engine, observation);
  }
  engine.stateProblem = read.kind === "missing" ? engine.stateProblem : STATE_FILE;
  if (read.kind === "newer") return;
  await rebuild(engine, observation, read.kind);
}

async function rebuild(
  engine: Engine,
  observation: Observation,
  why: Exclude<StateRead["kind"], "ok" | "newer">,
): Promise<void> {
  const { positions, openOrders, dayOrders } = observation;
  const today = await engine.ports.ledger.read();
  const archived = await engine.ports.ledger.listArchived(ARCHIVE_MAX);
  const recorded = [...(today.kind === "ok" ? [today.ledger] : []), ...archived];
  const orders: BrokerOrder[] = [
    ...(openOrders.kind === "ok" ? openOrders.value : []),
    ...(dayOrders.kind === "ok" ? dayOrders.value : []),
  ];
  const isComplete = positions.kind === "ok" && openOrders.kind === "ok" && dayOrders.kind === "ok";
  const isFirstLook = why === "missing" && isComplete && !hasTraces(recorded, orders);
  if (!isFirstLook) engine.stateProblem = STATE_FILE;
  if (!isComplete || positions.kind !== "ok") return;
  if (recorded.some((ledger) => findIdentityProblem(engine, ledger) !== null)) return;
  // Where the ledger is lost too, the broker's orders stand in for it.
  const known = today.kind === "ok"
    ? recorded
    : [buildLedgerOfOrders(observation.dateNy, orders), ...recorded];
  const past = await listPastOrders(
    engine,
    positions.value.filter((held) => findLostPosition(held.symbol, known, orders) === null),
  );
  const isFirstStart = isFirstLook && past !== null && !hasTraces([], past);
  if (!isFirstStart) engine.stateProblem = STATE_FILE;
  if (past === null) return;
  const ledgers = [...known, buildLedgerOfOrders(observation.dateNy, past)];
  const found: ManagedPosition[] = [];
  for (const held of positions.value) {
    const lost = findLostPosition(held.symbol, ledgers, orders);
    const position = lost === null ? null : rebuildPosition(held, lost);
    if (lost === null || position === null) continue;
    const history = position.adoptedQty > 0 ? await readHistory(engine, position) : null;
    if (position.adoptedQty > 0 && history === null) return;
    const recounted = history === null
      ? position
      : recountAdopted(position, countAdopted(lost.stops, held.qty, history), history);
    const isGone = await isSoldOff(engine, recounted, history);
    if (isGone === null) return;
    if (!isGone) found.push(recounted);
  }
  engine.state = { ...EMPTY_STATE, positions: found };
  engine.isStateLoaded = true;
  await ownState(engine, observation);
  if (!await engine.trySaveState()) {
    // Not durable, not rebuilt: LIVE stays blocked, and the next cycle tries again.
    engine.stateProblem = STATE_FILE;
    engine.isStateLoaded = false;
    return;
  }
  if (isFirstStart) return;
  engine.sayError(
    `${STATE_FILE} was ${why}: rebuilt from ledger, archive and broker with ${found.length} positions ` +
      `(${
        found.map((position) => position.symbol).join(", ") || "none"
      }); LIVE is blocked for this cycle`,
  );
}

/**
 * Orders of the last months in what is held and no ledger explains: a position of ours outlives its records.
 * @returns `null` where they can't be read: the state is not rebuilt without them.
 */
async function listPastOrders(
  engine: Engine,
  unexplained: readonly BrokerPosition[],
): Promise<readonly BrokerOrder[] | null> {
  // Nothing else was ever bought by us, and a name that the broker refuses in a query would block the start for good.
  const symbols = unexplained.map((held) => held.symbol).filter(isTicker);
  const afterMs = engine.nowMs() - PAST_ORDERS_MS;
  const read = await engine.read(() =>
    engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "protect")
  );
  return read.kind === "failed" ? null : read.value;
}

/**
 * Whether the broker's orders show that the position ended, so that what is held now is somebody else's.
 * @returns `null` where they can't be read: the state is not rebuilt without them.
 */
async function isSoldOff(
  engine: Engine,
  position: ManagedPosition,
  history: readonly BrokerOrder[] | null,
): Promise<boolean | null> {
  if (history !== null) return hasEnded(history, position.adoptedQty);
  const read = await engine.read(() =>
    engine.ports.broker.listOrders({
      status: "all",
      afterMs: position.openedAtMs - OPENED_SLACK_MS,
      symbols: [position.symbol],
    }, "protect")
  );
  if (read.kind === "failed") return null;
  const orders = flattenOrders(read.value);
  return isNeverFilled(position, orders) || hasEnded(orders, 0);
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
    adoptedQty: adoptedAtMs === null ? 0 : held.qty,
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
  if (clientOrderId === null || !Number.isSafeInteger(held.qty) || held.qty <= 0) return null;
  if (pivotUsd === null || r1Usd === null || r2Usd === null || stopUsd === null) return null;
  return { clientOrderId, symbol, pivotUsd, r1Usd, r2Usd, stopUsd };
}

/** State carries host and account from its first write on; another account's state is left alone. */
async function ownState(engine: Engine, observation: Observation): Promise<void> {
  const { account } = observation;
  if (account.kind === "failed" || findIdentityProblem(engine, null) !== null) return;
  const { accountId } = account.value;
  const { host } = engine.ports.broker;
  if (engine.state.host === host && engine.state.accountId === accountId) return;
  engine.updateState({ host, accountId });
  await engine.trySaveState();
}
