import type { SellReason } from "../domain/client_order_id.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { isUnsettled, type LedgerEntry } from "../domain/ledger.ts";
import { isFinal } from "../domain/orders.ts";
import { readPastEntries } from "./archive.ts";
import type { Engine } from "./engine.ts";
import { readLedger } from "./ledger_store.ts";

/**
 * What the ledger shows of a trim or close: `done` where it was accepted and did not end unfilled (a close is never done
 * while shares are held), `open` while it works or nobody knows, `unfilled` where the broker took it and it sold nothing.
 */
export type ExitRecord = "none" | "open" | "done" | "unfilled";

/**
 * Reads what became of a position's trim or close, by the ledger and every answer since. @throws {StateError} Where the records
 * are lost.
 */
export function readExitRecord(
  engine: Engine,
  position: ManagedPosition,
  reason: SellReason,
): ExitRecord {
  const { entries } = readLedger(engine);
  return findExitRecord(entries.map((entry) => correct(engine, entry)), position, reason);
}

/** An entry as it is by now: what an answer by id has shown is on record a cycle later. */
function correct(engine: Engine, entry: LedgerEntry): LedgerEntry {
  const known = engine.book.get(entry.orderId ?? "")?.order;
  if (known === undefined || entry.broker === null) return entry;
  const { status, filledQty, filledAvgPriceUsd, updatedAtMs } = known;
  return { ...entry, broker: { status, filledQty, filledAvgPriceUsd, updatedAtMs } };
}

function findExitRecord(
  entries: readonly LedgerEntry[],
  position: ManagedPosition,
  reason: SellReason,
): ExitRecord {
  const mine = entries.filter((entry) =>
    entry.positionId === position.positionId && entry.reason === reason
  );
  // Shares that the broker showed as sold are sold, whatever a hand has made of the record's status.
  const taken = mine.filter((entry) =>
    (entry.status === "accepted" || (entry.broker?.filledQty ?? 0) > 0) &&
    !isEndedUnfilled(entry.broker)
  );
  if (reason !== "stop_exit" && taken.length > 0) return "done";
  if (mine.some(isUnsettled)) return "open";
  if (taken.some((entry) => entry.broker === null || !isFinal(entry.broker))) return "open";
  return mine.some((entry) => entry.orderId !== null) ? "unfilled" : "none";
}

/**
 * What became of a trim, today's or one of the last days'; of these nothing where the archive can't be read.
 * @throws {StateError} Where the records are lost.
 */
export async function readTrimRecord(
  engine: Engine,
  position: ManagedPosition,
  reason: SellReason,
): Promise<ExitRecord> {
  const record = readExitRecord(engine, position, reason);
  if (record !== "none") return record;
  const past = await readPastEntries(engine);
  return past.kind === "ok" ? findExitRecord(past.entries, position, reason) : "none";
}

/** Whether an order, as the broker last showed it, ended without a share filled. */
export function isEndedUnfilled(
  view: { readonly status: string; readonly filledQty: number } | null,
): boolean {
  return view !== null && isFinal(view) && view.filledQty === 0;
}
