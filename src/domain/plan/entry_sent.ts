import { UNFILLED_MAX_MS } from "../entry/entry_end.ts";
import { isUnsettled } from "../order/ledger.ts";
import { read, record } from "./entry_step.ts";
import { settleForeign, settleTaken } from "./settle_entry.ts";
import type { EntryPlanned } from "./step.ts";
import type { EntryWorld } from "./world.ts";

/** How soon a new order, or one that nobody knows the fate of, is looked at again. Milliseconds. */
const LOOK_AGAIN_MS = 15_000;

/** The answer to what was sent and is not known: the broker's own view decides, now if it can be had. `null` where none is out. */
export function planSent(world: EntryWorld): EntryPlanned | null {
  const { records, seen, now } = world;
  for (const entry of listOpenSent(world)) {
    const { clientOrderId, symbol } = entry;
    const look = findLook(world, entry);
    if (look === null) return read([{ ask: "look_up", symbol, clientOrderId }]);
    if (look.kind !== "found") continue;
    const order = [...seen.book.values()]
      .find((each) => each.order.clientOrderId === clientOrderId)?.order;
    if (order === undefined) continue;
    const isForeign = isOfAnother(world, clientOrderId);
    const settled = isForeign
      ? settleForeign(records, entry, order, now.brokerMs)
      : settleTaken(records, entry, order, now.brokerMs);
    return record(settled.change, settled.say);
  }
  return null;
}

/** Entries that left in this run and that no answer has settled. */
export function listOpenSent({ records: { ledger }, desk }: EntryWorld) {
  return (ledger?.entries ?? []).flatMap((entry) => {
    const { clientOrderId } = entry;
    const isOut = clientOrderId !== null && isUnsettled(entry) && entry.status === "unknown" &&
      desk.turn.sent.has(clientOrderId);
    return isOut ? [{ ...entry, clientOrderId }] : [];
  });
}

/** The look at it since it left; `null` where there was none. */
function findLook(
  { seen, turn }: EntryWorld,
  { clientOrderId, symbol }: { readonly clientOrderId: string; readonly symbol: string },
) {
  const look = seen.lookUps.get(clientOrderId);
  const number = seen.changes.last.get(symbol)?.number ?? 0;
  const isNew = look !== undefined && look.atMs >= turn.startedMs && look.afterChange >= number;
  return isNew ? look : null;
}

/** Whether the broker had the id before its first sending: another engine's order (pipeline 6). */
function isOfAnother({ desk }: EntryWorld, clientOrderId: string): boolean {
  const sent = desk.turn.sent.get(clientOrderId);
  return sent?.answer === "duplicate" && !sent.isRepeat;
}

/** When an order that left is looked at again: its position is new, or nobody knows what became of it. */
export function listWakes(
  { records, seen }: EntryWorld,
  clientOrderId: string,
  sentAtMs: number,
): number[] {
  const entry = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  if (entry === undefined || entry.status === "rejected") return [];
  const order = [...seen.book.values()]
    .find((each) => each.order.clientOrderId === clientOrderId)?.order;
  const unfilled = order === undefined ? [] : [order.submittedAtMs + UNFILLED_MAX_MS];
  return [sentAtMs + LOOK_AGAIN_MS, ...unfilled];
}
