import { StateError } from "../../src/engine/ports.ts";
import {
  type FileStat,
  type FileSystem,
  joinPath,
  parentOf,
  type WritableFile,
} from "../../src/state/file_system.ts";

/** The process died at this step; whoever catches it is already gone. */
export class CrashError extends Error {
  override readonly name = "CrashError";
}

/** What becomes of an unsynced piece in a crash: 0 lost, 1 kept, between them torn (of a name: lost below one half). */
export type Fate = () => number;

interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array;
  synced: Uint8Array;
  modifiedAtMs: number;
  readonly mode: number;
}
interface DirNode {
  readonly kind: "dir";
  names: Map<string, Node>;
  syncedNames: Map<string, Node>;
  /** Changes of names since the last sync, in their order; each is one step. */
  pending: ((names: Map<string, Node>) => void)[];
}
interface LinkNode {
  readonly kind: "symlink";
  readonly target: string;
}
type Node = FileNode | DirNode | LinkNode | { readonly kind: "other" };

/** One step as the tests see it. */
export interface Step {
  readonly op: string;
  readonly path: string;
}

/** A disk in memory that forgets in a crash what was not synced, and fails where a test wants it to. */
export class MemoryDisk implements FileSystem {
  readonly steps: Step[] = [];
  /** Called before each step; a text makes it fail with that cause. */
  fault: (step: Step) => string | null = () => null;
  /** How much all files together may hold; a write beyond it fails, and leaves what there was room for. */
  capacityBytes = Infinity;
  /** The step, counted from 0, at which the process dies; a write there leaves any part of itself. */
  crashAtStep = Infinity;
  nowMs = Date.UTC(2026, 10, 23, 15);
  private root: DirNode = buildDir();

  /** Puts a durable file in place, with the directories above it. */
  put(
    path: string,
    content: string | Uint8Array,
    { modifiedAtMs = this.nowMs, mode = 0o600 } = {},
  ) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.putNode(path, { kind: "file", bytes, synced: bytes, modifiedAtMs, mode });
  }

  putLink(path: string, target: string) {
    this.putNode(path, { kind: "symlink", target });
  }

  putOther(path: string) {
    this.putNode(path, { kind: "other" });
  }

  putDir(path: string) {
    this.ensure(path);
  }

  /** The content of a file as text, `null` where there is none. */
  textOf(path: string): string | null {
    const node = this.find(path);
    return node?.kind === "file"
      ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(node.bytes)
      : null;
  }

  namesIn(path: string): string[] {
    const node = this.find(path);
    return node?.kind === "dir" ? [...node.names.keys()].sort() : [];
  }

  /** The disk as the next process finds it after a power failure now. */
  afterCrash(fate: Fate): MemoryDisk {
    const disk = new MemoryDisk();
    disk.nowMs = this.nowMs;
    disk.root = crashDir(this.root, fate, new Map());
    return disk;
  }

  private step<T>(op: string, path: string, act: () => T, part?: () => void): Promise<T> {
    const step = { op, path };
    if (this.steps.length === this.crashAtStep) part?.();
    if (this.steps.length >= this.crashAtStep) return Promise.reject(new CrashError(op));
    this.steps.push(step);
    const cause = this.fault(step);
    if (cause !== null) {
      part?.();
      return Promise.reject(buildFault(op, path, cause));
    }
    try {
      return Promise.resolve(act());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  open(
    path: string,
    how: { readonly kind: "create" | "append"; readonly mode: number },
  ): Promise<WritableFile> {
    return this.step("open", path, () => {
      const found = this.find(path);
      if (found !== null && how.kind === "create") refuse("open", path, "something is there");
      if (found !== null && found.kind !== "file") refuse("open", path, "it is no file");
      if (found?.kind === "file") return this.buildHandle(path, found);
      const bytes = new Uint8Array(0);
      const node: FileNode = {
        kind: "file",
        bytes,
        synced: bytes,
        modifiedAtMs: this.nowMs,
        mode: how.mode,
      };
      this.change(parentOf(path), (names) => void names.set(nameOf(path), node));
      return this.buildHandle(path, node);
    });
  }

  private buildHandle(path: string, node: FileNode): WritableFile {
    const add = (bytes: Uint8Array) => {
      const joined = new Uint8Array(node.bytes.length + bytes.length);
      joined.set(node.bytes);
      joined.set(bytes, node.bytes.length);
      node.bytes = joined;
      node.modifiedAtMs = this.nowMs;
    };
    return {
      write: (bytes) =>
        this.step(
          "write",
          path,
          () => {
            const roomBytes = Math.max(0, this.capacityBytes - sumBytes(this.root));
            add(bytes.subarray(0, roomBytes));
            if (roomBytes < bytes.length) throw buildFault("write", path, "ENOSPC");
          },
          () => add(bytes.subarray(0, bytes.length >> 1)),
        ),
      sync: () => this.step("sync", path, () => void (node.synced = node.bytes)),
      close: () => {},
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.step("rename", to, () => {
      const node = this.find(from) ?? refuse("rename", from, "no such file");
      if (parentOf(from) !== parentOf(to)) refuse("rename", to, "only within a directory");
      this.change(parentOf(to), (names) => {
        if (names.get(nameOf(from)) === node) names.delete(nameOf(from));
        names.set(nameOf(to), node);
      });
    });
  }

  syncDir(path: string): Promise<void> {
    return this.step("syncDir", path, () => {
      const dir = this.dirAt(path);
      dir.syncedNames = new Map(dir.names);
      dir.pending = [];
    });
  }

  lstat(path: string): Promise<FileStat | null> {
    return this.step("lstat", path, () => buildStat(this.find(path)));
  }

  stat(path: string): Promise<FileStat | null> {
    return this.step("stat", path, () => buildStat(this.follow(path)));
  }

  readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
    return this.step("read", path, () => {
      const bytes = this.fileAt(path).bytes;
      return bytes.length > maxBytes ? refuse("read", path, "it is too large") : bytes.slice();
    });
  }

  readChunk(
    path: string,
    { fromByte, maxBytes }: { readonly fromByte: number; readonly maxBytes: number },
  ): Promise<Uint8Array> {
    return this.step(
      "read",
      path,
      () => this.fileAt(path).bytes.slice(fromByte, fromByte + maxBytes),
    );
  }

  remove(path: string): Promise<void> {
    return this.step("remove", path, () => {
      const node = this.find(path) ?? refuse("remove", path, "no such file");
      if (node.kind === "dir" && node.names.size > 0) refuse("remove", path, "it is not empty");
      this.change(parentOf(path), (names) => void names.delete(nameOf(path)));
    });
  }

  mkdir(path: string, _mode: number): Promise<void> {
    return this.step("mkdir", path, () => {
      if (this.find(path) !== null) refuse("mkdir", path, "something is there");
      const node = buildDir();
      this.change(parentOf(path), (names) => void names.set(nameOf(path), node));
    });
  }

  listDir(path: string): Promise<string[]> {
    return this.step("list", path, () => [...this.dirAt(path).names.keys()].reverse());
  }

  truncate(path: string, sizeBytes: number): Promise<void> {
    return this.step("truncate", path, () => {
      const file = this.fileAt(path);
      file.bytes = file.bytes.slice(0, sizeBytes);
      file.synced = file.bytes;
    });
  }

  /** What all files hold. */
  get usedBytes(): number {
    return sumBytes(this.root);
  }

  private change(dirPath: string, change: (names: Map<string, Node>) => void) {
    const dir = this.dirAt(dirPath);
    change(dir.names);
    dir.pending.push(change);
  }

  private find(path: string): Node | null {
    let node: Node = this.root;
    for (const part of path.split("/").filter((each) => each !== "")) {
      const below: Node | undefined = node.kind === "dir" ? node.names.get(part) : undefined;
      if (below === undefined) return null;
      node = below;
    }
    return node;
  }

  private follow(path: string): Node | null {
    const node = this.find(path);
    return node?.kind === "symlink" ? this.find(node.target) : node;
  }

  private dirAt(path: string): DirNode {
    const node = this.follow(path);
    return node?.kind === "dir" ? node : refuse("use", path, "no such directory");
  }

  private fileAt(path: string): FileNode {
    const node = this.follow(path);
    return node?.kind === "file" ? node : refuse("read", path, "it is not a regular file");
  }

  private putNode(path: string, node: Node) {
    const dir = this.ensure(parentOf(path));
    dir.names.set(nameOf(path), node);
    dir.syncedNames.set(nameOf(path), node);
  }

  private ensure(path: string): DirNode {
    let dir = this.root;
    let walked = "";
    for (const part of path.split("/").filter((each) => each !== "")) {
      walked = joinPath(walked, part);
      const below = dir.names.get(part) ?? buildDir();
      if (below.kind !== "dir") refuse("mkdir", walked, "something is there");
      dir.names.set(part, below);
      dir.syncedNames.set(part, below);
      dir = below;
    }
    return dir;
  }
}

function buildDir(): DirNode {
  return { kind: "dir", names: new Map(), syncedNames: new Map(), pending: [] };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function refuse(op: string, path: string, cause: string): never {
  throw new StateError(`Cannot ${op} ${JSON.stringify(path)}: ${cause}`);
}

/** A cause that is a system error code reaches the program as the runtime brings it. */
function buildFault(op: string, path: string, cause: string): StateError {
  return new StateError(`Cannot ${op} ${JSON.stringify(path)}: ${cause}`, {
    cause: Object.assign(new Error(cause), { code: cause }),
  });
}

function sumBytes(dir: DirNode): number {
  let bytes = 0;
  for (const node of dir.names.values()) {
    if (node.kind === "dir") bytes += sumBytes(node);
    if (node.kind === "file") bytes += node.bytes.length;
  }
  return bytes;
}

function buildStat(node: Node | null): FileStat | null {
  if (node === null) return null;
  return node.kind === "file"
    ? {
      kind: "file",
      sizeBytes: node.bytes.length,
      modifiedAtMs: node.modifiedAtMs,
      mode: node.mode,
    }
    : { kind: node.kind, sizeBytes: 0, modifiedAtMs: 0, mode: null };
}

function crashDir(dir: DirNode, fate: Fate, seen: Map<FileNode, FileNode>): DirNode {
  const names = new Map(dir.syncedNames);
  for (const change of dir.pending) if (fate() >= 0.5) change(names);
  const after = new Map<string, Node>();
  for (const [name, node] of names) {
    if (node.kind === "dir") after.set(name, crashDir(node, fate, seen));
    else after.set(name, node.kind === "file" ? crashFile(node, fate, seen) : node);
  }
  return { kind: "dir", names: after, syncedNames: new Map(after), pending: [] };
}

/** Files only ever grow, so what was not synced is a tail of which any part may be there. */
function crashFile(node: FileNode, fate: Fate, seen: Map<FileNode, FileNode>): FileNode {
  const before = seen.get(node);
  if (before !== undefined) return before;
  const unsynced = node.bytes.length - node.synced.length;
  const bytes = node.bytes.slice(0, node.synced.length + Math.round(unsynced * fate()));
  const after = { ...node, bytes, synced: bytes };
  seen.set(node, after);
  return after;
}
