import type { LedgerRead } from "../domain/account/records_read.ts";
import { ensureDir, replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { parseLedger } from "./ledger_format.ts";
import { ARCHIVE_DIR, LEDGER_FILE } from "./live_ledger.ts";
import { readText, STATE_BYTES_MAX } from "./text_file.ts";

/** Reads the archived live ledger of one New York date. Never throws for what the disk does. */
export async function readArchivedLedger(
  fs: FileSystem,
  { stateDir, dateNy }: { readonly stateDir: string; readonly dateNy: string },
): Promise<LedgerRead> {
  const path = joinPath(joinPath(stateDir, ARCHIVE_DIR), `live_orders_${dateNy}.json`);
  const read = await readText(fs, path);
  if (read.kind !== "text") return read;
  const parsed = parseLedger(read.text);
  if (parsed.kind === "ok") return parsed;
  return { ...parsed, message: `Cannot use ${JSON.stringify(path)}: ${parsed.message}` };
}

/** What was kept of a live ledger before it is rebuilt. */
export interface KeptLedger {
  /** Where it is now. */
  readonly path: string;
  /** Whether it could only be moved, because it is no file that can be read: what is in it is not in the new one. */
  readonly isMoved: boolean;
}

/**
 * Keeps the live ledger as it is, whatever is in its place, before it is rebuilt (interface, `ledger rebuild`): a file as a
 * copy, and what is none, or can't be read, by moving it away whole.
 * @returns `null` where there is no ledger.
 * @throws {StateError} Where it can be neither copied nor moved: it must not be replaced then.
 */
export async function keepLedger(
  fs: FileSystem,
  { stateDir, nowMs }: { readonly stateDir: string; readonly nowMs: number },
): Promise<KeptLedger | null> {
  const path = joinPath(stateDir, LEDGER_FILE);
  if (await fs.lstat(path) === null) return null;
  const archiveDir = joinPath(stateDir, ARCHIVE_DIR);
  await ensureDir(fs, archiveDir);
  await fs.syncDir(stateDir);
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  const kept = joinPath(archiveDir, `live_orders_today.before-rebuild-${time}.json`);
  const read = await readText(fs, path);
  if (read.kind === "unreadable" && !read.isRead) {
    await fs.rename(path, kept);
    await fs.syncDir(archiveDir);
    await fs.syncDir(stateDir);
    return { path: kept, isMoved: true };
  }
  await replaceFile(fs, kept, await fs.readBytes(path, STATE_BYTES_MAX));
  return { path: kept, isMoved: false };
}
