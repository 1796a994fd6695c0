import type { LiveLedger } from "../domain/ledger.ts";
import { type LedgerRead, type LiveLedgerPort, StateError } from "../engine/ports.ts";
import { copyAside, ensureDir, replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath, parentOf } from "./file_system.ts";
import { buildLedgerText, parseLedger } from "./ledger_format.ts";
import { assertLedger } from "./ledger_rules.ts";
import { createSerial } from "./serial.ts";
import { LastContent, STATE_BYTES_MAX } from "./text_file.ts";

/** Name of the live ledger in the state directory (interface, Files). */
export const LEDGER_FILE = "live_orders_today.json";
/** Name of the directory with past days' ledgers and with damaged files. */
export const ARCHIVE_DIR = "archive";

const ARCHIVED = /^live_orders_(\d{4}-\d{2}-\d{2})\.json$/;

/**
 * The live ledger in its file (pipeline 6). Reads never throw: what can't be used is `unreadable` or `invalid`, with the
 * path and the reason in the message. Content equal to that of the last read gives the same object.
 */
export function createLiveLedger(
  { fs, stateDir }: { readonly fs: FileSystem; readonly stateDir: string },
): LiveLedgerPort {
  const path = joinPath(stateDir, LEDGER_FILE);
  const archiveDir = joinPath(stateDir, ARCHIVE_DIR);
  const inTurn = createSerial();
  const last = new LastContent<LiveLedger>();
  const read = () => readLedgerFile(fs, path, last);
  const replace = async (ledger: LiveLedger, bytes: Uint8Array) => {
    await replaceFile(fs, path, bytes);
    last.keep(bytes, ledger);
  };
  return {
    read,
    write: (ledger) =>
      inTurn(async () => {
        const bytes = buildLedgerBytes(ledger, path);
        const present = await read();
        if (present.kind === "unreadable" || present.kind === "invalid") {
          await copyAside(fs, path, archiveDir);
        }
        await replace(ledger, bytes);
      }),
    update: (change) =>
      inTurn(async () => {
        const present = await read();
        if (present.kind !== "ok") {
          throw new StateError(`live ledger ${present.kind}: ${present.message}`);
        }
        const ledger = change(present.ledger);
        await replace(ledger, buildLedgerBytes(ledger, path));
      }),
    archive: (ledger) => inTurn(() => recordArchived(fs, { archiveDir, ledger })),
    listArchived: (limit) => listArchived(fs, { archiveDir, limit }),
  };
}

async function readLedgerFile(
  fs: FileSystem,
  path: string,
  last: LastContent<LiveLedger>,
): Promise<LedgerRead> {
  const read = await last.read(fs, path);
  if (read.kind === "known") return { kind: "ok", ledger: read.value };
  if (read.kind !== "text") return read;
  const parsed = parseLedger(read.text);
  if (parsed.kind !== "ok") {
    const message = `Cannot use ${JSON.stringify(path)}: ${parsed.message}`;
    return { kind: parsed.kind, message };
  }
  assertLedger(parsed.ledger);
  last.keep(read.bytes, parsed.ledger);
  return parsed;
}

function buildLedgerBytes(ledger: LiveLedger, path: string): Uint8Array {
  assertLedger(ledger);
  const bytes = new TextEncoder().encode(buildLedgerText(ledger));
  if (bytes.length <= STATE_BYTES_MAX) return bytes;
  throw new StateError(
    `Cannot write ${JSON.stringify(path)}: ${ledger.entries.length} entries make it larger than ` +
      `${STATE_BYTES_MAX} bytes, and it could not be read back`,
  );
}

/** An archived day stays as it is; only one that can't be used is copied aside and made anew. */
async function recordArchived(
  fs: FileSystem,
  { archiveDir, ledger }: { readonly archiveDir: string; readonly ledger: LiveLedger },
): Promise<void> {
  await ensureDir(fs, archiveDir);
  await fs.syncDir(parentOf(archiveDir));
  const path = joinPath(archiveDir, `live_orders_${ledger.dateNy}.json`);
  const bytes = buildLedgerBytes(ledger, path);
  const present = await readLedgerFile(fs, path, new LastContent());
  if (present.kind === "ok" && present.ledger.dateNy === ledger.dateNy) {
    // An earlier attempt may have ended between its rename and this.
    await fs.syncDir(archiveDir);
    return;
  }
  if (present.kind !== "missing") await copyAside(fs, path, archiveDir);
  await replaceFile(fs, path, bytes);
}

async function listArchived(
  fs: FileSystem,
  { archiveDir, limit }: { readonly archiveDir: string; readonly limit: number },
): Promise<LiveLedger[]> {
  if (await fs.stat(archiveDir) === null) return [];
  const names = (await fs.listDir(archiveDir)).filter((name) => ARCHIVED.test(name)).sort();
  const ledgers: LiveLedger[] = [];
  for (const name of names.reverse()) {
    if (ledgers.length >= limit) break;
    const found = await readLedgerFile(fs, joinPath(archiveDir, name), new LastContent());
    // A ledger under another day's name is not that day's.
    if (found.kind === "ok" && found.ledger.dateNy === ARCHIVED.exec(name)?.[1]) {
      ledgers.push(found.ledger);
    }
  }
  return ledgers;
}
