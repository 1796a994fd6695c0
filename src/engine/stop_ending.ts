import { isEnding } from "../domain/order/protection.ts";
import type { Engine } from "./engine.ts";
import { findSellGroups } from "./observe.ts";

/** A stop that ends by itself soon is renewed in LIVE alone: meanwhile the operator is told, once a day (pipeline 5). */
export function sayEnding(engine: Engine): void {
  for (const { symbol } of engine.state.positions) {
    const groups = findSellGroups(engine, symbol) ?? [];
    for (const group of groups.filter((each) => isEnding(each, engine.nowMs()))) {
      const orderId = group.orders[0]?.orderId;
      if (!engine.isNews(`ending:${orderId}`, engine.dateNy())) continue;
      engine.sayError(
        `${symbol}: its good-till-canceled stop qty=${group.qty} at ${group.stopUsd}, order ${orderId}, ends by itself ` +
          "within days, and is renewed only in LIVE",
        "let the gate be LIVE in market hours, or renew it at the broker",
        { isDistinct: true },
      );
    }
  }
}
