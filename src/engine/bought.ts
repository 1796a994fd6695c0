import { countRecent } from "../domain/account/order_book.ts";
import { isFlatten, isOurs, parseOurId } from "../domain/client_order_id.ts";
import { isUnsettled, type LedgerEntry } from "../domain/ledger.ts";
import { isFinal } from "../domain/orders.ts";
import { listPastEntries } from "./archive.ts";
import type { Engine } from "./engine.ts";
import { buildManaged } from "./entry_order.ts";
import { findHeld } from "./observe.ts";
import { StateError } from "./ports.ts";
import { listEntries } from "./ledger_store.ts";

/** Entries of ours that the broker accepted and that no managed position stands for, for instance after a crash. */
export async function takeInBought(engine: Engine): Promise<void> {
  for (const entry of [...listEntries(engine), ...await listPastBought(engine)]) {
    const plan = buildPlan(entry);
    if (plan === null || isAccountedFor(engine, plan.clientOrderId)) continue;
    const isWorking = entry.broker !== null && !isFinal(entry.broker);
    const isHeld = (entry.broker?.filledQty ?? 0) > 0 &&
      (findHeld(engine, entry.symbol) !== undefined || isFilledNow(engine, entry));
    if (!isWorking && !isHeld) continue;
    // One position a symbol: where another stands for it, its account takes in this entry's fills.
    if (engine.state.positions.some((each) => each.symbol === entry.symbol)) continue;
    engine.putPosition(buildManaged(plan, Date.parse(entry.timestamp)));
  }
}

/** Whether the records have a buy of ours that may hold shares and that no managed position stands for. */
export function hasBuyWithoutPosition(engine: Engine): boolean {
  return listEntries(engine).some((entry) => {
    const { clientOrderId, side, status, broker } = entry;
    if (side !== "buy" || clientOrderId === null || !isOurs(clientOrderId)) return false;
    if (isFlatten(clientOrderId) || isAccountedFor(engine, clientOrderId)) return false;
    if (isUnsettled(entry)) return true;
    return status === "accepted" && (broker === null || !isFinal(broker) || broker.filledQty > 0);
  });
}

/** Whether the entry was filled so short a time ago that positions need not show it yet. */
function isFilledNow(engine: Engine, { orderId }: LedgerEntry): boolean {
  const known = engine.book.get(orderId ?? "");
  return known !== undefined && countRecent(known, engine.nowMs()) > 0;
}

/** A process that died before it saved a position may start again on another day, when its entry is archived. */
async function listPastBought(engine: Engine): Promise<readonly LedgerEntry[]> {
  const dateNy = engine.dateNy();
  // Whose they are is known only once the account is.
  if (engine.accountId === null || engine.archiveSearchedNy === dateNy) return [];
  try {
    const past = await listPastEntries(engine);
    engine.archiveSearchedNy = dateNy;
    return past;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    // What is known is managed and protected all the same; the archive is asked again in the next cycle.
    if (engine.isNews("archive", dateNy)) {
      engine.ports.log.warn(
        `Archived ledgers can't be read: ${error.message}; let them be read again, or move them away by hand`,
      );
    }
    return [];
  }
}

function isAccountedFor(engine: Engine, positionId: string): boolean {
  return engine.state.alerted[closedKey(positionId)] !== undefined ||
    engine.state.released.some((each) => each.positionId === positionId) ||
    engine.state.positions.some((position) => position.positionId === positionId);
}

const CLOSED_PREFIX = "closed:";

/** Under which key it is kept that a position has ended, so that its entry is not taken in again. */
export function closedKey(positionId: string): string {
  return `${CLOSED_PREFIX}${positionId}`;
}

/** Whether a key says that a position has ended. */
export function isClosedKey(key: string): boolean {
  return key.startsWith(CLOSED_PREFIX);
}

/** The plan that an accepted entry of ours was recorded with; `null` for anything else. */
export function buildPlan(entry: LedgerEntry): Parameters<typeof buildManaged>[0] | null {
  const clientOrderId = parseOurId(entry.clientOrderId ?? "");
  if (clientOrderId === null || isFlatten(clientOrderId)) return null;
  if (entry.side !== "buy" || entry.status !== "accepted" || entry.stopUsd === null) return null;
  const filledUsd = entry.broker?.filledAvgPriceUsd ?? 0;
  const paidUsd = filledUsd > 0 ? filledUsd : entry.refPriceUsd ?? entry.stopUsd;
  const pivotUsd = entry.pivotUsd ?? paidUsd;
  const r2Usd = entry.r2Usd ?? pivotUsd;
  return {
    clientOrderId,
    symbol: entry.symbol,
    pivotUsd,
    r1Usd: entry.r1Usd ?? r2Usd,
    r2Usd,
    stopUsd: entry.stopUsd,
  };
}
