import { type ClientOrderId, FLATTEN_PREFIX, parseOurId } from "./client_order_id.ts";
import { assertInvariant } from "../assert.ts";

/**
 * The id of a sell of the operator's `flatten`, which reconciliation records without a mismatch (broker.md, Refusals).
 * @param sell `startedAtMs` tells one call of the command from another; `attempt` rises only when the one before
 *   certainly does not exist.
 * @throws {InvariantError} Where the symbol makes it longer than the broker takes.
 */
export function buildFlattenId(
  sell: { readonly symbol: string; readonly startedAtMs: number; readonly attempt: number },
): ClientOrderId {
  const { symbol, startedAtMs, attempt } = sell;
  const id = parseOurId(`${FLATTEN_PREFIX}${symbol}-${startedAtMs.toString(36)}-${attempt}`);
  assertInvariant(id !== null, "a flatten id is too long");
  return id;
}
