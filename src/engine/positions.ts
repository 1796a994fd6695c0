import type { ManagedPosition } from "../domain/engine_state.ts";
import * as pure from "../domain/account/position_shares.ts";
import { type BrokerOrder, type BrokerPosition, isFinal, mayTrade } from "../domain/orders.ts";
import {
  accountPosition,
  isNeverFilled,
  isSplit,
  type PositionChange,
  type PositionEvidence,
} from "../domain/position_account.ts";
import { askMissing } from "./asking.ts";
import { takeInBought } from "./bought.ts";
import type { Engine } from "./engine.ts";
import { recordFills } from "./fills.ts";
import { raiseKnownStops } from "./known_stops.ts";
import { findShown, refresh } from "./observe.ts";
import { trackPartial } from "./partial_entry.ts";
import { sayHand } from "./hand_shares.ts";
import { applyChange } from "./position_changes.ts";
import {
  ensurePasts,
  listPositionHistory,
  readHoldings,
  readPasts,
  readRecentFills,
  readShares,
} from "./shares.ts";
import { findEntry } from "./ledger_store.ts";

/** How soon a position is looked at again that does not show its fills yet. */
const LAG_LOOK_MS = 5_000;

/**
 * Brings the managed positions up to what the broker shows: takes in what was bought, drops what is gone, and marks what
 * nobody can explain (pipeline 5, "Which positions"). Sends nothing.
 */
export async function trackPositions(engine: Engine): Promise<void> {
  takeInBought(engine);
  await ensurePasts(engine);
  // What a list of the day shows as replaced may have a successor that no list shows.
  await askMissing(engine, () => false);
  raiseKnownStops(engine);
  if (engine.observation?.positions.kind !== "ok") return;
  for (const before of engine.state.positions) {
    const held = findShown(engine, before.symbol);
    if (held === null) continue;
    await trackPartial(engine, before);
    const position = engine.state.positions.find((each) => each.positionId === before.positionId);
    if (position === undefined) continue;
    const change = await explain(engine, position, held);
    if (change === null) continue;
    // What explains it is told before it, and while the book has it.
    await recordFills(engine);
    await applyChange(engine, position, change);
    if (change.kind === "lagging") engine.wakeAt(engine.nowMs() + LAG_LOOK_MS);
  }
}

/** What became of a position; its orders are asked for where the book does not explain what is held. */
async function explain(
  engine: Engine,
  position: ManagedPosition,
  held: BrokerPosition | undefined,
): Promise<PositionChange | null> {
  const known = account(engine, position, held);
  if (known === null || !isPastNeeded(position, known)) return known;
  if (!await readPasts(engine, [position])) return null;
  const change = account(engine, position, held);
  if (change?.kind !== "unexplained" && change?.kind !== "absent") return change;
  if (isSplit(position, engine.nowMs())) return change;
  // A fill that no list shows yet is in the answer by id; and positions were read before the orders.
  await askMissing(engine, ({ order }) => order.symbol === position.symbol && !isFinal(order));
  if (change.kind === "absent") return account(engine, position, held);
  await refresh(engine);
  const again = findShown(engine, position.symbol);
  return again === null ? null : account(engine, position, again);
}

/** As many shares at another cost basis may be others: sold off and bought again, which the past tells. */
function isPastNeeded({ qty }: ManagedPosition, change: PositionChange): boolean {
  return change.kind === "unexplained" || change.kind === "absent" ||
    (change.kind === "changed" && change.qty === qty);
}

/** What the book says of a position; `null` while it lacks the position's past. */
function account(
  engine: Engine,
  position: ManagedPosition,
  held: BrokerPosition | undefined,
): PositionChange | null {
  const orders = listPositionHistory(engine, position);
  const holdings = readHoldings(engine, position);
  if (orders === null || holdings === null) return null;
  if (isNeverFilled(position, orders)) return { kind: "never_filled" };
  const entry = readEntry(engine, position, orders);
  // Sold off in between: what is held now was bought by somebody else since.
  if (holdings[0]?.isOver === true && entry !== "working") return { kind: "gone" };
  sayHand(engine, position, holdings);
  return accountPosition(position, held, {
    holdings,
    recent: readRecentFills(engine, position),
    entry,
  });
}

/** How the position's entry order stands: by the book, else by its record. */
function readEntry(
  engine: Engine,
  { positionId }: ManagedPosition,
  orders: readonly BrokerOrder[],
): PositionEvidence["entry"] {
  const order = orders.find(({ clientOrderId }) => clientOrderId === positionId);
  if (order !== undefined) return mayTrade(order) ? "working" : "over";
  return findEntry(engine, positionId)?.status === "rejected" ? "over" : "unknown";
}

/** Whether the engine may act on the position: it is shown, its quantity is explained, and above 0 for sure. */
export function isActionable(engine: Engine, position: ManagedPosition): boolean {
  return pure.isActionable(position, readShares(engine, position));
}
