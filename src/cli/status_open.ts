import { formatSignedUsd } from "../domain/alert/alert_facts.ts";
import { formatPriceUsd } from "../domain/order/money.ts";
import { buildTradeResult, formatR } from "../domain/account/trade_result.ts";
import type { Trade } from "../domain/day/trades.ts";
import type { EngineState, ManagedPosition } from "../domain/account/engine_state.ts";
import { formatHeldTime } from "../domain/time/held_time.ts";
import type { LedgerEntry } from "../domain/order/ledger.ts";
import { readCostEach } from "../domain/account/managed_position.ts";
import { formatNy, formatUtc } from "../domain/time/ny_time.ts";
import { sumResultsUsd } from "../domain/order/usd_flow.ts";
import type { BrokerPosition } from "../domain/order/orders.ts";
import type { StateRead } from "../domain/account/records_read.ts";
import type { CoverStatus } from "./status_cover.ts";
import { formatNarrowTable } from "./table.ts";

/** What a managed position makes. USD, prices per share; `null` is not known, and never 0. */
export interface OpenStatus {
  readonly symbol: string;
  readonly qty: number | null;
  readonly entry_usd: number | null;
  readonly last_usd: number | null;
  /** When the last price was traded, where the files alone have it; `null` for the broker's own. */
  readonly last_at: string | null;
  readonly stop_usd: number;
  /** As of the engine's last cycle, and not less than the broker, where it was asked, leaves without a stop or a sell. */
  readonly bare_qty: number | null;
  readonly open_usd: number | null;
  readonly open_r: number | null;
  readonly held_seconds: number;
  /** What waits to be done, as of the engine's last cycle. */
  readonly due: string | null;
}

/** What the table is made from. */
export interface OpenInputs {
  readonly state: StateRead;
  /** Today's entries and the archive's, for the stop that each position was bought with. */
  readonly entries: readonly LedgerEntry[];
  /** The trail's, for the stop that a position was adopted with. */
  readonly trades: readonly Trade[];
  /** `null` where the broker was not asked. */
  readonly held: readonly BrokerPosition[] | null;
  /** What stands at the broker for a position; `null` where nobody can tell. */
  readonly coverOf: (position: ManagedPosition) => CoverStatus | null;
  readonly nowMs: number;
}

/** @returns `null` where the state that names the positions can't be read: unknown is not none. */
export function buildOpenStatus({ state, ...inputs }: OpenInputs): OpenStatus[] | null {
  if (state.kind === "missing") return [];
  if (state.kind !== "ok") return null;
  const { positions, standings } = state.state;
  return positions.map((position) => buildRow(position, standings, inputs));
}

function buildRow(
  position: ManagedPosition,
  standings: EngineState["standings"],
  { entries, trades, held, coverOf, nowMs }: Omit<OpenInputs, "state">,
): OpenStatus {
  const { symbol, qty, lastTrade } = position;
  const shown = held?.find((each) => each.symbol === symbol);
  const standing = standings.find((each) => each.positionId === position.positionId);
  const entryUsd = shown?.avgEntryPriceUsd ?? readCostEach(position);
  const isAsked = shown !== undefined && shown.currentPriceUsd !== null;
  const lastUsd = isAsked ? shown.currentPriceUsd : lastTrade?.priceUsd ?? null;
  const stopUsd = findInitialStop(position, { entries, trades });
  const isAbsent = held !== null && shown === undefined;
  const isKnown = qty !== null && qty > 0 && entryUsd !== null &&
    position.unexplainedQty === null && !isAbsent;
  const result = isKnown
    ? buildTradeResult({
      adoptedQty: 0,
      adoptedCostUsd: null,
      initialStopUsd: stopUsd,
      fills: [{ side: "buy", qty, priceUsd: entryUsd }],
    }, lastUsd)
    : null;
  return {
    symbol,
    qty,
    entry_usd: entryUsd,
    last_usd: lastUsd,
    last_at: isAsked || lastTrade === undefined ? null : formatUtc(lastTrade.atMs),
    stop_usd: position.stopUsd,
    bare_qty: countBare(position, standing?.bareQty ?? null, coverOf(position)),
    open_usd: result?.openUsd ?? null,
    open_r: result?.resultR ?? null,
    held_seconds: Math.max(0, Math.floor((nowMs - position.openedAtMs) / 1000)),
    due: standing?.due ?? null,
  };
}

function countBare(
  { qty }: ManagedPosition,
  knownQty: number | null,
  cover: CoverStatus | null,
): number | null {
  if (cover === null || qty === null) return knownQty;
  const coveredQty = Math.max(cover.covered_qty, cover.gtc_covered_qty);
  return Math.max(knownQty ?? 0, Math.min(qty, cover.qty) - coveredQty);
}

/** The stop that it was bought or adopted with; `null` where nothing that was read has it. */
function findInitialStop(
  { symbol, positionId }: ManagedPosition,
  { entries, trades }: Pick<OpenInputs, "entries" | "trades">,
): number | null {
  const entry = entries.find(({ side, clientOrderId }) =>
    side === "buy" && clientOrderId === positionId
  );
  if (entry !== undefined) return entry.stopUsd ?? null;
  const adopted = trades.findLast((trade) => trade.symbol === symbol && trade.isAdopted);
  return adopted === undefined || adopted.closedAtMs !== null ? null : adopted.initialStopUsd;
}

const COLUMNS = [
  { head: "SYMBOL", align: "left" },
  { head: "QTY", align: "right" },
  { head: "ENTRY", align: "right" },
  { head: "LAST", align: "right" },
  { head: "STOP", align: "right" },
  { head: "BARE", align: "right" },
  { head: "OPEN USD", align: "right" },
  { head: "R", align: "right" },
  { head: "HELD", align: "right" },
  { head: "DUE", align: "left" },
] as const;

/** The table of open positions in 80 columns; `?` is not known. */
export function formatOpen(rows: readonly OpenStatus[]): string[] {
  if (rows.length === 0) return [];
  const table = formatNarrowTable(COLUMNS, rows.map(formatRow));
  const dates = rows.flatMap(({ last_at }) => last_at === null ? [] : [Date.parse(last_at)]);
  const note = dates.length === 0
    ? []
    : [`(prices from the engine's last looks, the oldest of ${formatNy(Math.min(...dates))})`];
  return [...table, ...note];
}

function formatRow(row: OpenStatus): string[] {
  const price = (usd: number | null) => usd === null ? "?" : formatPriceUsd(usd);
  return [
    row.symbol,
    `${row.qty ?? "?"}`,
    price(row.entry_usd),
    price(row.last_usd),
    price(row.stop_usd),
    `${row.bare_qty ?? "?"}`,
    row.open_usd === null ? "?" : formatSignedUsd(row.open_usd),
    row.open_r === null ? "?" : formatR(row.open_r).replace(" R", ""),
    formatHeldTime(row.held_seconds * 1000).replaceAll(/ (min|h|d|s)/g, "$1"),
    row.due ?? "",
  ];
}

/** The open result of all of them; `null` where that of any is not known. */
export function sumOpen(rows: readonly OpenStatus[] | null): number | null {
  if (rows === null) return null;
  const known = rows.flatMap(({ open_usd }) => open_usd ?? []);
  return known.length < rows.length ? null : sumResultsUsd(known);
}
