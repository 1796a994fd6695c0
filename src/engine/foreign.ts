import type { Candidate } from "../domain/entry/candidate.ts";
import { buildForeignMessage } from "../domain/alert/foreign_message.ts";
import { listDoubtfulBuys } from "../domain/order/ledger.ts";
import { isSaidTooLarge, mayBeAdopted } from "../domain/plan/adopt.ts";
import { isReleased } from "../domain/plan/release.ts";
import type { BrokerPosition } from "../domain/order/orders.ts";
import { listForeignOrders } from "../domain/plan/foreign.ts";
import type { Engine } from "./engine.ts";
import { sayShort } from "./daily_errors.ts";
import { listEntries } from "./ledger_store.ts";

/** What becomes of one on today's list, which is not the engine's yet. */
const ADOPTED =
  "adopted in a LIVE cycle (on today's list) unless its price is at or below its stop there";

/**
 * Reports positions and orders that are nobody's business of ours: in the log once a NY day, a new position in Slack, once
 * (pipeline 5).
 * @param candidates Today's list: what stands on it a LIVE cycle may adopt, which the operator must know before.
 */
export function reportForeign(engine: Engine, candidates: readonly Candidate[]): void {
  const { observation } = engine;
  // Until the state can be read, what is held may be ours.
  if (!engine.isStateLoaded) return;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return;
  const managed = new Set([
    ...engine.state.positions.map((position) => position.symbol),
    ...listDoubtfulBuys(listEntries(engine), engine.nowMs()),
  ]);
  const { allowlist } = engine.ports.config;
  const look = { records: engine.state, dateNy: engine.dateNy(), candidates, allowlist };
  const isListed = (held: BrokerPosition) => mayBeAdopted(look, held);
  sayNew(
    engine,
    observation.positions.value.filter(({ symbol }) => !managed.has(symbol)),
    isListed,
  );
  for (const held of observation.positions.value) {
    const { symbol, qty } = held;
    if (qty < 0 && !managed.has(symbol)) sayShort(engine, symbol, qty);
    if (managed.has(symbol) || !engine.isNews(`foreign:${symbol}`, engine.dateNy())) continue;
    const fate = isListed(held) ? ADOPTED : "never touched";
    engine.ports.log.warn(
      `Foreign position ${symbol} qty=${qty}: reported, ${fate}, no entry in it`,
    );
  }
  for (const order of listForeignOrders(observation.openOrders.value, managed)) {
    if (!engine.isNews(`foreign:${order.orderId}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `Foreign order ${order.symbol} ${order.side} qty=${
        order.qty ?? "?"
      } ${order.orderId}: reported, never touched`,
    );
  }
}

/**
 * A symbol that was not held for a week is new again: so long is remembered what was seen. What the operator released he knows;
 * one that is short, or too large to be adopted, has a message of its own.
 */
function sayNew(
  engine: Engine,
  foreign: readonly BrokerPosition[],
  isListed: (held: BrokerPosition) => boolean,
): void {
  const fresh = foreign.filter(({ symbol, qty }) => {
    const key = `foreign_held:${symbol}`;
    const isNew = engine.state.alerted[key] === undefined;
    // Seen today.
    engine.isNews(key, engine.dateNy());
    const { state: records } = engine;
    const isTold = isSaidTooLarge({ records, dateNy: engine.dateNy() }, symbol);
    return isNew && qty > 0 && !isReleased(records, symbol) && !isTold;
  });
  const message = buildForeignMessage(
    fresh.filter((held) => !isListed(held)),
    fresh.filter(isListed),
  );
  if (message !== null) engine.alert(message);
}
