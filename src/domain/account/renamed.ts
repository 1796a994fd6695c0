import type { ManagedPosition } from "./engine_state.ts";
import type { BrokerOrder, BrokerPosition } from "../order/orders.ts";
import { isSameQty } from "./position_account.ts";

/** Foreign positions that an absent one may be now, and what says so. */
export interface Renamed {
  readonly symbols: readonly string[];
  readonly by: "asset" | "quantity and cost";
}

/**
 * Finds an absent position under another name: by the asset that its orders were about, else by as many shares at the same
 * cost (pipeline 5, "An absent position's alert names").
 * @param orders All that are known of its symbol.
 * @param foreign What the broker shows and the engine does not manage.
 * @returns `null` where nothing is like it.
 */
export function findRenamed(
  { qty, costBasisUsd }: Pick<ManagedPosition, "qty" | "costBasisUsd">,
  orders: readonly BrokerOrder[],
  foreign: readonly BrokerPosition[],
): Renamed | null {
  const assetIds = new Set(orders.flatMap(({ assetId }) => assetId ?? []));
  const same = foreign.filter(({ assetId }) => assetId !== undefined && assetIds.has(assetId));
  if (same.length > 0) return { symbols: same.map(({ symbol }) => symbol), by: "asset" };
  const alike = foreign.filter((held) =>
    qty !== null && isSameQty(held.qty, qty) && held.costBasisUsd === costBasisUsd
  );
  if (alike.length === 0) return null;
  return { symbols: alike.map(({ symbol }) => symbol), by: "quantity and cost" };
}
