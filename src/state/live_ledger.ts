import { formatCounted } from "../domain/counted.ts";
import { deriveOnce } from "../domain/derive_once.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import type { ArchiveRead, LedgerRead, UnusableFile } from "../domain/account/records_read.ts";
import { type LiveLedgerPort, StateError } from "../engine/ports.ts";
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
    prepare: (ledger) => void buildLedgerBytes(ledger),
    write: (ledger, check) =>
      inTurn(async () => {
        const bytes = checkSize(ledger, path);
        const present = await read();
        check?.(present);
        if (present.kind !== "ok") await setAside(fs, path, { archiveDir, present });
        await replace(ledger, bytes);
      }),
    setAside: () => inTurn(() => copyAside(fs, path, archiveDir)),
    archive: (ledger) => inTurn(() => recordArchived(fs, { archiveDir, ledger })),
    readArchive: (limit) => readArchive(fs, { archiveDir, limit }),
  };
}

/**
 * Copies what is of no use aside, before something takes its place.
 * @throws {StateError} Where it can't be read, and may be the record: it stays.
 */
async function setAside(
  fs: FileSystem,
  path: string,
  { archiveDir, present }: {
    readonly archiveDir: string;
    readonly present: Exclude<LedgerRead, { kind: "ok" }>;
  },
): Promise<void> {
  if (present.kind === "missing") return;
  if (present.kind === "unreadable" && !present.isRead) throw new StateError(present.message);
  await copyAside(fs, path, archiveDir);
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
    return { ...parsed, message: `Cannot use ${JSON.stringify(path)}: ${parsed.message}` };
  }
  assertLedger(parsed.ledger);
  last.keep(read.bytes, parsed.ledger);
  return parsed;
}

// Once where a moment is prepared for.
const buildLedgerBytes = deriveOnce((ledger: LiveLedger): Uint8Array => {
  assertLedger(ledger);
  return new TextEncoder().encode(buildLedgerText(ledger));
});

function checkSize(ledger: LiveLedger, path: string): Uint8Array {
  const bytes = buildLedgerBytes(ledger);
  if (bytes.length <= STATE_BYTES_MAX) return bytes;
  throw new StateError(
    `Cannot write ${JSON.stringify(path)}: ${
      formatCounted(ledger.entries.length, "entry")
    } make it larger than ` +
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
  const bytes = checkSize(ledger, path);
  const present = await readLedgerFile(fs, path, new LastContent());
  if (present.kind === "ok" && present.ledger.dateNy === ledger.dateNy) {
    // An earlier attempt may have ended between its rename and this.
    await fs.syncDir(archiveDir);
    return;
  }
  // A ledger under another day's name is copied like one that is damaged.
  if (present.kind === "ok") await copyAside(fs, path, archiveDir);
  else await setAside(fs, path, { archiveDir, present });
  await replaceFile(fs, path, bytes);
}

async function readArchive(
  fs: FileSystem,
  { archiveDir, limit }: { readonly archiveDir: string; readonly limit: number },
): Promise<ArchiveRead> {
  const listed = await listArchived(fs, archiveDir, ARCHIVED);
  if (listed.kind !== "ok") return listed;
  const ledgers: LiveLedger[] = [];
  const unusable: UnusableFile[] = [];
  for (const name of listed.names) {
    if (ledgers.length >= limit) break;
    const path = joinPath(archiveDir, name);
    const found = await readLedgerFile(fs, path, new LastContent());
    if (found.kind === "unreadable" && !found.isRead) {
      return { kind: "unreadable", path, message: found.message };
    }
    if (found.kind !== "ok") unusable.push({ path, message: found.message });
    else if (found.ledger.dateNy === ARCHIVED.exec(name)?.[1]) ledgers.push(found.ledger);
    else {
      const message = `Cannot use ${JSON.stringify(path)}: it is of ${found.ledger.dateNy}`;
      unusable.push({ path, message });
    }
  }
  return { kind: "ok", ledgers, unusable };
}

/** Names of the archived days' files of one kind, the newest first. Never throws. */
export async function listArchived(
  fs: FileSystem,
  archiveDir: string,
  ofDay: RegExp,
): Promise<
  | { readonly kind: "ok"; readonly names: readonly string[] }
  | Extract<ArchiveRead, { kind: "unreadable" }>
> {
  try {
    if (await fs.stat(archiveDir) === null) return { kind: "ok", names: [] };
    const names = (await fs.listDir(archiveDir)).filter((name) => ofDay.test(name)).sort();
    return { kind: "ok", names: names.reverse() };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { kind: "unreadable", path: archiveDir, message: error.message };
  }
}
