import type { KnownOrder } from "../../src/domain/account/order_book.ts";
import { isExitReason } from "../../src/domain/exit/exit_rules.ts";
import { isIdTaken, isUnsettled, type LedgerEntry } from "../../src/domain/order/ledger.ts";
import { isFinal } from "../../src/domain/order/orders.ts";
import type { UnderWay, Unfinished } from "../../src/domain/account/unfinished.ts";
import { type BrokerState, type Change, isOver, type Order } from "./broker_state.ts";
import type { Begin } from "./client.ts";
import { MadeOfBoth } from "./made.ts";
import type { PlannedState } from "./planned_client.ts";
import { POSITION_ID, toSubmittedMs } from "./wire_map.ts";

// A position's life repeats itself: a stop is placed, replaced, cancelled, placed again, with other names each time. Where a cycle
// begins, what has ended without a fill and is known to have is taken out, and the rest is named by the order of its appearance.

/** The broker's ids and ours, from before to after; what is not in it is gone. */
interface Names {
  readonly ids: ReadonlyMap<number, number>;
  readonly clientIds: ReadonlyMap<string, string>;
}

const renewed = new MadeOfBoth<PlannedState, readonly Order[], Begin<PlannedState>>();

/**
 * The client and its broker without the orders on which nothing depends any more, and with new names: at the beginning of a cycle
 * or a process, when nothing was asked for yet.
 */
export function renew(client: PlannedState, broker: BrokerState): Begin<PlannedState> {
  // What lags shows orders as they were.
  if (broker.pastOrders !== null) return { client, broker };
  // What is under way to the broker has its names, too.
  if (broker.late !== null) return renewNow(client, broker);
  const next = renewed.get(client, broker.orders, () => renewNow(client, broker));
  return { client: next.client, broker: { ...broker, orders: next.broker.orders } };
}

function renewNow(client: PlannedState, broker: BrokerState): Begin<PlannedState> {
  const gone = listGone(client, broker);
  const entries = listKeptEntries(client, broker, gone);
  const names = buildNames(broker, gone, entries);
  const next = { ...client, ...renameClient(client, entries, names) };
  return rankVersions(next, renameBroker(broker, names));
}

function numberOf(orderId: string): number {
  return Number(orderId.slice(1));
}

/** Plain sells and stops of ours that ended without a fill, and on which nothing that is kept depends. */
function listGone(client: PlannedState, broker: BrokerState): ReadonlySet<number> {
  const gone = new Set(
    broker.orders.filter((order) => isForgotten(client, broker, order)).map(({ id }) => id),
  );
  for (let before = -1; before !== gone.size;) {
    before = gone.size;
    for (const order of broker.orders) {
      if (gone.has(order.id)) {
        // Whether a replacement was refused is asked of the order that rests.
        if (order.replaces !== 0 && !gone.has(order.replaces)) gone.delete(order.id);
      } else if (gone.has(order.replaces) && !isPlainOfOurs(order)) {
        // By whose name it is ours is read along the chain.
        gone.delete(order.replaces);
      }
    }
  }
  return gone;
}

function isPlainOfOurs({ clientOrderId, parentId, side }: Order): boolean {
  return side === "sell" && parentId === 0 && clientOrderId.startsWith(`${POSITION_ID}-`);
}

function isForgotten({ seen, records }: PlannedState, broker: BrokerState, order: Order): boolean {
  const { id, clientOrderId, filledQty, isHidden } = order;
  if (!isPlainOfOurs(order) || !isOver(order) || filledQty > 0 || isHidden) return false;
  const known = seen.book.get(`o${id}`)?.order;
  if (known !== undefined && !isFinal(known)) return false;
  const entry = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  if (entry === undefined || isUnsettled(entry)) return false;
  if (entry.status === "accepted" && (entry.broker === null || !isFinal(entry.broker))) {
    return false;
  }
  const { late } = broker;
  if (late !== null && (late.kind === "cancel" || late.kind === "replace") && late.id === id) {
    return false;
  }
  return !records.unfinished.some(({ underWay }) => isNamed(underWay, `o${id}`, clientOrderId));
}

/** Whether what is under way speaks of the order. */
function isNamed(
  { begun, unreplaceable, inQuestion }: UnderWay,
  orderId: string,
  clientOrderId: string,
): boolean {
  const ids = [
    begun?.sellId,
    begun?.stopId,
    begun?.shrinks,
    unreplaceable?.orderId,
    inQuestion?.clientOrderId,
    ...begun?.cancels.flatMap((each) => [
      each.orderId,
      ...each.members.map((member) => member.orderId),
    ]) ?? [],
  ];
  return ids.includes(orderId) || ids.includes(clientOrderId);
}

/**
 * Records without those of what is gone, and without those that never became an order: the next of their kind has the same
 * number. Of an exit that was taken and sold nothing one record is kept, which says so.
 */
function listKeptEntries(
  { records }: PlannedState,
  { orders, late }: BrokerState,
  gone: ReadonlySet<number>,
): LedgerEntry[] {
  const all = records.ledger?.entries ?? [];
  const lateId = late === null || late.kind === "cancel" ? null : late.clientOrderId;
  const atBroker = new Set(orders.map(({ clientOrderId }) => clientOrderId));
  return all.filter((entry, at) => {
    const { clientOrderId, orderId, status, reason } = entry;
    if (clientOrderId === null || entry.side !== "sell") return true;
    if (orderId === null) {
      const isKnown = atBroker.has(clientOrderId) || clientOrderId === lateId ||
        isIdTaken(entry) ||
        records.unfinished.some(({ underWay }) => isNamed(underWay, "", clientOrderId));
      return status !== "rejected" || isKnown;
    }
    if (!gone.has(numberOf(orderId))) return true;
    const isLast = !all.slice(at + 1).some((each) => each.reason === reason);
    return isExitReason(reason) && isLast;
  });
}

function buildNames(
  broker: BrokerState,
  gone: ReadonlySet<number>,
  entries: readonly LedgerEntry[],
): Names {
  const ids = new Map<number, number>();
  const clientIds = new Map<string, string>([[POSITION_ID, POSITION_ID]]);
  const keptIds = new Set(entries.map(({ orderId }) => orderId));
  for (const { id, clientOrderId } of broker.orders) {
    if (gone.has(id) && !keptIds.has(`o${id}`)) continue;
    const next = ids.size + 1;
    ids.set(id, next);
    const [, who] = /^(broker|hand)-\d+$/.exec(clientOrderId) ?? [];
    if (who !== undefined) clientIds.set(clientOrderId, `${who}-${next}`);
  }
  const counts = new Map<string, number>();
  const sells = entries.filter(({ side }) => side === "sell")
    .toSorted((a, b) => (a.attempt ?? 0) - (b.attempt ?? 0));
  for (const { clientOrderId, reason } of sells) {
    const count = (counts.get(reason ?? "") ?? 0) + 1;
    counts.set(reason ?? "", count);
    clientIds.set(clientOrderId ?? "", `${POSITION_ID}-${reason}-${count}`);
  }
  return { ids, clientIds };
}

function renameBroker(broker: BrokerState, { ids, clientIds }: Names): BrokerState {
  const orders = broker.orders.flatMap((order): Order[] => {
    const id = ids.get(order.id);
    if (id === undefined) return [];
    const next = {
      id,
      clientOrderId: clientIds.get(order.clientOrderId) ?? order.clientOrderId,
      parentId: ids.get(order.parentId) ?? 0,
      replaces: ids.get(order.replaces) ?? 0,
      replacedBy: ids.get(order.replacedBy) ?? 0,
    };
    const isSame = id === order.id && next.clientOrderId === order.clientOrderId &&
      next.parentId === order.parentId && next.replaces === order.replaces &&
      next.replacedBy === order.replacedBy;
    return [isSame ? order : { ...order, ...next }];
  });
  return { ...broker, orders, late: renameLate(broker.late, { ids, clientIds }) };
}

function renameLate(late: Change | null, { ids, clientIds }: Names): Change | null {
  if (late === null) return null;
  if (late.kind === "cancel") return { ...late, id: ids.get(late.id) ?? late.id };
  const clientOrderId = clientIds.get(late.clientOrderId) ?? late.clientOrderId;
  return late.kind === "replace"
    ? { ...late, clientOrderId, id: ids.get(late.id) ?? late.id }
    : { ...late, clientOrderId };
}

function renameClient(
  { records, seen }: PlannedState,
  entries: readonly LedgerEntry[],
  names: Names,
): Pick<PlannedState, "records" | "seen"> {
  const id = (orderId: string): string => {
    const next = names.ids.get(numberOf(orderId));
    return next === undefined ? "" : `o${next}`;
  };
  const optional = (orderId: string | null) => orderId === null ? null : id(orderId) || null;
  const clientId = (name: string) => names.clientIds.get(name) ?? name;
  const moved = (orderId: string, atMs: number) => atMs + shiftOf(orderId, id(orderId));
  const book = [...seen.book].flatMap(([orderId, known]): [string, KnownOrder][] => {
    const next = id(orderId);
    if (next === "") return [];
    const { order, parentId } = known;
    const isSame = next === orderId && clientId(order.clientOrderId) === order.clientOrderId &&
      [parentId, order.replaces, order.replacedBy].every((each) => optional(each) === each);
    if (isSame) return [[orderId, known]];
    return [[next, {
      ...known,
      parentId: optional(parentId),
      order: {
        ...order,
        orderId: next,
        clientOrderId: clientId(order.clientOrderId),
        submittedAtMs: moved(orderId, order.submittedAtMs),
        updatedAtMs: moved(orderId, order.updatedAtMs),
        replaces: optional(order.replaces),
        replacedBy: optional(order.replacedBy),
      },
    }]];
  });
  const renamed = entries.map((entry): LedgerEntry => {
    const { orderId, clientOrderId, broker, side } = entry;
    const name = clientOrderId === null ? null : clientId(clientOrderId);
    const isSame = name === clientOrderId && optional(orderId) === orderId &&
      optional(entry.replaces) === entry.replaces &&
      entry.legs.every((leg) =>
        id(leg.orderId) === leg.orderId && clientId(leg.clientOrderId) === leg.clientOrderId
      );
    if (isSame) return entry;
    return {
      ...entry,
      orderId: optional(orderId),
      clientOrderId: name,
      attempt: side === "sell" && name !== null ? Number(name.split("-").at(-1)) : entry.attempt,
      replaces: optional(entry.replaces),
      legs: entry.legs.map((leg) => ({
        ...leg,
        orderId: id(leg.orderId),
        clientOrderId: clientId(leg.clientOrderId),
      })),
      broker: broker === null || orderId === null
        ? broker
        : { ...broker, updatedAtMs: moved(orderId, broker.updatedAtMs) },
    };
  });
  const { ledger } = records;
  return {
    seen: { ...seen, book: new Map(book) },
    records: {
      ...records,
      ledger: ledger === null ? null : { ...ledger, entries: renamed },
      unfinished: records.unfinished.map((each) => renameUnfinished(each, id, clientId)),
    },
  };
}

function shiftOf(from: string, to: string): number {
  return to === "" ? 0 : toSubmittedMs(numberOf(to)) - toSubmittedMs(numberOf(from));
}

function renameUnfinished(
  unfinished: Unfinished,
  id: (orderId: string) => string,
  clientId: (name: string) => string,
): Unfinished {
  const { begun, unreplaceable, inQuestion, gaveWay } = unfinished.underWay;
  const name = (text: string | null) => text === null ? null : clientId(text);
  return {
    ...unfinished,
    underWay: {
      ...unfinished.underWay,
      begun: begun === null ? null : {
        ...begun,
        sellId: name(begun.sellId),
        stopId: name(begun.stopId),
        shrinks: begun.shrinks === null ? null : id(begun.shrinks),
        cancels: begun.cancels.map((cancel) => ({
          ...cancel,
          orderId: id(cancel.orderId),
          members: cancel.members.map((each) => ({ ...each, orderId: id(each.orderId) })),
        })),
      },
      unreplaceable: unreplaceable === null
        ? null
        : { ...unreplaceable, orderId: id(unreplaceable.orderId) },
      inQuestion: inQuestion === null
        ? null
        : { ...inQuestion, clientOrderId: clientId(inQuestion.clientOrderId) },
      // Of what is over no group is made any more.
      gaveWay: gaveWay === null ? null : {
        ...gaveWay,
        orderIds: gaveWay.orderIds.map(id).filter((each) => each !== ""),
      },
    },
  };
}

/** How often an order has changed tells only which of two answers is the newer: its versions are counted anew. */
function rankVersions(client: PlannedState, broker: BrokerState): Begin<PlannedState> {
  const { records, seen } = client;
  const { ledger } = records;
  const ranks = new Map(broker.orders.map((order): [string, number[]] => {
    const orderId = `o${order.id}`;
    const submittedMs = toSubmittedMs(order.id);
    const versions = [
      order.version,
      (seen.book.get(orderId)?.order.updatedAtMs ?? submittedMs) - submittedMs,
      ...(ledger?.entries ?? []).filter((entry) => entry.orderId === orderId)
        .map((entry) => (entry.broker?.updatedAtMs ?? submittedMs) - submittedMs),
    ];
    return [orderId, [...new Set(versions)].filter((each) => each > 0).sort((a, b) => a - b)];
  }));
  const rank = (orderId: string, version: number) =>
    (ranks.get(orderId)?.indexOf(version) ?? -1) + 1 || version;
  const rankMs = (orderId: string, atMs: number) => {
    const submittedMs = toSubmittedMs(numberOf(orderId));
    return submittedMs + rank(orderId, atMs - submittedMs);
  };
  const orders = broker.orders.map((order) => {
    const version = rank(`o${order.id}`, order.version);
    return version === order.version ? order : { ...order, version };
  });
  const book = [...seen.book].map(([orderId, known]): [string, KnownOrder] => {
    const updatedAtMs = rankMs(orderId, known.order.updatedAtMs);
    const isSame = updatedAtMs === known.order.updatedAtMs;
    return [orderId, isSame ? known : { ...known, order: { ...known.order, updatedAtMs } }];
  });
  const entries = ledger?.entries.map((entry): LedgerEntry => {
    if (entry.broker === null || entry.orderId === null) return entry;
    const updatedAtMs = rankMs(entry.orderId, entry.broker.updatedAtMs);
    const isSame = updatedAtMs === entry.broker.updatedAtMs;
    return isSame ? entry : { ...entry, broker: { ...entry.broker, updatedAtMs } };
  }) ?? [];
  return {
    broker: { ...broker, orders },
    client: {
      ...client,
      seen: { ...seen, book: new Map(book) },
      records: { ...records, ledger: ledger === null ? null : { ...ledger, entries } },
    },
  };
}
