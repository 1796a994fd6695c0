import { readPositionId } from "../domain/order/client_order_id.ts";
import type { BrokerOrder, BrokerPosition } from "../domain/order/orders.ts";
import type { LedgerEntry } from "../domain/order/ledger.ts";
import type { Listed, Look } from "../domain/plan/world.ts";
import type { UnreadableRow } from "../domain/order/unreadable_row.ts";
import { readPastEntries } from "./archive.ts";
import type { Read } from "../domain/plan/shown.ts";
import type { Engine, Observation } from "./engine.ts";
import type { Listing, RequestClass } from "./ports.ts";
import { listEntries } from "./ledger_store.ts";
import { sayUnreadable } from "./unreadable.ts";

/** A list's readable rows, and beside them those that can't be read. */
export interface SplitListing<T> {
  readonly read: Read<readonly T[]>;
  /** With the symbol of ours that only our records know. */
  readonly unreadable: readonly UnreadableRow[];
}

/** Reads a list of the broker's, row by row (pipeline 6, "A row of the broker's"). */
export async function readListing<T>(
  engine: Engine,
  ask: () => Promise<Listing<T>>,
): Promise<SplitListing<T>> {
  return await takeListing(engine, await engine.read(ask));
}

/** The same of an answer that is there already. */
export async function takeListing<T>(
  engine: Engine,
  read: Read<Listing<T>>,
): Promise<SplitListing<T>> {
  if (read.kind === "failed") return { read, unreadable: [] };
  const { rows, unreadable } = read.value;
  return { read: { ...read, value: rows }, unreadable: await addSymbols(engine, unreadable) };
}

/** A list as the plan looks at it. */
export function toLook<T>({ read, unreadable }: SplitListing<T>): Look<Listed<T>> {
  return read.kind === "ok" ? { kind: "ok", value: { rows: read.value, unreadable } } : read;
}

/** Reads the positions into an observation. */
export async function readPositions(
  engine: Engine,
  observation: Observation,
  requestClass?: RequestClass,
): Promise<Observation> {
  const asked = engine.markAsked();
  const listing = await readListing<BrokerPosition>(
    engine,
    () => engine.ports.broker.listPositions(requestClass),
  );
  engine.learn([{ to: "positions", look: toLook(listing) }], asked);
  const { read, unreadable } = listing;
  return {
    ...observation,
    positions: read,
    unreadable: { ...observation.unreadable, positions: unreadable },
  };
}

/** How far back it searches the broker's orders for what bought a position that no record explains. */
const PAST_ORDERS_MS = 90 * 86_400_000;

/**
 * Orders of the last months: a position of ours outlives its records. They account for shares: with a row that can't be read,
 * which is said, the list accounts for none, and has failed.
 */
export async function readPastOrders(
  engine: Engine,
  symbols: readonly string[],
): Promise<Read<readonly BrokerOrder[]>> {
  const query = { status: "all", afterMs: engine.nowMs() - PAST_ORDERS_MS, symbols } as const;
  const ask = () => engine.ports.broker.listOrders(query, "protect");
  const { read, unreadable } = await readListing<BrokerOrder>(engine, ask);
  unreadable.forEach((row) => sayUnreadable(engine, row));
  const [first] = unreadable;
  return first === undefined
    ? read
    : { kind: "failed", failure: "malformed", message: first.problem };
}

/** An order without a symbol is of the symbol that our records have under its name. */
async function addSymbols(
  engine: Engine,
  rows: readonly UnreadableRow[],
): Promise<readonly UnreadableRow[]> {
  if (rows.every((row) => row.symbol !== null)) return rows;
  const entries = await listKnownEntries(engine);
  return rows.map((row) =>
    row.symbol === null ? { ...row, symbol: findSymbol(engine, row, entries) } : row
  );
}

async function listKnownEntries(engine: Engine): Promise<readonly LedgerEntry[]> {
  const past = await readPastEntries(engine);
  return [...listEntries(engine), ...(past.kind === "ok" ? past.entries : [])];
}

function findSymbol(
  engine: Engine,
  { clientOrderId, orderId }: UnreadableRow,
  entries: readonly LedgerEntry[],
): string | null {
  const entry = entries.find((each) =>
    (clientOrderId !== null && each.clientOrderId === clientOrderId) ||
    (orderId !== null &&
      (each.orderId === orderId || each.legs.some((leg) => leg.orderId === orderId)))
  );
  if (entry !== undefined) return entry.symbol;
  const positionId = readPositionId(clientOrderId ?? "") ?? clientOrderId;
  return engine.state.positions.find((each) => each.positionId === positionId)?.symbol ?? null;
}
