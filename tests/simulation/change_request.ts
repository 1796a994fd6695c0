import type { SimOrder } from "../simulator/order.ts";
import { listEntries, type RawEntry } from "./truth.ts";
import type { World } from "./world.ts";

/** An order-changing request as it leaves. */
export interface ChangeRequest {
  readonly op: "entry" | "sell" | "stop" | "replace" | "cancel";
  readonly symbol: string;
  readonly clientOrderId: string | null;
  readonly qty: number | null;
  readonly stopUsd: number | null;
  /** Side of the order that is cancelled or replaced, or of the new one. */
  readonly side: string;
  /** The ledger's notional for it, from the bytes that a crash could not take. */
  readonly recordedNotionalUsd: number | null;
  readonly recorded: RawEntry | null;
  /** The order that is cancelled or replaced. */
  readonly target: SimOrder | null;
}

/** The request's parts; the symbol of a cancel or replacement from the exchange's books. */
export function parseChange(
  world: World,
  request: { readonly method: string; readonly body: string | null },
  path: string,
): ChangeRequest {
  const id = decodeURIComponent(path.split("/").at(-1) ?? "");
  const target = world.exchange.desk.byId.get(id);
  const body: Record<string, unknown> = request.body === null ? {} : JSON.parse(request.body);
  const clientOrderId = typeof body["client_order_id"] === "string"
    ? body["client_order_id"]
    : null;
  const recorded = clientOrderId === null
    ? null
    : listEntries(world, "synced").find((each) => each.client_order_id === clientOrderId) ?? null;
  const stop = body["stop_price"];
  return {
    op: readOp(request.method, body),
    symbol: String(body["symbol"] ?? target?.symbol ?? ""),
    clientOrderId,
    qty: body["qty"] === undefined ? null : Number(body["qty"]),
    stopUsd: stop === undefined ? null : Number(stop),
    side: String(body["side"] ?? target?.side ?? ""),
    recordedNotionalUsd: recorded?.notional ?? null,
    recorded,
    target: target ?? null,
  };
}

function readOp(method: string, body: Record<string, unknown>): ChangeRequest["op"] {
  if (method === "DELETE") return "cancel";
  if (method === "PATCH") return "replace";
  if (body["order_class"] === "bracket") return "entry";
  return body["type"] === "market" ? "sell" : "stop";
}
