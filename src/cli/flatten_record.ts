import type { AlpacaClient } from "../broker/alpaca_client.ts";
import { formatCounted } from "../domain/counted.ts";
import { reconcile } from "../domain/order/reconcile.ts";
import { BrokerError, StateError } from "../engine/ports.ts";
import { joinPath } from "../state/file_system.ts";
import { acquireLock, LOCK_FILE } from "../state/instance_lock.ts";
import type { ProgramHost } from "./command.ts";
import { isOwn } from "../domain/gate/record_owner.ts";
import { listOrdersOfDay, type OperatorFiles } from "./operator_world.ts";
import { writeStoppedRecords } from "./stopped_records.ts";

/** What the record needs. */
interface RecordOptions {
  readonly files: OperatorFiles;
  readonly broker: AlpacaClient;
  readonly isLoopRunning: boolean;
  readonly say: (line: string) => void;
}

/**
 * Takes what `flatten` did over into the live ledger, where no loop holds it: a running one does it itself, and two
 * writers could forget an order. Whatever stands against it is said and is no failure: the account is what counts.
 */
export async function recordFlatten(host: ProgramHost, options: RecordOptions): Promise<void> {
  const { files, isLoopRunning, say } = options;
  const LATER = "the loop's next LIVE cycle takes into the ledger whatever was sent here";
  if (isLoopRunning) return say(`A loop runs: ${LATER}.`);
  try {
    const path = joinPath(files.stateDir, LOCK_FILE);
    const lock = await acquireLock({ path, pid: host.pid, clock: host.clock });
    if (lock.kind === "busy") return say(`A loop has begun: ${LATER}.`);
    try {
      await record(options);
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (!(error instanceof StateError) && !(error instanceof BrokerError)) throw error;
    say(`Live ledger not updated: ${error.message}; ${LATER}`);
  }
}

/** Only what the ledger knows and what `flatten` sent: an order that it lacks is for the engine to call a mismatch. */
async function record({ files, broker, say }: RecordOptions): Promise<void> {
  const read = await files.ledger.read();
  if (read.kind !== "ok") return say(`Live ledger not updated: it is ${read.kind}.`);
  const state = await files.state.read();
  const records = state.kind === "ok" ? state.state : null;
  const ledger = records?.ledger ?? read.ledger;
  const { accountId } = await broker.readAccount();
  if (!isOwn(ledger, { host: broker.host, accountId })) {
    return say("Live ledger not updated: it is of another host or account.");
  }
  const { rows: orders } = await listOrdersOfDay(broker, ledger.dateNy);
  const result = reconcile(ledger, orders);
  if (!result.isChanged) return;
  const entries = result.ledger.entries.filter((entry) => !result.mismatched.includes(entry));
  // Whose it is stands in it from its first write on.
  const next = { ...ledger, host: broker.host, accountId, entries };
  if (records !== null) {
    await writeStoppedRecords(files, records, (each) => ({ ...each, ledger: next }));
  } else await files.ledger.write(next);
  say(`Live ledger of ${ledger.dateNy} updated: ${formatCounted(entries.length, "order")}.`);
}
