import type { EngineState, ManagedPosition, ReleasedPosition } from "./engine_state.ts";
import {
  buildLedgerEntry,
  isEntryRecord,
  type LedgerEntry,
  type LiveLedger,
} from "../order/ledger.ts";
import { formatUtc } from "../time/ny_time.ts";
import { isFinal } from "../order/orders.ts";

/** What a release's record says in its `reason`: it lasts, or it has ended. */
export const RELEASED = "released";
/** The release's end: the symbol was absent, or adopted again. */
export const RELEASE_ENDED = "release ended";

/** The state in which a position is the operator's, not managed any more (pipeline 5). */
export function releasePosition(
  state: EngineState,
  { symbol, positionId }: Pick<ManagedPosition, "symbol" | "positionId">,
  releasedAtMs: number,
): EngineState {
  const others = state.released.filter((each) => each.symbol !== symbol);
  return {
    ...state,
    positions: state.positions.filter((each) => each.positionId !== positionId),
    released: [...others, { symbol, positionId, releasedAtMs }],
  };
}

/** The state without the release of a symbol. */
export function endRelease(state: EngineState, symbol: string): EngineState {
  return { ...state, released: state.released.filter((each) => each.symbol !== symbol) };
}

/**
 * Puts a release, or its end, into a day's ledger, where it outlives the state: a rejected sell, which counts toward no cap
 * and which release 0.1.0 keeps as it is.
 * @returns The ledger itself where it says so already.
 */
export function putRelease(
  ledger: LiveLedger,
  { symbol, positionId, releasedAtMs }: ReleasedPosition,
  reason: typeof RELEASED | typeof RELEASE_ENDED,
): LiveLedger {
  const clientOrderId = `${positionId}-${RELEASED}`;
  const known = ledger.entries.find((entry) => entry.clientOrderId === clientOrderId);
  if (known?.reason === reason) return ledger;
  const entry = buildLedgerEntry({
    symbol,
    notionalUsd: 0,
    timestamp: formatUtc(releasedAtMs),
    side: "sell",
    clientOrderId,
    positionId,
    status: "rejected",
    reason,
  });
  const others = ledger.entries.filter((each) => each.clientOrderId !== clientOrderId);
  return { ...ledger, entries: [...others, entry] };
}

/**
 * The releases that last, by the records. What was bought later in the symbol says that the released shares were gone: no
 * release of this program enters where some are held, so that only one that knows no release left the end out.
 * @param ledgers Newest first.
 * @param before Those that lasted before, as a copy has them: one that no ledger had yet lasts, too.
 */
export function listReleased(
  ledgers: readonly LiveLedger[],
  before: readonly ReleasedPosition[] = [],
): ReleasedPosition[] {
  const found = new Map<string, LedgerEntry>();
  for (const entry of ledgers.flatMap((ledger) => [...ledger.entries].reverse())) {
    const isRelease = entry.reason === RELEASED || entry.reason === RELEASE_ENDED;
    if (found.has(entry.symbol) || !(isRelease || isBought(entry))) continue;
    found.set(entry.symbol, entry);
  }
  const recorded = [...found.values()].flatMap(({ symbol, positionId, reason, timestamp }) =>
    positionId === null || reason !== RELEASED
      ? []
      : [{ symbol, positionId, releasedAtMs: Date.parse(timestamp) }]
  );
  const unrecorded = before.filter(({ symbol, positionId, releasedAtMs }) => {
    const newest = found.get(symbol);
    if (newest === undefined) return true;
    return newest.positionId !== positionId && newest.reason !== RELEASED &&
      !(isBought(newest) && Date.parse(newest.timestamp) > releasedAtMs);
  });
  return [...recorded, ...unrecorded];
}

function isBought(entry: LedgerEntry): boolean {
  const { broker, status } = entry;
  const isUnfilled = broker !== null && isFinal(broker) && broker.filledQty === 0;
  return isEntryRecord(entry) && status === "accepted" && !isUnfilled;
}

/**
 * The state with the releases that it lacks and the records have: release 0.1.0 knows none, drops them at its first save and
 * manages the shares again (pipeline 5, "over days, restarts and rebuilds").
 * @param ledgers Newest first.
 */
export function restoreReleases(state: EngineState, ledgers: readonly LiveLedger[]): EngineState {
  const lost = listReleased(ledgers).filter(({ symbol }) =>
    !state.released.some((each) => each.symbol === symbol)
  );
  const symbols = new Set(lost.map(({ symbol }) => symbol));
  return lost.length === 0 ? state : {
    ...state,
    positions: state.positions.filter(({ symbol }) => !symbols.has(symbol)),
    released: [...state.released, ...lost],
  };
}
