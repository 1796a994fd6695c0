import { z } from "zod";
import { BuildError } from "./build_error.ts";

// What `deno compile` appended to the runtime, read back: magic, metadata, npm packages, modules, files, magic. Both
// runtimes write it alike; another would be refused here.

const MAGIC = new TextEncoder().encode("d3n0l4nd");

interface VirtualEntry {
  readonly Dir?: { readonly n: string; readonly e: readonly VirtualEntry[] } | undefined;
  readonly File?: { readonly n: string; readonly o: readonly [number, number] } | undefined;
}

/** A symbolic link, or what a later runtime has, is not in our binaries: the parse fails. */
const Entry: z.ZodType<VirtualEntry> = z.lazy(() =>
  z.union([
    z.strictObject({ Dir: z.looseObject({ n: z.string(), e: z.array(Entry) }) }),
    z.strictObject({
      File: z.looseObject({ n: z.string(), o: z.tuple([z.int(), z.int()]) }),
    }),
  ])
);

const Metadata = z.looseObject({
  argv: z.array(z.string()),
  permissions: z.record(z.string(), z.unknown()),
});

/** A file inside a binary. */
export interface EmbeddedFile {
  /** From the root of the virtual file system. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What a compiled binary carries beside its runtime. */
export interface Payload {
  /** `name@version` of each package of npm that the binary knows. */
  readonly packages: readonly string[];
  /** By the names of the runtime (`allow_net`), as it will enforce them. */
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly files: readonly EmbeddedFile[];
}

/** Reads forward through bytes. */
class Cursor {
  readonly #view: DataView;
  #at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Uint8Array {
    if (length < 0 || this.#at + length > this.bytes.length) throw new RangeError("past the end");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  takeUint32(): number {
    this.take(4);
    return this.#view.getUint32(this.#at - 4, true);
  }

  takeSized(): Uint8Array {
    this.take(8);
    return this.take(Number(this.#view.getBigUint64(this.#at - 8, true)));
  }

  takeText(): string {
    return new TextDecoder().decode(this.take(this.takeUint32()));
  }
}

/** Reads what a binary carries. @throws {BuildError} Where it is none that this build knows how to read. */
export function readPayload(binary: Uint8Array): Payload {
  // From the end: the runtime holds the magic as well.
  for (let at = findMagic(binary, binary.length); at >= 0; at = findMagic(binary, at - 1)) {
    const payload = parsePayload(binary.subarray(at));
    if (payload !== null) return payload;
  }
  throw new BuildError(
    "Cannot read the compiled binary back: this runtime writes it in another way",
  );
}

function findMagic(binary: Uint8Array, from: number): number {
  for (let at = from; (at = binary.lastIndexOf(MAGIC[0] ?? 0, at)) >= 0; at--) {
    if (isMagic(binary.subarray(at, at + MAGIC.length))) return at;
    if (at === 0) break;
  }
  return -1;
}

function isMagic(bytes: Uint8Array): boolean {
  return bytes.length === MAGIC.length && MAGIC.every((byte, index) => bytes[index] === byte);
}

function parsePayload(bytes: Uint8Array): Payload | null {
  try {
    const cursor = new Cursor(bytes);
    cursor.take(MAGIC.length);
    const { permissions } = Metadata.parse(parseJson(cursor.takeSized()));
    const packages = parsePackages(cursor.takeSized());
    for (let left = cursor.takeUint32(); left > 0; left--) {
      cursor.takeText();
      cursor.takeUint32();
    }
    for (let left = cursor.takeUint32(); left > 0; left--) cursor.take(8);
    if (cursor.takeUint32() > 0) return null; // Modules of the network: ours has none.
    const entries = z.array(Entry).parse(parseJson(cursor.takeSized()));
    const data = cursor.takeSized();
    if (!isMagic(cursor.take(MAGIC.length))) return null;
    return { permissions, packages, files: listFiles(entries, data) };
  } catch (error) {
    if (
      error instanceof RangeError || error instanceof SyntaxError || error instanceof z.ZodError
    ) return null;
    throw error;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function parsePackages(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  const cursor = new Cursor(bytes);
  return Array.from({ length: cursor.takeUint32() }, () => cursor.takeText());
}

function listFiles(
  entries: readonly VirtualEntry[],
  data: Uint8Array,
  dir = "",
): EmbeddedFile[] {
  return entries.flatMap(({ Dir, File }) => {
    if (Dir !== undefined) return listFiles(Dir.e, data, `${dir}${Dir.n}/`);
    if (File === undefined) return [];
    const [offset, length] = File.o;
    return [{ path: `${dir}${File.n}`, bytes: data.subarray(offset, offset + length) }];
  });
}
