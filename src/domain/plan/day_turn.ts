import { CLOCK_SKEW_MAX_SECONDS } from "../gate/caps.ts";
import type { RebuildWait } from "../gate/rebuild_wait.ts";
import type { LiveLedger } from "../order/ledger.ts";
import { startNewDay } from "../order/reconcile.ts";
import { dateNyOf } from "../time/ny_time.ts";
import type { RecordsWorld } from "./world.ts";

/** Whether the ledger's day has ended. */
export type DayTurn =
  | { readonly kind: "same" }
  /** `ledger`: the new day's. */
  | { readonly kind: "turns"; readonly ledger: LiveLedger }
  | { readonly kind: "waits"; readonly wait: RebuildWait };

/**
 * Whether the ledger turns to a new NY day (pipeline 6). One of a day still to come stays as it is; where the two clocks differ,
 * one answer is not enough to end a day: a turned ledger does not turn back. Pure and total.
 */
export function decideTurn({ records: { ledger }, seen: { clock }, books }: RecordsWorld): DayTurn {
  if (ledger === null || clock === null) return { kind: "same" };
  const dateNy = dateNyOf(clock.timestampMs);
  if (ledger.dateNy === dateNy) return { kind: "same" };
  const { skewSeconds } = books;
  if (Math.abs(skewSeconds) > CLOCK_SKEW_MAX_SECONDS && books.turn.dateBeforeNy !== dateNy) {
    const message = `it is of ${ledger.dateNy}, the broker's clock says ${dateNy}, and the ` +
      `host's is ${skewSeconds.toFixed(0)} s off it`;
    return { kind: "waits", wait: { kind: "clock", message } };
  }
  if (ledger.dateNy > dateNy) {
    const message = `it is of ${ledger.dateNy}, and today is ${dateNy} in New York`;
    return { kind: "waits", wait: { kind: "ledger invalid", message } };
  }
  const { host, accountId } = books;
  // Whose it is stands in it from its first write on.
  return { kind: "turns", ledger: { ...startNewDay(ledger, dateNy), host, accountId } };
}
