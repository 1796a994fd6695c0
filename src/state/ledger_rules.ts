import { assertInvariant } from "../domain/assert.ts";
import { isFlatten } from "../domain/order/client_order_id.ts";
import { deriveOnce } from "../domain/derive_once.ts";
import { listLevels } from "../domain/exit/levels.ts";
import type { LedgerEntry, LiveLedger } from "../domain/order/ledger.ts";
import { ENTRY_KEYS, isDate, LEDGER_KEYS, parseIsoTime } from "./ledger_schema.ts";

/**
 * The rules of a ledger that types don't say, the same for what was read and what is to be written.
 * @returns What is wrong with it, `null` where nothing is.
 */
export function checkLedger(ledger: LiveLedger): string | null {
  if (!isDate(ledger.dateNy)) return "date_ny is not a date YYYY-MM-DD";
  if (!isCount(ledger.mismatches)) return "mismatches is not a whole number of 0 or more";
  const known = Object.keys(ledger.unknownFields).find((key) => LEDGER_KEYS.has(key));
  if (known !== undefined) return `${known} is both a known and an unknown field`;
  const ids = new Set<string>();
  for (const [index, entry] of ledger.entries.entries()) {
    const fault = checkEntry(entry);
    if (fault !== null) return `entry ${index + 1}: ${fault}`;
    if (entry.clientOrderId === null) continue;
    if (ids.has(entry.clientOrderId)) {
      return `entry ${index + 1}: client_order_id ${
        JSON.stringify(entry.clientOrderId)
      } is there twice`;
    }
    ids.add(entry.clientOrderId);
  }
  return null;
}

const SYMBOL_CHARS_MAX = 64;

const checkEntry = deriveOnce((entry: LedgerEntry): string | null => {
  const { symbol, clientOrderId } = entry;
  if (symbol.trim() === "" || symbol.length > SYMBOL_CHARS_MAX) {
    return "symbol is empty or too long";
  }
  // A cap counts by equality: " aapl" beside "AAPL" would be a symbol of its own.
  if (symbol !== symbol.trim().toUpperCase()) return "symbol is not in upper case without blanks";
  if (!isAmount(entry.notionalUsd)) return "notional is not a finite number of 0 or more";
  if (parseIsoTime(entry.timestamp) === null) return "timestamp is not an ISO 8601 time";
  if (entry.orderId === "") return "order_id is empty";
  if (clientOrderId === "") return "client_order_id is empty";
  if (!isQty(entry.qty, clientOrderId)) return "qty is not a whole number above 0";
  const prices = [...listLevels(entry), entry.stopUsd, entry.refPriceUsd];
  if (!prices.every((price) => price === null || (isAmount(price) && price > 0))) {
    return "a price is not a finite number above 0";
  }
  if (entry.attempt !== null && !isCount(entry.attempt)) return "attempt is not a whole number";
  const times = [entry.expiresAtMs, entry.deadlineAtMs, entry.notFoundSinceMs];
  if (!times.every((ms) => ms === null || isMoment(ms))) return "a time is not a moment";
  const known = Object.keys(entry.unknownFields).find((key) => ENTRY_KEYS.has(key));
  if (known !== undefined) return `${known} is both a known and an unknown field`;
  return checkBrokerView(entry);
});

function checkBrokerView({ broker }: LedgerEntry): string | null {
  if (broker === null) return null;
  if (!isAmount(broker.filledQty)) return "filled_qty is not a finite number of 0 or more";
  if (broker.filledAvgPriceUsd !== null && !isAmount(broker.filledAvgPriceUsd)) {
    return "filled_avg_price is not a finite number of 0 or more";
  }
  return isMoment(broker.updatedAtMs) ? null : "updated_at is not a moment";
}

/** Whole shares; only the operator's `flatten` may have closed a fraction of someone else's position. */
function isQty(qty: number | null, clientOrderId: string | null): boolean {
  if (qty === null) return true;
  if (clientOrderId !== null && isFlatten(clientOrderId)) return Number.isFinite(qty) && qty > 0;
  return Number.isSafeInteger(qty) && qty > 0;
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/** Whether it counts something: whole and not negative. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** A time in a year of four digits since 1970, which is what the files can hold; they cut fractions of a millisecond. */
export function isMoment(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0 && ms < Date.UTC(10_000, 0);
}

/**
 * The ledger's sanity, before each write and after each read.
 * @throws {InvariantError} Where this program made a ledger that it would refuse to read.
 */
export function assertLedger(ledger: LiveLedger): void {
  const fault = checkLedger(ledger);
  assertInvariant(fault === null, `live ledger: ${fault}`);
}
