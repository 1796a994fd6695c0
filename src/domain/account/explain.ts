import type { EngineState, ManagedPosition } from "./engine_state.ts";
import { type BrokerOrder, mayTrade } from "../order/orders.ts";
import {
  accountPosition,
  type Holding,
  isNeverFilled,
  isSplit,
  type PositionChange,
  type PositionEvidence,
} from "./position_account.ts";
import { listPositionHistory, readHoldings, readRecentFills } from "./position_shares.ts";
import { findShown, type Sight } from "./sight.ts";

/** What became of a position, and whose the shares are by its orders. */
export interface Explained {
  readonly change: PositionChange;
  readonly holdings: readonly Holding[];
  /** Whether what moved was the position's own: not where it never came to be, or was over before the last fill. */
  readonly isOwn: boolean;
}

/**
 * What became of a position, by what is known of its orders (pipeline 5, "Which positions").
 * @returns `null` while its row or its past can't be read: it stays as it is.
 */
export function explain(
  { ledger }: Pick<EngineState, "ledger">,
  sight: Sight,
  position: ManagedPosition,
): Explained | null {
  const held = findShown(sight, position.symbol);
  const orders = listPositionHistory(sight, position);
  const holdings = readHoldings(sight, position);
  if (held === null || orders === null || holdings === null) return null;
  const end = (kind: "never_filled" | "gone") => ({ change: { kind }, holdings, isOwn: false });
  if (isNeverFilled(position, orders)) return end("never_filled");
  const entry = readEntry(ledger, position, orders);
  // Sold off in between: what is held now was bought by somebody else since.
  if (holdings[0]?.isOver === true && entry !== "working") return end("gone");
  const recent = readRecentFills(sight, position);
  const change = accountPosition(position, held, { holdings, recent, entry });
  return { change, holdings, isOwn: true };
}

/** How the position's entry order stands: by the book, else by its record. */
function readEntry(
  ledger: EngineState["ledger"],
  { positionId }: ManagedPosition,
  orders: readonly BrokerOrder[],
): PositionEvidence["entry"] {
  const order = orders.find(({ clientOrderId }) => clientOrderId === positionId);
  if (order !== undefined) return mayTrade(order) ? "working" : "over";
  const record = ledger?.entries.find(({ clientOrderId }) => clientOrderId === positionId);
  return record?.status === "rejected" ? "over" : "unknown";
}

/**
 * What was asked for beyond the lists in one look, where these did not explain a position: its past; then also its orders at
 * work, by their ids. `unread`: its past could not be read.
 */
export type Searched = "past" | "orders" | "unread";

/** What is asked for next before a change is believed; `null` where it is. */
export function findSearch(
  position: ManagedPosition,
  change: PositionChange,
  { searched, nowMs }: { readonly searched: Searched | undefined; readonly nowMs: number },
): "past" | "orders" | null {
  const isUnclear = change.kind === "unexplained" || change.kind === "absent";
  if (searched === undefined) {
    // As many shares at another cost basis may be others: sold off and bought again, which the past tells.
    return isUnclear || (change.kind === "changed" && change.qty === position.qty) ? "past" : null;
  }
  // A fill that no list shows yet is in the answer by id; and positions were read before the orders.
  return searched === "past" && isUnclear && !isSplit(position, nowMs) ? "orders" : null;
}
