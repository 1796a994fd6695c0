import { z } from "zod";
import type { DryRunOrder } from "../domain/order/order_request.ts";
import { type DryRunLedgerPort, StateError } from "../engine/ports.ts";
import { replaceFile } from "./durable_file.ts";
import type { FileSystem } from "./file_system.ts";
import { createSerial } from "./serial.ts";
import { parseJson, readText } from "./text_file.ts";

/** Name of the DRY_RUN ledger in the state directory, unless `DRY_RUN_LEDGER_PATH` says otherwise (interface, Files). */
export const DRY_RUN_LEDGER_FILE = "dry_run_ledger.json";
/** Orders kept; the oldest days go first, so that the file never grows past what is read. */
export const DRY_RUN_ORDERS_MAX = 10_000;

const OrderWire = z.looseObject({ symbol: z.string(), qty: z.number(), ts: z.string() });
const FileWire = z.record(z.string().regex(/^\d{4}-\d{2}-\d{2}:.+$/), OrderWire);

type Orders = ReadonlyMap<string, z.output<typeof OrderWire>>;

/**
 * Simulated submissions in their file, which the old pipeline's are read from too (interface, Files). A damaged file is
 * left as it is: every call throws `StateError` with the remedy, and nothing is simulated twice.
 */
export function createDryRunLedger(
  { fs, path }: { readonly fs: FileSystem; readonly path: string },
): DryRunLedgerPort {
  const inTurn = createSerial();
  return {
    has: (key) => inTurn(async () => (await readOrders(fs, path)).has(buildKey(key))),
    record: (order) =>
      inTurn(async () => {
        const orders = await readOrders(fs, path);
        await replaceFile(fs, path, buildFile(orders, order));
      }),
    list: (dateNy) =>
      inTurn(async () =>
        (await listDryRunOrders(fs, path)).filter((order) => order.dateNy === dateNy)
      ),
  };
}

/** Every simulated submission in the file, oldest day first, for reports. @throws {StateError} Where it is damaged. */
export async function listDryRunOrders(fs: FileSystem, path: string): Promise<DryRunOrder[]> {
  const orders: DryRunOrder[] = [];
  for (const [key, { symbol, qty, ts }] of await readOrders(fs, path)) {
    orders.push({ dateNy: key.slice(0, 10), symbol, qty, ts });
  }
  return orders.sort((a, b) => a.dateNy < b.dateNy ? -1 : a.dateNy > b.dateNy ? 1 : 0);
}

function buildKey(key: { readonly dateNy: string; readonly symbol: string }): string {
  return `${key.dateNy}:${key.symbol}`;
}

async function readOrders(fs: FileSystem, path: string): Promise<Orders> {
  const read = await readText(fs, path);
  if (read.kind === "missing") return new Map();
  if (read.kind === "unreadable") throw new StateError(`${read.message}; ${REMEDY}`);
  const json = parseJson(read.text);
  const wire = json.kind === "json" ? FileWire.safeParse(json.value) : null;
  if (wire?.success) return new Map(Object.entries(wire.data));
  const what = wire === null ? "it is not JSON" : "it is not a DRY_RUN ledger";
  throw new StateError(`Cannot use ${JSON.stringify(path)}: ${what}; ${REMEDY}`);
}

const REMEDY = "move the file away, then DRY_RUN orders are recorded in a new one";

function buildFile(orders: Orders, order: DryRunOrder): Uint8Array {
  const { symbol, qty, ts } = order;
  const all = [...orders, [buildKey(order), { symbol, qty, ts }] as const]
    .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  const kept = Object.fromEntries(all.slice(-DRY_RUN_ORDERS_MAX));
  return new TextEncoder().encode(`${JSON.stringify(kept, null, 2)}\n`);
}
