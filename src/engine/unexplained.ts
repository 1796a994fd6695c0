import { buildOpenOrders } from "../domain/account/order_book.ts";
import { formatPriceUsd } from "../domain/alert_facts.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { type BrokerOrder, remainingQty } from "../domain/orders.ts";
import { isSplit, SPLIT_AFTER_MS } from "../domain/position_account.ts";
import { listSellGroups } from "../domain/protection.ts";
import { takeOverOrClose } from "../domain/remedies.ts";
import type { Engine } from "./engine.ts";
import { sayOnceADay, sayShort } from "./daily_errors.ts";

/** How soon orders are asked again for what they do not explain yet. */
const LOOK_AGAIN_MS = 15_000;

/**
 * Keeps the engine's hands off a position whose quantity changed, by any fraction of a share, with no order behind it: from
 * the first look nothing is sold, stopped, cancelled or raised in it, and after a minute it is called a split, whatever
 * the cost basis, until orders explain it after all or the operator deals with it (pipeline 5).
 * @param qty What the broker shows instead.
 * @returns Whether it is seen for the first time.
 */
export function holdUnexplained(engine: Engine, before: ManagedPosition, qty: number): boolean {
  const nowMs = engine.nowMs();
  const unexplainedSinceMs = before.unexplainedSinceMs ?? nowMs;
  const position = { ...before, unexplainedQty: qty, unexplainedSinceMs };
  const isKnown = before.unexplainedQty === qty && before.unexplainedSinceMs !== null;
  if (!isKnown) engine.putPosition(position);
  if (qty < 0) sayShort(engine, before.symbol, qty);
  else sayUnexplained(engine, { ...position, unexplainedSinceMs }, qty);
  return !isKnown;
}

function sayUnexplained(
  engine: Engine,
  position: ManagedPosition & { readonly unexplainedSinceMs: number },
  qty: number,
): void {
  const nowMs = engine.nowMs();
  const { symbol, positionId, unexplainedSinceMs } = position;
  const change = `Position ${symbol} changed from ${position.qty ?? "unknown"} to ${qty} shares`;
  if (!isSplit(position, nowMs)) {
    engine.wakeAt(Math.min(nowMs + LOOK_AGAIN_MS, unexplainedSinceMs + SPLIT_AFTER_MS));
    engine.ports.log.warn(
      `${change} with no order behind it yet: nothing is sold, stopped, cancelled or raised in it`,
    );
    return;
  }
  sayOnceADay(
    engine,
    `unexplained:${positionId}:${qty}`,
    {
      problem:
        `${change} with no order behind it (a split?): it has no protection, and nothing is sold, stopped, cancelled or ` +
        `raised in it until you deal with it. ${describeSells(engine, symbol)}`,
      remedy: takeOverOrClose(symbol),
    },
  );
}

/** The sells of a symbol that work at the broker, with price and quantity. */
export function describeSells(engine: Engine, symbol: string): string {
  const sells = listSellGroups(buildOpenOrders(engine.book), symbol)
    .flatMap(({ orders }) => orders.map(formatSell));
  if (sells.length === 0) return "No sell of it works at the broker";
  return `At the broker still work: ${sells.join(", ")}`;
}

function formatSell(order: BrokerOrder): string {
  const { type, stopPriceUsd, limitPriceUsd, timeInForce, orderId } = order;
  const priceUsd = stopPriceUsd ?? limitPriceUsd;
  const at = priceUsd === null ? "" : ` at ${formatPriceUsd(priceUsd)}`;
  return `${type} ${remainingQty(order)}${at} ${timeInForce} (order ${orderId})`;
}
