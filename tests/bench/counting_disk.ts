import type { FileSystem } from "../../src/state/file_system.ts";

/** What was made durable, or read whole, in the sequence of its beginning. */
export interface DiskOperation {
  readonly kind: "sync file" | "sync directory" | "rename" | "read";
  readonly path: string;
  /** Of a file's sync: bytes that were written since the sync before. */
  readonly bytes: number;
}

/** A file system that tells what was done through it, and how long its calls took. */
export interface CountingDisk {
  readonly fs: FileSystem;
  readonly operations: DiskOperation[];
  /** Time of all calls, ms. */
  busyMs(): number;
  /** Of it what makes files durable: opening a new one, writing, syncing, closing, renaming, syncing the directory. */
  durableMs(): number;
}

/** Counts on top of `disk`, whose calls are synchronous: each is over when it returns, so none is waited for here. */
export function createCountingDisk(disk: FileSystem): CountingDisk {
  const operations: DiskOperation[] = [];
  let readMs = 0;
  let appendMs = 0;
  let durableMs = 0;
  /** A line that is appended is in the file and not durable: it counts as work like any other. */
  const timeAppend = <T>(act: () => T): T => {
    const sinceMs = performance.now();
    const done = act();
    appendMs += performance.now() - sinceMs;
    return done;
  };
  const timeRead = <T>(act: () => T): T => {
    const sinceMs = performance.now();
    const done = act();
    readMs += performance.now() - sinceMs;
    return done;
  };
  const timeDurable = <T>(act: () => T): T => {
    const sinceMs = performance.now();
    const done = act();
    durableMs += performance.now() - sinceMs;
    return done;
  };
  const fs: FileSystem = {
    open: async (path, how) => {
      const timeWrite = how.kind === "create" ? timeDurable : timeAppend;
      const file = await timeWrite(() => disk.open(path, how));
      let written = 0;
      return {
        write: (bytes) => {
          written += bytes.length;
          return timeWrite(() => file.write(bytes));
        },
        sync: () => {
          operations.push({ kind: "sync file", path, bytes: written });
          written = 0;
          return timeDurable(() => file.sync());
        },
        close: () => timeWrite(() => file.close()),
      };
    },
    rename: (from, to) => {
      operations.push({ kind: "rename", path: to, bytes: 0 });
      return timeDurable(() => disk.rename(from, to));
    },
    syncDir: (path) => {
      operations.push({ kind: "sync directory", path, bytes: 0 });
      return timeDurable(() => disk.syncDir(path));
    },
    lstat: (path) => timeRead(() => disk.lstat(path)),
    stat: (path) => timeRead(() => disk.stat(path)),
    readBytes: (path, maxBytes, found) => {
      operations.push({ kind: "read", path, bytes: 0 });
      return timeRead(() => disk.readBytes(path, maxBytes, found));
    },
    readChunk: (path, range) => timeRead(() => disk.readChunk(path, range)),
    remove: (path) => timeDurable(() => disk.remove(path)),
    mkdir: (path, mode) => timeDurable(() => disk.mkdir(path, mode)),
    listDir: (path) => timeRead(() => disk.listDir(path)),
    truncate: (path, sizeBytes) => timeDurable(() => disk.truncate(path, sizeBytes)),
  };
  return {
    fs,
    operations,
    busyMs: () => readMs + appendMs + durableMs,
    durableMs: () => durableMs,
  };
}
