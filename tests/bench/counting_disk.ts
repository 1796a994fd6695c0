import type { FileSystem } from "../../src/state/file_system.ts";

/** What was made durable, or read whole, in the sequence of its beginning. */
export interface DiskOperation {
  readonly kind: "sync file" | "sync directory" | "rename" | "read";
  readonly path: string;
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
      return {
        write: (bytes) => time(() => file.write(bytes)),
        sync: () => {
          operations.push({ kind: "sync file", path });
          return time(() => file.sync());
        },
        close: () => file.close(),
      };
    },
    rename: (from, to) => {
      operations.push({ kind: "rename", path: to });
      return time(() => disk.rename(from, to));
    },
    syncDir: (path) => {
      operations.push({ kind: "sync directory", path });
      return time(() => disk.syncDir(path));
    },
    lstat: (path) => time(() => disk.lstat(path)),
    stat: (path) => time(() => disk.stat(path)),
    readBytes: (path, maxBytes) => {
      operations.push({ kind: "read", path });
      return time(() => disk.readBytes(path, maxBytes));
    },
    readChunk: (path, range) => time(() => disk.readChunk(path, range)),
    remove: (path) => time(() => disk.remove(path)),
    mkdir: (path, mode) => time(() => disk.mkdir(path, mode)),
    listDir: (path) => time(() => disk.listDir(path)),
  };
  return { fs, operations, busyMs: () => busyMs };
}
