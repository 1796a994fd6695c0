import type { LiveLedger } from "../domain/ledger.ts";
import { type LedgerRead, type LiveLedgerPort, StateError } from "../engine/ports.ts";
import { copyAside, ensureDir, replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath, parentOf } from "./file_system.ts";
import { assertLedger, buildLedgerText, parseLedger } from "./ledger_format.ts";
import { createSerial } from "./serial.ts";
import { isSameBytes, readText, STATE_BYTES_MAX } from "./text_file.ts";

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
  const today = createLedgerReader(fs);
  return {
    read: () => today.read(path),
    write: (ledger) =>
      inTurn(async () => {
        const bytes = buildLedgerBytes(ledger, path);
        const present = await today.read(path);
        if (present.kind === "unreadable" || present.kind === "invalid") {
          await copyAside(fs, path, archiveDir);
        }
        await replaceFile(fs, path, bytes);
        today.remember(bytes, ledger);
      }),
    archive: (ledger) => inTurn(() => recordArchived(fs, { archiveDir, ledger })),
    listArchived: (limit) => listArchived(fs, { archiveDir, limit }),
  };
}

/** Reads one file of ledgers and remembers what its last content meant. */
interface LedgerReader {
  read(path: string): Promise<LedgerRead>;
  /** The same for content that was just written. */
  remember(bytes: Uint8Array, ledger: LiveLedger): void;
}

function createLedgerReader(fs: FileSystem): LedgerReader {
  let last: { readonly bytes: Uint8Array; readonly ledger: LiveLedger } | null = null;
  const remember = (bytes: Uint8Array, ledger: LiveLedger) => {
    last = { bytes, ledger };
  };
  return {
    remember,
    read: async (path) => {
      const read = await readText(fs, path);
      if (read.kind !== "text") return read;
      if (last !== null && isSameBytes(last.bytes, read.bytes)) {
        return { kind: "ok", ledger: last.ledger };
      }
      const parsed = parseLedger(read.text);
      if (parsed.kind !== "ok") {
        const message = `Cannot use ${JSON.stringify(path)}: ${parsed.message}`;
        return { kind: parsed.kind, message };
      }
      assertLedger(parsed.ledger);
      remember(read.bytes, parsed.ledger);
      return parsed;
    },
  };
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
  const present = await createLedgerReader(fs).read(path);
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
  const reader = createLedgerReader(fs);
  const ledgers: LiveLedger[] = [];
  for (const name of names.reverse()) {
    if (ledgers.length >= limit) break;
    const found = await reader.read(joinPath(archiveDir, name));
    // A ledger under another day's name is not that day's.
    if (found.kind === "ok" && found.ledger.dateNy === ARCHIVED.exec(name)?.[1]) {
      ledgers.push(found.ledger);
    }
  }
  return ledgers;
}
