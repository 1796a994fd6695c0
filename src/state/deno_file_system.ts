import { StateError } from "../engine/ports.ts";
import { type FileStat, type FileSystem, formatKind, type WritableFile } from "./file_system.ts";

const CHUNK_BYTES = 1 << 20;

/**
 * The host's disk. Directories are synced through a read-only handle, which Linux allows. Inside, the calls are the
 * runtime's synchronous ones: between an intent that is due and its request lie some thirty of them, and on a busy host
 * each asynchronous one waits longer for its thread than for the disk.
 */
export function createDenoFileSystem(): FileSystem {
  return {
    open: openForWrite,
    rename: (from, to) => explain(`Cannot replace ${quote(to)}`, () => Deno.renameSync(from, to)),
    syncDir,
    lstat: (path) => readStat(path, Deno.lstatSync),
    stat: (path) => readStat(path, Deno.statSync),
    readBytes,
    readChunk: (path, range) => readRange(path, range),
    remove: (path) => explain(`Cannot remove ${quote(path)}`, () => Deno.removeSync(path)),
    mkdir: (path, mode) =>
      explain(`Cannot make directory ${quote(path)}`, () => Deno.mkdirSync(path, { mode })),
    listDir,
    truncate: (path, sizeBytes) =>
      explain(`Cannot cut ${quote(path)}`, () => {
        const file = Deno.openSync(path, { write: true });
        try {
          file.truncateSync(sizeBytes);
          file.syncSync();
        } finally {
          file.close();
        }
      }),
  };
}

async function openForWrite(
  path: string,
  how: { readonly kind: "create" | "append"; readonly mode: number },
): Promise<WritableFile> {
  const options = how.kind === "create"
    ? { write: true, createNew: true, mode: how.mode }
    : { append: true, create: true, mode: how.mode };
  const file = await explain(`Cannot open ${quote(path)}`, () => Deno.openSync(path, options));
  return {
    write: (bytes) => explain(`Cannot write ${quote(path)}`, () => writeAll(file, bytes)),
    sync: () => explain(`Cannot sync ${quote(path)}`, () => file.syncSync()),
    close: () => file.close(),
  };
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function syncDir(path: string): Promise<void> {
  return explain(`Cannot sync directory ${quote(path)}`, () => {
    const dir = Deno.openSync(path, { read: true });
    try {
      dir.syncSync();
    } finally {
      dir.close();
    }
  });
}

function readStat(
  path: string,
  look: (path: string) => Deno.FileInfo,
): Promise<FileStat | null> {
  return explain(`Cannot look at ${quote(path)}`, () => {
    try {
      return buildStat(look(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  });
}

function buildStat(info: Deno.FileInfo): FileStat {
  const kind = info.isSymlink
    ? "symlink"
    : info.isDirectory
    ? "dir"
    : info.isFile
    ? "file"
    : "other";
  return {
    kind,
    sizeBytes: info.size,
    modifiedAtMs: info.mtime?.getTime() ?? 0,
    mode: info.mode === null ? null : info.mode & 0o7777,
  };
}

function readBytes(path: string, maxBytes: number, found?: FileStat): Promise<Uint8Array> {
  return explain(`Cannot read ${quote(path)}`, () => {
    // Asked before it is opened: opening a named pipe would wait for a writer for ever.
    const { kind, sizeBytes } = found ?? buildStat(Deno.statSync(path));
    assertRegular(kind);
    assertSize(sizeBytes, maxBytes);
    const bytes = Deno.readFileSync(path);
    assertSize(bytes.length, maxBytes);
    return bytes;
  });
}

function assertSize(sizeBytes: number, maxBytes: number): void {
  if (sizeBytes > maxBytes) throw new StateError(`it is larger than ${maxBytes} bytes`);
}

function readRange(
  path: string,
  { fromByte, maxBytes }: { readonly fromByte: number; readonly maxBytes: number },
): Promise<Uint8Array> {
  return explain(`Cannot read ${quote(path)}`, () => {
    // Asked before it is opened: opening a named pipe would wait for a writer for ever.
    assertRegular(buildStat(Deno.statSync(path)).kind);
    const file = Deno.openSync(path, { read: true });
    try {
      const info = file.statSync();
      assertRegular(buildStat(info).kind);
      if (fromByte > 0) file.seekSync(fromByte, Deno.SeekMode.Start);
      // One byte more than it seems to hold: the end is seen without another round.
      return readUpTo(file, maxBytes, Math.max(0, info.size - fromByte) + 1);
    } finally {
      file.close();
    }
  });
}

function assertRegular(kind: FileStat["kind"]): void {
  if (kind !== "file") throw new StateError(`it is ${formatKind(kind)}, not a regular file`);
}

function readUpTo(file: Deno.FsFile, maxBytes: number, likelyBytes: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  const chunkBytes = Math.min(CHUNK_BYTES, likelyBytes);
  let length = 0;
  while (length < maxBytes) {
    const chunk = new Uint8Array(Math.min(chunkBytes, maxBytes - length));
    const count = file.readSync(chunk);
    if (count === null) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function listDir(path: string): Promise<string[]> {
  return explain(
    `Cannot list directory ${quote(path)}`,
    () => [...Deno.readDirSync(path)].map(({ name }) => name),
  );
}

/**
 * Runs an act of the host and tells its failure in plain words.
 * @throws {StateError} `what` and the cause in one line.
 */
export async function explain<T>(what: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new StateError(`${what}: ${describeCause(error)}`, { cause: error });
  }
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "disk quota used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  EEXIST: "something is already there",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "it is a directory",
  ENOTEMPTY: "the directory is not empty",
  ELOOP: "too many symbolic links",
  EIO: "input/output error of the device",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
};

/** Causes that nobody configured and that may pass: the host's own (interface, Exit status). */
const HOST_CAUSES = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ENOLCK",
  "ENODEV",
  "ENXIO",
  "ESTALE",
  "ETIMEDOUT",
  "EREMOTEIO",
  "EUCLEAN",
]);

/** Whether what failed is the host's fault, which may pass, and not that of what the operator named. */
export function isHostFault(error: unknown): boolean {
  return findCode(error, HOST_CAUSES) !== null;
}

const FULL_CAUSES = new Set(["ENOSPC", "EDQUOT"]);

/** Whether what failed is that there is no room (left to this user). */
export function isDiskFull(error: unknown): boolean {
  return findCode(error, FULL_CAUSES) !== null;
}

/** The first of these system error codes that an error or what caused it carries; `null` where none does. */
export function findCode(error: unknown, codes: ReadonlySet<string>): string | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return codes.has(code) ? code : findCode(error.cause, codes);
}

/** The cause in plain words, without the runtime's own wording or a second naming of the path. */
function describeCause(error: unknown): string {
  if (error instanceof StateError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Deno.errors.NotCapable) {
    return "outside what this process may read or write";
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return CAUSES[code] ?? error.message.split("\n")[0] ?? error.name;
}

function quote(path: string): string {
  return JSON.stringify(path);
}
