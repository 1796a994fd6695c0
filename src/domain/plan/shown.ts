import type { ReadFailure } from "../order/order_request.ts";
import type { BrokerAccount, BrokerOrder, BrokerPosition } from "../order/orders.ts";
import type { UnreadableRows } from "../order/unreadable_row.ts";

/** A broker read that may have failed: the value, or the word that the gate uses. */
export type Read<T> =
  | { readonly kind: "ok"; readonly value: T; readonly atMonotonicMs: number }
  | { readonly kind: "failed"; readonly failure: ReadFailure; readonly message: string };

/** What the broker showed in this cycle. */
export interface Shown {
  readonly dateNy: string;
  readonly account: Read<BrokerAccount>;
  readonly positions: Read<readonly BrokerPosition[]>;
  /** Nested, `held` legs under their parents. */
  readonly openOrders: Read<readonly BrokerOrder[]>;
  /** All orders submitted since the NY day began, nested. */
  readonly dayOrders: Read<readonly BrokerOrder[]>;
  /** What stood in these lists beside their readable rows (pipeline 6, "A row of the broker's"). */
  readonly unreadable: UnreadableRows;
}
