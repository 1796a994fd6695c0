import { isFlatten } from "../domain/client_order_id.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { type ClockPort, StateError } from "../engine/ports.ts";
import { readEvents } from "../state/event_reader.ts";
import type { FileSystem } from "../state/file_system.ts";
import { KILL_SWITCH_FILE } from "../state/switch_files.ts";
import type { ProgramHost } from "./command.ts";
import { formatHolder, type Holder, listHolders } from "./holders.ts";
import type { OperatorFiles } from "./operator_world.ts";
import { isKillSwitchSeen } from "./switch_seen.ts";
import { formatElsewhere } from "./switches.ts";
import { RECORD_AGE_MAX_MS, REQUEST_DEADLINE_MS } from "../engine/entry_order.ts";

/**
 * How long `flatten` waits for a running loop to have no request in flight (interface, Commands): from its line in the
 * trail on a request leaves within the one, and ends within the other, whatever the broker does.
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
  { places, fs }: Pick<OperatorFiles, "places" | "fs">,
  { isTrailWhole, say }: {
    readonly isTrailWhole: boolean;
    readonly say: (line: string) => void;
  },
): Promise<{ readonly holders: readonly Holder[]; readonly unseen: readonly Holder[] }> {
  const startMs = clock.monotonicMs();
  const holders = await listHolders({ fs, clock }, places);
  const unseen: Holder[] = [];
  for (const holder of holders) {
    const isSeen = holder.isOwn || await isKillSwitchSeen({ fs, clock, stateDir: holder.dir });
    if (!isSeen) {
      say(formatElsewhere(holder, KILL_SWITCH_FILE));
      unseen.push(holder);
    }
    const loop = { fs, clock, startMs, isTrailWhole, stateDir: holder.dir };
    if (await waitForLoop(loop) === "quiet") continue;
    say(
      `${formatHolder(holder)} may have had a request in flight: ${LOOP_WAIT_MS / 1000} s were ` +
        "waited, in which each of its requests ends.",
    );
  }
  return { holders, unseen };
}

/**
 * Waits until a running loop has no order-changing request in flight. Call it when the kill switch is on: the loop writes
 * `order_request` durably, then looks at the kill switch, then sends, then writes `order_answer`. So a request that had
 * passed the switch is in the file already, and one that is not there yet will not leave. New York midnight needs no
 * second file: nothing is sent while the market is closed.
 * @param startMs When the switch was on, by monotonic time.
 * @param isTrailWhole Whether the disk takes what is written: where it does not, the trail may lack a request.
 */
export async function waitForLoop(
  { fs, stateDir, clock, startMs, isTrailWhole }: {
    readonly fs: FileSystem;
    readonly stateDir: string;
    readonly clock: ClockPort;
    readonly startMs: number;
    readonly isTrailWhole: boolean;
  },
): Promise<LoopWait> {
  const trail = { fromByte: 0, isInFlight: false, isReadable: true };
  for (;;) {
    await follow(trail, { fs, stateDir, dateNy: dateNyOf(clock.nowMs()) });
    if (isTrailWhole && trail.isReadable && !trail.isInFlight) return "quiet";
    if (clock.monotonicMs() - startMs >= LOOP_WAIT_MS) return "waited";
    await clock.sleep(LOOK_MS);
  }
}

interface Trail {
  fromByte: number;
  isInFlight: boolean;
  /** A trail that can't be read proves nothing, so the whole wait is waited. */
  isReadable: boolean;
}

async function follow(
  trail: Trail,
  day: { readonly fs: FileSystem; readonly stateDir: string; readonly dateNy: string },
): Promise<void> {
  const { fs, stateDir, dateNy } = day;
  try {
    for await (const item of readEvents(fs, { stateDir, dateNy, fromByte: trail.fromByte })) {
      if (item.kind === "end") trail.fromByte = item.nextByte;
      else trail.isInFlight = decideInFlight(trail.isInFlight, item.event);
    }
    trail.isReadable = true;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    trail.isReadable = false;
  }
}

/** The loop sends one request after the other, so the last of its lines tells. */
function decideInFlight(
  isInFlight: boolean,
  event: { readonly type: string; readonly [field: string]: unknown },
): boolean {
  const id = event["client_order_id"];
  if (typeof id === "string" && isFlatten(id)) return isInFlight;
  switch (event.type) {
    case "order_request":
      return true;
    case "order_answer":
    case "engine_started":
    case "engine_stopped":
      return false;
    default:
      return isInFlight;
  }
}
