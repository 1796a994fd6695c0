import { isFlatten } from "../domain/order/client_order_id.ts";
import { isUnsettled } from "../domain/order/ledger.ts";
import { RECORD_AGE_MAX_MS, REQUEST_DEADLINE_MS } from "../domain/plan/sell_record.ts";
import type { ClockPort, LiveLedgerPort } from "../engine/ports.ts";
import { createLiveLedger } from "../state/live_ledger.ts";
import { KILL_SWITCH_FILE } from "../state/switch_files.ts";
import type { ProgramHost } from "./command.ts";
import { formatHolder, type Holder, listHolders } from "./holders.ts";
import type { OperatorFiles } from "./operator_world.ts";
import { isKillSwitchSeen, type MadeSwitch } from "./switch_seen.ts";
import { formatElsewhere } from "./switches.ts";

/**
 * How long `flatten` waits for a running loop to have no request in flight (interface, Commands): from its record on a
 * request leaves within the one, and ends within the other, whatever the broker does.
 */
export const LOOP_WAIT_MS = RECORD_AGE_MAX_MS + REQUEST_DEADLINE_MS;
const LOOK_MS = 100;

/** `quiet`: nothing is in flight. `waited`: the whole wait was waited, after which nothing can be in flight either. */
export type LoopWait = "quiet" | "waited";

/**
 * Waits until no loop that runs where this host's service may run can have a request in flight.
 * @returns Who runs, and who of them runs in another directory and has not said that it saw the kill switch.
 */
export async function waitForLoops(
  { clock }: Pick<ProgramHost, "clock">,
  { places, fs, made }: Pick<OperatorFiles, "places" | "fs"> & { readonly made: MadeSwitch },
  say: (line: string) => void,
): Promise<{ readonly holders: readonly Holder[]; readonly unseen: readonly Holder[] }> {
  const startMs = clock.monotonicMs();
  const holders = await listHolders({ fs, clock }, places);
  const unseen: Holder[] = [];
  for (const holder of holders) {
    const isSeen = holder.isOwn ||
      await isKillSwitchSeen({ fs, clock, stateDir: holder.dir, places, made });
    if (!isSeen) {
      say(formatElsewhere(holder, KILL_SWITCH_FILE));
      unseen.push(holder);
    }
    const ledger = createLiveLedger({ fs, stateDir: holder.dir });
    if (await waitForLoop({ ledger, clock, startMs }) === "quiet") continue;
    say(
      `${formatHolder(holder)} may have had a request in flight: after ${
        LOOP_WAIT_MS / 1000
      } s its ` +
        "ledger still shows no end of an order, or can't be read; the deadline of any request is " +
        "over: going on.",
    );
  }
  return { holders, unseen };
}

/**
 * Waits until a running loop has no request in flight that makes an order. Call it when the kill switch is on: the loop
 * makes an order's record durable as `pending`, then looks at the kill switch, then sends, then settles the record. So what
 * had passed the switch is pending in the ledger already, and what is not there yet will not leave. A cancel has no record
 * of its own and makes no order: what should follow it asks for the switch again.
 * @param startMs When the switch was on, by monotonic time.
 */
export async function waitForLoop(
  { ledger, clock, startMs }: {
    readonly ledger: LiveLedgerPort;
    readonly clock: ClockPort;
    readonly startMs: number;
  },
): Promise<LoopWait> {
  for (;;) {
    if (await isQuiet(ledger)) return "quiet";
    if (clock.monotonicMs() - startMs >= LOOP_WAIT_MS) return "waited";
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
