import { StateError } from "../engine/ports.ts";
import { type FileStat, type FileSystem, formatKind, type WritableFile } from "./file_system.ts";

const CHUNK_BYTES = 1 << 20;

/** The host's disk. Directories are synced through a read-only handle, which Linux allows. */
export function createDenoFileSystem(): FileSystem {
  return {
    open: openForWrite,
    rename: (from, to) => explain(`Cannot replace ${quote(to)}`, () => Deno.rename(from, to)),
    syncDir,
    lstat: (path) => readStat(path, Deno.lstat),
    stat: (path) => readStat(path, Deno.stat),
    readBytes,
    readChunk: (path, range) => readRange(path, range),
    remove: (path) => explain(`Cannot remove ${quote(path)}`, () => Deno.remove(path)),
    mkdir: (path, mode) =>
      explain(`Cannot make directory ${quote(path)}`, () => Deno.mkdir(path, { mode })),
    listDir,
  };
}

async function openForWrite(
  path: string,
  how: { readonly kind: "create" | "append"; readonly mode: number },
): Promise<WritableFile> {
  const options = how.kind === "create"
    ? { write: true, createNew: true, mode: how.mode }
    : { append: true, create: true, mode: how.mode };
  const file = await explain(`Cannot open ${quote(path)}`, () => Deno.open(path, options));
  return {
    write: (bytes) => explain(`Cannot write ${quote(path)}`, () => writeAll(file, bytes)),
    sync: () => explain(`Cannot sync ${quote(path)}`, () => file.sync()),
    close: () => file.close(),
  };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function syncDir(path: string): Promise<void> {
  return explain(`Cannot sync directory ${quote(path)}`, async () => {
    const dir = await Deno.open(path, { read: true });
    try {
      await dir.sync();
    } finally {
      dir.close();
    }
  });
}

async function readStat(
  path: string,
  look: (path: string) => Promise<Deno.FileInfo>,
): Promise<FileStat | null> {
  try {
    return buildStat(await look(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new StateError(`Cannot look at ${quote(path)}: ${describeCause(error)}`, {
      cause: error,
    });
  }
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

async function readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await readRange(path, { fromByte: 0, maxBytes: maxBytes + 1 });
  if (bytes.length > maxBytes) {
    throw new StateError(`Cannot read ${quote(path)}: it is larger than ${maxBytes} bytes`);
  }
  return bytes;
}

function readRange(
  path: string,
  { fromByte, maxBytes }: { readonly fromByte: number; readonly maxBytes: number },
): Promise<Uint8Array> {
  return explain(`Cannot read ${quote(path)}`, async () => {
    // Asked before it is opened: opening a named pipe would wait for a writer for ever.
    assertRegular(await Deno.stat(path));
    const file = await Deno.open(path, { read: true });
    try {
      assertRegular(await file.stat());
      if (fromByte > 0) await file.seek(fromByte, Deno.SeekMode.Start);
      return await readUpTo(file, maxBytes);
    } finally {
      file.close();
    }
  });
}

function assertRegular(info: Deno.FileInfo): void {
  const { kind } = buildStat(info);
  if (kind !== "file") throw new StateError(`it is ${formatKind(kind)}, not a regular file`);
}

async function readUpTo(file: Deno.FsFile, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < maxBytes) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, maxBytes - length));
    const count = await file.read(chunk);
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
  return explain(`Cannot list directory ${quote(path)}`, async () => {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(path)) names.push(name);
    return names;
  });
}

/**
 * Runs an act of the host and tells its failure in plain words.
 * @throws {StateError} `what` and the cause in one line.
 */
export async function explain<T>(what: string, act: () => Promise<T>): Promise<T> {
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
