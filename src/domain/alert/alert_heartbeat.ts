import {
  type AlertMessage,
  type CapUseFact,
  type DiskFault,
  formatCapUse,
  formatList,
  formatLossLimit,
  formatMarket,
  formatPause,
  formatPosition,
  formatWatchlist,
  type MarketFact,
  type PositionFact,
  sortPositions,
  type WatchlistFact,
} from "./alert_facts.ts";
import type { DayLoss } from "../account/day_loss.ts";
import { formatDayResult } from "./alert_summary.ts";
import type { DayResult } from "../account/day_result.ts";
import type { ReadFailure } from "../order/order_request.ts";
import { formatNy } from "../time/ny_time.ts";

/** An order of ours without a usable answer, looked up until it has one (pipeline 6). */
export interface UnresolvedOrderFact {
  readonly symbol: string;
  readonly side: "buy" | "sell";
}

/** Everything that a heartbeat says, read by the engine in the cycle before it. Times in Unix ms. */
export interface HeartbeatInputs {
  readonly nowMs: number;
  /** The gate's first line of the last cycle; `null` before the gate was asked. */
  readonly gateLine: string | null;
  /** Whether the operator has paused entries. */
  readonly areEntriesPaused: boolean;
  /** The day's loss where it reached its limit; else `null`. */
  readonly loss: DayLoss | null;
  readonly market: MarketFact;
  readonly watchlist: WatchlistFact;
  /** End of the last completed cycle; `null` where there was none. */
  readonly lastCycleAtMs: number | null;
  /** How the broker failed at the last read, `clock` where the market's line says it; `null` where it answered. */
  readonly brokerFailure: ReadFailure | "clock" | null;
  /** Equity and open result in words (`formatEquity`). */
  readonly equityLine: string;
  /** `null` where the day's trail can't be read. */
  readonly dayResult: DayResult | null;
  /** `null` where the ledger can't be counted from. */
  readonly capUse: CapUseFact | null;
  /** `null` where the records can't be read. */
  readonly positions: readonly PositionFact[] | null;
  /** `null` where the ledger can't be read. */
  readonly unresolved: readonly UnresolvedOrderFact[] | null;
  /** Positions that this engine does not manage, shares negative where short; `null` where the broker could not be asked. */
  readonly foreign: readonly { readonly symbol: string; readonly qty: number }[] | null;
  /** What keeps records from being made (pipeline 5); `null` where nothing does. */
  readonly diskFault: DiskFault | null;
}

/** Builds the heartbeat (interface, Slack): mode, market and watchlist first, then what could need the operator. */
export function buildHeartbeat(inputs: HeartbeatInputs): AlertMessage {
  const { foreign } = inputs;
  const lines = [
    inputs.gateLine ?? "Gate not asked yet (market closed since the start)",
    ...formatPause(inputs.areEntriesPaused),
    ...formatLossLimit(inputs.loss),
    `Market: ${formatMarket(inputs.market)}`,
    `Watchlist: ${formatWatchlist(inputs.watchlist)}`,
    `Last cycle: ${formatLastCycle(inputs)}`,
    formatBroker(inputs.brokerFailure),
    inputs.equityLine,
    // Without records nobody knows what was managed: an empty day is no result of 0.
    inputs.positions === null
      ? "Day result, against the previous close: unknown until the records are read"
      : formatDayResult(inputs.dayResult),
    `Orders today: ${formatCapUse(inputs.capUse)}`,
    ...(inputs.positions === null
      ? ["Managed positions: UNKNOWN until the records are read"]
      : formatList("Managed positions", sortPositions(inputs.positions).map(formatPosition))),
    ...(inputs.unresolved === null
      ? ["Unresolved orders: unknown, the ledger can't be read"]
      : formatList(
        "Unresolved orders",
        inputs.unresolved.map(({ symbol, side }) => `${symbol}, a ${side}`),
      )),
    ...(foreign === null
      ? [
        `Foreign positions: unknown, ${
          inputs.brokerFailure === null ? "not asked yet" : "the broker could not be asked"
        }`,
      ]
      : formatList("Foreign positions", foreign.map((each) => `${each.symbol} ${each.qty}`))),
    ...(inputs.diskFault === null
      ? []
      : [`Disk: ${inputs.diskFault.kind.toUpperCase()}, no entries (${inputs.diskFault.message})`]),
  ];
  return { level: "INFO", title: "Execution heartbeat", text: lines.join("\n") };
}

function formatBroker(failure: HeartbeatInputs["brokerFailure"]): string {
  if (failure === null) return "Broker: reachable";
  if (failure === "clock") return "Broker: NO USABLE CLOCK, see the market above";
  return `Broker: NOT REACHABLE (${failure})`;
}

/** Without a clock no cycle looks at the account: what is known of it is the last one's. */
function formatLastCycle({ nowMs, lastCycleAtMs, market }: HeartbeatInputs): string {
  if (lastCycleAtMs === null) return "NONE completed yet";
  const ageMinutes = Math.max(0, Math.floor((nowMs - lastCycleAtMs) / 60_000));
  const ofThen = market.kind === "unknown" ? "; gate, equity and positions are of then" : "";
  return `${formatNy(lastCycleAtMs)}, ${ageMinutes} min ago${ofThen}`;
}
