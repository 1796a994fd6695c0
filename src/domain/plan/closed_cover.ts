import { listBuysWithoutPosition } from "../account/bought.ts";
import { readClosedLook } from "../account/closed_look.ts";
import type { EngineState } from "../account/engine_state.ts";
import { LAG_MS } from "../account/order_book.ts";
import { ABSENT } from "../account/standing.ts";
import { listDistinct } from "../order/unreadable_row.ts";
import { type Calendar, findLastClose } from "../time/market_clock.ts";
import type { BrokerLook } from "./broker_look.ts";

/** Whether there is nothing to protect, all of it is known to be covered, or there may be something that is not. */
export type Cover = "nothing" | "known" | "not known";

/** A file of the records. */
export type RecordFile = "ledger" | "state";

/** What the night's cover is judged from (pipeline 5, "While the market is closed"). */
export interface CoverFacts {
  readonly records: EngineState;
  /** Whether the records' file was read, and whether it is another account's. */
  readonly isLoaded: boolean;
  readonly isForeign: boolean;
  /** The last look at the broker; `null` where this process has not looked yet. */
  readonly look: BrokerLook | null;
  readonly calendar: Calendar | null;
}

/** The files that have to be looked at first: what the records have not taken in may be there. */
export function listFilesAsked({ records, isLoaded, isForeign }: CoverFacts): RecordFile[] {
  if (isForeign) return [];
  if (!isLoaded) return ["ledger", "state"];
  // A ledger that the records have not taken in yet, after an upgrade for instance.
  return records.ledger === null ? ["ledger"] : [];
}

/** Judges the night's cover. @param missing Those of `listFilesAsked` that are not there. */
export function decideCover(facts: CoverFacts, missing: ReadonlySet<RecordFile>): Cover {
  const { records, isLoaded, isForeign } = facts;
  if (isForeign) return "nothing";
  const areMissing = listFilesAsked(facts).every((file) => missing.has(file));
  // No ledger and no state is a first start, with which nobody hurries at night.
  if (!isLoaded) return areMissing ? "nothing" : "not known";
  if (!areMissing || listBuysWithoutPosition(records).length > 0) return "not known";
  if (records.positions.length === 0) return "nothing";
  return isCoverKnown(facts) ? "known" : "not known";
}

/**
 * Whether the last look found every managed position covered by good-till-canceled stops, as its standing has it, and so long
 * after the close that lists have the session's last seconds (broker.md, Orders and positions).
 */
function isCoverKnown({ records, look, calendar }: CoverFacts): boolean {
  const { positions, standings } = records;
  const lookMs = readClosedLook(records)?.atMs ?? -Infinity;
  const closeMs = findLastClose(calendar, lookMs) ?? -Infinity;
  if (lookMs - closeMs < LAG_MS) return false;
  if (look !== null && !isWhole(look)) return false;
  const unreadable = look === null ? [] : listDistinct(look.unreadable);
  return positions.every(({ positionId, symbol }) => {
    if (unreadable.some((row) => row.symbol === symbol)) return false;
    const standing = standings.find((each) => each.positionId === positionId);
    return standing !== undefined && standing.isCoverRead && standing.isGtcNeeded &&
      standing.bareQty === 0 && standing.cause !== ABSENT.code;
  });
}

function isWhole({ account, positions, openOrders, dayOrders }: BrokerLook): boolean {
  return [account, positions, openOrders, dayOrders].every(({ kind }) => kind === "ok");
}
