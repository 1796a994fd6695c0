import { isKnownStatus } from "../../src/domain/order/orders.ts";
import { isDone, leftQty, rootOf, type SimOrder } from "../simulator/order.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import { BOUND_STATUSES } from "../simulator/spell.ts";
import { KILL_PATH, LEDGER_PATH, STATE_PATH, TOKEN_PATH, type World } from "./world.ts";

// What is so, found without asking the engine: from the settings, the files' bytes and the exchange's own books.

/** An entry of the live ledger as its JSON has it. */
export interface RawEntry {
  readonly client_order_id: string | null;
  readonly symbol: string;
  readonly side: string;
  readonly status: string;
  readonly reason: string | null;
  readonly notional: number;
  readonly qty: number | null;
  readonly detail?: string | null;
  readonly deadline_at?: string | null;
}

/** A managed position as the state file has it. */
export interface RawPosition {
  readonly symbol: string;
  readonly position_id: string;
  readonly adopted_qty: number;
  readonly pivot: number;
  readonly r1: number;
  readonly r2: number;
  readonly high_water: number;
  readonly stop: number;
  readonly trimmed_r1: boolean;
  readonly trimmed_r2: boolean;
  readonly qty: number | null;
  readonly unexplained_qty: number | null;
  readonly opened_at: string;
}

const ON: ReadonlySet<string> = new Set(["1", "true", "yes", "on"]);

/** Why the operator does not want a live order now, or `null` (runbook 2: two keys, kill switch, DRY_RUN). */
export function findObjection(world: World): string | null {
  const { settings, disk } = world;
  if (ON.has(settings["DRY_RUN"] ?? "")) return "DRY_RUN is on";
  if (ON.has(settings["KILL_SWITCH"] ?? "")) return "KILL_SWITCH is on";
  if (disk.has(KILL_PATH)) return "the KILL_SWITCH file exists";
  if (!ON.has(settings["LIVE_TRADING"] ?? "")) return "LIVE_TRADING is off";
  const bytes = disk.bytesOf(TOKEN_PATH);
  const token = bytes === null ? "" : new TextDecoder().decode(bytes).trim();
  if (token === "" || token !== (settings["LIVE_CONFIRM_TOKEN"] ?? "").trim()) {
    return "the tokens differ";
  }
  return null;
}

/** Why LIVE can't be counted from the ledger file as it is now, or `null` (pipeline 6). */
export function findLedgerFault(world: World): string | null {
  const value = world.readJson(LEDGER_PATH, "now");
  if (!isRecord(value)) return "the ledger is missing or unreadable";
  if (value["date_ny"] !== nyDateAt(world.trueMs)) return `the ledger is of ${value["date_ny"]}`;
  if (!Array.isArray(value["entries"])) return "the ledger has no entries";
  for (const entry of value["entries"]) {
    if (!isRecord(entry)) return "an entry of the ledger is none";
    const notional = entry["notional"];
    if (typeof notional !== "number" || !(notional >= 0)) return "a notional is no amount";
  }
  if (Number(value["mismatches"]) >= 2) return "the ledger has two mismatches";
  return null;
}

/** The account that ledger or state were written for; `null` where neither says. */
export function findOwner(world: World): string | null {
  for (const path of [LEDGER_PATH, STATE_PATH]) {
    const value = world.readJson(path, "now");
    const owner = isRecord(value) ? value["account_id"] : null;
    if (typeof owner === "string") return owner;
  }
  return null;
}

/** Whether ledger or state name another account than the keys open: nothing is looked up, decided or sent (pipeline 6). */
export function isOfAnotherAccount(world: World): boolean {
  const owner = findOwner(world);
  return owner !== null && owner !== world.exchange.accountId;
}

/** Entries of a ledger file; empty where it can't be read. */
export function listEntries(world: World, view: "now" | "synced", path = LEDGER_PATH): RawEntry[] {
  const value = world.readJson(path, view);
  if (!isRecord(value) || !Array.isArray(value["entries"])) return [];
  return value["entries"] as RawEntry[];
}

/** The document's ledger: its day and entries; `null` where it can't be read, or has none. */
export function readDocumentLedger(
  world: World,
): { readonly dateNy: string; readonly entries: readonly RawEntry[] } | null {
  const value = world.readJson(STATE_PATH, "now");
  const ledger = isRecord(value) ? value["ledger"] : null;
  if (!isRecord(ledger) || !Array.isArray(ledger["entries"])) return null;
  return { dateNy: String(ledger["date_ny"]), entries: ledger["entries"] as RawEntry[] };
}

/** Whether the document is there and no regular file: it is waited for, and no record is held against anything (pipeline 6). */
export function isDocumentUnreadable({ disk }: World): boolean {
  return disk.has(STATE_PATH) && disk.bytesOf(STATE_PATH) === null;
}

/** Managed positions of the state file; empty where it can't be read. */
export function listPositions(world: World, view: "now" | "synced" = "now"): RawPosition[] {
  const value = world.readJson(STATE_PATH, view);
  if (!isRecord(value) || !Array.isArray(value["positions"])) return [];
  return value["positions"] as RawPosition[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What working sells hold of a position, by the exchange's own books. */
export interface Coverage {
  /** Whole shares, a hand's not counted. */
  readonly heldQty: number;
  /** By sells that are not on their way out. */
  readonly coveredQty: number;
  /** By good-till-canceled stops among them, and by those that are done for the day: they work again from the next session on. */
  readonly gtcQty: number;
  /** By sells that are being replaced: the old one is in force until the new one is. */
  readonly replacingQty: number;
  /** By sells in a status that nobody knows, or that are as good as done: nothing is done about their shares (pipeline 5). */
  readonly unclearQty: number;
  /** When the last of these came to its status, by the exchange's clock; -Infinity where there is none. */
  readonly unclearSinceMs: number;
  /** Whether a trade of the symbol is as good as done: nothing new is sent in it before it is settled (pipeline 5). */
  readonly isBound: boolean;
  readonly isLeaving: boolean;
  readonly isSelling: boolean;
}

/** Whole shares of a position that no hand bought beside ours: a part of one has no stop, and is nobody's to manage (pipeline 5). */
function readOurs(world: World, symbol: string): number {
  const qty = world.exchange.portfolio.qty(symbol);
  return qty <= 0 ? qty : Math.max(0, Math.floor(qty - countHandQty(world, symbol)));
}

/**
 * Shares of a symbol that a hand bought beside the engine's and has not sold: its own sells take those first (pipeline 5). What was
 * there when the engine took the position over is the engine's, whoever bought it.
 */
function countHandQty(world: World, symbol: string): number {
  let qty = 0;
  const orders = world.handOrders.filter((order) => order.symbol === symbol);
  if (orders.length === 0) return 0;
  const adopted = listPositions(world).find((each) =>
    each.symbol === symbol && each.adopted_qty > 0
  );
  const fromMs = adopted === undefined ? -Infinity : Date.parse(adopted.opened_at);
  const fills = orders
    .flatMap(({ side, fills }) => fills.map((fill) => ({ side, ...fill })))
    .filter(({ atMs }) => atMs >= fromMs)
    .sort((a, b) => a.atMs - b.atMs);
  for (const { side, qty: filledQty } of fills) {
    qty = Math.max(0, side === "buy" ? qty + filledQty : qty - filledQty);
  }
  return qty;
}

/** Whether it is a good-till-canceled stop that protects again from the next session on (pipeline 5). */
function isOverThisDay({ status, timeInForce, stopPriceUsd, parent, legs }: SimOrder): boolean {
  const isAlone = parent === null && legs.length === 0;
  return status === "done_for_day" && timeInForce === "gtc" && stopPriceUsd !== null && isAlone;
}

/** The sells of a symbol that the exchange works, held against its position. */
export function readCoverage(world: World, symbol: string): Coverage {
  const groups = new Map<SimOrder, SimOrder[]>();
  let unclearQty = 0;
  let unclearSinceMs = -Infinity;
  let isBound = false;
  let isLeaving = false;
  let gtcQty = 0;
  for (const order of world.exchange.desk.active.get(symbol)?.working ?? []) {
    if (order.side !== "sell" || isDone(order) || !order.isActive) continue;
    // Suspended, done for the day, or in a status that nobody knows: it protects nothing (pipeline 5).
    if (order.asleep !== null) {
      if (isOverThisDay(order)) gtcQty += leftQty(order);
      if (order.status === "pending_cancel") isLeaving = true;
      if (BOUND_STATUSES.has(order.status)) isBound = true;
      if (!isKnownStatus(order.status) || BOUND_STATUSES.has(order.status)) {
        unclearQty += leftQty(order);
        unclearSinceMs = Math.max(unclearSinceMs, order.updatedMs);
      }
      continue;
    }
    const root = rootOf(order);
    groups.set(root, [...groups.get(root) ?? [], order]);
  }
  let coveredQty = 0;
  let replacingQty = 0;
  let isSelling = false;
  for (const orders of groups.values()) {
    if (orders.some((order) => order.type === "market")) isSelling = true;
    if (
      orders.some((order) => order.status.startsWith("pending_") && order.status !== "pending_new")
    ) {
      isLeaving = true;
      if (orders.every((order) => order.status !== "pending_cancel")) {
        replacingQty += Math.max(...orders.map(leftQty));
      }
      continue;
    }
    const qty = Math.max(...orders.map(leftQty));
    coveredQty += qty;
    const hasStop = orders.some((order) => order.stopPriceUsd !== null);
    if (hasStop && orders.every((order) => order.timeInForce === "gtc")) gtcQty += qty;
  }
  const heldQty = readOurs(world, symbol);
  return {
    heldQty,
    coveredQty,
    gtcQty,
    replacingQty,
    unclearQty,
    unclearSinceMs,
    isBound,
    isLeaving,
    isSelling,
  };
}

/** Whether the engine named the order; the operator's `flatten` is not simulated. */
export function isEngineOrder(order: SimOrder): boolean {
  return order.clientOrderId.startsWith("avwap-");
}

/**
 * Whether the exchange kept from everybody's eyes since then how an order of the symbol stands: one that it does not show yet,
 * one that a spell turned, what a hand has done or traded, and what an entry bought that positions lack.
 */
export function isHiding(world: World, symbol: string, sinceMs: number): boolean {
  const { behaviour, orders } = world.exchange;
  const { visibilityDelayMs, positionsLagMs } = behaviour;
  const isUnshown = orders.some((order) =>
    order.symbol === symbol &&
    (visibilityDelayMs > 0 && order.submitted.ms + visibilityDelayMs >= sinceMs ||
      order.side === "buy" && (order.fills.at(-1)?.atMs ?? -Infinity) + positionsLagMs > sinceMs)
  );
  return isUnshown || isHandHidden(world, symbol, sinceMs) || isTurning(world, symbol, sinceMs);
}

/** Whether positions or lists need not have shown by then what a hand did or traded in the symbol. */
export function isHandHidden(world: World, symbol: string, sinceMs: number): boolean {
  const { handOrders, closingOrders, touchedMs } = world;
  const hiddenMs = sinceMs - findLagMs(world);
  return (touchedMs.get(symbol) ?? -Infinity) >= hiddenMs ||
    [...handOrders, ...closingOrders].some(({ symbol: each, fills }) =>
      each === symbol && (fills.at(-1)?.atMs ?? -Infinity) >= hiddenMs
    );
}

/** Whether a spell began or ended on an order of the symbol since then, by what lists show. */
export function isTurning(world: World, symbol: string, sinceMs: number): boolean {
  return world.exchange.orders.some((order) =>
    order.symbol === symbol && order.turnedMs !== null &&
    order.turnedMs + findLagMs(world) >= sinceMs
  );
}

function findLagMs({ exchange: { behaviour } }: World): number {
  const { positionsLagMs, listsLagMs, openListsLagMs } = behaviour;
  return Math.max(positionsLagMs, listsLagMs, openListsLagMs ?? 0);
}

/** The broker shows nine decimals of a share. */
const ROUNDING_QTY = 1e-6;

/**
 * Whether an issuer changed what is held of a position since it was opened, and no order explains it. Where somebody put as many
 * shares in the place of those that an issuer took, the orders explain what is shown, and nobody can tell (pipeline 5).
 */
export function isSplit(
  world: World,
  { symbol, opened_at }: Pick<RawPosition, "symbol" | "opened_at">,
): boolean {
  const act = world.issuerActs.get(symbol);
  if (act === undefined || Date.parse(opened_at) >= act.atMs) return false;
  return Math.abs(world.countOrderless(symbol) - act.orderlessQty) > ROUNDING_QTY;
}

/** The engine's entries at the exchange, rejected ones left out. */
export function listAcceptedEntries(world: World): SimOrder[] {
  return world.exchange.orders.filter((order) =>
    order.parent === null && order.side === "buy" && isEngineOrder(order) &&
    order.status !== "rejected"
  );
}

/**
 * The highest stop of the engine's that the exchange ever took for a position, its entry's own leg included; 0 where none.
 * What a hand put in a leg's place is the hand's price, which rests beside the engine's and never enters it (pipeline 5).
 * @param shownBeforeMs Orders that the exchange showed only from then on are left out; by default none.
 */
export function findHighestStop(
  world: World,
  positionId: string,
  shownBeforeMs = Infinity,
): number {
  const { visibilityDelayMs } = world.exchange.behaviour;
  let highestUsd = 0;
  // A hand's price rests beside the engine's, and never becomes its own (pipeline 5).
  const byHand = new Set(
    world.exchange.orders.filter((order) => order.replaces !== null && !isEngineOrder(order))
      .map((order) => order.stopPriceUsd),
  );
  for (const order of world.exchange.orders) {
    if (byHand.has(order.stopPriceUsd)) continue;
    if (visibilityDelayMs > 0 && order.submitted.ms + visibilityDelayMs >= shownBeforeMs) continue;
    const isMine = order.clientOrderId.startsWith(`${positionId}-stop-`) ||
      (order.parent?.clientOrderId === positionId && order.replaces === null);
    if (isMine && order.stopPriceUsd !== null && order.status !== "rejected") {
      highestUsd = Math.max(highestUsd, order.stopPriceUsd);
    }
  }
  return highestUsd;
}

/** The first key of a map that a predicate accepts, for messages. */
export function describeOrders(world: World, symbol: string): string {
  return world.exchange.orders.filter((order) => order.symbol === symbol && !isDone(order))
    .map((order) =>
      `${order.side} ${order.type} ${order.qty}/${order.filledQty} ${order.status} ${order.timeInForce}`
    ).join("; ");
}
