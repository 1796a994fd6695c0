import { StateError } from "../../src/engine/ports.ts";
import {
  type FileStat,
  type FileSystem,
  parentOf,
  type WritableFile,
} from "../../src/state/file_system.ts";
import type { Prng } from "./prng.ts";

interface FileNode {
  readonly kind: "file";
  /** A buffer with room to grow; `size` of it is the content. */
  buffer: Uint8Array;
  size: number;
  /** Bytes that a crash can't take. Files only ever grow, so what is not synced is a tail. */
  syncedSize: number;
  modifiedAtMs: number;
  /** The content as it was last read whole: nobody changes what he read. */
  read: Uint8Array | null;
}
interface OtherNode {
  readonly kind: "dir" | "symlink";
  readonly target: string;
}
type Node = FileNode | OtherNode;

/** A change of a name since its directory was last synced; `null`: removed. */
interface NameChange {
  readonly path: string;
  readonly node: Node | null;
}

/** What a disk asks before each step; it may throw, for a fault or a crash. */
export interface DiskHost {
  nowMs(): number;
  /** @param isWrite Whether the step changes something. @returns A failure's cause, as the system's error code. */
  step(op: string, path: string, isWrite: boolean): { readonly cause: string } | null;
}

const STEP_DONE = Promise.resolve();

/**
 * A disk in memory that forgets in a crash what was not synced: of a file any tail since its last sync, of names any of
 * the changes since their directory's last sync. Made for speed: paths are one flat map.
 */
export class SimDisk implements FileSystem {
  #names = new Map<string, Node>();
  #syncedNames = new Map<string, Node>();
  #pending: NameChange[] = [];

  constructor(public host: DiskHost) {}

  /** Puts a durable file in place by somebody else's hand. */
  put(path: string, content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.#place(path, {
      kind: "file",
      buffer: bytes,
      size: bytes.length,
      syncedSize: bytes.length,
      modifiedAtMs: this.host.nowMs(),
      read: null,
    });
  }

  /** A directory or a link in a file's place, by somebody else's hand. */
  putOther(path: string, kind: OtherNode["kind"]): void {
    this.#place(path, { kind, target: "/nowhere" });
  }

  /** Takes a name away, by somebody else's hand. */
  take(path: string): void {
    this.#names.delete(path);
    this.#syncedNames.delete(path);
    this.#pending = this.#pending.filter((change) => change.path !== path);
  }

  /** Whether anything is at the path. */
  has(path: string): boolean {
    return this.#names.has(path);
  }

  /** Whether what is there is no regular file. */
  isOther(path: string): boolean {
    const node = this.#names.get(path);
    return node?.kind === "dir" || node?.kind === "symlink";
  }

  /** A regular file's content, `null` where there is none. */
  bytesOf(path: string): Uint8Array | null {
    const node = this.#names.get(path);
    return node?.kind === "file" ? node.buffer.subarray(0, node.size) : null;
  }

  /** What a crash that takes all it can would leave of a file now; `null`: nothing. */
  syncedBytesOf(path: string): Uint8Array | null {
    const node = this.#syncedNames.get(path);
    return node?.kind === "file" ? node.buffer.subarray(0, node.syncedSize) : null;
  }

  /** When a file last changed, Unix ms; `null` where there is none. */
  modifiedMsOf(path: string): number | null {
    const node = this.#names.get(path);
    return node?.kind === "file" ? node.modifiedAtMs : null;
  }

  /** Every path with something in it, in order. */
  listPaths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** Power fails now: of what was not synced, chance decides. */
  crash(chance: Prng): void {
    const mood = chance.uniform();
    this.lose({
      isNameLost: () => mood < 0.4 ? true : mood < 0.8 ? chance.isHit(0.3) : false,
      findKeptPart: () => chance.pick([0, 0, 1, chance.uniform()]),
    });
  }

  /**
   * Power fails now. Changes of names reach the disk in their order, up to some point.
   * @param isNameLost Whether the disk has no more of them from this one on.
   * @param findKeptPart How much of what was not synced of a file it has, from 0 to 1.
   */
  lose(
    { isNameLost, findKeptPart }: {
      readonly isNameLost: () => boolean;
      readonly findKeptPart: () => number;
    },
  ): void {
    const names = new Map(this.#syncedNames);
    let isLost = false;
    for (const { path, node } of this.#pending) {
      isLost ||= isNameLost();
      if (isLost) continue;
      if (node === null) names.delete(path);
      else names.set(path, node);
    }
    for (const node of new Set(names.values())) {
      if (node.kind !== "file" || node.syncedSize === node.size) continue;
      node.size = node.syncedSize + Math.round((node.size - node.syncedSize) * findKeptPart());
      node.buffer = node.buffer.slice(0, node.size);
      node.syncedSize = node.size;
    }
    this.#names = names;
    this.#syncedNames = new Map(names);
    this.#pending = [];
  }

  open(path: string, how: { readonly kind: "create" | "append" }): Promise<WritableFile> {
    return this.#step("open", path, true, () => {
      const found = this.#names.get(path);
      if (found !== undefined && (how.kind === "create" || found.kind !== "file")) {
        return refuse("open", path, "something is there");
      }
      if (!this.#isDir(parentOf(path))) return refuse("open", path, "no such directory");
      const node: FileNode = found?.kind === "file" ? found : {
        kind: "file",
        buffer: new Uint8Array(1024),
        size: 0,
        syncedSize: 0,
        modifiedAtMs: this.host.nowMs(),
        read: null,
      };
      if (found === undefined) this.#change(path, node);
      return this.#buildHandle(path, node);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#step("rename", to, true, () => {
      const node = this.#names.get(from);
      if (node === undefined) return refuse("rename", from, "no such file");
      this.#change(to, node);
      this.#change(from, null);
    });
  }

  syncDir(path: string): Promise<void> {
    return this.#step("syncDir", path, true, () => {
      for (const change of this.#pending) {
        if (parentOf(change.path) !== path) continue;
        if (change.node === null) this.#syncedNames.delete(change.path);
        else this.#syncedNames.set(change.path, change.node);
      }
      this.#pending = this.#pending.filter((change) => parentOf(change.path) !== path);
    });
  }

  lstat(path: string): Promise<FileStat | null> {
    return this.#step("lstat", path, false, () => buildStat(this.#names.get(path)));
  }

  stat(path: string): Promise<FileStat | null> {
    return this.#step("stat", path, false, () => {
      const node = this.#names.get(path);
      return node?.kind === "symlink" ? null : buildStat(node);
    });
  }

  readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
    return this.#step("read", path, false, () => {
      const node = this.#names.get(path);
      if (node?.kind !== "file") return refuse("read", path, "it is not a regular file");
      if (node.size > maxBytes) return refuse("read", path, "it is too large");
      if (node.read?.length !== node.size) node.read = node.buffer.slice(0, node.size);
      return node.read;
    });
  }

  readChunk(
    path: string,
    { fromByte, maxBytes }: { readonly fromByte: number; readonly maxBytes: number },
  ): Promise<Uint8Array> {
    return this.#step("read", path, false, () => {
      const bytes = this.bytesOf(path) ?? refuse("read", path, "it is not a regular file");
      return bytes.slice(fromByte, fromByte + maxBytes);
    });
  }

  remove(path: string): Promise<void> {
    return this.#step("remove", path, true, () => {
      if (!this.#names.has(path)) return refuse("remove", path, "no such file");
      this.#change(path, null);
    });
  }

  mkdir(path: string): Promise<void> {
    return this.#step("mkdir", path, true, () => {
      if (this.#names.has(path)) return refuse("mkdir", path, "something is there");
      this.#change(path, { kind: "dir", target: "" });
    });
  }

  listDir(path: string): Promise<string[]> {
    return this.#step("list", path, false, () => {
      if (!this.#isDir(path)) return refuse("list", path, "no such directory");
      const prefix = `${path}/`;
      return this.listPaths().filter((each) => each.startsWith(prefix))
        .map((each) => each.slice(prefix.length)).filter((name) => !name.includes("/"));
    });
  }

  truncate(path: string, sizeBytes: number): Promise<void> {
    return this.#step("truncate", path, true, () => {
      const node = this.#names.get(path);
      if (node?.kind !== "file") return refuse("truncate", path, "it is not a regular file");
      node.size = Math.min(node.size, sizeBytes);
      node.buffer = node.buffer.slice(0, node.size);
      node.syncedSize = node.size;
      node.read = null;
    });
  }

  #buildHandle(path: string, node: FileNode): WritableFile {
    return {
      write: (bytes) => {
        const fault = this.#ask("write", path, true);
        if (fault instanceof Error) {
          // A write that fails, or that the process dies in, leaves a part of itself.
          append(node, bytes.subarray(0, bytes.length >> 1));
          return Promise.reject(fault);
        }
        append(node, bytes);
        node.modifiedAtMs = this.host.nowMs();
        return STEP_DONE;
      },
      sync: () => this.#step("sync", path, true, () => void (node.syncedSize = node.size)),
      close: () => {},
    };
  }

  #ask(op: string, path: string, isWrite: boolean): Error | null {
    try {
      const fault = this.host.step(op, path, isWrite);
      return fault === null
        ? null
        : new StateError(`Cannot ${op} ${JSON.stringify(path)}: ${fault.cause}`, {
          cause: Object.assign(new Error(fault.cause), { code: fault.cause }),
        });
    } catch (error) {
      if (error instanceof Error) return error;
      throw error;
    }
  }

  #step<T>(op: string, path: string, isWrite: boolean, act: () => T): Promise<T> {
    const fault = this.#ask(op, path, isWrite);
    if (fault !== null) return Promise.reject(fault);
    try {
      return Promise.resolve(act());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #isDir(path: string): boolean {
    return path === "/" || this.#names.get(path)?.kind === "dir";
  }

  #change(path: string, node: Node | null): void {
    if (node === null) this.#names.delete(path);
    else this.#names.set(path, node);
    this.#pending.push({ path, node });
  }

  #place(path: string, node: Node): void {
    for (let dir = parentOf(path); dir !== "/"; dir = parentOf(dir)) {
      if (this.#names.has(dir)) break;
      const made: Node = { kind: "dir", target: "" };
      this.#names.set(dir, made);
      this.#syncedNames.set(dir, made);
    }
    this.take(path);
    this.#names.set(path, node);
    this.#syncedNames.set(path, node);
  }
}

function append(node: FileNode, bytes: Uint8Array): void {
  const size = node.size + bytes.length;
  if (size > node.buffer.length) {
    const grown = new Uint8Array(Math.max(size, node.buffer.length * 2));
    grown.set(node.buffer.subarray(0, node.size));
    node.buffer = grown;
  }
  node.buffer.set(bytes, node.size);
  node.size = size;
}

function refuse(op: string, path: string, cause: string): never {
  throw new StateError(`Cannot ${op} ${JSON.stringify(path)}: ${cause}`);
}

function buildStat(node: Node | undefined): FileStat | null {
  if (node === undefined) return null;
  return node.kind === "file"
    ? { kind: "file", sizeBytes: node.size, modifiedAtMs: node.modifiedAtMs, mode: 0o600 }
    : { kind: node.kind, sizeBytes: 0, modifiedAtMs: 0, mode: null };
}
