import { listDoubts } from "../account/doubts.ts";
import type { EngineState } from "../account/engine_state.ts";
import type { OrderBook } from "../account/order_book.ts";
import type { Sight } from "../account/sight.ts";
import type { BrokerAccount, BrokerOrder, BrokerPosition } from "../order/orders.ts";
import { listDistinct, type UnreadableRows } from "../order/unreadable_row.ts";
import type { SessionLook } from "../time/market_clock.ts";
import type { Look } from "./world.ts";

/**
 * What a cycle saw of the broker. Where the gate could not read positions again, those of before stay the last that are known:
 * what is bare or due of them is told.
 */
export interface BrokerLook extends SessionLook {
  readonly account: Look<BrokerAccount>;
  readonly positions: Look<readonly BrokerPosition[]>;
  readonly openOrders: Look<readonly BrokerOrder[]>;
  readonly dayOrders: Look<readonly BrokerOrder[]>;
  /** What stood in these lists beside their readable rows. */
  readonly unreadable: UnreadableRows;
}

/** What a sight is taken from, beside the look: what all looks together have shown, and the records. */
export interface SightFacts {
  readonly book: OrderBook;
  readonly pasts: ReadonlySet<string>;
  readonly records: Pick<EngineState, "ledger" | "unfinished">;
  readonly processId: string;
  /** When the cycle began, and the moment, Unix ms by the broker's clock. */
  readonly cycleBeganMs: number;
  readonly nowMs: number;
}

/** What is known of the account by a cycle's look. @param look `null` where this process has not looked yet. */
export function readSight(
  look: BrokerLook | null,
  { book, pasts, records, processId, cycleBeganMs, nowMs }: SightFacts,
): Sight {
  const unreadable = look === null ? [] : listDistinct(look.unreadable);
  return {
    book,
    positions: look?.positions.kind === "ok" ? look.positions.value : null,
    areOrdersRead: look?.openOrders.kind === "ok",
    unreadable: new Set(unreadable.flatMap((row) => row.symbol ?? [])),
    unreadableOrders: new Set(look?.unreadable.openOrders.flatMap((row) => row.symbol ?? []) ?? []),
    pasts,
    doubts: listDoubts(
      records,
      (begun) => begun.processId === processId && begun.cycleStartedAtMs >= cycleBeganMs,
    ),
    nowMs,
  };
}
