import type { LedgerRead } from "../engine/ports.ts";
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
  return { kind: parsed.kind, message: `Cannot use ${JSON.stringify(path)}: ${parsed.message}` };
}

/**
 * Keeps a copy of the live ledger as it is, whatever is in it, before it is rebuilt (interface, `ledger rebuild`).
 * @returns The path of the copy, `null` where there is no ledger.
 * @throws {StateError} Where it can't be copied: it must not be replaced then.
 */
export async function keepLedger(
  fs: FileSystem,
  { stateDir, nowMs }: { readonly stateDir: string; readonly nowMs: number },
): Promise<string | null> {
  const path = joinPath(stateDir, LEDGER_FILE);
  if (await fs.lstat(path) === null) return null;
  const bytes = await fs.readBytes(path, STATE_BYTES_MAX * 10);
  const archiveDir = joinPath(stateDir, ARCHIVE_DIR);
  await ensureDir(fs, archiveDir);
  await fs.syncDir(stateDir);
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  const copy = joinPath(archiveDir, `live_orders_today.before-rebuild-${time}.json`);
  await replaceFile(fs, copy, bytes);
  return copy;
}
