import { isFlatten } from "../domain/client_order_id.ts";
import { isUnsettled } from "../domain/ledger.ts";
import type { ClockPort, LiveLedgerPort } from "../engine/ports.ts";
import { probeLock } from "../state/lock_probe.ts";

/**
 * How long `flatten` waits for a running loop to have no request in flight (interface, Commands): a request's deadline, and
 * as much again as lies between the loop's last look at the kill switch and the request's leaving.
 */
export const LOOP_WAIT_MS = 15_000;
const LOOK_MS = 100;

/** `none`: no loop runs. `quiet`: it runs and has nothing in flight. `busy`: it had, until the wait was over. */
export type LoopWait = "none" | "quiet" | "busy";

/**
 * Waits until a running loop has no request in flight that makes an order. Call it when the kill switch is on: the loop
 * makes an order's record durable as `pending`, then looks at the kill switch, then sends, then settles the record. So what
 * had passed the switch is pending in the ledger already, and what is not there yet will not leave. A cancel has no record
 * of its own and makes no order: what should follow it asks for the switch again.
 */
export async function waitForLoop(
  { ledger, stateDir, clock }: {
    readonly ledger: LiveLedgerPort;
    readonly stateDir: string;
    readonly clock: ClockPort;
  },
): Promise<LoopWait> {
  const lock = await probeLock({ stateDir, clock });
  if (lock.kind === "free") return "none";
  const startMs = clock.monotonicMs();
  for (;;) {
    if (await isQuiet(ledger)) return "quiet";
    if (clock.monotonicMs() - startMs >= LOOP_WAIT_MS) return "busy";
    await clock.sleep(LOOK_MS);
  }
}

/**
 * A ledger that is not there, or can't be read, proves nothing: the whole wait is waited. So it is for an order whose fate
 * nobody knows: the loop may be sending it again.
 */
async function isQuiet(ledger: LiveLedgerPort): Promise<boolean> {
  const read = await ledger.read();
  if (read.kind !== "ok") return false;
  return !read.ledger.entries.some((entry) =>
    isUnsettled(entry) && entry.clientOrderId !== null && !isFlatten(entry.clientOrderId)
  );
}
