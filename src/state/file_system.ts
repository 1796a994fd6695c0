import type { RoomUse } from "../engine/ports.ts";

/**
 * The lowest seam to the disk: each operation is one step that a crash can fall between. What was written but not synced
 * can be lost, torn or kept; a new, renamed or removed name is durable only after its directory was synced. Every
 * operation throws `StateError` with one line that names the path and the cause in plain words.
 */
export interface FileSystem {
  /**
   * Opens for writing. `create` makes a new file and refuses whatever is already at the path, a broken link included;
   * `append` writes at the end of a file that it makes where there is none.
   * @param how `mode` is that of a file made here, for instance `0o600`.
   */
  open(
    path: string,
    how: { readonly kind: "create" | "append"; readonly mode: number },
  ): Promise<WritableFile>;
  /** Replaces `to` by `from` in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDir(path: string): Promise<void>;
  /** What is at the path itself, a link not followed; `null` only where certainly nothing is. */
  lstat(path: string): Promise<FileStat | null>;
  /** What is at the path or where its links lead; `null` only where certainly nothing is. */
  stat(path: string): Promise<FileStat | null>;
  /**
   * The whole of a regular file (links are followed); refuses anything else and more than `maxBytes`.
   * @param found What is at the path, as just looked at: it need not be looked at again.
   */
  readBytes(path: string, maxBytes: number, found?: FileStat): Promise<Uint8Array>;
  /** Up to `maxBytes` of a regular file from `fromByte` on; fewer, or none, at its end. */
  readChunk(
    path: string,
    range: { readonly fromByte: number; readonly maxBytes: number },
  ): Promise<Uint8Array>;
  /** Removes a file, a link itself, or an empty directory. */
  remove(path: string): Promise<void>;
  /** Makes one directory; its parent must exist. */
  mkdir(path: string, mode: number): Promise<void>;
  /** Names in a directory, in no order. */
  listDir(path: string): Promise<string[]>;
  /** Cuts a regular file to its first `sizeBytes`, durably: what it held beyond them is free when this returns. */
  truncate(path: string, sizeBytes: number): Promise<void>;
  /**
   * Only where a reserve stands behind the disk: asked after a replacement failed, it gives up a piece of the reserve where
   * that failed for lack of room.
   * @param use What no exit or protection needs takes the first piece at most: what a disk without a hog needs, once.
   * @returns Whether to try again.
   */
  readonly makeRoom?: (error: unknown, use: RoomUse) => Promise<boolean>;
}

/** A file open for writing. `close` never fails; only a `sync` that returned makes what was written durable. */
export interface WritableFile {
  /** Writes all of `bytes`, or throws with any part of them written. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): void;
}

/** What is at a path. */
export interface FileStat {
  readonly kind: "file" | "dir" | "symlink" | "other";
  readonly sizeBytes: number;
  /** Unix ms; 0 where the system does not say, which is older than anything fresh. */
  readonly modifiedAtMs: number;
  /** Permission bits, `null` where the system has none. */
  readonly mode: number | null;
}

/** How a message calls what is in the place of a regular file. */
export function formatKind(kind: FileStat["kind"]): string {
  switch (kind) {
    case "dir":
      return "a directory";
    case "symlink":
      return "a symbolic link";
    case "file":
      return "a regular file";
    default:
      return "not a regular file";
  }
}

/** The directory that holds `path`. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  if (slash < 0) return trimmed === "" ? "/" : ".";
  return slash === 0 ? "/" : trimmed.slice(0, slash);
}

/** A name within a directory. */
export function joinPath(dir: string, name: string): string {
  return `${dir.replace(/\/+$/, "")}/${name}`;
}
