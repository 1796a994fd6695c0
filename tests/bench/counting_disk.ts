import type { FileSystem } from "../../src/state/file_system.ts";

/** What was made durable, or read whole, in the sequence of its beginning. */
export interface DiskOperation {
  readonly kind: "sync file" | "sync directory" | "rename" | "read";
  readonly path: string;
  /** Of a file's sync: bytes that were written since the sync before. */
  readonly bytes: number;
}

/** A file system that tells what was done through it, and how long everything on it took. */
export interface CountingDisk {
  readonly fs: FileSystem;
  readonly operations: DiskOperation[];
  /** Time during which at least one operation was under way, ms. */
  busyMs(): number;
}

/** Counts on top of `disk`. */
export function createCountingDisk(disk: FileSystem): CountingDisk {
  const operations: DiskOperation[] = [];
  let active = 0;
  let busyMs = 0;
  let sinceMs = 0;
  const time = async <T>(act: () => Promise<T>): Promise<T> => {
    if (active++ === 0) sinceMs = performance.now();
    try {
      return await act();
    } finally {
      if (--active === 0) busyMs += performance.now() - sinceMs;
    }
  };
  const fs: FileSystem = {
    open: async (path, how) => {
      const file = await time(() => disk.open(path, how));
      let written = 0;
      return {
        write: (bytes) => {
          written += bytes.length;
          return time(() => file.write(bytes));
        },
        sync: () => {
          operations.push({ kind: "sync file", path, bytes: written });
          written = 0;
          return time(() => file.sync());
        },
        close: () => file.close(),
      };
    },
    rename: (from, to) => {
      operations.push({ kind: "rename", path: to, bytes: 0 });
      return time(() => disk.rename(from, to));
    },
    syncDir: (path) => {
      operations.push({ kind: "sync directory", path, bytes: 0 });
      return time(() => disk.syncDir(path));
    },
    lstat: (path) => time(() => disk.lstat(path)),
    stat: (path) => time(() => disk.stat(path)),
    readBytes: (path, maxBytes, found) => {
      operations.push({ kind: "read", path, bytes: 0 });
      return time(() => disk.readBytes(path, maxBytes, found));
    },
    readChunk: (path, range) => time(() => disk.readChunk(path, range)),
    remove: (path) => time(() => disk.remove(path)),
    mkdir: (path, mode) => time(() => disk.mkdir(path, mode)),
    listDir: (path) => time(() => disk.listDir(path)),
  };
  return { fs, operations, busyMs: () => busyMs };
}
