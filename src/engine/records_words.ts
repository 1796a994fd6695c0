import { type LedgerEntry, MISMATCHES_MAX, NOT_SENT } from "../domain/order/ledger.ts";
import type { Note, RecordsNote } from "../domain/plan/note.ts";
import { LOOK_AT_ORDER } from "../domain/alert/remedies.ts";
import { sayOnceADay } from "./daily_errors.ts";
import type { Engine } from "./engine.ts";
import { buildOrderUpdate } from "./ledger_store.ts";

/** Tells what holding the records against the broker has found: the words are here, and nothing is decided. */
export async function tellRecords(
  engine: Engine,
  { symbol }: Pick<Note, "symbol">,
  value: RecordsNote,
): Promise<void> {
  const { log } = engine.ports;
  switch (value.kind) {
    case "order_updated":
      return void await engine.event(buildOrderUpdate(value.entry));
    case "refused_late":
      return tellRefused(engine, value.entry);
    case "replaced": {
      const { side, orderId, replaces } = value.entry;
      return log.warn(
        `${symbol}: ${side} order ${orderId} came in the place of our order ${replaces}, by the broker or by hand: recorded as ours`,
      );
    }
    case "unknown_status":
      return log.warn(
        `${symbol} order ${value.orderId} has the status "${value.status}", which this release does not know`,
      );
    case "unseen":
      return log.warn(
        `Live ledger has ${symbol} ${value.name}, which the broker does not show: kept and counted`,
      );
    case "lacked":
      return await sayMismatch(engine, value.names, value.mismatches);
    case "locked":
      return sayLockedAgain(engine);
    case "changed_meanwhile":
      return log.warn("Live ledger was changed in the middle of its reconciliation");
  }
}

/** Said to the operator once a day and kind, whatever is tried again; what stays bare or due has alarms of its own. */
function tellRefused(engine: Engine, { symbol, side, reason, detail }: LedgerEntry): void {
  const order = side === "buy" ? "entry" : `sell (${reason ?? "unknown"})`;
  const isUnsent = (side === "buy" ? reason : detail) === NOT_SENT;
  sayOnceADay(
    engine,
    `rejected:${symbol}:${order}:${isUnsent}`,
    isUnsent
      ? {
        problem: `${symbol} ${order}: its answer was lost, and the broker has no such order`,
        remedy: "nothing, it is decided anew in each cycle",
      }
      : {
        problem: `${symbol} ${order} rejected by the broker after it had taken it: ${
          detail ?? "no reason given"
        }`,
        remedy: LOOK_AT_ORDER,
      },
  );
}

/**
 * Says what the live ledger lacked, and what follows from it: LIVE stays blocked for this cycle, and with the second of a NY
 * day until `ledger rebuild --yes` (pipeline 6).
 * @param names Symbol and client order id of each. @param mismatches Of the NY day, this one included.
 */
export async function sayMismatch(
  engine: Engine,
  names: readonly string[],
  mismatches: number,
): Promise<void> {
  engine.sayError(
    `Broker mismatch: the live ledger lacked ${
      names.join(", ")
    }; recorded, LIVE is blocked for this cycle` +
      (mismatches >= MISMATCHES_MAX
        ? " and until `ledger rebuild --yes`: another engine trades this account"
        : ""),
    "see whether another engine trades this account; `avwap-execution ledger verify` compares",
  );
  await engine.event({ type: "reconciliation", mismatched: names });
  sayLocked(engine, mismatches);
}

/** Says once a NY day that LIVE is locked, and how it is opened: the mismatch itself may be days ago (pipeline 6). */
function sayLocked(engine: Engine, mismatches: number): void {
  if (mismatches < MISMATCHES_MAX || !engine.isNews("mismatch lock", engine.dateNy())) return;
  sayLockedAgain(engine);
}

/** The same, where it is known to be news. */
function sayLockedAgain(engine: Engine): void {
  engine.sayError(
    "LIVE is locked: the broker showed orders of ours twice that this engine never sent",
    "stop the other engine on this account; then, with the service stopped: avwap-execution ledger rebuild --yes",
    { isDistinct: true },
  );
}
