import { z } from "zod";
import { isFinal } from "../domain/order/orders.ts";
import type { UnreadableRow } from "../domain/order/unreadable_row.ts";
import type { Listing } from "../engine/ports.ts";
import { MalformedError, parseBody } from "./wire.ts";

const nameWire = z.string().min(1).max(256).nullable().catch(null);
/** However it is spelled: whom a row is about must not be missed for a blank. */
const symbolWire = z.string().trim().toUpperCase().min(1).max(256).nullable().catch(null);
const statedWire = z.object({ symbol: symbolWire, status: nameWire });
const UNSTATED = { symbol: null, status: null };

/** More rows than this that can't be parsed are no odd rows: the answer is. */
const UNREADABLE_MAX = 1_000;

/** What a row that can't be parsed still says of itself. */
const remainsWire = z.object({
  id: nameWire,
  client_order_id: nameWire,
  symbol: symbolWire,
  status: nameWire,
  legs: z.array(statedWire.catch(UNSTATED)).nullish().catch([UNSTATED]),
});

/**
 * A list row by row: one that can't be parsed stands in `unreadable` and costs nothing else.
 * @param parseRow What one row comes to; none where it is nothing to anybody.
 * @throws {MalformedError} Where the body is no list, a row names neither a symbol nor a client order id (then nobody can say
 *   whom it is about, pipeline 6), or there is no end of rows that can't be parsed.
 */
export function parseRows<T>(
  body: string,
  what: UnreadableRow["what"],
  parseRow: (row: unknown) => readonly T[],
): Listing<T> {
  const rows: T[] = [];
  const unreadable: UnreadableRow[] = [];
  for (const [index, row] of parseBody(z.array(z.unknown()), body).entries()) {
    try {
      rows.push(...parseRow(row));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      const described = describeRow(row, what, error.message);
      if (described.length === 0) {
        throw new MalformedError(
          `row ${index + 1} names neither a symbol nor a client order id: ${error.message}`,
        );
      }
      unreadable.push(...described);
      if (unreadable.length > UNREADABLE_MAX) {
        throw new MalformedError(
          `more than ${UNREADABLE_MAX} rows can't be read: ${error.message}`,
        );
      }
    }
  }
  return { rows, unreadable };
}

/** One entry for each symbol that the row or a leg of it names; one without a symbol where it has only an id. */
function describeRow(
  row: unknown,
  what: UnreadableRow["what"],
  problem: string,
): UnreadableRow[] {
  const parsed = remainsWire.safeParse(row);
  if (!parsed.success) return [];
  const { id, client_order_id: clientOrderId, symbol, status, legs } = parsed.data;
  const parts = [{ symbol, status }, ...legs ?? []];
  const symbols = new Set(parts.map((part) => part.symbol).filter((each) => each !== null));
  const common = {
    what,
    clientOrderId,
    orderId: id,
    mayBeOpen: what === "position" || parts.some((part) => isOpen(part.status)),
    problem,
  };
  if (symbols.size > 0) return [...symbols].map((each) => ({ ...common, symbol: each }));
  return clientOrderId === null ? [] : [{ ...common, symbol: null }];
}

function isOpen(status: string | null): boolean {
  return status === null || !isFinal({ status });
}
