import type { LedgerEntry, LiveLedger } from "../domain/order/ledger.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import { listUnlinked } from "../domain/order/replacements.ts";
import { askOrder } from "./asker.ts";
import type { Engine } from "./engine.ts";

/** Reads in one cycle: more would eat the request budget of what protects. */
const READS_MAX = 6;

/**
 * Orders of earlier days by which what replaces ours today is known to be ours: a stop that a hand moved twice over night
 * names only the one between, which is in no list of today and on no record, and one that was placed weeks ago is on none
 * that is read (pipeline 6). Each is read once.
 */
export async function readAncestors(
  engine: Engine,
  { ledger, orders, past }: {
    readonly ledger: LiveLedger;
    readonly orders: readonly BrokerOrder[];
    readonly past: readonly LedgerEntry[];
  },
): Promise<readonly BrokerOrder[]> {
  const recorded = [...ledger.entries, ...past];
  // A position may be older than the records that are read.
  const symbols = new Set([...recorded, ...engine.state.positions].map(({ symbol }) => symbol));
  const { ancestors } = engine;
  const listFound = () => [...ancestors.values()].flatMap((found) => found ?? []);
  for (let reads = 0; reads < READS_MAX; reads++) {
    const [orderId] = listUnlinked(recorded, orders, { symbols, ancestors: listFound() })
      .filter((each) => !ancestors.has(each));
    if (orderId === undefined) break;
    const known = engine.book.get(orderId)?.order;
    const read = known === undefined
      ? await askOrder(engine, orderId)
      : { kind: "found", order: known } as const;
    // Without a usable answer it is asked again in the next cycle.
    if (read.kind === "unknown") break;
    ancestors.set(orderId, read.kind === "found" ? read.order : null);
  }
  return listFound();
}
