import { aboutOf, listAsked, type LookedUp, settleLookUp } from "../domain/entry/absence.ts";
import type { LedgerEntry, LiveLedger } from "../domain/order/ledger.ts";
import type { LookupOutcome } from "../domain/order/order_request.ts";
import { lookUpOrder } from "./asker.ts";
import { take } from "./plan_records.ts";
import type { Engine } from "./engine.ts";
import { isShownUnreadable } from "./unreadable.ts";

/** Look-ups in one cycle: more would eat the request budget of what protects. */
const LOOK_UPS_MAX = 30;
/** And in flight at a time. */
const LOOK_UPS_AT_ONCE = 4;

/** What looking up came to. */
export interface LookUps {
  /** All of the ledger's, with what the broker said of some. */
  readonly entries: readonly LedgerEntry[];
  /** Buys proven absent at the broker. */
  readonly absent: readonly LedgerEntry[];
  readonly isChanged: boolean;
}

/**
 * Looks up what the broker did not list (pipeline 6).
 * @param missing Entries of `ledger`.
 */
export async function lookUpMissing(
  engine: Engine,
  ledger: LiveLedger,
  missing: readonly LedgerEntry[],
): Promise<LookUps> {
  for (const entry of missing) {
    if (entry.clientOrderId === null && entry.status !== "rejected") sayUnseen(engine, entry);
  }
  const asked = listAsked(missing).slice(0, LOOK_UPS_MAX);
  const changed = new Map<LedgerEntry, LedgerEntry>();
  const absent: LedgerEntry[] = [];
  for (let at = 0; at < asked.length; at += LOOK_UPS_AT_ONCE) {
    const part = asked.slice(at, at + LOOK_UPS_AT_ONCE);
    for (const [before, found] of await Promise.all(part.map((each) => lookUp(engine, each)))) {
      if (found.isAbsent) absent.push(found.entry);
      if (found.entry !== before) changed.set(before, found.entry);
    }
  }
  return {
    entries: ledger.entries.map((entry) => changed.get(entry) ?? entry),
    absent,
    isChanged: changed.size > 0,
  };
}

async function lookUp(
  engine: Engine,
  entry: LedgerEntry,
): Promise<readonly [LedgerEntry, LookedUp]> {
  const outcome = await ask(engine, entry);
  const { isRunOnce } = engine.ports.config;
  const moment = { ...engine.looker, nowMs: engine.nowMs(), isRunOnce };
  const found = settleLookUp(entry, outcome, engine.state.absences, moment);
  take(engine, [
    found.absence === null
      ? { kind: "present", about: aboutOf(entry) }
      : { kind: "absent", absence: found.absence },
  ]);
  if (found.wakeAtMs !== null) engine.wakeAt(found.wakeAtMs);
  if (found.isUnseen) sayUnseen(engine, entry);
  return [entry, found];
}

/** What the broker lists, though it can't be read, is not absent. */
async function ask(
  engine: Engine,
  { clientOrderId, orderId }: LedgerEntry,
): Promise<LookupOutcome> {
  const found = await lookUpOrder(engine, clientOrderId ?? "");
  return found.kind === "not_found" && isShownUnreadable(engine, { clientOrderId, orderId })
    ? { kind: "unknown", why: "malformed" }
    : found;
}

function sayUnseen(engine: Engine, entry: LedgerEntry): void {
  const name = entry.clientOrderId ?? entry.orderId ?? entry.timestamp;
  if (!engine.isNews(`unseen:${name}`, engine.dateNy())) return;
  engine.ports.log.warn(
    `Live ledger has ${entry.symbol} ${name}, which the broker does not show: kept and counted`,
  );
}
